//! Saying who of PagerDuty is who in Slack.

use super::{RoundRobin, actor, answers::answer};
use crate::actions::links;
use app::backend::{Answer, Caller, Links};
use async_trait::async_trait;
use types::{LinkRefusal, PagerDutyUserId, PersonId};

#[async_trait]
impl Links for RoundRobin {
    async fn link_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
        person: PersonId,
    ) -> Answer<(), LinkRefusal> {
        let linked = links::link(&self.services, &actor(caller), &user, &person).await;
        answer(caller, linked)
    }

    async fn unlink_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
    ) -> Answer<(), LinkRefusal> {
        let unlinked = links::unlink(&self.services, &actor(caller), &user).await;
        answer(caller, unlinked)
    }
}
