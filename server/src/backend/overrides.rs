//! Overrides of rotations' own schedules.

use super::{RoundRobin, actor, answers::answer, views};
use crate::actions::{overrides, proposals};
use app::backend::{Answer, Caller, Overrides};
use async_trait::async_trait;
use types::{
    CoverId, OverrideId, OverrideInput, OverrideRefusal, Proposal, ProposalView, RotaPreview,
    RotationId,
};

#[async_trait]
impl Overrides for RoundRobin {
    async fn preview_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<RotaPreview, OverrideRefusal> {
        let actor = actor(caller);
        let preview = overrides::preview(&self.services, &actor, &rotation, &input).await;
        answer(caller, preview)
    }

    async fn make_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<(), OverrideRefusal> {
        let made = overrides::make(&self.services, &actor(caller), &rotation, &input).await;
        answer(caller, made)
    }

    async fn ask_for_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<(), OverrideRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let asked = overrides::ask_for_cover(services, &actor, &rotation, &input).await;
        answer(caller, asked)
    }

    async fn take_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: CoverId,
    ) -> Answer<(), OverrideRefusal> {
        let taken = overrides::take_cover(&self.services, &actor(caller), &rotation, &id).await;
        answer(caller, taken)
    }

    async fn withdraw_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: CoverId,
    ) -> Answer<(), OverrideRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let withdrawn = overrides::withdraw_cover(services, &actor, &rotation, &id).await;
        answer(caller, withdrawn)
    }

    async fn preview_proposal(
        &self,
        caller: &Caller,
        rotation: RotationId,
        proposal: Proposal,
    ) -> Answer<ProposalView, OverrideRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let proposed = proposals::preview(services, &actor, &rotation, &proposal).await;
        answer(caller, proposed.map(views::proposal))
    }

    async fn end_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: OverrideId,
    ) -> Answer<(), OverrideRefusal> {
        let ended = overrides::end(&self.services, &actor(caller), &rotation, &id).await;
        answer(caller, ended)
    }
}
