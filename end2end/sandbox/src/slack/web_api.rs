//! The methods of Slack's Web API that read the directory. What a token may see depends on its scopes, and
//! an address without `users:read.email` is simply absent.

use axum::{
    Json,
    extract::State,
    http::HeaderValue,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    BOT_USER_ID, Installation, Person, Role, Slack, TokenState, Workspace, params::Params,
};
use crate::{clock::Clock, world::Sandbox, zones};

const LONGEST_PAGE: usize = 1000;

/// What a method refuses with: Slack's word for it, and more fields for some words.
pub struct Refusal(Value);

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        Self(json!({"ok": false, "error": error}))
    }
}

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

pub async fn user_info(State(sandbox): State<Sandbox>, params: Params) -> Json<Value> {
    let world = sandbox.world();
    let slack = &world.slack;
    let answer = (|| {
        let token = params.bearer().ok_or("not_authed")?;
        let token = slack.user_tokens.get(token).ok_or("invalid_auth")?;
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

pub async fn auth_test(State(sandbox): State<Sandbox>, params: Params) -> Response {
    called(&sandbox, &params, None, |workspace, _| {
        Ok(json!({
            "url": format!("https://{}.slack.com/", workspace.domain),
            "team": workspace.name,
            "user": "round_robin",
            "team_id": workspace.id,
            "user_id": BOT_USER_ID,
            "bot_id": "B0RRBOT001",
            "is_enterprise_install": false,
        }))
    })
}

pub async fn team_info(State(sandbox): State<Sandbox>, params: Params) -> Response {
    called(&sandbox, &params, Some("team:read"), |workspace, _| {
        Ok(json!({"team": {
            "id": workspace.id,
            "name": workspace.name,
            "domain": workspace.domain,
            "email_domain": "",
            "icon": {"image_default": true},
        }}))
    })
}

pub async fn users_info(State(sandbox): State<Sandbox>, params: Params) -> Response {
    called(
        &sandbox,
        &params,
        Some("users:read"),
        |workspace, installation| {
            let wanted = params.get("user").unwrap_or_default();
            everyone(workspace, installation, sandbox.base_url())
                .into_iter()
                .find(|user| user["id"] == wanted || user["enterprise_user"]["id"] == wanted)
                .map(|user| json!({"user": user}))
                .ok_or_else(|| "user_not_found".into())
        },
    )
}

pub async fn users_list(State(sandbox): State<Sandbox>, params: Params) -> Response {
    called(
        &sandbox,
        &params,
        Some("users:read"),
        |workspace, installation| {
            let limit = match params.given("limit") {
                None => LONGEST_PAGE,
                Some(text) => match text.parse() {
                    Ok(0) => LONGEST_PAGE,
                    Ok(limit) => LONGEST_PAGE.min(limit),
                    Err(_) => return Err("invalid_limit".into()),
                },
            };
            let mut everyone = everyone(workspace, installation, sandbox.base_url());
            let unlisted = |id: &Value| {
                let people = &workspace.people;
                people
                    .iter()
                    .any(|person| person.unlisted && *id == person.id)
            };
            everyone.retain(|user| !unlisted(&user["id"]));
            let first = match params.given("cursor") {
                None => 0,
                Some(cursor) => place(cursor)
                    .filter(|place| *place < everyone.len())
                    .ok_or("invalid_cursor")?,
            };
            let after = first + limit;
            let next_cursor = if after < everyone.len() {
                cursor_at(after)
            } else {
                String::new()
            };
            let members: Vec<Value> = everyone.into_iter().skip(first).take(limit).collect();
            Ok(json!({
                "members": members,
                "cache_ts": Clock::machine().as_second(),
                "response_metadata": {"next_cursor": next_cursor},
            }))
        },
    )
}

fn cursor_at(place: usize) -> String {
    STANDARD.encode(format!("user:{place}"))
}

fn place(cursor: &str) -> Option<usize> {
    let decoded = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    decoded.strip_prefix("user:")?.parse().ok()
}

/// Runs a method for the bot whose token was sent, and tells the token's scopes with the answer.
fn called(
    sandbox: &Sandbox,
    params: &Params,
    needed: Option<&str>,
    method: impl FnOnce(&Workspace, &Installation) -> Result<Value, Refusal>,
) -> Response {
    let world = sandbox.world();
    let slack = &world.slack;
    let (installation, outcome) = match installation(slack, params) {
        Ok((workspace, installation)) => {
            let outcome =
                permitted(installation, needed).and_then(|()| method(workspace, installation));
            (Some(installation), outcome)
        }
        Err(error) => (None, Err(error.into())),
    };
    answered(outcome, installation, needed)
}

/// The same for a method that changes something in the token's workspace, which it is handed with the scopes.
pub fn changed(
    sandbox: &Sandbox,
    params: &Params,
    needed: &str,
    method: impl FnOnce(&mut Slack, &str, &[String]) -> Result<Value, Refusal>,
) -> Response {
    let mut world = sandbox.world();
    let slack = &mut world.slack;
    let known = installation(slack, params).map(|(_, installation)| installation.clone());
    let outcome = match &known {
        Ok(installation) => permitted(installation, Some(needed))
            .and_then(|()| method(slack, &installation.team, &installation.scopes)),
        Err(error) => Err((*error).into()),
    };
    answered(outcome, known.ok().as_ref(), Some(needed))
}

fn answered(
    outcome: Result<Value, Refusal>,
    installation: Option<&Installation>,
    needed: Option<&str>,
) -> Response {
    let body = match outcome {
        Ok(mut body) => {
            body["ok"] = json!(true);
            body
        }
        Err(Refusal(body)) => body,
    };
    let mut response = Json(body).into_response();
    if let Some(installation) = installation
        && let Ok(scopes) = HeaderValue::from_str(&installation.scopes.join(","))
    {
        response.headers_mut().insert("x-oauth-scopes", scopes);
        if let Some(accepted) = needed.and_then(|scope| HeaderValue::from_str(scope).ok()) {
            response
                .headers_mut()
                .insert("x-accepted-oauth-scopes", accepted);
        }
    }
    response
}

fn installation<'a>(
    slack: &'a Slack,
    params: &Params,
) -> Result<(&'a Workspace, &'a Installation), &'static str> {
    let token = params.bearer().ok_or("not_authed")?;
    let installation = slack
        .installations
        .iter()
        .find(|one| one.token == token)
        .ok_or("invalid_auth")?;
    match installation.state {
        TokenState::Revoked => return Err("token_revoked"),
        TokenState::Uninstalled => return Err("account_inactive"),
        TokenState::Live => {}
    }
    let workspace = slack
        .workspaces
        .iter()
        .find(|one| one.id == installation.team)
        .ok_or("invalid_auth")?;
    Ok((workspace, installation))
}

fn permitted(installation: &Installation, needed: Option<&str>) -> Result<(), Refusal> {
    match needed {
        Some(needed) if !installation.scopes.iter().any(|scope| scope == needed) => {
            Err(Refusal(json!({
                "ok": false,
                "error": "missing_scope",
                "needed": needed,
                "provided": installation.scopes.join(","),
            })))
        }
        _ => Ok(()),
    }
}

/// The people, deactivated ones too, the app's bot, and Slackbot, who claims not to be one.
fn everyone(workspace: &Workspace, installation: &Installation, base_url: &str) -> Vec<Value> {
    let with_email = installation
        .scopes
        .iter()
        .any(|scope| scope == "users:read.email");
    let mut users: Vec<Value> = workspace
        .people
        .iter()
        .map(|person| {
            let mut user = shown(workspace, person, base_url);
            if with_email {
                user["profile"]["email"] = json!(person.email);
            }
            for (field, value) in &person.shown_as {
                user[field] = value.clone();
            }
            user
        })
        .collect();
    let bot = Person::new(BOT_USER_ID, "Round Robin", "", Role::Member, "UTC");
    let mut bot = shown(workspace, &bot, base_url);
    bot["is_bot"] = json!(true);
    let slackbot = Person::new("USLACKBOT", "Slackbot", "", Role::Member, "UTC");
    users.push(bot);
    users.push(shown(workspace, &slackbot, base_url));
    users
}

fn shown(workspace: &Workspace, person: &Person, base_url: &str) -> Value {
    let first_name = person.name.split(' ').next().unwrap_or_default();
    let mut user = json!({
        "id": person.id,
        "team_id": workspace.id,
        "name": person.email.split('@').next().filter(|name| !name.is_empty()).unwrap_or(first_name),
        "deleted": person.deactivated,
        "profile": {
            "real_name": person.name,
            "real_name_normalized": person.name,
            "display_name": first_name,
            "display_name_normalized": first_name,
            "image_48": picture(base_url, person),
            "image_72": picture(base_url, person),
            "image_192": picture(base_url, person),
            "team": workspace.id,
        },
        "is_bot": false,
        "is_app_user": person.is_app_user,
        "updated": 1_780_000_000,
    });
    // Slack says nothing about the role of somebody who was deactivated.
    if !person.deactivated {
        user["real_name"] = json!(person.name);
        user["tz"] = json!(person.time_zone);
        user["tz_offset"] = json!(offset_now(&person.time_zone));
        user["is_admin"] = json!(person.role.is_admin());
        user["is_owner"] = json!(person.role.is_owner());
        user["is_primary_owner"] = json!(person.role == Role::PrimaryOwner);
        user["is_restricted"] = json!(person.role == Role::Guest);
        user["is_ultra_restricted"] = json!(false);
    }
    user
}

fn offset_now(zone: &str) -> i32 {
    zones::find(zone).map_or(0, |zone| zone.to_offset(Clock::machine()).seconds())
}

fn picture(base_url: &str, person: &Person) -> String {
    format!("{base_url}/avatars/{}", person.id)
}
