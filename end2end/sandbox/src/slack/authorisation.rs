//! What both of Slack's authorisation pages share: reading what the app asks for, choosing who you are,
//! and sending the browser back.

use axum::response::{IntoResponse, Response};
use url::Url;

use super::{CLIENT_ID, Person, Role, Slack, Workspace, params::Params};
use crate::{
    company::PRIMARY_TEAM,
    html::{escape, hidden_field, page, redirect},
};

/// Who is signed in to Slack in this browser.
pub const PERSON_COOKIE: &str = "sandbox_person";
const CALLBACK_PATH: &str = "/api/auth/slack/callback";

/// An app's request, checked as far as the app's registration goes.
pub struct Ask {
    /// As it was written, since the exchange must repeat it letter by letter.
    pub redirect_uri: String,
    target: Url,
    pub scopes: Vec<String>,
    /// Of a token of the person's own.
    pub user_scopes: Vec<String>,
    pub state: String,
    pub team: Option<String>,
}

impl Ask {
    pub fn read(params: &Params) -> Result<Self, String> {
        match params.given("client_id") {
            Some(CLIENT_ID) => {}
            Some(_) => return Err("No app is registered under this client_id.".to_owned()),
            None => return Err("The parameter client_id is missing.".to_owned()),
        }
        let redirect_uri = params
            .given("redirect_uri")
            .ok_or("The parameter redirect_uri is missing.")?;
        let target = Url::parse(redirect_uri)
            .ok()
            .filter(registered)
            .ok_or_else(|| {
                format!("The redirect_uri is not registered: it must be on this machine and end in {CALLBACK_PATH}.")
            })?;
        let state = params
            .given("state")
            .ok_or("The parameter state is missing.")?;
        let (scopes, user_scopes) = (scopes(params, "scope"), scopes(params, "user_scope"));
        if scopes.is_empty() && user_scopes.is_empty() {
            return Err("The parameter scope is missing.".to_owned());
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            target,
            scopes,
            user_scopes,
            state: state.to_owned(),
            team: params.given("team").map(str::to_owned),
        })
    }

    pub fn granted(&self, code: &str) -> Response {
        self.sent_back("code", code)
    }

    pub fn denied(&self) -> Response {
        self.sent_back("error", "access_denied")
    }

    fn sent_back(&self, name: &str, value: &str) -> Response {
        let mut target = self.target.clone();
        target
            .query_pairs_mut()
            .append_pair(name, value)
            .append_pair("state", &self.state);
        redirect(target.as_str())
    }
}

fn scopes(params: &Params, name: &str) -> Vec<String> {
    params
        .get(name)
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn registered(address: &Url) -> bool {
    matches!(address.scheme(), "http" | "https")
        && matches!(
            address.host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        )
        && address.path().ends_with(CALLBACK_PATH)
}

/// The request's own parameters as hidden fields, so that the form's answer can be checked like the first request.
pub fn hidden_fields(params: &Params) -> String {
    [
        "client_id",
        "response_type",
        "scope",
        "user_scope",
        "redirect_uri",
        "state",
        "nonce",
        "team",
    ]
    .into_iter()
    .filter_map(|name| Some((name, params.get(name)?)))
    .map(|(name, value)| hidden_field(name, value))
    .collect()
}

pub fn person_choice(slack: &Slack, params: &Params, action: &str, team: Option<&str>) -> Response {
    let body = format!(
        "<p>This is the sandbox's Slack. Choose who you are; no password is asked.</p>\n\
         <form method=\"post\" action=\"{action}\">\n{}{}\
         <button name=\"decision\" value=\"cancel\">Cancel</button>\n</form>",
        hidden_fields(params),
        people_buttons(slack, team)
    );
    page("Sign in to Slack", &body).into_response()
}

/// One button per person, named by the person and their role.
pub fn people_buttons(slack: &Slack, team: Option<&str>) -> String {
    let mut buttons = String::new();
    for workspace in slack
        .workspaces
        .iter()
        .filter(|one| team.is_none_or(|team| team == one.id))
    {
        buttons.push_str(&format!("<h2>{}</h2>\n", escape(&workspace.name)));
        for person in workspace.people.iter().filter(|person| !person.deactivated) {
            buttons.push_str(&format!(
                "<button name=\"person\" value=\"{}\"><bdi>{}</bdi> – {}</button>\n",
                escape(&person.id),
                escape(&person.name),
                escape(&position(workspace, person)),
            ));
        }
    }
    buttons
}

fn position(workspace: &Workspace, person: &Person) -> String {
    if workspace.id == PRIMARY_TEAM {
        return person.role.title().to_owned();
    }
    format!("{} of {}", person.role.title(), workspace.name)
}

/// Only somebody who works here and was not deactivated can sign in.
pub fn active<'a>(slack: &'a Slack, id: Option<&str>) -> Option<(&'a Workspace, &'a Person)> {
    slack.person(id?).filter(|(_, person)| !person.deactivated)
}

pub fn signed_in_as(person: &str) -> String {
    format!("{PERSON_COOKIE}={person}; Path=/slack; HttpOnly; SameSite=Lax")
}

pub fn may_install(role: Role) -> bool {
    role.is_admin()
}
