//! A channel: its topic, what was posted, who is in it, and the line to type into. It follows by itself
//! what happens.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{CLIENT, channel_address, for_visitor, message, visitor};
use crate::{
    html::{escape, hidden_field, page, redirect, refusal},
    slack::{
        Person, Slack, Workspace,
        blocks::{Reader, as_html, text_as_html},
        bot_user, commands,
        conversation::{Conversation, Kind},
        interactions::{self, Place},
        params::Params,
        text::as_read_back,
        view::View,
    },
    world::Sandbox,
};

const STYLE: &str = "<style>
.list{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}
.messages{padding:0;list-style:none}.messages li{padding:.4rem 0;border-bottom:1px solid #eee}
.reply{margin-inline-start:2rem}.line{color:#616061}.line p{display:inline}
.messages p{margin:.2rem 0;overflow-wrap:anywhere}hr{width:100%;margin:.5rem 0}
.context,small{color:#616061}.app{border:1px solid #aaa;border-radius:3px;padding:0 .2rem}
.mention{background:#fff3d6;color:#1264a3}.actions{display:flex;flex-wrap:wrap;gap:.5rem}
.primary{background:#007a5a;color:#fff}.danger{background:#b3261e;color:#fff}
.view{border:2px solid #1264a3;border-radius:8px;padding:1rem}
input[type=text],textarea{font:inherit;padding:.5rem}
</style>";

/// Takes what is new over, and leaves alone what somebody is using.
const FOLLOW: &str = "<script>
setInterval(async()=>{const at=document.getElementById('live');
if(document.hidden||at.contains(document.activeElement))return;
const answer=await fetch(location.href).catch(()=>null);if(!answer||!answer.ok)return;
const next=new DOMParser().parseFromString(await answer.text(),'text/html').getElementById('live');
if(next&&next.innerHTML!==at.innerHTML)at.innerHTML=next.innerHTML},2000)
</script>";

pub async fn show(
    State(sandbox): State<Sandbox>,
    Path((team, channel)): Path<(String, String)>,
    params: Params,
) -> Response {
    let world = sandbox.world();
    let slack = &world.slack;
    for_visitor(slack, &params, &team, |workspace, person| {
        let conversation = workspace.conversation(&channel);
        match conversation.filter(|one| one.is_seen_by(&person.id)) {
            Some(conversation) => drawn(slack, workspace, person, conversation).into_response(),
            None => (StatusCode::NOT_FOUND, page("There is no such channel", "")).into_response(),
        }
    })
}

fn drawn(
    slack: &Slack,
    workspace: &Workspace,
    person: &Person,
    conversation: &Conversation,
) -> impl IntoResponse {
    let reader = Reader::new(slack, workspace, &person.time_zone);
    let messages: String = conversation
        .messages
        .iter()
        .filter(|one| one.only_for.as_deref().is_none_or(|only| only == person.id))
        .filter(|one| one.thread_ts.is_none())
        .flat_map(|first| {
            let replies = conversation.messages.iter();
            std::iter::once(first)
                .chain(replies.filter(|one| one.thread_ts.as_deref() == Some(&first.ts)))
        })
        .map(|one| message::drawn(conversation, one, &reader))
        .collect();
    let members: Vec<String> = conversation
        .members
        .iter()
        .filter_map(|id| reader.person(id))
        .map(|name| format!("<bdi>{}</bdi>", escape(&name)))
        .collect();
    let topic = match conversation.topic.value.as_str() {
        "" => "none".to_owned(),
        topic => text_as_html(&as_read_back(topic), &reader),
    };
    let modal = workspace.views.of(&person.id).next_back();
    let home = workspace.views.homes.get(&person.id);
    let views: String = modal
        .into_iter()
        .chain(home.filter(|_| conversation.is_direct()))
        .map(|view| view_drawn(view, conversation, &reader))
        .collect();
    let body = format!(
        "{STYLE}{}<div id=\"live\">\n<p>Topic: <span id=\"topic\">{topic}</span></p>\n\
         <p><small>In it: {}</small></p>\n{views}<ul class=\"messages\">\n{messages}</ul>\n</div>\n{}{FOLLOW}",
        navigation(workspace, person),
        members.join(", "),
        composer(workspace, conversation),
    );
    page(&title(conversation), &body)
}

fn title(conversation: &Conversation) -> String {
    match &conversation.kind {
        Kind::Public => format!("#{}", conversation.name),
        Kind::Private => format!("#{} (private)", conversation.name),
        Kind::Direct(_) => bot_user().name,
    }
}

pub fn navigation(workspace: &Workspace, person: &Person) -> String {
    let channels: String = workspace
        .conversations
        .iter()
        .filter(|one| one.is_seen_by(&person.id))
        .map(|one| {
            let archived = if one.archived { " (archived)" } else { "" };
            format!(
                "<li><a href=\"{}\"><bdi>{}</bdi></a>{archived}</li>\n",
                channel_address(&workspace.id, &one.id),
                escape(&title(one)),
            )
        })
        .collect();
    format!(
        "<p>{} · you are <bdi>{}</bdi> · <a href=\"{CLIENT}\">be somebody else</a></p>\n\
         <nav><ul class=\"list\">\n{channels}<li><a href=\"{CLIENT}/{}/groups\">User groups</a></li>\n\
         <li><a href=\"{CLIENT}/{}/settings\">What this Slack is like</a></li>\n</ul></nav>\n",
        escape(&workspace.name),
        escape(&person.name),
        workspace.id,
        workspace.id,
    )
}

fn composer(workspace: &Workspace, conversation: &Conversation) -> String {
    if conversation.archived {
        return "<p class=\"note\">This channel is archived.</p>\n".to_owned();
    }
    format!(
        "<form method=\"post\" action=\"{}\">\n\
         <input type=\"text\" name=\"line\" aria-label=\"Message\" placeholder=\"A message, or a command such as /rr\" required>\n\
         <button>Send</button>\n</form>\n",
        channel_address(&workspace.id, &conversation.id)
    )
}

/// A modal, or the app's home, which has neither title nor ends.
fn view_drawn(view: &View, conversation: &Conversation, reader: &Reader<'_>) -> String {
    let text = |field: &str, default: &str| {
        escape(view.content[field]["text"].as_str().unwrap_or(default))
    };
    let is_modal = view.content["type"] == "modal";
    let title = match is_modal {
        true => format!("<h2>{}</h2>\n", text("title", "")),
        false => String::new(),
    };
    let send = match &view.content["submit"] {
        Value::Null => String::new(),
        _ => format!(
            "<button class=\"primary\">{}</button>\n",
            text("submit", "Submit")
        ),
    };
    let close = match is_modal {
        true => format!(
            "<button name=\"close\" value=\"1\" formnovalidate>{}</button>\n",
            text("close", "Close")
        ),
        false => String::new(),
    };
    format!(
        "<section class=\"view\">{title}<form method=\"post\" action=\"{CLIENT}/{}/submit\">\n{}{}{}{send}{close}</form></section>\n",
        escape(&reader.workspace.id),
        hidden_field("view", &view.id),
        hidden_field("channel", &conversation.id),
        as_html(&view.content["blocks"], reader),
    )
}

/// The id of whoever is signed in.
fn signed_in(sandbox: &Sandbox, params: &Params, team: &str) -> Option<String> {
    let world = sandbox.world();
    visitor(&world.slack, params, team).map(|(_, person)| person.id.clone())
}

pub async fn type_line(
    State(sandbox): State<Sandbox>,
    Path((team, channel)): Path<(String, String)>,
    params: Params,
) -> Response {
    let Some(person) = signed_in(&sandbox, &params, &team) else {
        return redirect(CLIENT);
    };
    let place = Place {
        team: &team,
        channel: &channel,
        person: &person,
    };
    let typed = params.get("line").unwrap_or_default();
    match commands::type_line(&sandbox, place, typed, None).await {
        Ok(_) => redirect(&channel_address(&team, &channel)),
        Err(sentence) => refusal("Slack did not send it", sentence),
    }
}

pub async fn act(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    params: Params,
) -> Response {
    let Some(person) = signed_in(&sandbox, &params, &team) else {
        return redirect(CLIENT);
    };
    let channel = params.get("channel").unwrap_or_default();
    let used = params.get("use").unwrap_or_default();
    let action = used.split_once('|').map_or("", |(_, action)| action);
    let place = Place {
        team: &team,
        channel,
        person: &person,
    };
    let ts = params.get("ts").unwrap_or_default();
    let values = params.all(used);
    match interactions::act_on_message(&sandbox, place, ts, action, &values).await {
        Ok(answer) if answer.taken().is_ok() => redirect(&channel_address(&team, channel)),
        Ok(_) => refusal(
            "Slack could not tell the app",
            "The app did not answer as it should within three seconds.",
        ),
        Err(sentence) => refusal("Slack could not tell the app", sentence),
    }
}

pub async fn submit(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    params: Params,
) -> Response {
    let Some(person) = signed_in(&sandbox, &params, &team) else {
        return redirect(CLIENT);
    };
    let channel = params.get("channel").unwrap_or_default();
    let view = params.get("view").unwrap_or_default();
    let back = redirect(&channel_address(&team, channel));
    if params.given("close").is_some() {
        if let Some(workspace) = sandbox.world().slack.workspace_mut(&team) {
            workspace.views.close(view);
        }
        return back;
    }
    let who = (team.as_str(), person.as_str());
    if let Some((_, action)) = params.get("use").and_then(|used| used.split_once('|')) {
        let values = params.all(params.get("use").unwrap_or_default());
        return match interactions::act_on_view(&sandbox, who, view, action, &values).await {
            Ok(_) => back,
            Err(sentence) => refusal("Slack could not tell the app", sentence),
        };
    }
    let values = |block: &str, action: &str| params.all(&format!("{block}|{action}"));
    match interactions::submit(&sandbox, who, view, values).await {
        Ok(Value::Object(errors)) => {
            let sentences: Vec<&str> = errors.values().filter_map(Value::as_str).collect();
            refusal("The app wants something else", &sentences.join(" "))
        }
        Ok(_) => back,
        Err(sentence) => refusal("Slack could not tell the app", sentence),
    }
}
