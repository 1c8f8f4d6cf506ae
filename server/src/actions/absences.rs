//! When people are away: each says so for themselves.

use super::{Failure, Stop, publish_rotation};
use crate::{
    Services,
    audit::entry,
    store::{AbsenceWrite, ListedRotation, NewAuditEntry, StoredAbsence},
};
use domain::{
    Actor, Member,
    rota::{Absence, Rota, Shifted, Zone, preview_absence, preview_return, typed_absence},
};
use types::{
    ABSENCES_KEPT_MAX, ABSENCES_MAX, AbsenceId, AbsenceInput, AbsenceRefusal, AuditAction,
    PersonId, RotationId, ShiftEffect, Span, Timestamp,
};
use uuid::Uuid;

/// The absences of the person who asks.
pub struct OwnAbsences {
    /// When they were read.
    pub now: Timestamp,
    /// By start.
    pub absences: Vec<StoredAbsence>,
    /// Those in which they take turns by a schedule, by name.
    pub rotations: Vec<ListedRotation>,
}

pub async fn own(services: &Services, actor: &Actor) -> Result<OwnAbsences, Failure> {
    let person = who(actor)?;
    let store = &services.store;
    let now = store.time();
    let absences = store.absences(&actor.workspace, person, now).await?;
    let overview = store.rotation_overview(&actor.workspace).await?;
    let takes_turns = |rotation: &&ListedRotation| {
        let mut members = rotation.crew.members.iter();
        rotation.plan.rota().is_some()
            && members.any(|member| member.person.as_ref() == Some(person))
    };
    let rotations = overview.rotations.iter().filter(takes_turns);
    Ok(OwnAbsences {
        now,
        absences,
        rotations: rotations.cloned().collect(),
    })
}

/// What it would bring the rotations of whoever asks that they are away, where it changes anything.
pub async fn preview(
    services: &Services,
    actor: &Actor,
    input: &AbsenceInput,
) -> Result<Vec<ShiftEffect>, Stop<AbsenceRefusal>> {
    let person = who(actor)?;
    let own = own(services, actor).await?;
    let chosen = chosen(&own.rotations, input)?;
    let (span, _) = typed_absence(input, own.now)?;
    let effect = |rota: &Rota, team: (&[Member], u32), absence| {
        preview_absence(rota, team, absence, own.now)
    };
    Ok(effects(&own, person, (span, chosen.as_deref()), effect))
}

/// The same of ending an absence of theirs, or of removing one that is to come.
pub async fn preview_removal(
    services: &Services,
    actor: &Actor,
    id: &AbsenceId,
) -> Result<Vec<ShiftEffect>, Stop<AbsenceRefusal>> {
    let person = who(actor)?;
    let own = own(services, actor).await?;
    let absence = found(&own.absences, id)?;
    let when = (absence.span, absence.rotations.as_deref());
    let effect = |rota: &Rota, team: (&[Member], u32), absence| {
        preview_return(rota, team, &absence, own.now)
    };
    Ok(effects(&own, person, when, effect))
}

/// What an absence of somebody for these rotations, or for all of theirs, does in each in which it
/// changes anything.
fn effects(
    own: &OwnAbsences,
    person: &PersonId,
    (span, chosen): (Span, Option<&[RotationId]>),
    effect: impl Fn(&Rota, (&[Member], u32), Absence) -> Shifted,
) -> Vec<ShiftEffect> {
    let is_concerned =
        |rotation: &&ListedRotation| chosen.is_none_or(|chosen| chosen.contains(&rotation.id));
    let concerned = own.rotations.iter().filter(is_concerned);
    let effects = concerned.filter_map(|rotation| {
        let mut members = rotation.crew.members.iter();
        let member = members.find(|member| member.person.as_ref() == Some(person))?;
        let absence = Absence {
            who: member.key.clone(),
            span,
        };
        let team = (rotation.crew.members.as_slice(), rotation.details.duty_size);
        let shifted = effect(rotation.plan.rota()?, team, absence);
        (shifted != Shifted::default()).then(|| ShiftEffect {
            name: rotation.details.name.clone(),
            gained: shifted.gained,
            lost: shifted.lost,
            nobody: shifted.nobody,
        })
    });
    effects.collect()
}

fn found<'a>(
    absences: &'a [StoredAbsence],
    id: &AbsenceId,
) -> Result<&'a StoredAbsence, AbsenceRefusal> {
    let absence = absences.iter().find(|absence| absence.id == *id);
    absence.ok_or(AbsenceRefusal::Gone)
}

/// The rotations that an absence is for; for all where there is no list.
fn chosen(
    own: &[ListedRotation],
    input: &AbsenceInput,
) -> Result<Option<Vec<RotationId>>, AbsenceRefusal> {
    let mut chosen: Vec<RotationId> = Vec::new();
    for id in &input.rotations {
        let mut own = own.iter().map(|rotation| &rotation.id);
        let one = own.find(|own| own.as_str() == id);
        let one = one.ok_or(AbsenceRefusal::NotYourRotation)?;
        if !chosen.contains(one) {
            chosen.push(one.clone());
        }
    }
    Ok((!chosen.is_empty()).then_some(chosen))
}

/// Notes that whoever asks is away.
pub async fn note(
    services: &Services,
    actor: &Actor,
    input: &AbsenceInput,
) -> Result<(), Stop<AbsenceRefusal>> {
    let person = who(actor)?;
    let own = own(services, actor).await?.rotations;
    let chosen = chosen(&own, input)?;
    change(services, actor, person, |present, kept, now| {
        let (span, note) = typed_absence(input, now)?;
        let absence = StoredAbsence {
            id: AbsenceId::new(Uuid::now_v7().simple().to_string()),
            person: person.clone(),
            span,
            rotations: chosen,
            note,
        };
        if present
            .iter()
            .any(|noted| says_the_same(noted, &absence, now))
        {
            return Err(AbsenceRefusal::NotedAlready);
        }
        if present.len() >= ABSENCES_MAX {
            return Err(AbsenceRefusal::TooMany);
        }
        if kept >= ABSENCES_KEPT_MAX {
            return Err(AbsenceRefusal::TooManyLately);
        }
        let entry = NewAuditEntry {
            after: Some(in_words(&absence)),
            ..entry(actor, AuditAction::NotedAbsence, actor.name())
        };
        Ok((AbsenceWrite::Note(absence), entry))
    })
    .await
}

/// Ends an absence of whoever asks that runs, or removes one that is to come.
pub async fn remove(
    services: &Services,
    actor: &Actor,
    id: &AbsenceId,
) -> Result<(), Stop<AbsenceRefusal>> {
    let person = who(actor)?;
    change(services, actor, person, |present, _, _| {
        let absence = found(present, id)?;
        let entry = NewAuditEntry {
            before: Some(in_words(absence)),
            ..entry(actor, AuditAction::RemovedAbsence, actor.name())
        };
        Ok((AbsenceWrite::End(id.clone()), entry))
    })
    .await
}

async fn change(
    services: &Services,
    actor: &Actor,
    person: &PersonId,
    decide: impl FnOnce(
        &[StoredAbsence],
        usize,
        Timestamp,
    ) -> Result<(AbsenceWrite, NewAuditEntry), AbsenceRefusal>
    + Send,
) -> Result<(), Stop<AbsenceRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let changed = store.change_absences(workspace, person, decide);
    for rotation in changed.await?.map_err(Stop::Refused)? {
        publish_rotation(services, actor, &rotation);
    }
    services.sync.signals.clock.wake();
    Ok(())
}

/// Whether somebody is away just as they noted already, whatever the note. What has been of it counts
/// no more.
fn says_the_same(noted: &StoredAbsence, other: &StoredAbsence, now: Timestamp) -> bool {
    let coming = |absence: &StoredAbsence| {
        let Span { from, until } = absence.span;
        let mut rotations = absence.rotations.clone();
        rotations.iter_mut().for_each(|rotations| rotations.sort());
        (from.max(now), until, rotations)
    };
    coming(noted) == coming(other)
}

/// Why somebody is away is nobody's business but theirs and their rotations'.
fn in_words(absence: &StoredAbsence) -> String {
    let when = Zone::UTC.span_in_words(absence.span);
    let which = match &absence.rotations {
        None => "all rotations".to_owned(),
        Some(rotations) => format!("{} rotations", rotations.len()),
    };
    format!("{when}, for {which}")
}

fn who(actor: &Actor) -> Result<&PersonId, Failure> {
    actor.person().ok_or(Failure::NotFound)
}
