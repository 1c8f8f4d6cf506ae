//! Who takes turns in a rotation, who owns it, and finding people to put into it.

use super::{Failure, Stop, editing::change, rights::must_browse, schedules::directory};
use crate::Services;
use domain::{Actor, Person, Rotation};
use types::{
    AuditAction, MemberKey, MoveDirection, PersonId, PersonView, RotationId, RotationRefusal,
};

/// A rule that puts a person into a rotation, as a member or an owner.
type PutIn = fn(&mut Rotation, &PersonView) -> Result<(), RotationRefusal>;

pub async fn add(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    person: &PersonId,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::AddedMember;
    put_in(services, actor, id, person, (action, domain::add_member)).await
}

pub async fn remove(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    member: &MemberKey,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::RemovedMember;
    change(services, actor, id, action, |rotation, entry| {
        entry.before = Some(domain::remove_member(rotation, member)?);
        Ok(())
    })
    .await
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

pub async fn add_owner(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    person: &PersonId,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::AddedOwner;
    put_in(services, actor, id, person, (action, domain::add_owner)).await
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

/// The first `most` of the workspace's active people whom `search` finds, and whether there
/// are more.
pub async fn find(
    services: &Services,
    actor: &Actor,
    search: &str,
    most: usize,
) -> Result<(Vec<Person>, bool), Failure> {
    must_browse(services, actor).await?;
    let directory = directory(services, actor).await?;
    let (people, more) = domain::find_people(directory.people(), search, most);
    Ok((people.into_iter().cloned().collect(), more))
}

/// Puts a chosen person into a rotation by `rule`.
async fn put_in(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    person: &PersonId,
    (action, rule): (AuditAction, PutIn),
) -> Result<(), Stop<RotationRefusal>> {
    let person = chosen(services, actor, person).await?;
    change(services, actor, id, action, |rotation, entry| {
        let person = person.ok_or(RotationRefusal::NobodyChosen)?;
        rule(rotation, &person)?;
        entry.after = Some(person.name);
        Ok(())
    })
    .await
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
