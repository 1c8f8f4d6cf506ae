//! Installing the app in a workspace: Slack names the scopes, and somebody who may install allows them.
//! Scopes for acting in a person's own name are allowed by that person, whoever they are.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{
    Code, Grant, Person, Slack, Workspace,
    authorisation::{
        Ask, PERSON_COOKIE, active, hidden_fields, may_install, person_choice, signed_in_as,
    },
    params::Params,
};
use crate::{
    clock::Clock,
    html::{escape, page, redirect, refusal},
    world::Sandbox,
};

const TITLE: &str = "Slack cannot install this app";
const ACTION: &str = "/slack/oauth/v2/authorize";

/// The bot scopes that Slack knows, as far as this app's registration lists them.
const BOT_SCOPES: [&str; 22] = [
    "app_mentions:read",
    "channels:join",
    "channels:manage",
    "channels:read",
    "channels:write.topic",
    "chat:write",
    "chat:write.public",
    "commands",
    "groups:read",
    "groups:write",
    "groups:write.topic",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "usergroups:write",
    "users.profile:read",
    "users:read",
    "users:read.email",
];
const USER_SCOPES: [&str; 2] = ["usergroups:read", "usergroups:write"];

fn read(params: &Params) -> Result<Ask, String> {
    let ask = Ask::read(params)?;
    let strange = |scopes: &[String], known: &[&str]| {
        let strange = scopes.iter().find(|scope| !known.contains(&scope.as_str()));
        strange.cloned()
    };
    match strange(&ask.scopes, &BOT_SCOPES).or(strange(&ask.user_scopes, &USER_SCOPES)) {
        Some(strange) => Err(format!("The scope {strange} does not exist.")),
        None => Ok(ask),
    }
}

/// Whoever is signed in, unless the app asks for another workspace.
fn visitor<'a>(
    slack: &'a Slack,
    ask: &Ask,
    params: &Params,
) -> Option<(&'a Workspace, &'a Person)> {
    active(slack, params.cookie(PERSON_COOKIE))
        .filter(|(workspace, _)| ask.team.as_ref().is_none_or(|team| *team == workspace.id))
}

pub async fn ask(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let ask = match read(&params) {
        Ok(ask) => ask,
        Err(sentence) => return refusal(TITLE, &sentence),
    };
    let world = sandbox.world();
    match visitor(&world.slack, &ask, &params) {
        Some((workspace, person)) => consent_page(&ask, &params, workspace, person),
        None => person_choice(&world.slack, &params, ACTION, ask.team.as_deref()),
    }
}

fn consent_page(ask: &Ask, params: &Params, workspace: &Workspace, person: &Person) -> Response {
    let (explanation, allow) = if may_allow(ask, person) {
        let listed = |sentence: &str, scopes: &[String]| {
            if scopes.is_empty() {
                return String::new();
            }
            let scopes: String = scopes
                .iter()
                .map(|scope| format!("<li><code>{}</code></li>\n", escape(scope)))
                .collect();
            format!("<p>{sentence}</p>\n<ul>\n{scopes}</ul>")
        };
        (
            listed("Round Robin asks for these permissions:", &ask.scopes)
                + &listed(
                    "Round Robin asks to do this in your name:",
                    &ask.user_scopes,
                ),
            "<button name=\"decision\" value=\"allow\">Allow</button>\n",
        )
    } else {
        let sentence =
            "You may not install apps in this workspace. Ask an owner or an admin to do it.";
        (
            format!("<p class=\"note\" role=\"alert\">{sentence}</p>"),
            "",
        )
    };
    let body = format!(
        "<p>Signed in as <bdi>{}</bdi> – {}, workspace {}.</p>\n{explanation}\n\
         <form method=\"post\" action=\"{ACTION}\">\n{}{allow}\
         <button name=\"decision\" value=\"cancel\">Cancel</button>\n</form>",
        escape(&person.name),
        person.role.title(),
        escape(&workspace.name),
        hidden_fields(params)
    );
    page("Install Round Robin", &body).into_response()
}

/// Who installs has to be an admin; what somebody lets the app do in their own name is their affair.
fn may_allow(ask: &Ask, person: &Person) -> bool {
    ask.scopes.is_empty() || may_install(person.role)
}

pub async fn decide(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let ask = match read(&params) {
        Ok(ask) => ask,
        Err(sentence) => return refusal(TITLE, &sentence),
    };
    let mut world = sandbox.world();
    if let Some(chosen) = params.get("person") {
        return signed_in(&world.slack, &params, chosen);
    }
    if params.get("decision") != Some("allow") {
        return ask.denied();
    }
    let Some((_, person)) = visitor(&world.slack, &ask, &params) else {
        return refusal(TITLE, "Nobody is signed in to the workspace in question.");
    };
    if !may_allow(&ask, person) {
        return refusal(TITLE, "You may not install apps in this workspace.");
    }
    let person = person.id.clone();
    let code = world.slack.issue_code(Code {
        grant: Grant::Install,
        person,
        scopes: ask.scopes.clone(),
        user_scopes: ask.user_scopes.clone(),
        redirect_uri: ask.redirect_uri.clone(),
        issued: Clock::machine(),
    });
    ask.granted(&code)
}

/// Back to the same question, now with somebody to answer it.
fn signed_in(slack: &Slack, params: &Params, chosen: &str) -> Response {
    let Some((_, person)) = active(slack, Some(chosen)) else {
        return refusal(
            TITLE,
            "Nobody active has this id. Choose one of the people.",
        );
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in [
        "client_id",
        "scope",
        "user_scope",
        "redirect_uri",
        "state",
        "team",
    ] {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    let mut response = redirect(&format!("{ACTION}?{}", query.finish()));
    if let Ok(cookie) = HeaderValue::from_str(&signed_in_as(&person.id)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
