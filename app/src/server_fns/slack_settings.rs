//! Settings → Slack.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{Outcome, PermissionRefusal, SlackSettingsView};

#[server(prefix = "/rpc", endpoint = "slack_settings", input = GetUrl)]
pub async fn slack_settings() -> Result<SlackSettingsView, AppError> {
    call(|backend, caller| async move { backend.slack_settings(&caller).await }).await
}

#[server(prefix = "/rpc", endpoint = "take_back_permission")]
pub async fn take_back_permission() -> Result<Outcome<(), PermissionRefusal>, AppError> {
    submit::<TakeBackPermission, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.take_back_permission(&caller).await },
    )
    .await
}
