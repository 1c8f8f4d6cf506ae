//! Slack as a person sees it, as far as it is needed to try the product: channels with what was posted into
//! them, user groups, and a line to type into. It is no part of the API, and is not counted as such.

mod channel;
mod groups;
mod manifest;
mod message;
mod settings;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;

use super::{
    Person, Slack, Workspace,
    authorisation::{PERSON_COOKIE, active, people_buttons, signed_in_as},
    outgoing,
    params::Params,
    replies::take_reply,
};
use crate::{
    html::{page, redirect, refusal},
    world::Sandbox,
};

/// Where a person's Slack begins.
pub const CLIENT: &str = "/slack/client";
const TITLE: &str = "Slack";

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/client", get(start).post(sign_in))
        .route("/client/{team}/groups", get(groups::show))
        .route(
            "/client/{team}/settings",
            get(settings::show).post(settings::save),
        )
        .route("/client/{team}/act", post(channel::act))
        .route("/client/{team}/submit", post(channel::submit))
        .route(
            "/client/{team}/{channel}",
            get(channel::show).post(channel::type_line),
        )
        .route("/apps", get(manifest::show).post(manifest::register))
        .route("/replies/{team}/{token}", post(replied))
}

/// Whoever is signed in to the workspace in this browser.
fn visitor<'a>(
    slack: &'a Slack,
    params: &Params,
    team: &str,
) -> Option<(&'a Workspace, &'a Person)> {
    active(slack, params.cookie(PERSON_COOKIE)).filter(|(workspace, _)| workspace.id == team)
}

fn channel_address(team: &str, channel: &str) -> String {
    format!("{CLIENT}/{team}/{channel}")
}

async fn start(State(sandbox): State<Sandbox>) -> Response {
    let world = sandbox.world();
    let body = format!(
        "<p>Choose who you are; no password is asked.</p>\n\
         <form method=\"post\" action=\"{CLIENT}\">\n{}</form>",
        people_buttons(&world.slack, None)
    );
    page(TITLE, &body).into_response()
}

/// Whoever signs in can write to the app at once.
async fn sign_in(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let mut world = sandbox.world();
    let Some((workspace, person)) = active(&world.slack, params.get("person")) else {
        return refusal(
            TITLE,
            "Nobody active has this id. Choose one of the people.",
        );
    };
    let (team, person) = (workspace.id.clone(), person.id.clone());
    let Some(workspace) = world.slack.workspace_mut(&team) else {
        return redirect(CLIENT);
    };
    workspace.open_direct(&person);
    let mut channels = workspace.conversations.iter();
    let first = channels.find(|one| one.has(&person));
    let first = first.map_or("", |one| one.id.as_str());
    let mut response = redirect(&channel_address(&team, first));
    if let Ok(cookie) = HeaderValue::from_str(&signed_in_as(&person)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A page for somebody who is signed in, or the way to sign in.
fn for_visitor(
    slack: &Slack,
    params: &Params,
    team: &str,
    show: impl FnOnce(&Workspace, &Person) -> Response,
) -> Response {
    match visitor(slack, params, team) {
        Some((workspace, person)) => show(workspace, person),
        None => redirect(CLIENT),
    }
}

/// What the app sends to a reply address, which always is JSON.
async fn replied(
    State(sandbox): State<Sandbox>,
    Path((team, token)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Ok(said) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    let outcome = {
        let mut world = sandbox.world();
        world
            .slack
            .workspace_mut(&team)
            .ok_or("no_team")
            .and_then(|workspace| take_reply(workspace, &token, &said))
    };
    outgoing::send_events(&sandbox);
    match outcome {
        Ok(()) => "ok".into_response(),
        Err(word) => (
            StatusCode::NOT_FOUND,
            Json(serde_json::json!({"ok": false, "error": word})),
        )
            .into_response(),
    }
}
