//! The session itself, and what holds for all pages of it.

#[cfg(feature = "ssr")]
use super::request::{call, from_request};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::AlertsView;

/// The version of what open pages of the workspace show, as live events tell it. Fails when
/// nobody is signed in any more.
#[server(prefix = "/rpc", endpoint = "session", input = GetUrl)]
pub async fn check_session() -> Result<u64, AppError> {
    call(|_, _| async {
        let event = from_request::<types::LiveEvent>().ok_or(AppError::Unauthenticated)?;
        Ok(event.version)
    })
    .await
}

/// What every page tells above its content.
#[server(prefix = "/rpc", endpoint = "alerts", input = GetUrl)]
pub async fn alerts() -> Result<AlertsView, AppError> {
    call(|backend, caller| async move {
        Ok(AlertsView {
            installation: from_request(),
            pagerduty: backend.pagerduty_alert(&caller).await?,
        })
    })
    .await
}
