//! Codes for tokens. Slack answers 200 even when it refuses, and tells by a word in the body what was wrong.

use axum::{Json, extract::State, http::header};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{
    APP_ID, BOT_USER_ID, CLIENT_ID, CLIENT_SECRET, Code, Grant, Installation, Slack, TokenState,
    UserToken, params::Params, user_info::identity,
};
use crate::{clock::Clock, jwt::jwt, minting, world::Sandbox};

const ID_TOKEN_SECONDS: i64 = 300;

type Refusal = &'static str;

pub async fn for_sign_in(State(sandbox): State<Sandbox>, params: Params) -> Json<Value> {
    let now = Clock::machine();
    answered(exchange(&mut sandbox.world().slack, &params, now).and_then(|(slack, code)| {
        let Grant::SignIn { nonce } = &code.grant else {
            return Err("invalid_code");
        };
        let access_token = format!("xoxp-{}", minting::hex(24));
        let mut claims = identity(slack, &code.person, &code.scopes, sandbox.base_url()).ok_or("invalid_code")?;
        claims["iss"] = json!("https://slack.com");
        claims["aud"] = json!(CLIENT_ID);
        claims["iat"] = json!(now.as_second());
        claims["exp"] = json!(now.as_second() + ID_TOKEN_SECONDS);
        claims["auth_time"] = json!(now.as_second());
        claims["at_hash"] = json!(access_token_hash(&access_token));
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(person) = slack.person_mut(&code.person) {
            person.is_app_user = true;
        }
        slack.user_tokens.insert(
            access_token.clone(),
            UserToken {
                person: code.person,
                scopes: code.scopes,
                state: TokenState::Live,
            },
        );
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": "sandbox"});
        let id_token = jwt(&header, &claims);
        Ok(json!({"ok": true, "access_token": access_token, "token_type": "Bearer", "id_token": id_token}))
    }))
}

pub async fn for_install(State(sandbox): State<Sandbox>, params: Params) -> Json<Value> {
    answered(
        exchange(&mut sandbox.world().slack, &params, Clock::machine()).and_then(
            |(slack, code)| {
                let (Grant::Install, Some((workspace, _))) =
                    (&code.grant, slack.person(&code.person))
                else {
                    return Err("invalid_code");
                };
                let (team, name) = (workspace.id.clone(), workspace.name.clone());
                let mut answer = json!({
                    "ok": true,
                    "app_id": APP_ID,
                    "team": {"id": team, "name": name},
                    "enterprise": null,
                    "is_enterprise_install": false,
                    "authed_user": {"id": code.person},
                });
                if !code.user_scopes.is_empty() {
                    let token = slack.give_user_token(&code.person, code.user_scopes);
                    answer["authed_user"] = token;
                }
                if !code.scopes.is_empty() {
                    let installation = slack.install(&team, code.scopes);
                    answer["access_token"] = json!(installation.token);
                    answer["token_type"] = json!("bot");
                    answer["scope"] = json!(installation.scopes.join(","));
                    answer["bot_user_id"] = json!(BOT_USER_ID);
                }
                Ok(answer)
            },
        ),
    )
}

impl Slack {
    /// Gives the workspace's installation another token.
    pub fn install(&mut self, team: &str, scopes: Vec<String>) -> &Installation {
        let installation = Installation {
            token: format!("xoxb-{}", minting::hex(24)),
            team: team.to_owned(),
            scopes,
            state: TokenState::Live,
        };
        self.installations.push(installation);
        &self.installations[self.installations.len() - 1]
    }

    /// What is told of a token by which the app acts in the person's name.
    fn give_user_token(&mut self, person: &str, scopes: Vec<String>) -> Value {
        let token = format!("xoxp-{}", minting::hex(24));
        let told = json!({
            "id": person,
            "scope": scopes.join(","),
            "access_token": token,
            "token_type": "user",
        });
        let user_token = UserToken {
            person: person.to_owned(),
            scopes,
            state: TokenState::Live,
        };
        self.user_tokens.insert(token, user_token);
        told
    }
}

fn answered(outcome: Result<Value, Refusal>) -> Json<Value> {
    Json(outcome.unwrap_or_else(|error| json!({"ok": false, "error": error})))
}

/// Checks everything about the exchange except what the code is for.
fn exchange<'a>(
    slack: &'a mut Slack,
    params: &Params,
    now: Timestamp,
) -> Result<(&'a mut Slack, Code), Refusal> {
    let (id, secret) = client(params).ok_or("invalid_client_id")?;
    if id != CLIENT_ID {
        return Err("invalid_client_id");
    }
    if secret != CLIENT_SECRET {
        return Err("bad_client_secret");
    }
    if params
        .get("grant_type")
        .is_some_and(|kind| kind != "authorization_code")
    {
        return Err("invalid_grant_type");
    }
    let code = slack
        .take_code(params.get("code").unwrap_or_default(), now)
        .ok_or("invalid_code")?;
    if params.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err("bad_redirect_uri");
    }
    Ok((slack, code))
}

/// The client's name and secret, from the form or from HTTP Basic, where both are form-encoded first.
fn client(params: &Params) -> Option<(String, String)> {
    if let Some(id) = params.get("client_id") {
        return Some((
            id.to_owned(),
            params.get("client_secret").unwrap_or_default().to_owned(),
        ));
    }
    let header = params.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// Half of the hash, as OpenID Connect wants it for a 256-bit algorithm.
fn access_token_hash(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}
