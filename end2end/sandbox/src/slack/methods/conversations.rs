//! Channels and direct messages as the app sees them: a private channel that the caller is not in does not
//! exist for it, and private channels have scopes of their own.

use serde_json::{Value, json};

use crate::slack::{
    BOT_USER_ID, Workspace,
    call::{Call, Method, Outcome},
    caller::{Caller, Refusal},
    conversation::{Conversation, Kind},
    limits::Tier,
    paging::page,
    text::as_read_back,
};

const LONGEST_TOPIC: usize = 250;
const PAGE: usize = 100;
const READING: &[&str] = &["channels:read", "groups:read", "im:read"];

pub const METHODS: [Method; 6] = [
    Method {
        name: "conversations.list",
        scopes: READING,
        tier: Tier::Two,
        reads_json: false,
        run: list,
    },
    Method {
        name: "users.conversations",
        scopes: READING,
        tier: Tier::Three,
        reads_json: false,
        run: list_of_user,
    },
    Method {
        name: "conversations.info",
        scopes: READING,
        tier: Tier::Three,
        reads_json: false,
        run: info,
    },
    Method {
        name: "conversations.join",
        scopes: &["channels:join"],
        tier: Tier::Three,
        reads_json: true,
        run: join,
    },
    Method {
        name: "conversations.setTopic",
        scopes: &[
            "channels:manage",
            "channels:write.topic",
            "groups:write",
            "groups:write.topic",
        ],
        tier: Tier::Two,
        reads_json: true,
        run: set_topic,
    },
    Method {
        name: "conversations.open",
        scopes: &["im:write"],
        tier: Tier::Three,
        reads_json: true,
        run: open,
    },
];

fn reading(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Public => &["channels:read"],
        Kind::Private => &["groups:read"],
        Kind::Direct(_) => &["im:read"],
    }
}

/// The channel that is meant, if the caller can know of it.
pub fn seen<'a>(
    workspace: &'a Workspace,
    caller: &Caller,
    channel: &str,
) -> Result<&'a Conversation, Refusal> {
    workspace
        .conversation(channel)
        .filter(|one| one.is_seen_by(&caller.user))
        .ok_or_else(|| "channel_not_found".into())
}

fn list(call: &mut Call<'_>) -> Outcome {
    listed(call, |_| true)
}

/// Those that somebody is in. Of private ones the caller has to be in them, too.
fn list_of_user(call: &mut Call<'_>) -> Outcome {
    let user = call.params.given("user").unwrap_or(&call.caller.user);
    let user = user.to_owned();
    if user != BOT_USER_ID && call.workspace.people.iter().all(|one| one.id != user) {
        return Err("user_not_found".into());
    }
    listed(call, |one| one.has(&user))
}

fn listed(call: &mut Call<'_>, is_meant: impl Fn(&Conversation) -> bool) -> Outcome {
    let wanted = match call.params.given("types") {
        None => vec!["public_channel".to_owned()],
        Some(_) => call.params.list("types"),
    };
    for name in &wanted {
        let scopes: &[&str] = match name.as_str() {
            "public_channel" => reading(&Kind::Public),
            "private_channel" => reading(&Kind::Private),
            "im" => &["im:read"],
            "mpim" => &["mpim:read"],
            _ => return Err("invalid_types".into()),
        };
        call.caller.needs(scopes)?;
    }
    let without_archived = call.params.is_set("exclude_archived");
    let user = &call.caller.user;
    let rows = call
        .workspace
        .conversations
        .iter()
        .filter(|one| one.is_seen_by(user) && !(without_archived && one.archived))
        .filter(|one| is_meant(one))
        .filter(|one| {
            let name = match one.kind {
                Kind::Public => "public_channel",
                Kind::Private => "private_channel",
                Kind::Direct(_) => "im",
            };
            wanted.iter().any(|wanted| wanted == name)
        })
        .map(|one| {
            let mut row = shown(call.workspace, one, user);
            row["num_members"] = json!(one.members.len());
            row
        })
        .collect();
    let (channels, next_cursor) = page(rows, call.params, "channel", PAGE)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": next_cursor}}))
}

fn info(call: &mut Call<'_>) -> Outcome {
    let channel = call.wanted("channel")?.to_owned();
    let conversation = seen(call.workspace, call.caller, &channel)?;
    call.caller.needs(reading(&conversation.kind))?;
    let mut told = shown(call.workspace, conversation, &call.caller.user);
    if call.params.is_set("include_num_members") {
        told["num_members"] = json!(conversation.members.len());
    }
    Ok(json!({"channel": told}))
}

fn join(call: &mut Call<'_>) -> Outcome {
    let channel = call.wanted("channel")?.to_owned();
    let conversation = seen(call.workspace, call.caller, &channel)?;
    if conversation.kind != Kind::Public {
        return Err("method_not_supported_for_channel_type".into());
    }
    if conversation.archived {
        return Err("is_archived".into());
    }
    let joined = call.workspace.join(&channel, &call.caller.user);
    let conversation = seen(call.workspace, call.caller, &channel)?;
    let mut answer = json!({"channel": shown(call.workspace, conversation, &call.caller.user)});
    if !joined {
        answer["warning"] = json!("already_in_channel");
        answer["response_metadata"] = json!({"warnings": ["already_in_channel"]});
    }
    Ok(answer)
}

fn set_topic(call: &mut Call<'_>) -> Outcome {
    let channel = call.wanted("channel")?.to_owned();
    let topic = call.params.get("topic").unwrap_or_default();
    let user = &call.caller.user;
    let conversation = seen(call.workspace, call.caller, &channel)?;
    call.caller.needs(match conversation.kind {
        Kind::Public => &["channels:manage", "channels:write.topic"],
        Kind::Private => &["groups:write", "groups:write.topic"],
        Kind::Direct(_) => return Err("method_not_supported_for_channel_type".into()),
    })?;
    if conversation.archived {
        return Err("is_archived".into());
    }
    if !conversation.has(user) {
        return Err("not_in_channel".into());
    }
    if conversation.topic_refused {
        return Err("user_is_restricted".into());
    }
    if topic.chars().count() > LONGEST_TOPIC {
        return Err("too_long".into());
    }
    call.workspace.set_topic(&channel, user, topic);
    let conversation = seen(call.workspace, call.caller, &channel)?;
    Ok(json!({
        "channel": shown(call.workspace, conversation, user),
        "topic": as_read_back(topic),
    }))
}

fn open(call: &mut Call<'_>) -> Outcome {
    let users = call.params.list("users");
    let [person] = &users[..] else {
        if users.is_empty() {
            return Err("users_list_not_supplied".into());
        }
        // Several people are a conversation of another kind.
        call.caller.needs(&["mpim:write"])?;
        return Err("method_not_supported_for_channel_type".into());
    };
    if person == BOT_USER_ID {
        return Err("cannot_dm_bot".into());
    }
    let found = call.workspace.people.iter().find(|one| one.id == *person);
    let known = found.ok_or("user_not_found")?;
    if known.deactivated {
        return Err("user_disabled".into());
    }
    if known.invisible {
        return Err("user_not_visible".into());
    }
    let (id, was_open) = call.workspace.open_direct(person);
    let mut answer = json!({"channel": {"id": id}});
    if was_open {
        answer["no_op"] = json!(true);
        answer["already_open"] = json!(true);
    }
    Ok(answer)
}

fn shown(workspace: &Workspace, conversation: &Conversation, user: &str) -> Value {
    if let Kind::Direct(person) = &conversation.kind {
        return json!({
            "id": conversation.id,
            "created": conversation.created,
            "is_im": true,
            "is_org_shared": false,
            "is_archived": conversation.archived,
            "user": person,
            "context_team_id": workspace.id,
        });
    }
    let is_shared = conversation.shared_with.is_some();
    let is_private = conversation.kind == Kind::Private;
    let topic = &conversation.topic;
    json!({
        "id": conversation.id,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "previous_names": conversation.previous_names,
        // Private channels are channels on the wire, too: only very old ones are groups.
        "is_channel": true,
        "is_group": false,
        "is_im": false,
        "is_mpim": false,
        "is_private": is_private,
        "is_archived": conversation.archived,
        "is_general": conversation.general,
        "is_shared": is_shared,
        "is_ext_shared": is_shared,
        "is_org_shared": false,
        "is_pending_ext_shared": false,
        "is_member": conversation.has(user),
        "shared_team_ids": conversation.shared_with.iter().chain([&workspace.id]).collect::<Vec<_>>(),
        "context_team_id": workspace.id,
        "created": conversation.created,
        "creator": workspace.people.first().map(|one| one.id.as_str()),
        "unlinked": 0,
        "topic": {
            "value": as_read_back(&topic.value),
            "creator": topic.creator,
            "last_set": topic.last_set,
        },
        "purpose": {"value": as_read_back(&conversation.purpose), "creator": "", "last_set": 0},
    })
}
