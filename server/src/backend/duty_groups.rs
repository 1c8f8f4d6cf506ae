//! The user group of Slack that holds whoever is on duty in a rotation.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::duty_groups;
use app::{
    AppError,
    backend::{Answer, Caller, DutyGroups},
};
use async_trait::async_trait;
use types::{
    DutyGroupView, GroupChoice, GroupHolds, GroupRefusal, NobodyOnDuty, PersonId, RotationId,
    SlackGroupId, Standby,
};

#[async_trait]
impl DutyGroups for RoundRobin {
    async fn duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        search: String,
        chosen: Option<(SlackGroupId, GroupHolds)>,
    ) -> Result<DutyGroupView, AppError> {
        let wanted = (search.as_str(), chosen.as_ref());
        let group = duty_groups::group(&self.services, &actor(caller), &rotation, wanted).await;
        told(caller, group).map(views::duty_group)
    }

    async fn connect_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        choice: GroupChoice,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let connected = duty_groups::connect(services, &actor, &rotation, &choice, confirmed).await;
        answer(caller, connected)
    }

    async fn make_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        (handle, when_nobody): (String, NobodyOnDuty),
    ) -> Answer<(), GroupRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let made = duty_groups::make(services, &actor, &rotation, (&handle, when_nobody)).await;
        answer(caller, made)
    }

    async fn leave_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
    ) -> Answer<(), GroupRefusal> {
        let left = duty_groups::leave(&self.services, &actor(caller), &rotation).await;
        answer(caller, left)
    }

    async fn write_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
    ) -> Answer<(), GroupRefusal> {
        let asked = duty_groups::write_now(&self.services, &actor(caller), &rotation).await;
        answer(caller, asked)
    }

    async fn set_group_holds(
        &self,
        caller: &Caller,
        rotation: RotationId,
        holds: GroupHolds,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let set = duty_groups::set_holds(services, &actor, &rotation, holds, confirmed).await;
        answer(caller, set)
    }

    async fn set_when_nobody(
        &self,
        caller: &Caller,
        rotation: RotationId,
        when_nobody: NobodyOnDuty,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let setting =
            duty_groups::set_when_nobody(services, &actor, &rotation, when_nobody, confirmed);
        answer(caller, setting.await)
    }

    async fn set_standby(
        &self,
        caller: &Caller,
        rotation: RotationId,
        (standby, person): (Standby, PersonId),
        is_in: bool,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let whom = (standby, &person);
        let setting = duty_groups::set_standby(services, &actor, &rotation, whom, is_in, confirmed);
        answer(caller, setting.await)
    }
}
