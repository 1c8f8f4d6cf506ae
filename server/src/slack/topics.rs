//! Topics of channels.

use super::{AskError, Installed, SlackError, SlackServices};
use types::SlackChannelId;

const JOIN: &str = "conversations.join";
const SET_TOPIC: &str = "conversations.setTopic";

/// The topic of a channel, as Slack hands it back.
pub async fn topic(
    services: &SlackServices,
    installed: &Installed,
    channel: &SlackChannelId,
) -> Result<String, AskError> {
    let info = super::channel(services, installed, channel).await?;
    Ok(info.topic.ok_or(SlackError::Unreadable)?)
}

/// Sets the topic of a channel. Round Robin joins a public one for that.
pub async fn set_topic(
    services: &SlackServices,
    installed: &Installed,
    channel: &SlackChannelId,
    topic: &str,
) -> Result<(), AskError> {
    let (client, token) = (&services.client, &installed.token);
    let setting = || client.set_topic(token, channel, topic);
    match installed.ask(services, SET_TOPIC, setting).await {
        Err(AskError::Slack(SlackError::Refused { word })) if word.as_str() == "not_in_channel" => {
            let joining = || client.join(token, channel);
            let joined = installed.ask(services, JOIN, joining).await;
            // People mend that by an invitation, whyever it could not join by itself.
            joined.map_err(|error| match error {
                AskError::Slack(_) => AskError::Slack(SlackError::Refused { word }),
                error => error,
            })?;
            installed.ask(services, SET_TOPIC, setting).await
        }
        set => set,
    }
}
