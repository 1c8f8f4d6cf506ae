//! Who has signed in, as the claims of an ID token and of OpenID Connect's method of its own.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{Slack, methods::directory::picture, params::Params};
use crate::world::Sandbox;

/// Who is behind an ID token or a user's own token: the claims that its scopes let through.
pub fn identity(slack: &Slack, id: &str, scopes: &[String], base_url: &str) -> Option<Value> {
    let (workspace, person) = slack.person(id)?;
    let has = |scope: &str| scopes.iter().any(|one| one == scope);
    let mut claims = json!({
        "sub": person.id,
        "https://slack.com/team_id": workspace.id,
        "https://slack.com/user_id": person.id,
    });
    if has("email") {
        claims["email"] = json!(person.email);
        claims["email_verified"] = json!(true);
    }
    if has("profile") {
        let (given, family) = person.name.split_once(' ').unwrap_or((&person.name, ""));
        claims["name"] = json!(person.name);
        claims["given_name"] = json!(given);
        claims["family_name"] = json!(family);
        claims["picture"] = json!(picture(base_url, person));
        claims["locale"] = json!("en-US");
    }
    Some(claims)
}

pub async fn show(State(sandbox): State<Sandbox>, params: Params) -> Json<Value> {
    let world = sandbox.world();
    let slack = &world.slack;
    let answer = (|| {
        let token = params.bearer().ok_or("not_authed")?;
        let token = slack.user_tokens.get(token).ok_or("invalid_auth")?;
        token.state.check()?;
        let (workspace, person) = slack.person(&token.person).ok_or("invalid_auth")?;
        if person.deactivated {
            return Err("account_inactive");
        }
        let mut claims = identity(slack, &token.person, &token.scopes, sandbox.base_url())
            .ok_or("invalid_auth")?;
        claims["ok"] = json!(true);
        claims["https://slack.com/team_name"] = json!(workspace.name);
        claims["https://slack.com/team_domain"] = json!(workspace.domain);
        Ok(claims)
    })();
    Json(answer.unwrap_or_else(|error| json!({"ok": false, "error": error})))
}
