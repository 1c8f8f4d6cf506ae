//! Searching, previewing and binding PagerDuty schedules.

use super::{RoundRobin, actor, answers::answer, views};
use crate::actions::schedules;
use app::backend::{Answer, Caller, Schedules};
use async_trait::async_trait;
use domain::rota::Region;
use types::{
    BindRefusal, FoundSchedules, RotaInput, RotaPreview, RotationId, ScheduleId, SchedulePreview,
    ScheduleWish,
};

#[async_trait]
impl Schedules for RoundRobin {
    async fn search_schedules(
        &self,
        caller: &Caller,
        search: String,
    ) -> Answer<FoundSchedules, BindRefusal> {
        let found = schedules::search(&self.services, &actor(caller), &search).await;
        answer(caller, found)
    }

    fn countries(&self) -> Vec<(String, String)> {
        let countries = Region::all().iter().filter(|region| !region.is_part());
        let mut countries: Vec<_> = countries.collect();
        countries.sort_by_key(|country| country.name);
        let told = countries.into_iter();
        told.map(|country| (country.code.to_owned(), country.in_words()))
            .collect()
    }

    async fn preview_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        schedule: ScheduleId,
    ) -> Answer<SchedulePreview, BindRefusal> {
        let actor = actor(caller);
        let preview = schedules::preview(&self.services, &actor, &rotation, &schedule).await;
        answer(caller, preview.map(views::preview))
    }

    async fn set_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        wish: ScheduleWish,
    ) -> Answer<(), BindRefusal> {
        let set = schedules::set(&self.services, &actor(caller), &rotation, &wish).await;
        answer(caller, set)
    }

    async fn preview_rota(
        &self,
        caller: &Caller,
        rotation: RotationId,
        rota: RotaInput,
    ) -> Answer<RotaPreview, BindRefusal> {
        let actor = actor(caller);
        let preview = schedules::preview_rota(&self.services, &actor, &rotation, &rota).await;
        answer(caller, preview)
    }
}
