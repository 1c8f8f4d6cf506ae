//! What people do on Slack's pages, without the pages; and events at will.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused, workspace, workspace_of_channel};
use crate::{
    company::PRIMARY_TEAM,
    slack::{
        commands,
        interactions::{self, Place},
        outgoing::{self, send_event},
    },
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/lines", post(type_line))
        .route("/presses", post(press))
        .route("/submissions", post(submit))
        .route("/views", get(views))
        .route("/events", post(event))
}

/// What the app said, beside what it made of it.
fn told(answer: &outgoing::Answer) -> Value {
    json!({
        "status": answer.status().ok(),
        "failure": answer.status().err(),
        "said": answer.json(),
        "took_ms": answer.took_ms,
    })
}

fn refused(sentence: interactions::Hindrance) -> Refused {
    Refused::impossible(sentence)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    person: String,
    channel: String,
    line: String,
    thread_ts: Option<String>,
}

async fn type_line(State(sandbox): State<Sandbox>, Order(order): Order<Line>) -> Answer {
    let team = team_of(&sandbox, &order.channel)?;
    let place = Place {
        team: &team,
        channel: &order.channel,
        person: &order.person,
    };
    let answer = commands::type_line(&sandbox, place, &order.line, order.thread_ts.as_deref());
    let answer = answer.await.map_err(refused)?;
    Ok(Json(answer.as_ref().map_or(json!({}), told)))
}

fn team_of(sandbox: &Sandbox, channel: &str) -> Result<String, Refused> {
    let mut world = sandbox.world();
    Ok(workspace_of_channel(&mut world.slack, channel)?.id.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    person: String,
    channel: String,
    ts: String,
    action_id: String,
    #[serde(default)]
    values: Vec<String>,
}

async fn press(State(sandbox): State<Sandbox>, Order(order): Order<Press>) -> Answer {
    let team = team_of(&sandbox, &order.channel)?;
    let place = Place {
        team: &team,
        channel: &order.channel,
        person: &order.person,
    };
    let pressed =
        interactions::act_on_message(&sandbox, place, &order.ts, &order.action_id, &order.values);
    Ok(Json(told(&pressed.await.map_err(refused)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    person: String,
    /// The uppermost one without it.
    view: Option<String>,
    /// What is chosen, by `block_id|action_id`.
    #[serde(default)]
    values: BTreeMap<String, Vec<String>>,
    team: Option<String>,
}

async fn submit(State(sandbox): State<Sandbox>, Order(order): Order<Submission>) -> Answer {
    let team = order.team.unwrap_or_else(|| PRIMARY_TEAM.to_owned());
    let view = match order.view {
        Some(view) => view,
        None => {
            let mut world = sandbox.world();
            let workspace = workspace(&mut world, Some(&team))?;
            let uppermost = workspace.views.of(&order.person).next_back();
            uppermost
                .map(|view| view.id.clone())
                .ok_or_else(|| Refused::impossible("This person has no modal open."))?
        }
    };
    let values = |block: &str, action: &str| {
        let values = order.values.get(&format!("{block}|{action}"));
        values.cloned().unwrap_or_default()
    };
    let who = (team.as_str(), order.person.as_str());
    let errors = interactions::submit(&sandbox, who, &view, values).await;
    Ok(Json(json!({"errors": errors.map_err(refused)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    person: String,
    team: Option<String>,
}

/// The modals that somebody has open, the uppermost last, and the app's home as they see it.
async fn views(State(sandbox): State<Sandbox>, Query(whose): Query<Whose>) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace(&mut world, whose.team.as_deref())?;
    let open: Vec<Value> = workspace
        .views
        .of(&whose.person)
        .map(|view| view.shown(&workspace.id))
        .collect();
    let home = workspace.views.homes.get(&whose.person);
    let home = home.map(|view| view.shown(&workspace.id));
    Ok(Json(json!({"open": open, "home": home})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    event: Value,
    /// For sending the same one again.
    event_id: Option<String>,
    team: Option<String>,
}

async fn event(State(sandbox): State<Sandbox>, Order(order): Order<Event>) -> Answer {
    let team = order.team.as_deref().unwrap_or(PRIMARY_TEAM);
    let sent = send_event(&sandbox, team, &order.event, order.event_id.as_deref());
    let answer = sent.await.ok_or_else(|| {
        Refused::impossible("The app has no address for events; register its manifest.")
    })?;
    Ok(Json(told(&answer)))
}
