//! The holidays of the workspace.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::holidays;
use app::{
    AppError,
    backend::{Answer, Caller, Holidays},
};
use async_trait::async_trait;
use types::{HolidayInput, HolidayPreview, HolidayRefusal, HolidaysView};

#[async_trait]
impl Holidays for RoundRobin {
    async fn holidays(&self, caller: &Caller, year: String) -> Result<HolidaysView, AppError> {
        let shown = holidays::shown(&self.services, &actor(caller)).await;
        told(caller, shown).map(|shown| views::holidays(&shown, &year))
    }

    async fn preview_holiday(
        &self,
        caller: &Caller,
        input: HolidayInput,
    ) -> Answer<HolidayPreview, HolidayRefusal> {
        let effects = holidays::preview(&self.services, &actor(caller), &input).await;
        let preview = effects.map(|effects| views::holiday_preview(input, effects));
        answer(caller, preview)
    }

    async fn change_holidays(
        &self,
        caller: &Caller,
        input: HolidayInput,
    ) -> Answer<(), HolidayRefusal> {
        let changed = holidays::change(&self.services, &actor(caller), &input).await;
        answer(caller, changed)
    }
}
