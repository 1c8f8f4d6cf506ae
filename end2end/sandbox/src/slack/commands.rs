//! The line that a person types into: a message, or a command for the app.

use serde_json::{Value, json};

use super::{
    APP_ID,
    conversation::Message,
    interactions::{Hindrance, Place, with_workspace},
    outgoing::{self, Answer, Parcel, send},
    replies::{reply, reply_address},
    text::with_references,
};
use crate::world::Sandbox;

/// Says what only one person sees when the app failed.
const SLACKBOT: &str = "USLACKBOT";

/// Sends a line that somebody typed: a command when it begins with one, a message otherwise.
pub async fn type_line(
    sandbox: &Sandbox,
    place: Place<'_>,
    typed: &str,
    thread_ts: Option<&str>,
) -> Result<Option<Answer>, Hindrance> {
    if typed.starts_with('/') {
        if thread_ts.is_some() {
            return Err("Slack has no commands in threads.");
        }
        return run_command(sandbox, place, typed).await.map(Some);
    }
    with_workspace(sandbox, place.team, |workspace| {
        place.found(workspace)?;
        let ts = workspace.next_ts();
        let message = Message {
            thread_ts: thread_ts.map(str::to_owned),
            ..Message::new(ts, place.person, &with_references(workspace, typed))
        };
        workspace.post(place.channel, message);
        Ok(())
    })?;
    outgoing::send_events(sandbox);
    Ok(None)
}

async fn run_command(
    sandbox: &Sandbox,
    place: Place<'_>,
    typed: &str,
) -> Result<Answer, Hindrance> {
    let (name, text) = typed.split_once(' ').unwrap_or((typed, ""));
    let commands = sandbox.world().slack.app.commands.clone();
    let command = commands
        .into_iter()
        .find(|one| one.command == name)
        .ok_or("The app has no such command; register its manifest.")?;
    let fields = with_workspace(sandbox, place.team, |workspace| {
        let (conversation, person) = place.found(workspace)?;
        let channel_name = match conversation.is_direct() {
            true => "directmessage",
            false => &conversation.name,
        };
        let text = match command.should_escape {
            true => with_references(workspace, text),
            false => text.to_owned(),
        };
        let mut fields = vec![
            ("token", "deprecated".to_owned()),
            ("team_id", workspace.id.clone()),
            ("team_domain", workspace.domain.clone()),
            ("channel_id", place.channel.to_owned()),
            ("channel_name", channel_name.to_owned()),
            ("user_id", person.id.clone()),
            ("user_name", person.user_name()),
            ("command", name.to_owned()),
            ("text", text),
            ("api_app_id", APP_ID.to_owned()),
            ("is_enterprise_install", "false".to_owned()),
        ];
        fields.push((
            "response_url",
            reply_address(workspace, place, None, sandbox.base_url()),
        ));
        fields.push(("trigger_id", workspace.views.give_trigger(place.person)));
        Ok(fields)
    })?;
    let answer = send(sandbox, Parcel::form("command", &command.url, &fields)).await;
    with_workspace(sandbox, place.team, |workspace| {
        let shown = match answer.taken() {
            Ok(body) => reply(workspace, place, &said(body)),
            Err("http_timeout") => Err("operation_timeout"),
            Err(_) => Err("dispatch_failed"),
        };
        if let Err(word) = shown {
            let ts = workspace.next_ts();
            let text = format!("{name} failed with the error \"{word}\"");
            let message = Message {
                only_for: Some(place.person.to_owned()),
                ..Message::new(ts, SLACKBOT, &text)
            };
            workspace.post(place.channel, message);
        }
        Ok(())
    })?;
    outgoing::send_events(sandbox);
    Ok(answer)
}

/// What is no JSON is taken as text.
fn said(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({"text": String::from_utf8_lossy(body)}))
}
