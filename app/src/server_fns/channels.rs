//! The Slack channel in which a rotation's changes of duty are announced.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{AnnouncementRefusal, ChannelRefusal, ChannelView, ChannelsFound, Outcome, RotationId};

/// With what `template` makes at present, or the rotation's own where that is empty.
#[server(prefix = "/rpc", endpoint = "slack_channel", input = GetUrl)]
pub async fn slack_channel(
    rotation: RotationId,
    #[server(default)] template: String,
) -> Result<ChannelView, AppError> {
    call(|backend, caller| async move { backend.slack_channel(&caller, rotation, template).await })
        .await
}

/// What a search for channels finds; nothing without a word.
#[server(prefix = "/rpc", endpoint = "slack_channels", input = GetUrl)]
pub async fn slack_channels(
    rotation: RotationId,
    #[server(default)] search: String,
) -> Result<ChannelsFound, AppError> {
    call(|backend, caller| async move { backend.slack_channels(&caller, rotation, search).await })
        .await
}

/// Without a template, announcements say what they usually do. Tells the version of what they say
/// from now on.
#[server(prefix = "/rpc", endpoint = "set_announcement")]
pub async fn set_announcement(
    rotation: RotationId,
    #[server(default)] announcement: String,
    #[server(default)] announcement_drawn: String,
) -> Result<Outcome<String, AnnouncementRefusal>, AppError> {
    let page = format!("/rotations/{rotation}/slack");
    let kept = (announcement.clone(), announcement_drawn.clone());
    submit::<SetAnnouncement, _, _, _>(
        Some(&kept),
        |_| Some(page),
        |backend, caller| async move {
            backend
                .set_announcement(&caller, rotation, announcement, announcement_drawn)
                .await
        },
    )
    .await
}

/// Tells the version of the choice.
#[server(prefix = "/rpc", endpoint = "set_slack_channel")]
pub async fn set_slack_channel(
    rotation: RotationId,
    #[server(default)] channel: String,
    #[server(default)] drawn: String,
) -> Result<Outcome<String, ChannelRefusal>, AppError> {
    let kept = (channel.clone(), drawn.clone());
    // Without what its address chose before.
    let page = format!("/rotations/{rotation}/slack");
    submit::<SetSlackChannel, _, _, _>(
        Some(&kept),
        |_| Some(page),
        |backend, caller| async move {
            backend
                .set_slack_channel(&caller, rotation, channel, drawn)
                .await
        },
    )
    .await
}
