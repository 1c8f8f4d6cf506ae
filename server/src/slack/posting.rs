//! Messages in conversations. Slack takes each for a new one, so whoever does not hear what became
//! of one must not write it again.

use super::{AskError, Installed, SlackServices, holds::Counted};
use serde_json::Value;
use types::{PersonId, SlackChannelId};

const POST: &str = "chat.postMessage";
const WHISPER: &str = "chat.postEphemeral";
const UPDATE: &str = "chat.update";

/// A message, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub channel: &'a SlackChannelId,
    /// The message under which it stands, if it is in a thread.
    pub thread: Option<&'a str>,
    pub text: &'a str,
    /// What is shown in the place of the text, where that is more than words.
    pub blocks: Option<&'a Value>,
}

impl<'a> Message<'a> {
    /// Words in a channel, in no thread.
    pub const fn new(channel: &'a SlackChannelId, text: &'a str) -> Self {
        Self {
            channel,
            thread: None,
            text,
            blocks: None,
        }
    }
}

/// Writes a message. What comes back is by what Slack knows it, if it says so.
pub async fn post_message(
    services: &SlackServices,
    installed: &Installed,
    message: Message<'_>,
) -> Result<Option<String>, AskError> {
    let posting = || services.client.post_message(&installed.token, message);
    let counted = Counted::in_channel(POST, message.channel);
    installed.ask(services, counted, posting).await
}

/// Writes a message that one person alone sees.
pub async fn whisper(
    services: &SlackServices,
    installed: &Installed,
    message: Message<'_>,
    person: &PersonId,
) -> Result<(), AskError> {
    let client = &services.client;
    let whispering = || client.whisper(&installed.token, message, person);
    installed.ask(services, WHISPER, whispering).await
}

/// Has a message that was written before say this from now on.
pub async fn update_message(
    services: &SlackServices,
    installed: &Installed,
    ts: &str,
    message: Message<'_>,
) -> Result<(), AskError> {
    let client = &services.client;
    let updating = || client.update_message(&installed.token, ts, message);
    installed.ask(services, UPDATE, updating).await
}

/// By what Slack knows the message that it has written.
pub(super) fn read_posted(answer: &Value) -> Option<String> {
    Some(answer["ts"].as_str()?.to_owned())
}
