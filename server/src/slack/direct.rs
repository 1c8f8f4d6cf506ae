//! Conversations with single people.

use super::{AskError, Installed, SlackServices};
use serde_json::Value;
use types::{PersonId, SlackChannelId};

const OPEN: &str = "conversations.open";

/// The conversation with somebody. Opening one that is there already does nothing.
pub async fn open_direct(
    services: &SlackServices,
    installed: &Installed,
    person: &PersonId,
) -> Result<SlackChannelId, AskError> {
    let question = || services.client.open_direct(&installed.token, person);
    installed.ask(services, OPEN, question).await
}

/// The conversation in the answer to a question for it.
pub(super) fn read_direct(answer: &Value) -> Option<SlackChannelId> {
    SlackChannelId::parse(answer["channel"]["id"].as_str()?)
}
