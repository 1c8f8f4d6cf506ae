//! Posting, changing and deleting messages. Slack looks at the blocks before anything is shown.

use serde_json::{Value, json};

use super::conversations::seen;
use crate::{
    clock::Clock,
    slack::{
        APP_ID, BOT_ID,
        blocks::{self, Surface, with_ids},
        call::{Call, Method, Outcome},
        caller::Refusal,
        conversation::{Conversation, Kind, Message},
        limits::Tier,
    },
};

const LONGEST_TEXT: usize = 40_000;
const SCOPES: &[&str] = &["chat:write"];

pub const METHODS: [Method; 4] = [
    Method {
        name: "chat.postMessage",
        scopes: SCOPES,
        tier: Tier::Posting,
        reads_json: true,
        run: post,
    },
    Method {
        name: "chat.postEphemeral",
        scopes: SCOPES,
        tier: Tier::Four,
        reads_json: true,
        run: post_ephemeral,
    },
    Method {
        name: "chat.update",
        scopes: SCOPES,
        tier: Tier::Three,
        reads_json: true,
        run: update,
    },
    Method {
        name: "chat.delete",
        scopes: SCOPES,
        tier: Tier::Three,
        reads_json: true,
        run: delete,
    },
];

/// The text and the blocks that were sent, each `None` when it was not.
fn content(call: &Call<'_>) -> Result<(Option<String>, Option<Value>), Refusal> {
    let text = call.params.get("text").map(str::to_owned);
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_TEXT)
    {
        return Err("msg_too_long".into());
    }
    let blocks = call
        .params
        .given("blocks")
        .map(|written| {
            let blocks = serde_json::from_str(written).map_err(|_| "invalid_blocks_format")?;
            blocks::check(&blocks, Surface::Message).map_err(blocks::Flaw::refusal)?;
            Ok::<Value, Refusal>(with_ids(blocks))
        })
        .transpose()?;
    Ok((text, blocks))
}

fn is_empty(blocks: &Option<Value>) -> bool {
    blocks
        .as_ref()
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
}

/// Whether the caller may post into the channel.
fn check_posting(call: &Call<'_>, conversation: &Conversation) -> Result<(), Refusal> {
    if conversation.archived {
        return Err("is_archived".into());
    }
    if let Some(word) = &conversation.posting_refused {
        return Err(word.as_str().into());
    }
    if let Kind::Direct(person) = &conversation.kind {
        if !call.app.messages_tab {
            return Err("messages_tab_disabled".into());
        }
        let person = call.workspace.people.iter().find(|one| one.id == *person);
        if person.is_none_or(|person| person.deactivated) {
            return Err("is_archived".into());
        }
    }
    let is_open = conversation.kind == Kind::Public && call.caller.has("chat:write.public");
    if !conversation.has(&call.caller.user) && !is_open {
        return Err("not_in_channel".into());
    }
    Ok(())
}

/// The message that the parameters describe, and the channel that it is for.
fn composed(call: &mut Call<'_>) -> Result<(String, Message), Refusal> {
    let channel = call.wanted("channel")?.to_owned();
    let conversation = seen(call.workspace, call.caller, &channel)?;
    check_posting(call, conversation)?;
    let (text, blocks) = content(call)?;
    if text.as_deref().unwrap_or_default().is_empty() && is_empty(&blocks) {
        return Err("no_text".into());
    }
    let thread_ts = call.params.given("thread_ts").map(str::to_owned);
    if let Some(thread) = &thread_ts
        && conversation.message(thread).is_none()
    {
        return Err("thread_not_found".into());
    }
    let metadata = call
        .params
        .given("metadata")
        .map(|written| serde_json::from_str(written).map_err(|_| "invalid_metadata_format"))
        .transpose()?;
    let ts = call.workspace.next_ts();
    Ok((
        channel,
        Message {
            blocks: blocks.unwrap_or_default(),
            thread_ts,
            metadata: metadata.unwrap_or_default(),
            ..Message::new(ts, &call.caller.user, text.as_deref().unwrap_or_default())
        },
    ))
}

fn post(call: &mut Call<'_>) -> Outcome {
    let (channel, message) = composed(call)?;
    let answer = json!({
        "channel": channel,
        "ts": message.ts,
        "message": shown(call, &message),
    });
    call.workspace.post(&channel, message);
    Ok(answer)
}

fn post_ephemeral(call: &mut Call<'_>) -> Outcome {
    let reader = call.wanted("user")?.to_owned();
    let (channel, mut message) = composed(call)?;
    if !seen(call.workspace, call.caller, &channel)?.has(&reader) {
        return Err("user_not_in_channel".into());
    }
    message.only_for = Some(reader);
    let answer = json!({"message_ts": message.ts});
    call.workspace.post(&channel, message);
    Ok(answer)
}

/// The channel and the time of the caller's own message that the parameters name; `others` is Slack's word
/// for somebody else's.
fn own(call: &Call<'_>, others: &str) -> Result<(String, String), Refusal> {
    let (channel, ts) = (call.wanted("channel")?, call.wanted("ts")?);
    let conversation = seen(call.workspace, call.caller, channel)?;
    if conversation.archived {
        return Err("is_archived".into());
    }
    match conversation.message(ts) {
        // What only one person sees cannot be changed by its time.
        None => Err("message_not_found".into()),
        Some(message) if message.only_for.is_some() => Err("message_not_found".into()),
        Some(message) if message.author != call.caller.user => Err(others.into()),
        Some(_) => Ok((channel.to_owned(), ts.to_owned())),
    }
}

fn update(call: &mut Call<'_>) -> Outcome {
    let (text, blocks) = content(call)?;
    if text.is_none() && blocks.is_none() {
        return Err("no_text".into());
    }
    let window = call.workspace.settings.edit_window_seconds;
    let (channel, ts) = own(call, "cant_update_message")?;
    let message = call
        .workspace
        .conversation_mut(&channel)
        .and_then(|conversation| conversation.message_mut(&ts))
        .ok_or("message_not_found")?;
    let age = Clock::machine().duration_since(message.posted()).as_secs();
    if window.is_some_and(|window| age >= window) {
        return Err("edit_window_closed".into());
    }
    if let Some(text) = text {
        message.text = text;
    }
    // Blocks that are not sent stay, and empty ones go.
    if let Some(blocks) = blocks {
        message.blocks = blocks;
    }
    message.edited = true;
    let message = message.clone();
    Ok(json!({
        "channel": channel,
        "ts": ts,
        "text": message.text,
        "message": shown(call, &message),
    }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (channel, ts) = own(call, "cant_delete_message")?;
    if let Some(conversation) = call.workspace.conversation_mut(&channel) {
        conversation.messages.retain(|message| message.ts != ts);
    }
    Ok(json!({"channel": channel, "ts": ts}))
}

fn shown(call: &Call<'_>, message: &Message) -> Value {
    let mut shown = json!({
        "type": "message",
        "user": message.author,
        "ts": message.ts,
        "text": message.text,
        "team": call.workspace.id,
    });
    if message.is_by_bot() {
        shown["bot_id"] = json!(BOT_ID);
        shown["app_id"] = json!(APP_ID);
    }
    for (field, value) in [
        ("blocks", &message.blocks),
        ("metadata", &message.metadata),
        ("thread_ts", &json!(message.thread_ts)),
    ] {
        if !value.is_null() {
            shown[field] = value.clone();
        }
    }
    shown
}
