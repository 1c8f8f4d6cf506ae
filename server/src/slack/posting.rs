//! Messages in conversations. Slack takes each for a new one, so whoever does not hear what became
//! of one must not write it again.

use super::{AskError, Installed, SlackServices};
use types::SlackChannelId;

const POST: &str = "chat.postMessage";

/// Writes a message.
pub async fn post_message(
    services: &SlackServices,
    installed: &Installed,
    channel: &SlackChannelId,
    text: &str,
) -> Result<(), AskError> {
    let posting = || {
        services
            .client
            .post_message(&installed.token, channel, text)
    };
    installed.ask(services, POST, posting).await?;
    Ok(())
}
