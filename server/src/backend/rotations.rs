//! Rotations: reading them, and everything people do to them.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::{Failure, editing, home, members, rotations, turns, undo};
use app::{
    AppError,
    backend::{Answer, Caller, Rotations},
};
use async_trait::async_trait;
use types::{
    Changed, DaysWanted, Denial, FoundPeople, HomeView, MemberKey, MoveDirection, PersonId,
    RotationFilter, RotationId, RotationInput, RotationList, RotationPage, RotationRefusal, UndoId,
};

#[async_trait]
impl Rotations for RoundRobin {
    async fn rotations(
        &self,
        caller: &Caller,
        filter: RotationFilter,
    ) -> Result<RotationList, AppError> {
        let listing = rotations::list(&self.services, &actor(caller), &filter).await;
        Ok(views::rotation_list(
            told(caller, listing)?.shown(views::card),
        ))
    }

    async fn home(&self, caller: &Caller) -> Result<HomeView, AppError> {
        let state = home::state(&self.services, &actor(caller)).await;
        told(caller, state).map(views::home)
    }

    async fn rotation(
        &self,
        caller: &Caller,
        id: RotationId,
        days: DaysWanted,
    ) -> Result<RotationPage, AppError> {
        let actor = actor(caller);
        let state = rotations::state(&self.services, &actor, &id, &days).await;
        told(caller, state).map(|state| views::rotation_page(&actor, state))
    }

    async fn create_rotation(
        &self,
        caller: &Caller,
        input: RotationInput,
    ) -> Answer<RotationId, RotationRefusal> {
        let created = editing::create(&self.services, &actor(caller), &input).await;
        answer(caller, created)
    }

    async fn edit_rotation(
        &self,
        caller: &Caller,
        id: RotationId,
        input: RotationInput,
    ) -> Answer<(), RotationRefusal> {
        let edited = editing::edit(&self.services, &actor(caller), &id, &input).await;
        answer(caller, edited)
    }

    async fn delete_rotation(&self, caller: &Caller, id: RotationId) -> Result<(), AppError> {
        let deleted = editing::delete(&self.services, &actor(caller), &id).await;
        told(caller, deleted)
    }

    async fn rotate(&self, caller: &Caller, id: RotationId) -> Answer<Changed, RotationRefusal> {
        let rotated = turns::rotate(&self.services, &actor(caller), &id).await;
        answer(caller, rotated)
    }

    async fn set_on_duty(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<Changed, RotationRefusal> {
        let set = turns::set_on_duty(&self.services, &actor(caller), &id, &member).await;
        answer(caller, set)
    }

    async fn add_members(
        &self,
        caller: &Caller,
        id: RotationId,
        people: Vec<PersonId>,
    ) -> Answer<Changed, RotationRefusal> {
        let added = members::add(&self.services, &actor(caller), &id, &people).await;
        answer(caller, added)
    }

    async fn remove_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<Changed, RotationRefusal> {
        let removed = members::remove(&self.services, &actor(caller), &id, &member).await;
        answer(caller, removed)
    }

    async fn undo(&self, caller: &Caller, id: UndoId) -> Answer<Changed, RotationRefusal> {
        let undone = undo::undo(&self.services, &actor(caller), &id).await;
        answer(caller, undone)
    }

    async fn move_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
        direction: MoveDirection,
    ) -> Answer<(), RotationRefusal> {
        let actor = actor(caller);
        let moved = members::move_by_one(&self.services, &actor, &id, &member, direction);
        answer(caller, moved.await)
    }

    async fn add_owners(
        &self,
        caller: &Caller,
        id: RotationId,
        people: Vec<PersonId>,
    ) -> Answer<Changed, RotationRefusal> {
        let added = members::add_owners(&self.services, &actor(caller), &id, &people).await;
        answer(caller, added)
    }

    async fn remove_owner(
        &self,
        caller: &Caller,
        id: RotationId,
        person: PersonId,
    ) -> Answer<(), RotationRefusal> {
        let removed = members::remove_owner(&self.services, &actor(caller), &id, &person).await;
        answer(caller, removed)
    }

    async fn people(
        &self,
        caller: &Caller,
        search: String,
        named: Vec<PersonId>,
    ) -> Result<FoundPeople, AppError> {
        let actor = actor(caller);
        let found = members::find(&self.services, &actor, &search, &named).await;
        let found = match found {
            // Pages ask, whether or not their reader may choose anybody.
            Err(Failure::Denied(Denial::BrowseAsGuest)) => Ok(FoundPeople::default()),
            found => found.map(views::found_people),
        };
        told(caller, found)
    }
}
