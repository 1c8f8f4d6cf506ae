//! The Slack channel in which a rotation's changes of duty are announced.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{ChannelRefusal, ChannelView, Outcome, RotationId};

#[server(prefix = "/rpc", endpoint = "slack_channel", input = GetUrl)]
pub async fn slack_channel(rotation: RotationId) -> Result<ChannelView, AppError> {
    call(|backend, caller| async move { backend.slack_channel(&caller, rotation).await }).await
}

#[server(prefix = "/rpc", endpoint = "set_slack_channel")]
pub async fn set_slack_channel(
    rotation: RotationId,
    #[server(default)] channel: String,
) -> Result<Outcome<(), ChannelRefusal>, AppError> {
    let kept = channel.clone();
    submit::<SetSlackChannel, _, _, _>(
        Some(&kept),
        |()| None,
        |backend, caller| async move {
            backend
                .set_slack_channel(&caller, rotation, channel)
                .await
        },
    )
    .await
}
