//! Channels and what is written into them. Whoever tries the product sees on a page what it has said.

use axum::{
    extract::State,
    response::{Html, Response},
};
use serde::Serialize;
use serde_json::json;

use super::{Slack, Workspace, params::Params, web_api::changed};
use crate::{
    clock::Clock,
    html::{escape, page},
    world::Sandbox,
};

/// What Slack takes of a text at most.
const LONGEST_TEXT: usize = 40_000;

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub team: String,
    pub is_private: bool,
    pub is_archived: bool,
    /// Whether the product's bot was invited.
    pub has_bot: bool,
}

/// Something that was written into a channel.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub channel: String,
    pub ts: String,
    /// As it was sent.
    pub text: String,
}

pub async fn post_message(State(sandbox): State<Sandbox>, params: Params) -> Response {
    changed(&sandbox, &params, "chat:write", |slack, team, scopes| {
        let wanted = params.given("channel").ok_or("channel_not_found")?;
        let channel = slack
            .channels
            .iter()
            .find(|channel| channel.id == wanted && channel.team == team);
        let channel = channel
            .filter(|channel| !channel.is_private || channel.has_bot)
            .ok_or("channel_not_found")?
            .clone();
        if channel.is_archived {
            return Err("is_archived".into());
        }
        let anywhere = scopes.iter().any(|scope| scope == "chat:write.public");
        if !(channel.has_bot || anywhere) {
            return Err("not_in_channel".into());
        }
        let text = params.given("text").ok_or("no_text")?;
        if text.chars().count() > LONGEST_TEXT {
            return Err("msg_too_long".into());
        }
        let message = Message {
            channel: channel.id,
            ts: format!(
                "{}.{:06}",
                Clock::machine().as_second(),
                slack.messages.len()
            ),
            text: text.to_owned(),
        };
        slack.messages.push(message.clone());
        Ok(json!({
            "channel": message.channel,
            "ts": message.ts,
            "message": {"type": "message", "ts": message.ts, "text": message.text},
        }))
    })
}

/// The page with all channels, the latest message of each first.
pub async fn show(State(sandbox): State<Sandbox>) -> Html<String> {
    let world = sandbox.world();
    let slack = &world.slack;
    let channels: String = slack
        .workspaces
        .iter()
        .flat_map(|workspace| {
            let of_team = |channel: &&Channel| channel.team == workspace.id;
            let channels = slack.channels.iter().filter(of_team);
            channels.map(|channel| shown(slack, workspace, channel))
        })
        .collect();
    page("Slack channels", &channels)
}

fn shown(slack: &Slack, workspace: &Workspace, channel: &Channel) -> String {
    let traits = [
        (channel.is_private, "private"),
        (channel.is_archived, "archived"),
        (channel.has_bot, "Round Robin is in it"),
    ];
    let traits: String = traits
        .iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, words)| format!(", {words}"))
        .collect();
    let messages = slack.messages.iter().rev();
    let messages: String = messages
        .filter(|message| message.channel == channel.id)
        .map(|message| format!("<li>{}</li>\n", as_read(slack, &message.text)))
        .collect();
    let messages = match messages.as_str() {
        "" => "<p>Nothing was written here yet.</p>".to_owned(),
        messages => format!("<ul>\n{messages}</ul>"),
    };
    format!(
        "<h2>#{}</h2>\n<p>ID <code>{}</code>, workspace {}{traits}.</p>\n{messages}\n",
        escape(&channel.name),
        escape(&channel.id),
        escape(&workspace.name),
    )
}

/// As people read it: mentions by name, dates as their fallback. HTML.
fn as_read(slack: &Slack, text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown += &plain(before);
        let Some((tag, behind)) = after.split_once('>') else {
            break;
        };
        rest = behind;
        shown += &match (tag.strip_prefix('@'), tag.split_once('|')) {
            (Some(id), _) => {
                let name = slack.person(id).map_or(id, |(_, person)| &person.name);
                format!("<strong>@{}</strong>", escape(name))
            }
            (None, Some((_, label))) => plain(label),
            (None, None) => plain(tag),
        };
    }
    shown + &plain(rest)
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    escape(&text.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company;

    #[test]
    fn a_message_is_shown_as_people_read_it() {
        let slack = Slack::new(company::workspaces());
        let person = &slack.workspaces[0].people[0];
        let text = format!(
            "On duty: <@{}> until <!date^1^{{time}}|09:00 UTC>, &lt;b&gt; &amp; co",
            person.id
        );
        let expected = format!(
            "On duty: <strong>@{}</strong> until 09:00 UTC, &lt;b&gt; &amp; co",
            escape(&person.name)
        );
        assert_eq!(as_read(&slack, &text), expected);
    }
}
