//! Who takes turns in a rotation, who owns it, and finding people to put into it.

use super::{
    Failure, Stop,
    editing::{change, change_undoably},
    rights::must_browse,
    schedules::directory,
};
use crate::Services;
use domain::{Actor, Directory, Person, Rotation};
use std::collections::HashSet;
use types::{
    AuditAction, Change, Changed, MemberKey, MoveDirection, OverrideRefusal, PersonId, PersonView,
    RotaPreview, RotationId, RotationRefusal,
};

/// How many people are offered at once to choose from.
const PEOPLE_LISTED: usize = 20;

/// Who can be added to a rotation, and as what.
#[derive(Clone, Copy)]
struct Addition {
    action: AuditAction,
    /// Whether anybody can be.
    check: fn(&Rotation) -> Result<(), RotationRefusal>,
    add: fn(&mut Rotation, &PersonView) -> Result<(), RotationRefusal>,
}

/// Has all of these people take turns who can.
pub async fn add(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    people: &[PersonId],
) -> Result<Changed, Stop<RotationRefusal>> {
    let as_members = Addition {
        action: AuditAction::AddedMember,
        check: |rotation| rotation.plan.members_are_ours(),
        add: domain::add_member,
    };
    add_each(services, actor, id, people, as_members).await
}

/// Has all of these people look after the rotation who can.
pub async fn add_owners(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    people: &[PersonId],
) -> Result<Changed, Stop<RotationRefusal>> {
    let as_owners = Addition {
        action: AuditAction::AddedOwner,
        check: |_| Ok(()),
        add: domain::add_owner,
    };
    add_each(services, actor, id, people, as_owners).await
}

/// In one go. One who cannot be added hinders no other.
async fn add_each(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    people: &[PersonId],
    Addition { action, check, add }: Addition,
) -> Result<Changed, Stop<RotationRefusal>> {
    let directory = directory(services, actor).await?;
    let mut added = Added::default();
    change(services, actor, id, action, |rotation, entry| {
        check(rotation)?;
        added = each_of(rotation, people, &directory, add);
        if added.names.is_empty() && added.left_out.is_empty() {
            return Err(RotationRefusal::NobodyChosen);
        }
        entry.after = Some(added.names.join(", "));
        Ok(())
    })
    .await?;
    let Added { names, left_out } = added;
    Ok(Changed {
        what: Change::Added { names, left_out },
        undo: None,
    })
}

/// Who was added, and who could not be and why, by name.
#[derive(Default)]
struct Added {
    names: Vec<String>,
    left_out: Vec<(String, RotationRefusal)>,
}

fn each_of(
    rotation: &mut Rotation,
    people: &[PersonId],
    directory: &Directory,
    add: fn(&mut Rotation, &PersonView) -> Result<(), RotationRefusal>,
) -> Added {
    let mut all = Added::default();
    let mut seen = HashSet::new();
    for person in people.iter().filter(|person| seen.insert(*person)) {
        let known = directory.person(person).cloned().map(PersonView::from);
        let name = known.as_ref().map_or(person.as_str(), |known| &known.name);
        let name = name.to_owned();
        let added = known
            .ok_or(RotationRefusal::NobodyChosen)
            .and_then(|known| add(rotation, &known));
        match added {
            Ok(()) => all.names.push(name),
            Err(refusal) => all.left_out.push((name, refusal)),
        }
    }
    all
}

/// What a rule does, and to whom.
pub(super) type Said = (&'static str, Vec<String>);

/// Has all of these people take turns who can, and says so; refused where none can.
pub(super) fn add_all(
    rotation: &mut Rotation,
    people: &[PersonId],
    directory: &Directory,
) -> Result<Said, RotationRefusal> {
    rotation.plan.members_are_ours()?;
    let Added { names, left_out } = each_of(rotation, people, directory, domain::add_member);
    match left_out.into_iter().next() {
        Some((_, refusal)) if names.is_empty() => Err(refusal),
        None if names.is_empty() => Err(RotationRefusal::NobodyChosen),
        _ => Ok(("Added to the end of the order", names)),
    }
}

/// What it would bring a rotation when a rule changes who takes turns, or in which order.
pub(super) async fn preview(
    services: &Services,
    rotation: &Rotation,
    rule: impl FnOnce(&mut Rotation) -> Result<Said, RotationRefusal>,
) -> Result<RotaPreview, Stop<OverrideRefusal>> {
    let mut changed = rotation.clone();
    let (words, names) = rule(&mut changed).map_err(OverrideRefusal::from)?;
    let store = &services.store;
    let now = store.time();
    let since = rotation.plan.rota().map_or(now, |rota| rota.turn.as_of);
    let absences = store.absences_of_members(&changed, since).await?;
    let words = words.to_owned();
    let preview = domain::rota::preview_members(changed, absences, words, rotation, now);
    Ok(RotaPreview { names, ..preview })
}

pub async fn remove(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    member: &MemberKey,
) -> Result<Changed, Stop<RotationRefusal>> {
    let mut removed = (String::new(), false);
    let action = AuditAction::RemovedMember;
    let undo = change_undoably(services, actor, id, action, |rotation, entry| {
        let by_hand = rotation.plan.people_hand_over().is_ok();
        let left_duty = by_hand && rotation.crew.is_on_duty(member);
        let name = domain::remove_member(rotation, member)?;
        entry.before = Some(name.clone());
        removed = (name, left_duty);
        Ok(())
    })
    .await?;
    let (name, left_duty) = removed;
    Ok(Changed {
        what: Change::Removed { name, left_duty },
        undo,
    })
}

pub async fn move_by_one(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    member: &MemberKey,
    direction: MoveDirection,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::MovedMember;
    change(services, actor, id, action, |rotation, entry| {
        entry.after = Some(domain::move_member(rotation, member, direction)?);
        Ok(())
    })
    .await
}

pub async fn remove_owner(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    person: &PersonId,
) -> Result<(), Stop<RotationRefusal>> {
    let known = chosen(services, actor, person).await?;
    let action = AuditAction::RemovedOwner;
    change(services, actor, id, action, |rotation, entry| {
        domain::remove_owner(rotation, person, actor)?;
        let name = known.map(|known| known.name);
        entry.before = name.or_else(|| Some(person.to_string()));
        Ok(())
    })
    .await
}

/// People to choose from.
pub struct Found {
    /// The first whom the search finds.
    pub people: Vec<Person>,
    /// There are others.
    pub more: bool,
    /// Those who are named, as far as there are such people.
    pub named: Vec<Person>,
}

/// The workspace's active people whom `search` finds, as many as are listed, and those of the
/// ids in `named`.
pub async fn find(
    services: &Services,
    actor: &Actor,
    search: &str,
    named: &[PersonId],
) -> Result<Found, Failure> {
    must_browse(services, actor).await?;
    let directory = directory(services, actor).await?;
    Ok(found(&directory, search, named))
}

/// The same among those of a directory that somebody may browse.
pub fn found(directory: &Directory, search: &str, named: &[PersonId]) -> Found {
    let (people, more) = domain::find_people(directory.people(), search, PEOPLE_LISTED);
    let named = named.iter().filter_map(|id| directory.person(id));
    Found {
        people: people.into_iter().cloned().collect(),
        more,
        named: named.cloned().collect(),
    }
}

/// Somebody of the workspace, if there is such a person.
async fn chosen(
    services: &Services,
    actor: &Actor,
    id: &PersonId,
) -> Result<Option<PersonView>, Failure> {
    let found = services.store.person(&actor.workspace, id).await?;
    Ok(found.map(PersonView::from))
}
