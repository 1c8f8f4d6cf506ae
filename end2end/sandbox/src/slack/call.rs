//! The course of every call of a method: whose token it is, whether it comes too often, whether its scopes
//! suffice, and then the method itself. The token's scopes are told along with the answer.

use std::time::Instant;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    Slack, Workspace,
    app::App,
    caller::{Caller, Refusal},
    limits::Tier,
    outgoing,
    params::Params,
};
use crate::{clock::Clock, world::Sandbox};

pub type Outcome = Result<Value, Refusal>;

/// A method as Slack's reference has it.
pub struct Method {
    pub name: &'static str,
    /// Any of them opens it. Some methods look more closely, since private channels have scopes of their own.
    pub scopes: &'static [&'static str],
    pub tier: Tier,
    pub reads_json: bool,
    pub run: fn(&mut Call<'_>) -> Outcome,
}

/// What a method runs with.
pub struct Call<'a> {
    pub workspace: &'a mut Workspace,
    pub app: &'a App,
    pub caller: &'a Caller,
    pub params: &'a Params,
    pub base_url: &'a str,
    /// Set by the method that gives its own token up.
    pub ends_token: bool,
}

impl Call<'_> {
    /// A parameter that the method cannot do without.
    pub fn wanted(&self, name: &str) -> Result<&str, Refusal> {
        self.params.given(name).ok_or_else(|| {
            Refusal(json!({
                "ok": false,
                "error": "invalid_arguments",
                "response_metadata": {"messages": [format!("[ERROR] missing required field: {name}")]},
            }))
        })
    }
}

pub async fn answer(sandbox: Sandbox, method: &'static Method, params: Params) -> Response {
    let params = if method.reads_json {
        params
    } else {
        params.without_json()
    };
    let response = run(
        &mut sandbox.world().slack,
        method,
        &params,
        sandbox.base_url(),
    );
    outgoing::send_events(&sandbox);
    response
}

fn run(slack: &mut Slack, method: &'static Method, params: &Params, base_url: &str) -> Response {
    let caller = Caller::of(slack, params);
    let mut headers = HeaderMap::new();
    let mut status = StatusCode::OK;
    let outcome = match &caller {
        Err(word) => Err(Refusal::from(*word)),
        Ok(caller) => {
            let channel = params.get("channel");
            match slack
                .limits
                .admit(&caller.team, method, channel, Instant::now())
            {
                Err(seconds) => {
                    status = StatusCode::TOO_MANY_REQUESTS;
                    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                    Err("ratelimited".into())
                }
                Ok(()) => {
                    tell_scopes(&mut headers, caller, method);
                    permitted(slack, method, caller, params, base_url)
                }
            }
        }
    };
    let body = match outcome {
        Ok(mut body) => {
            body["ok"] = json!(true);
            body
        }
        Err(Refusal(body)) => body,
    };
    slack.journal.note(
        method.name,
        caller.as_ref().ok(),
        params,
        &body,
        Clock::machine(),
    );
    (status, headers, Json(body)).into_response()
}

fn permitted(
    slack: &mut Slack,
    method: &Method,
    caller: &Caller,
    params: &Params,
    base_url: &str,
) -> Outcome {
    caller.needs(method.scopes)?;
    let workspace = slack
        .workspaces
        .iter_mut()
        .find(|one| one.id == caller.team)
        .ok_or("invalid_auth")?;
    let mut call = Call {
        workspace,
        app: &slack.app,
        caller,
        params,
        base_url,
        ends_token: false,
    };
    let outcome = (method.run)(&mut call);
    if call.ends_token {
        slack.revoke(params.token().unwrap_or_default());
    }
    outcome
}

fn tell_scopes(headers: &mut HeaderMap, caller: &Caller, method: &Method) {
    if let Ok(scopes) = HeaderValue::from_str(&caller.scopes.join(",")) {
        headers.insert("x-oauth-scopes", scopes);
    }
    if let Ok(accepted) = HeaderValue::from_str(&method.scopes.join(","))
        && !method.scopes.is_empty()
    {
        headers.insert("x-accepted-oauth-scopes", accepted);
    }
}
