//! What a workspace has and allows, how often methods may be called, and what was called.

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Order, Refused, TeamOrder, done, workspace};
use crate::{slack::methods, world::Sandbox};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/settings", get(settings).post(change_settings))
        .route("/limits", post(limit))
        .route("/calls", get(calls))
}

async fn settings(State(sandbox): State<Sandbox>, Query(order): Query<TeamOrder>) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace(&mut world, order.team.as_deref())?;
    Ok(Json(json!(workspace.settings)))
}

/// What is not named stays as it is.
async fn change_settings(
    State(sandbox): State<Sandbox>,
    Order(mut order): Order<Map<String, Value>>,
) -> Answer {
    let team = order.remove("team");
    let mut world = sandbox.world();
    let workspace = workspace(&mut world, team.as_ref().and_then(Value::as_str))?;
    let changed = workspace.settings.with(order);
    workspace.settings = changed.map_err(|error| Refused::invalid(&format!("{error}.")))?;
    Ok(Json(json!(workspace.settings)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    enforced: Option<bool>,
    method: Option<String>,
    per_minute: Option<usize>,
}

async fn limit(State(sandbox): State<Sandbox>, Order(order): Order<Limit>) -> Answer {
    let mut world = sandbox.world();
    if let Some(enforced) = order.enforced {
        world.slack.limits.enforced = enforced;
    }
    if let Some(method) = &order.method {
        if !methods::all().any(|known| known.name == method) {
            return Err(Refused::unknown("method", method));
        }
        world.slack.limits.set(method, order.per_minute);
    }
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    method: String,
}

async fn calls(State(sandbox): State<Sandbox>, Query(which): Query<Which>) -> Json<Value> {
    Json(sandbox.world().slack.journal.report(&which.method))
}
