//! The Slack channels in which a rotation's changes of duty are announced.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{
    AnnouncementRefusal, AnnouncementView, ChannelRefusal, ChannelsFound, Outcome, RotationId,
    SlackChannelId,
};

/// With what `template` makes at present, or the rotation's own where that is empty.
#[server(prefix = "/rpc", endpoint = "announcements", input = GetUrl)]
pub async fn announcements(
    rotation: RotationId,
    #[server(default)] template: String,
) -> Result<AnnouncementView, AppError> {
    call(|backend, caller| async move { backend.announcements(&caller, rotation, template).await })
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

#[server(prefix = "/rpc", endpoint = "add_slack_channel")]
pub async fn add_slack_channel(
    rotation: RotationId,
    #[server(default)] channel: String,
) -> Result<Outcome<(), ChannelRefusal>, AppError> {
    let kept = channel.clone();
    // Without what its address chose before.
    let page = format!("/rotations/{rotation}/slack");
    submit::<AddSlackChannel, _, _, _>(
        Some(&kept),
        |()| Some(page),
        |backend, caller| async move { backend.add_slack_channel(&caller, rotation, channel).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "remove_slack_channel")]
pub async fn remove_slack_channel(
    rotation: RotationId,
    channel: SlackChannelId,
) -> Result<Outcome<(), ChannelRefusal>, AppError> {
    let kept = channel.to_string();
    submit::<RemoveSlackChannel, _, _, _>(
        Some(&kept),
        |()| None,
        |backend, caller| async move {
            backend
                .remove_slack_channel(&caller, rotation, channel)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "write_announcement")]
pub async fn write_announcement(
    rotation: RotationId,
    channel: SlackChannelId,
) -> Result<Outcome<(), ChannelRefusal>, AppError> {
    let kept = channel.to_string();
    submit::<WriteAnnouncement, _, _, _>(
        Some(&kept),
        |()| None,
        |backend, caller| async move {
            backend
                .write_announcement(&caller, rotation, channel)
                .await
        },
    )
    .await
}
