//! "Sign in with Slack": the page on which a tester chooses who to be.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{
    Code, Grant,
    authorisation::{Ask, active, person_choice, signed_in_as},
    params::Params,
};
use crate::{clock::Clock, html::refusal, world::Sandbox};

const TITLE: &str = "Slack cannot sign you in";
const ACTION: &str = "/slack/openid/connect/authorize";

fn read(params: &Params) -> Result<Ask, String> {
    let ask = Ask::read(params)?;
    if params.get("response_type") != Some("code") {
        return Err("The parameter response_type must be code.".to_owned());
    }
    if !ask.scopes.iter().any(|scope| scope == "openid") {
        return Err("The scope must contain openid.".to_owned());
    }
    let known = ["openid", "email", "profile"];
    if let Some(strange) = ask
        .scopes
        .iter()
        .find(|scope| !known.contains(&scope.as_str()))
    {
        return Err(format!(
            "The scope {strange} does not belong to signing in."
        ));
    }
    Ok(ask)
}

pub async fn ask(State(sandbox): State<Sandbox>, params: Params) -> Response {
    match read(&params) {
        // The workspace that is asked for is only where Slack begins.
        Ok(_) => person_choice(&sandbox.world().slack, &params, ACTION, None),
        Err(sentence) => refusal(TITLE, &sentence),
    }
}

pub async fn decide(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let ask = match read(&params) {
        Ok(ask) => ask,
        Err(sentence) => return refusal(TITLE, &sentence),
    };
    if params.get("decision") == Some("cancel") {
        return ask.denied();
    }
    let mut world = sandbox.world();
    let Some((_, person)) = active(&world.slack, params.get("person")) else {
        return refusal(
            TITLE,
            "Nobody active has this id. Choose one of the people.",
        );
    };
    let person = person.id.clone();
    let code = world.slack.issue_code(Code {
        grant: Grant::SignIn {
            nonce: params.given("nonce").map(str::to_owned),
        },
        person: person.clone(),
        scopes: ask.scopes.clone(),
        user_scopes: Vec::new(),
        redirect_uri: ask.redirect_uri.clone(),
        issued: Clock::machine(),
    });
    let mut response = ask.granted(&code).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&signed_in_as(&person)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
