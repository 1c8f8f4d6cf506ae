//! Channels: what is in them now, and what their people do to them while the app is not looking.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused, TeamOrder, done, workspace, workspace_of_channel, yes};
use crate::{
    minting,
    slack::{
        BOT_USER_ID, Workspace,
        blocks::{Reader, as_text, mentions, text_as_plain},
        conversation::{Conversation, Kind, Message},
        outgoing::send_events,
    },
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/channels", get(list).post(add))
        .route("/channels/{channel}", get(show))
        .route("/channels/{channel}/archive", post(archive))
        .route("/channels/{channel}/rename", post(rename))
        .route("/channels/{channel}/make-private", post(make_private))
        .route("/channels/{channel}/members", post(change_members))
        .route("/channels/{channel}/topic", post(set_topic))
        .route("/channels/{channel}/refuse", post(refuse))
}

async fn list(State(sandbox): State<Sandbox>, Query(order): Query<TeamOrder>) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace(&mut world, order.team.as_deref())?;
    let channels: Vec<Value> = workspace.conversations.iter().map(summary).collect();
    Ok(Json(json!({"channels": channels})))
}

fn summary(conversation: &Conversation) -> Value {
    let kind = match &conversation.kind {
        Kind::Public => "public",
        Kind::Private => "private",
        Kind::Direct(_) => "direct",
    };
    json!({
        "id": conversation.id,
        "name": conversation.name,
        "kind": kind,
        "archived": conversation.archived,
        "shared_with": conversation.shared_with,
        "members": conversation.members,
        "bot_is_in": conversation.has(BOT_USER_ID),
        "topic": conversation.topic.value,
        "topic_by": conversation.topic.creator,
        "message_count": conversation.messages.len(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    /// By which clock dates are written; UTC without it.
    zone: Option<String>,
}

async fn show(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Query(look): Query<Look>,
) -> Answer {
    let world = sandbox.world();
    let slack = &world.slack;
    let workspace = slack
        .workspaces
        .iter()
        .find(|one| one.conversation(&channel).is_some());
    let (workspace, conversation) = workspace
        .and_then(|one| Some((one, one.conversation(&channel)?)))
        .ok_or_else(|| Refused::unknown("channel", &channel))?;
    let reader = Reader::new(slack, workspace, look.zone.as_deref().unwrap_or("UTC"));
    let messages: Vec<Value> = conversation
        .messages
        .iter()
        .map(|message| told(message, &reader))
        .collect();
    let mut shown = summary(conversation);
    shown["messages"] = json!(messages);
    Ok(Json(shown))
}

fn told(message: &Message, reader: &Reader<'_>) -> Value {
    let shown = if message.blocks.as_array().is_none_or(Vec::is_empty) {
        text_as_plain(&message.text, reader)
    } else {
        as_text(&message.blocks, reader)
    };
    let mut reached = mentions(&message.text);
    reached.extend(mentions(&message.blocks.to_string()));
    json!({
        "ts": message.ts,
        "author": message.author,
        "text": message.text,
        "blocks": message.blocks,
        "shown": shown,
        "mentions": reached,
        "thread_ts": message.thread_ts,
        "subtype": message.subtype,
        "edited": message.edited,
        "only_for": message.only_for,
        "metadata": message.metadata,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewChannel {
    id: Option<String>,
    name: String,
    #[serde(default)]
    private: bool,
    shared_with: Option<String>,
    #[serde(default)]
    members: Vec<String>,
    team: Option<String>,
}

async fn add(State(sandbox): State<Sandbox>, Order(order): Order<NewChannel>) -> Answer {
    let mut world = sandbox.world();
    let id = order
        .id
        .unwrap_or_else(|| format!("C{}", minting::hex(5).to_uppercase()));
    if workspace_of_channel(&mut world.slack, &id).is_ok() {
        return Err(Refused::impossible("There is a channel with this id."));
    }
    let kind = if order.private {
        Kind::Private
    } else {
        Kind::Public
    };
    let members: Vec<&str> = order.members.iter().map(String::as_str).collect();
    let conversation = Conversation {
        shared_with: order.shared_with,
        ..Conversation::new(&id, &order.name, kind, &members)
    };
    let workspace = workspace(&mut world, order.team.as_deref())?;
    workspace.conversations.push(conversation);
    Ok(Json(json!({"id": id})))
}

/// Does something in the channel's workspace, of which the app hears afterwards.
fn change(sandbox: &Sandbox, channel: &str, deed: impl FnOnce(&mut Workspace)) -> Answer {
    deed(workspace_of_channel(&mut sandbox.world().slack, channel)?);
    send_events(sandbox);
    done()
}

/// The workspace's first person, who can do everything.
fn owner(workspace: &Workspace) -> String {
    let first = workspace.people.first();
    first.map(|one| one.id.clone()).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    #[serde(default = "yes")]
    archived: bool,
}

async fn archive(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Order(order): Order<Archive>,
) -> Answer {
    change(&sandbox, &channel, |workspace| {
        let owner = owner(workspace);
        workspace.archive(&channel, order.archived, &owner);
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

async fn rename(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Order(order): Order<Name>,
) -> Answer {
    change(&sandbox, &channel, |workspace| {
        workspace.rename(&channel, &order.name);
    })
}

async fn make_private(State(sandbox): State<Sandbox>, Path(channel): Path<String>) -> Answer {
    change(&sandbox, &channel, |workspace| {
        workspace.make_private(&channel)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

async fn change_members(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Order(order): Order<Members>,
) -> Answer {
    change(&sandbox, &channel, |workspace| {
        for user in &order.add {
            workspace.join(&channel, user);
        }
        for user in &order.remove {
            workspace.leave(&channel, user);
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTopic {
    topic: String,
    by: Option<String>,
}

async fn set_topic(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Order(order): Order<NewTopic>,
) -> Answer {
    change(&sandbox, &channel, |workspace| {
        let by = order.by.unwrap_or_else(|| owner(workspace));
        workspace.set_topic(&channel, &by, &order.topic);
    })
}

/// What is left out is let through.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusals {
    posts: Option<String>,
    #[serde(default)]
    topics: bool,
}

async fn refuse(
    State(sandbox): State<Sandbox>,
    Path(channel): Path<String>,
    Order(order): Order<Refusals>,
) -> Answer {
    change(&sandbox, &channel, |workspace| {
        if let Some(conversation) = workspace.conversation_mut(&channel) {
            conversation.posting_refused = order.posts;
            conversation.topic_refused = order.topics;
        }
    })
}
