//! Settings → Holidays.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use types::HolidayInput;
use types::{HolidayKind, HolidayRefusal, HolidaySet, HolidaysView, Outcome};

#[server(prefix = "/rpc", endpoint = "holidays", input = GetUrl)]
pub async fn holidays(#[server(default)] year: String) -> Result<HolidaysView, AppError> {
    call(|backend, caller| async move { backend.holidays(&caller, year).await }).await
}

/// The fields are those of [`types::HolidayInput`]. With `preview`, nothing is saved, and the answer
/// is what that would bring.
#[server(prefix = "/rpc", endpoint = "change_holidays")]
pub async fn change_holidays(
    #[server(default)] what: HolidayKind,
    #[server(default)] date: String,
    #[server(default)] region: String,
    #[server(default)] name: String,
    #[server(default)] listed: bool,
    #[server(default)] preview: bool,
) -> Result<Outcome<HolidaySet, HolidayRefusal>, AppError> {
    let input = HolidayInput {
        what,
        date,
        region,
        name,
        listed,
    };
    let kept = input.clone();
    submit::<ChangeHolidays, _, _, _>(
        Some(&kept),
        |done| matches!(done, HolidaySet::Changed { .. }).then(|| "/settings/holidays".to_owned()),
        |backend, caller| async move {
            if preview {
                let preview = backend.preview_holiday(&caller, input).await?;
                return Ok(preview.map(|preview| HolidaySet::Previewed(Box::new(preview))));
            }
            let changed = backend.change_holidays(&caller, input).await?;
            Ok(changed.map(|()| HolidaySet::Changed { listed }))
        },
    )
    .await
}
