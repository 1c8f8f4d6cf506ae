//! Binding a rotation to a PagerDuty schedule, and back.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{BindRefusal, FoundSchedules, Outcome, RotationId, ScheduleId, SchedulePreview};
#[cfg(feature = "ssr")]
use types::{RotationMode, ScheduleChoice};

#[server(prefix = "/rpc", endpoint = "search_schedules", input = GetUrl)]
pub async fn search_schedules(
    #[server(default)] search: String,
) -> Result<Outcome<FoundSchedules, BindRefusal>, AppError> {
    call(|backend, caller| async move { backend.search_schedules(&caller, search).await }).await
}

#[server(prefix = "/rpc", endpoint = "preview_schedule", input = GetUrl)]
pub async fn preview_schedule(
    rotation: RotationId,
    schedule: ScheduleId,
) -> Result<Outcome<SchedulePreview, BindRefusal>, AppError> {
    call(|backend, caller| async move {
        backend
            .preview_schedule(&caller, rotation, schedule)
            .await
    })
    .await
}

/// `mode` is a [`RotationMode::code`]; `schedule` is needed for PagerDuty only.
#[server(prefix = "/rpc", endpoint = "set_schedule")]
pub async fn set_schedule(
    id: RotationId,
    #[server(default)] mode: String,
    #[server(default)] schedule: String,
) -> Result<Outcome<(), BindRefusal>, AppError> {
    let page = format!("/rotations/{id}");
    submit::<SetSchedule, _, _, _>(
        NOTHING_KEPT,
        |()| Some(page),
        |backend, caller| async move {
            match choice(&mode, &schedule) {
                Some(choice) => backend.set_schedule(&caller, id, choice).await,
                None => Ok(Outcome::Refused(BindRefusal::NothingChosen)),
            }
        },
    )
    .await
}

#[cfg(feature = "ssr")]
fn choice(mode: &str, schedule: &str) -> Option<ScheduleChoice> {
    match RotationMode::from_code(mode)? {
        RotationMode::Manual => Some(ScheduleChoice::Manual),
        RotationMode::Unknown => None,
        RotationMode::PagerDuty => ScheduleId::parse(schedule).map(ScheduleChoice::PagerDuty),
    }
}
