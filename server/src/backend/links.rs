//! Saying who of PagerDuty is who in Slack, where their e-mails do not.

use super::{RoundRobin, actor, failed};
use crate::{audit::entry, store::NewAuditEntry, sync};
use app::{
    AppError, Denial,
    backend::{Answer, Caller, Links},
};
use async_trait::async_trait;
use domain::{SchedulePerson, link_of};
use types::{
    AuditAction, LinkRefusal, LinkState, LinkView, LiveTopic, Outcome, PagerDutyUserId, PersonId,
};

#[async_trait]
impl Links for RoundRobin {
    async fn link_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
        person: PersonId,
    ) -> Answer<(), LinkRefusal> {
        self.must_link(caller, AuditAction::LinkedPerson).await?;
        let store = &self.services.store;
        let Some(known) = self.bound_person(caller, &user).await? else {
            return Ok(Outcome::Refused(LinkRefusal::UnknownUser));
        };
        let directory = self.directory(caller).await?;
        let Some(chosen) = directory.person(&person) else {
            return Ok(Outcome::Refused(LinkRefusal::NobodyChosen));
        };
        if chosen.deactivated {
            return Ok(Outcome::Refused(LinkRefusal::Deactivated));
        }
        let (before, found) = link_of(&known, &directory);
        let entry = NewAuditEntry {
            before: Some(described(before, found.map(|found| found.name.as_str()))),
            after: Some(format!("Linked by hand to {}", chosen.name)),
            ..entry(&actor(caller), AuditAction::LinkedPerson, Some(&known.name))
        };
        store
            .link(&user, &person, &entry)
            .await
            .map_err(failed(caller))?;
        self.link_changed(caller, &user).await?;
        Ok(Outcome::Done(()))
    }

    async fn unlink_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
    ) -> Answer<(), LinkRefusal> {
        self.must_link(caller, AuditAction::UnlinkedPerson).await?;
        let known = self.bound_person(caller, &user).await?;
        let name = known.map_or_else(|| user.to_string(), |known| known.name);
        let entry = entry(&actor(caller), AuditAction::UnlinkedPerson, Some(&name));
        let unlinked = self
            .services
            .store
            .unlink(&user, &entry)
            .await
            .map_err(failed(caller))?;
        if !unlinked {
            return Ok(Outcome::Refused(LinkRefusal::NotLinkedByHand));
        }
        self.link_changed(caller, &user).await?;
        Ok(Outcome::Done(()))
    }
}

impl RoundRobin {
    /// Being linked puts somebody on duty and lets them see private rotations, so
    /// it is for admins.
    async fn must_link(&self, caller: &Caller, action: AuditAction) -> Result<(), AppError> {
        self.must_administer(caller, action, Denial::LinkPeople)
            .await
    }

    /// Everybody in bound schedules who is not linked, or by hand, by name.
    pub(super) async fn unlinked_people(&self, caller: &Caller) -> Result<Vec<LinkView>, AppError> {
        let bound = self.bound_people(caller).await?;
        let directory = self.directory(caller).await?;
        Ok(bound
            .into_iter()
            .filter_map(|person| {
                let (link, found) = link_of(&person, &directory);
                let linked_to = directory.linked_by_hand(&person.id).and(found);
                (link != LinkState::Linked).then(|| LinkView {
                    user: person.id,
                    name: person.name,
                    email: person.email,
                    link,
                    linked_to: linked_to.map(|found| (found.id.clone(), found.name.clone())),
                })
            })
            .collect())
    }

    async fn bound_people(&self, caller: &Caller) -> Result<Vec<SchedulePerson>, AppError> {
        self.services
            .store
            .bound_people(&caller.workspace)
            .await
            .map_err(failed(caller))
    }

    async fn bound_person(
        &self,
        caller: &Caller,
        user: &PagerDutyUserId,
    ) -> Result<Option<SchedulePerson>, AppError> {
        let bound = self.bound_people(caller).await?;
        Ok(bound.into_iter().find(|person| person.id == *user))
    }

    /// Lets every rotation follow, and every open page.
    async fn link_changed(&self, caller: &Caller, user: &PagerDutyUserId) -> Result<(), AppError> {
        if let Some(connection) = self.connection(caller).await? {
            sync::apply_link(&self.services.sync, &connection, user)
                .await
                .map_err(failed(caller))?;
        }
        self.services
            .live
            .publish(&caller.workspace, LiveTopic::Connection);
        Ok(())
    }
}

fn described(link: LinkState, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{}: {name}", link.label()),
        None => link.label().to_owned(),
    }
}
