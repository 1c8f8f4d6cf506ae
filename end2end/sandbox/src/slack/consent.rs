//! Installing the app in a workspace: Slack names the scopes, and somebody who may install allows them.

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
const BOT_SCOPES: [&str; 19] = [
    "app_mentions:read",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "groups:read",
    "groups:write",
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

fn read(params: &Params) -> Result<Ask, String> {
    let ask = Ask::read(params)?;
    match ask
        .scopes
        .iter()
        .find(|scope| !BOT_SCOPES.contains(&scope.as_str()))
    {
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
    let (explanation, allow) = if may_install(person.role) {
        let scopes: String = ask
            .scopes
            .iter()
            .map(|scope| format!("<li><code>{}</code></li>\n", escape(scope)))
            .collect();
        (
            format!("<p>Round Robin asks for these permissions:</p>\n<ul>\n{scopes}</ul>"),
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
    if !may_install(person.role) {
        return refusal(TITLE, "You may not install apps in this workspace.");
    }
    let person = person.id.clone();
    let code = world.slack.issue_code(Code {
        grant: Grant::Install,
        person,
        scopes: ask.scopes.clone(),
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
    for name in ["client_id", "scope", "redirect_uri", "state", "team"] {
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
