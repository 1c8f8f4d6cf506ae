//! When people are away.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::absences;
use app::{
    AppError,
    backend::{Absences, Answer, Caller},
};
use async_trait::async_trait;
use types::{AbsenceId, AbsenceInput, AbsenceRefusal, AbsencesView, ShiftEffect};

#[async_trait]
impl Absences for RoundRobin {
    async fn absences(&self, caller: &Caller) -> Result<AbsencesView, AppError> {
        let own = absences::own(&self.services, &actor(caller)).await;
        told(caller, own).map(views::absences)
    }

    async fn preview_absence(
        &self,
        caller: &Caller,
        input: AbsenceInput,
    ) -> Answer<Vec<ShiftEffect>, AbsenceRefusal> {
        let preview = absences::preview(&self.services, &actor(caller), &input).await;
        answer(caller, preview)
    }

    async fn note_absence(
        &self,
        caller: &Caller,
        input: AbsenceInput,
    ) -> Answer<(), AbsenceRefusal> {
        let noted = absences::note(&self.services, &actor(caller), &input).await;
        answer(caller, noted)
    }

    async fn preview_removal(
        &self,
        caller: &Caller,
        id: AbsenceId,
    ) -> Answer<Vec<ShiftEffect>, AbsenceRefusal> {
        let preview = absences::preview_removal(&self.services, &actor(caller), &id).await;
        answer(caller, preview)
    }

    async fn remove_absence(&self, caller: &Caller, id: AbsenceId) -> Answer<(), AbsenceRefusal> {
        let removed = absences::remove(&self.services, &actor(caller), &id).await;
        answer(caller, removed)
    }
}
