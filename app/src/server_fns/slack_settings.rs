//! Settings → Slack.

#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::SlackSettingsView;

#[server(prefix = "/rpc", endpoint = "slack_settings", input = GetUrl)]
pub async fn slack_settings() -> Result<SlackSettingsView, AppError> {
    call(|backend, caller| async move { backend.slack_settings(&caller).await }).await
}
