//! Levers on what the app was given: tokens and their scopes, installing and uninstalling.

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused, TeamOrder, done, workspace};
use crate::{
    company::PRIMARY_TEAM,
    slack::{BOT_USER_ID, Installation, TokenState, outgoing::send_events},
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/token/revoke", post(revoke))
        .route("/token/expire", post(expire))
        .route("/token/restore", post(restore))
        .route("/token/drop-scope", post(drop_scope))
        .route("/token/add-scope", post(add_scope))
        .route("/install", post(install))
        .route("/uninstall", post(uninstall))
        .route("/user-tokens", get(user_tokens))
        .route("/user-tokens/revoke", post(revoke_user_tokens))
}

/// Does something to every installation of the workspace that is in the state.
fn with_installations(
    sandbox: &Sandbox,
    team: Option<&str>,
    in_state: impl Fn(TokenState) -> bool,
    mut change: impl FnMut(&mut Installation),
) -> Answer {
    let team = team.unwrap_or(PRIMARY_TEAM);
    let mut world = sandbox.world();
    let mut changed = 0;
    let installations = world.slack.installations.iter_mut();
    for installation in installations.filter(|one| one.team == team && in_state(one.state)) {
        change(installation);
        changed += 1;
    }
    if changed == 0 {
        return Err(Refused::impossible(
            "The app is not installed in this workspace.",
        ));
    }
    Ok(Json(json!({"ok": true, "tokens": changed})))
}

fn is_live(state: TokenState) -> bool {
    state == TokenState::Live
}

async fn revoke(State(sandbox): State<Sandbox>, Order(order): Order<TeamOrder>) -> Answer {
    let answer = with_installations(&sandbox, order.team.as_deref(), is_live, |one| {
        one.state = TokenState::Revoked;
    })?;
    tell_tokens_revoked(&sandbox, order.team.as_deref())?;
    Ok(answer)
}

async fn expire(State(sandbox): State<Sandbox>, Order(order): Order<TeamOrder>) -> Answer {
    with_installations(&sandbox, order.team.as_deref(), is_live, |one| {
        one.state = TokenState::Expired;
    })
}

async fn restore(State(sandbox): State<Sandbox>, Order(order): Order<TeamOrder>) -> Answer {
    let has_ended = |state| state != TokenState::Live;
    with_installations(&sandbox, order.team.as_deref(), has_ended, |one| {
        one.state = TokenState::Live;
    })
}

fn tell_tokens_revoked(sandbox: &Sandbox, team: Option<&str>) -> Result<(), Refused> {
    let event = json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER_ID]}});
    workspace(&mut sandbox.world(), team)?.raise("tokens_revoked", event);
    send_events(sandbox);
    Ok(())
}

/// The bot is taken out of its channels, as Slack does.
async fn uninstall(State(sandbox): State<Sandbox>, Order(order): Order<TeamOrder>) -> Answer {
    let team = order.team.as_deref();
    let answer = with_installations(&sandbox, team, is_live, |one| {
        one.state = TokenState::Uninstalled;
    })?;
    {
        let mut world = sandbox.world();
        let workspace = workspace(&mut world, team)?;
        for conversation in &mut workspace.conversations {
            if !conversation.is_direct() {
                conversation.members.retain(|member| member != BOT_USER_ID);
            }
        }
        workspace.raise("app_uninstalled", json!({"type": "app_uninstalled"}));
    }
    tell_tokens_revoked(&sandbox, team)?;
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Install {
    scopes: Vec<String>,
    team: Option<String>,
}

/// What somebody's consent gives, without the pages.
async fn install(State(sandbox): State<Sandbox>, Order(order): Order<Install>) -> Answer {
    let mut world = sandbox.world();
    let team = workspace(&mut world, order.team.as_deref())?.id.clone();
    let installation = world.slack.install(&team, order.scopes);
    Ok(Json(json!({"bot_token": installation.token})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    scope: String,
    team: Option<String>,
}

async fn drop_scope(State(sandbox): State<Sandbox>, Order(order): Order<Scope>) -> Answer {
    with_installations(&sandbox, order.team.as_deref(), is_live, |one| {
        one.scopes.retain(|scope| *scope != order.scope);
    })
}

async fn add_scope(State(sandbox): State<Sandbox>, Order(order): Order<Scope>) -> Answer {
    with_installations(&sandbox, order.team.as_deref(), is_live, |one| {
        if !one.scopes.contains(&order.scope) {
            one.scopes.push(order.scope.clone());
        }
    })
}

/// The tokens by which the app acts in people's names, those of signing in left out.
async fn user_tokens(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    let tokens: Vec<Value> = world
        .slack
        .user_tokens
        .iter()
        .filter(|(_, one)| one.is_for_acting())
        .map(|(token, one)| {
            json!({
                "token": token,
                "person": one.person,
                "scopes": one.scopes,
                "live": one.state == TokenState::Live,
            })
        })
        .collect();
    Json(json!({"tokens": tokens}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    person: String,
}

async fn revoke_user_tokens(State(sandbox): State<Sandbox>, Order(order): Order<Whose>) -> Answer {
    let mut world = sandbox.world();
    let tokens = world.slack.user_tokens.values_mut();
    for token in tokens.filter(|one| one.person == order.person && one.is_for_acting()) {
        token.state = TokenState::Revoked;
    }
    done()
}
