//! The app's registration, how reliably Slack delivers to it, and what was delivered.

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused};
use crate::{
    slack::{
        app::{Repeats, Signing},
        outgoing::verify_address,
    },
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/app", get(show).post(change))
        .route("/app/manifest", post(register))
        .route("/deliveries", get(deliveries))
}

async fn show(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(sandbox.world().slack.app.report())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    repeats: Option<Repeats>,
    retry_seconds: Option<Vec<u64>>,
    signing: Option<Signing>,
    messages_tab: Option<bool>,
    home_tab: Option<bool>,
}

async fn change(State(sandbox): State<Sandbox>, Order(order): Order<Change>) -> Answer {
    let mut world = sandbox.world();
    let app = &mut world.slack.app;
    app.repeats = order.repeats.unwrap_or(app.repeats);
    app.signing = order.signing.unwrap_or(app.signing);
    app.messages_tab = order.messages_tab.unwrap_or(app.messages_tab);
    app.home_tab = order.home_tab.unwrap_or(app.home_tab);
    if let Some(seconds) = order.retry_seconds {
        app.retry_seconds = seconds;
    }
    Ok(Json(app.report()))
}

/// Takes a manifest over, and asks the address of events whether it is the app's.
async fn register(State(sandbox): State<Sandbox>, Order(manifest): Order<Value>) -> Answer {
    let registered = sandbox.world().slack.app.register(&manifest);
    registered.map_err(|sentence| Refused::invalid(&sentence))?;
    let verified = verify_address(&sandbox).await;
    let mut report = sandbox.world().slack.app.report();
    report["not_verified"] = json!(verified.err());
    Ok(Json(report))
}

async fn deliveries(State(sandbox): State<Sandbox>) -> Json<Value> {
    let deliveries = sandbox.world().slack.deliveries.report();
    Json(json!({"deliveries": deliveries}))
}
