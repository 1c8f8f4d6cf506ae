//! The topic of the Slack channel that says who is on duty in a rotation.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{Outcome, RotationId, TopicRefusal, TopicView};

/// With what `template` makes at present, or the rotation's own where that is empty.
#[server(prefix = "/rpc", endpoint = "topic", input = GetUrl)]
pub async fn topic(
    rotation: RotationId,
    #[server(default)] template: String,
) -> Result<TopicView, AppError> {
    call(|backend, caller| async move { backend.topic(&caller, rotation, template).await }).await
}

/// Without a template, no topic is set any more. Tells the version of the choice.
#[server(prefix = "/rpc", endpoint = "set_topic")]
pub async fn set_topic(
    rotation: RotationId,
    #[server(default)] channel: String,
    #[server(default)] template: String,
    #[server(default)] template_drawn: String,
) -> Result<Outcome<String, TopicRefusal>, AppError> {
    let page = format!("/rotations/{rotation}/slack");
    let kept = (channel.clone(), template.clone(), template_drawn.clone());
    submit::<SetTopic, _, _, _>(
        Some(&kept),
        |_| Some(page),
        |backend, caller| async move {
            backend
                .set_topic(&caller, rotation, channel, template, template_drawn)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "write_topic")]
pub async fn write_topic(rotation: RotationId) -> Result<Outcome<(), TopicRefusal>, AppError> {
    submit::<WriteTopic, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.write_topic(&caller, rotation).await },
    )
    .await
}
