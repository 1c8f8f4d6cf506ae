//! Saying who of PagerDuty is who in Slack, where their e-mails do not.

use super::{
    Failure, Stop, connections, publish_connection, rights::must_administer, schedules::directory,
};
use crate::{
    Services,
    audit::entry,
    store::{NewAuditEntry, StoreError},
    sync,
};
use domain::{Actor, Person, SchedulePerson, link_of};
use types::{AuditAction, Denial, LinkRefusal, LinkState, PagerDutyUserId, PersonId};

/// Somebody of bound schedules, and how they are linked to Slack.
pub struct LinkedPerson {
    pub person: SchedulePerson,
    pub link: LinkState,
    /// Whom an admin linked them to.
    pub by_hand: Option<Person>,
}

/// Being linked puts somebody on duty and lets them see private rotations, so
/// it is for admins.
pub async fn link(
    services: &Services,
    actor: &Actor,
    user: &PagerDutyUserId,
    person: &PersonId,
) -> Result<(), Stop<LinkRefusal>> {
    let action = AuditAction::LinkedPerson;
    must_administer(services, actor, action, Denial::LinkPeople).await?;
    let known = bound_person(services, actor, user).await?;
    let known = known.ok_or(LinkRefusal::UnknownUser)?;
    let directory = directory(services, actor).await?;
    let chosen = directory.person(person);
    let chosen = chosen.ok_or(LinkRefusal::NobodyChosen)?;
    if chosen.deactivated {
        return Err(LinkRefusal::Deactivated.into());
    }
    let (before, found) = link_of(&known, &directory);
    let entry = NewAuditEntry {
        before: Some(described(before, found.map(|found| found.name.as_str()))),
        after: Some(format!("Linked by hand to {}", chosen.name)),
        ..entry(actor, action, Some(&known.name))
    };
    services.store.link(user, person, &entry).await?;
    Ok(changed(services, actor, user).await?)
}

/// Undoes a link by hand.
pub async fn unlink(
    services: &Services,
    actor: &Actor,
    user: &PagerDutyUserId,
) -> Result<(), Stop<LinkRefusal>> {
    let action = AuditAction::UnlinkedPerson;
    must_administer(services, actor, action, Denial::LinkPeople).await?;
    let known = bound_person(services, actor, user).await?;
    let name = known.map_or_else(|| user.to_string(), |known| known.name);
    let entry = entry(actor, action, Some(&name));
    if !services.store.unlink(user, &entry).await? {
        return Err(LinkRefusal::NotLinkedByHand.into());
    }
    Ok(changed(services, actor, user).await?)
}

/// Everybody in bound schedules who is not linked, or by hand, by name.
pub(super) async fn unlinked(
    services: &Services,
    actor: &Actor,
) -> Result<Vec<LinkedPerson>, Failure> {
    let bound = services.store.bound_people(&actor.workspace).await?;
    let directory = directory(services, actor).await?;
    Ok(bound
        .into_iter()
        .filter_map(|person| {
            let (link, found) = link_of(&person, &directory);
            let by_hand = directory.linked_by_hand(&person.id).and(found);
            (link != LinkState::Linked).then(|| LinkedPerson {
                link,
                by_hand: by_hand.cloned(),
                person,
            })
        })
        .collect())
}

async fn bound_person(
    services: &Services,
    actor: &Actor,
    user: &PagerDutyUserId,
) -> Result<Option<SchedulePerson>, StoreError> {
    let bound = services.store.bound_people(&actor.workspace).await?;
    Ok(bound.into_iter().find(|person| person.id == *user))
}

/// Lets every rotation follow, and every open page.
async fn changed(
    services: &Services,
    actor: &Actor,
    user: &PagerDutyUserId,
) -> Result<(), StoreError> {
    if let Some(connection) = connections::present(services, actor).await? {
        sync::apply_link(&services.sync, &connection, user).await?;
    }
    publish_connection(services, actor);
    Ok(())
}

fn described(link: LinkState, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{}: {name}", link.label()),
        None => link.label().to_owned(),
    }
}
