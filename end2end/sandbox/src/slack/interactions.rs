//! What people press and fill in. The app hears of it at once, with a trigger by which it may open a modal
//! within three seconds.

use serde_json::{Value, json};

use super::{
    APP_ID, Person, Workspace,
    blocks::{chosen, elements},
    conversation::Conversation,
    methods::views::checked,
    outgoing::{Answer, Parcel, send},
    replies::reply_address,
    view::View,
};
use crate::{clock::Clock, world::Sandbox};

/// Why somebody cannot do it.
pub type Hindrance = &'static str;

/// Who does it and where, looked up and allowed to be there.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub team: &'a str,
    pub channel: &'a str,
    pub person: &'a str,
}

impl Place<'_> {
    pub fn found<'w>(
        &self,
        workspace: &'w Workspace,
    ) -> Result<(&'w Conversation, &'w Person), Hindrance> {
        let person = workspace.people.iter().find(|one| one.id == self.person);
        let person = person.filter(|one| !one.deactivated);
        let conversation = workspace.conversation(self.channel);
        conversation
            .filter(|one| one.is_seen_by(self.person))
            .zip(person)
            .ok_or("This person does not see this channel.")
    }
}

pub fn with_workspace<T>(
    sandbox: &Sandbox,
    team: &str,
    deed: impl FnOnce(&mut Workspace) -> Result<T, Hindrance>,
) -> Result<T, Hindrance> {
    let mut world = sandbox.world();
    let workspace = world.slack.workspace_mut(team);
    deed(workspace.ok_or("There is no such workspace.")?)
}

/// Presses a button of a message, or chooses something in it. `values` are as [`chosen`] takes them.
pub async fn act_on_message(
    sandbox: &Sandbox,
    place: Place<'_>,
    ts: &str,
    action_id: &str,
    values: &[String],
) -> Result<Answer, Hindrance> {
    let url = interactivity_url(sandbox)?;
    let payload = with_workspace(sandbox, place.team, |workspace| {
        let (conversation, _) = place.found(workspace)?;
        let channel_name = conversation.name.clone();
        let message = conversation
            .message(ts)
            .filter(|one| {
                one.only_for
                    .as_deref()
                    .is_none_or(|only| only == place.person)
            })
            .ok_or("There is no such message.")?
            .clone();
        let action = action(&message.blocks, action_id, values)?;
        let mut payload = occasion(workspace, place, "block_actions");
        let response_url = reply_address(workspace, place, Some(ts), sandbox.base_url());
        for (field, value) in [
            (
                "channel",
                json!({"id": place.channel, "name": channel_name}),
            ),
            (
                "container",
                json!({
                    "type": "message",
                    "message_ts": ts,
                    "channel_id": place.channel,
                    "is_ephemeral": message.only_for.is_some(),
                }),
            ),
            (
                "message",
                json!({
                    "type": "message",
                    "user": message.author,
                    "ts": ts,
                    "thread_ts": message.thread_ts,
                    "text": message.text,
                    "blocks": message.blocks,
                    "metadata": message.metadata,
                    "app_id": APP_ID,
                    "team": workspace.id,
                }),
            ),
            ("response_url", json!(response_url)),
            ("actions", json!([action])),
        ] {
            payload[field] = value;
        }
        Ok(payload)
    })?;
    Ok(send_payload(sandbox, &url, &payload).await)
}

/// Uses an element of a view that the person has open, or of the app's home.
pub async fn act_on_view(
    sandbox: &Sandbox,
    (team, person): (&str, &str),
    view_id: &str,
    action_id: &str,
    values: &[String],
) -> Result<Answer, Hindrance> {
    let url = interactivity_url(sandbox)?;
    let place = Place {
        team,
        channel: "",
        person,
    };
    let payload = with_workspace(sandbox, team, |workspace| {
        let view = owned_view(workspace, person, view_id)?.clone();
        let action = action(&view.content["blocks"], action_id, values)?;
        let mut payload = occasion(workspace, place, "block_actions");
        payload["view"] = view.shown(team);
        payload["container"] = json!({"type": "view", "view_id": view.id});
        payload["actions"] = json!([action]);
        Ok(payload)
    })?;
    Ok(send_payload(sandbox, &url, &payload).await)
}

/// Sends the form of a modal. `values` has what was chosen, by `block|action`. What comes back are the
/// errors that the app wants shown, by block.
pub async fn submit(
    sandbox: &Sandbox,
    (team, person): (&str, &str),
    view_id: &str,
    values: impl Fn(&str, &str) -> Vec<String>,
) -> Result<Value, Hindrance> {
    let url = interactivity_url(sandbox)?;
    let place = Place {
        team,
        channel: "",
        person,
    };
    let payload = with_workspace(sandbox, team, |workspace| {
        let view = owned_view(workspace, person, view_id)?.clone();
        let mut payload = occasion(workspace, place, "view_submission");
        let mut shown = view.shown(team);
        let state = &mut shown["state"]["values"];
        for (block, element) in elements(&view.content["blocks"]) {
            let action = element["action_id"].as_str().unwrap_or_default();
            if element["type"] != "button" {
                state[block][action] = chosen(element, &values(block, action));
            }
        }
        payload["view"] = shown;
        payload["response_urls"] = json!([]);
        Ok(payload)
    })?;
    let answer = send_payload(sandbox, &url, &payload).await;
    answer
        .taken()
        .map_err(|_| "The app did not take the form.")?;
    let said = answer.json().unwrap_or_default();
    with_workspace(sandbox, team, |workspace| {
        follow(workspace, person, view_id, &said)
    })
}

/// Does with the modal what the app answered.
fn follow(
    workspace: &mut Workspace,
    person: &str,
    view_id: &str,
    said: &Value,
) -> Result<Value, Hindrance> {
    let next = || {
        checked(&said["view"].to_string(), "modal")
            .map_err(|_| "The app answered with an odd view.")
    };
    let views = &mut workspace.views;
    match said["response_action"].as_str() {
        None => views.close(view_id),
        Some("clear") => views.close_all(person),
        Some("errors") => return Ok(said["errors"].clone()),
        Some("push") => views.open.push(View::new(person, next()?)),
        Some("update") => {
            let next = next()?;
            if let Some(view) = views.open.iter_mut().find(|view| view.id == view_id) {
                view.replace(next);
            }
        }
        Some(_) => return Err("The app answered with a response_action that does not exist."),
    }
    Ok(Value::Null)
}

fn owned_view<'a>(
    workspace: &'a Workspace,
    person: &'a str,
    view_id: &str,
) -> Result<&'a View, Hindrance> {
    let views = &workspace.views;
    views
        .of(person)
        .chain(views.homes.get(person))
        .find(|view| view.id == view_id)
        .ok_or("This person has no such view.")
}

fn interactivity_url(sandbox: &Sandbox) -> Result<String, Hindrance> {
    let url = sandbox.world().slack.app.interactivity_url.clone();
    url.ok_or("The app has no address for this; register its manifest.")
}

fn action(blocks: &Value, action_id: &str, values: &[String]) -> Result<Value, Hindrance> {
    let (block, element) = elements(blocks)
        .find(|(_, element)| element["action_id"] == action_id)
        .ok_or("There is nothing like that to press.")?;
    let mut action = chosen(element, values);
    action["block_id"] = json!(block);
    action["action_id"] = json!(action_id);
    action["action_ts"] = json!(format!(
        "{:.6}",
        Clock::machine().as_millisecond() as f64 / 1000.0
    ));
    Ok(action)
}

fn occasion(workspace: &mut Workspace, place: Place<'_>, kind: &str) -> Value {
    let person = workspace.people.iter().find(|one| one.id == place.person);
    let name = person.map(Person::user_name).unwrap_or_default();
    json!({
        "type": kind,
        "token": "deprecated",
        "api_app_id": APP_ID,
        "team": {"id": workspace.id, "domain": workspace.domain},
        "enterprise": null,
        "is_enterprise_install": false,
        "user": {"id": place.person, "username": name, "name": name, "team_id": workspace.id},
        "trigger_id": workspace.views.give_trigger(place.person),
    })
}

async fn send_payload(sandbox: &Sandbox, url: &str, payload: &Value) -> Answer {
    let kind = payload["type"].as_str().unwrap_or_default();
    let fields = [("payload", payload.to_string())];
    send(sandbox, Parcel::form(kind, url, &fields)).await
}
