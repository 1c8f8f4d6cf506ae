//! The week over all rotations.

#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::WeekView;
#[cfg(feature = "ssr")]
use types::{DaysWanted, WeekFilter};

/// `show` is `mine`, or else all; `page` counts from 1. Both, and `from` and `weeks`, come from an
/// address as they are, since anything may stand there.
#[server(prefix = "/rpc", endpoint = "week", input = GetUrl)]
pub async fn week(
    #[server(default)] from: String,
    #[server(default)] weeks: String,
    #[server(default)] zone: String,
    #[server(default)] show: String,
    #[server(default)] search: String,
    #[server(default)] page: String,
) -> Result<WeekView, AppError> {
    let filter = WeekFilter {
        days: DaysWanted { from, weeks, zone },
        mine: show == "mine",
        search,
        page: page.parse::<u32>().map_or(0, |page| page.saturating_sub(1)),
    };
    call(|backend, caller| async move { backend.week(&caller, filter).await }).await
}
