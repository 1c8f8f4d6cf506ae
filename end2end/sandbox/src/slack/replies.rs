//! What the app says to somebody's deed: in its first answer, or later at an address that was given to it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    BOT_USER_ID, Workspace,
    blocks::{self, Surface, with_ids},
    conversation::Message,
    interactions::{Hindrance, Place},
};
use crate::{clock::Clock, minting};

const LIFETIME: SignedDuration = SignedDuration::from_mins(30);
const USES: u32 = 5;

/// Where the app may answer later, beside its first answer.
#[derive(Clone, Debug)]
pub struct ReplyAddress {
    token: String,
    channel: String,
    person: String,
    /// The message whose button was pressed.
    message: Option<String>,
    left: u32,
    until: Timestamp,
}

/// Text and blocks of what the app said, if Slack takes them.
fn content(said: &Value) -> Result<(String, Value), Hindrance> {
    let blocks = said["blocks"].clone();
    if !blocks.is_null() {
        blocks::check(&blocks, Surface::Message).map_err(|_| "invalid_blocks")?;
    }
    let text = said["text"].as_str().unwrap_or_default();
    Ok((text.to_owned(), with_ids(blocks)))
}

/// Shows what the app said: to the person alone, unless it says otherwise. Nothing is shown of nothing.
pub fn reply(workspace: &mut Workspace, place: Place<'_>, said: &Value) -> Result<(), Hindrance> {
    let (text, blocks) = content(said)?;
    if text.is_empty() && blocks.is_null() {
        return Ok(());
    }
    let ts = workspace.next_ts();
    let message = Message {
        blocks,
        thread_ts: said["thread_ts"].as_str().map(str::to_owned),
        only_for: (said["response_type"] != "in_channel").then(|| place.person.to_owned()),
        ..Message::new(ts, BOT_USER_ID, &text)
    };
    workspace.post(place.channel, message);
    Ok(())
}

pub fn reply_address(
    workspace: &mut Workspace,
    place: Place<'_>,
    message: Option<&str>,
    base_url: &str,
) -> String {
    let token = minting::hex(12);
    workspace.replies.push(ReplyAddress {
        token: token.clone(),
        channel: place.channel.to_owned(),
        person: place.person.to_owned(),
        message: message.map(str::to_owned),
        left: USES,
        until: Clock::machine() + LIFETIME,
    });
    format!("{base_url}/slack/replies/{}/{token}", workspace.id)
}

/// What the app sends to a reply address.
pub fn take_reply(workspace: &mut Workspace, token: &str, said: &Value) -> Result<(), Hindrance> {
    let now = Clock::machine();
    let address = workspace.replies.iter_mut().find(|one| one.token == token);
    let address = address.filter(|one| one.until > now).ok_or("expired_url")?;
    if address.left == 0 {
        return Err("used_url");
    }
    address.left -= 1;
    let address = address.clone();
    let place = Place {
        team: &workspace.id.clone(),
        channel: &address.channel,
        person: &address.person,
    };
    let conversation = workspace.conversation_mut(&address.channel);
    let original = conversation
        .zip(address.message.as_deref())
        .and_then(|(conversation, ts)| conversation.message_mut(ts));
    match original {
        Some(message) if said["delete_original"] == true => {
            let ts = message.ts.clone();
            if let Some(conversation) = workspace.conversation_mut(&address.channel) {
                conversation.messages.retain(|one| one.ts != ts);
            }
        }
        Some(message) if said["replace_original"] == true => {
            (message.text, message.blocks) = content(said)?;
            message.edited = true;
        }
        _ => return reply(workspace, place, said),
    }
    Ok(())
}
