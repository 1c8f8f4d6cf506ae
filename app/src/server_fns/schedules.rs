//! What decides who is on duty in a rotation: a PagerDuty schedule, one of its own, or people.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{
    BindRefusal, FoundSchedules, Outcome, RotaInput, RotationId, ScheduleId, SchedulePreview,
    ScheduleSet,
};
#[cfg(feature = "ssr")]
use types::{RotationMode, ScheduleChoice, ScheduleWish};

#[server(prefix = "/rpc", endpoint = "search_schedules", input = GetUrl)]
pub async fn search_schedules(
    #[server(default)] search: String,
) -> Result<Outcome<FoundSchedules, BindRefusal>, AppError> {
    call(|backend, caller| async move { backend.search_schedules(&caller, search).await }).await
}

/// The countries whose holidays are known, by name: each code, and what it is called.
#[server(prefix = "/rpc", endpoint = "countries", input = GetUrl)]
pub async fn countries() -> Result<Vec<(String, String)>, AppError> {
    call(|backend, _| async move { Ok(backend.countries()) }).await
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

/// `mode` is a [`RotationMode::code`]; `schedule` is needed for PagerDuty only, and `rota` for a
/// schedule of its own. With `preview`, nothing is saved, and the answer is what that would bring.
#[server(prefix = "/rpc", endpoint = "set_schedule")]
pub async fn set_schedule(
    id: RotationId,
    #[server(default)] mode: String,
    #[server(default)] schedule: String,
    #[server(default)] rota: RotaInput,
    #[server(default)] preview: bool,
) -> Result<Outcome<ScheduleSet, BindRefusal>, AppError> {
    let page = format!("/rotations/{id}");
    let version = rota.version.clone();
    let kept = (mode == RotationMode::Scheduled.code()).then(|| rota.clone());
    submit::<SetSchedule, _, _, _>(
        kept.as_ref(),
        |done| (!matches!(done, ScheduleSet::Previewed(_))).then_some(page),
        |backend, caller| async move {
            match choice(&mode, &schedule, rota) {
                Some(ScheduleChoice::Scheduled(rota)) if preview => {
                    let preview = backend.preview_rota(&caller, id, *rota).await?;
                    Ok(preview.map(ScheduleSet::Previewed))
                }
                Some(choice) => {
                    let saved = match choice {
                        ScheduleChoice::Manual => ScheduleSet::MadeManual,
                        _ => ScheduleSet::Saved,
                    };
                    let wish = ScheduleWish { choice, version };
                    let set = backend.set_schedule(&caller, id, wish).await?;
                    Ok(set.map(|()| saved))
                }
                None => Ok(Outcome::Refused(BindRefusal::NothingChosen)),
            }
        },
    )
    .await
}

#[cfg(feature = "ssr")]
fn choice(mode: &str, schedule: &str, rota: RotaInput) -> Option<ScheduleChoice> {
    match RotationMode::from_code(mode)? {
        RotationMode::Manual => Some(ScheduleChoice::Manual),
        RotationMode::Scheduled => Some(ScheduleChoice::Scheduled(Box::new(rota))),
        RotationMode::Unknown => None,
        RotationMode::PagerDuty => ScheduleId::parse(schedule).map(ScheduleChoice::PagerDuty),
    }
}
