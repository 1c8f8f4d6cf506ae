//! When people are away: each says so for themselves.

use super::{Failure, Stop, publish_rotation};
use crate::{
    Services,
    audit::entry,
    clock,
    store::{AbsenceWrite, ListedRotation, NewAuditEntry, StoredAbsence},
};
use domain::{
    Actor,
    rota::{Zone, typed_absence},
};
use types::{
    ABSENCES_MAX, AbsenceId, AbsenceInput, AbsenceRefusal, AuditAction, PersonId, RotationId,
    Timestamp,
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
    let now = clock::now();
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

/// Notes that whoever asks is away.
pub async fn note(
    services: &Services,
    actor: &Actor,
    input: &AbsenceInput,
) -> Result<(), Stop<AbsenceRefusal>> {
    let person = who(actor)?;
    let own = own(services, actor).await?.rotations;
    let chosen = input.rotations.iter().map(|id| {
        let mut own = own.iter().map(|rotation| &rotation.id);
        own.find(|own| own.as_str() == id).cloned()
    });
    let chosen: Option<Vec<RotationId>> = chosen.collect();
    let chosen = chosen.ok_or(AbsenceRefusal::NotYourRotation)?;
    change(services, actor, person, |present, now| {
        let (span, note) = typed_absence(input, now)?;
        if present.len() >= ABSENCES_MAX {
            return Err(AbsenceRefusal::TooMany);
        }
        let absence = StoredAbsence {
            id: AbsenceId::new(Uuid::now_v7().simple().to_string()),
            person: person.clone(),
            span,
            rotations: (!chosen.is_empty()).then_some(chosen),
            note,
        };
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
    change(services, actor, person, |present, _| {
        let mut present = present.iter();
        let absence = present.find(|absence| absence.id == *id);
        let absence = absence.ok_or(AbsenceRefusal::Gone)?;
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
        Timestamp,
    ) -> Result<(AbsenceWrite, NewAuditEntry), AbsenceRefusal>
    + Send,
) -> Result<(), Stop<AbsenceRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let changed = store.change_absences(workspace, person, &clock::now, decide);
    for rotation in changed.await?.map_err(Stop::Refused)? {
        publish_rotation(services, actor, &rotation);
    }
    services.sync.signals.clock.wake();
    Ok(())
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
