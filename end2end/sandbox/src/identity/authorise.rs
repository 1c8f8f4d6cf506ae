//! The page on which somebody of the account lets the app in. Whatever is wrong with the app's own request
//! stays on this page: an address that was not checked must never be followed.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use url::Url;

use super::{App, Fields, ISSUER, grants::Login, pkce};
use crate::{
    account::{Account, User},
    html::{escape, hidden_field, page, redirect, refusal},
    world::{Sandbox, World},
};

const TITLE: &str = "PagerDuty cannot log you in";
const ACTION: &str = "/identity/oauth/authorize";

/// An app's request, checked as far as the app's registration goes.
pub struct Ask {
    /// As it was written, since the exchange must repeat it letter by letter.
    redirect_uri: String,
    target: Url,
    scopes: Vec<String>,
    challenge: String,
    state: Option<String>,
}

impl Ask {
    pub fn read(fields: &Fields, app: &App) -> Result<Self, String> {
        if fields.required("client_id")? != app.client_id {
            return Err("No app is registered under this client_id.".to_owned());
        }
        let redirect_uri = fields.required("redirect_uri")?;
        let target = Url::parse(redirect_uri)
            .ok()
            .filter(|_| app.may_send_to(redirect_uri))
            .ok_or("The redirect_uri is not one of those that are registered for the app.")?;
        if fields.required("response_type")? != "code" {
            return Err("The parameter response_type must be code.".to_owned());
        }
        let scopes: Vec<String> = fields
            .required("scope")?
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        if scopes.is_empty() {
            return Err("The parameter scope names no scope.".to_owned());
        }
        let challenge = fields.required("code_challenge")?;
        if fields.required("code_challenge_method")? != "S256" {
            return Err("The parameter code_challenge_method must be S256.".to_owned());
        }
        if !pkce::is_challenge(challenge) {
            return Err(
                "The parameter code_challenge must be 43 characters of base64 for addresses."
                    .to_owned(),
            );
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            target,
            scopes,
            challenge: challenge.to_owned(),
            state: fields.given("state").map(str::to_owned),
        })
    }

    /// Where the browser goes with the code. The issuer comes along as an example of what nobody documented.
    pub fn granted(&self, code: &str) -> String {
        self.sent_back(&[("code", code), ("iss", ISSUER)])
    }

    fn denied(&self) -> String {
        self.sent_back(&[
            ("error", "access_denied"),
            (
                "error_description",
                "Somebody chose not to let the app in & nothing was granted.",
            ),
        ])
    }

    fn sent_back(&self, news: &[(&str, &str)]) -> String {
        let mut target = self.target.clone();
        target
            .query_pairs_mut()
            .extend_pairs(news)
            .extend_pairs(self.state.iter().map(|state| ("state", state)));
        target.into()
    }
}

/// Who the page proposes: somebody who sees all of the account.
pub fn usual_user(account: &Account) -> Option<&User> {
    account
        .employees()
        .find(|user| ["owner", "admin"].contains(&user.role))
        .or_else(|| account.employees().next())
}

/// The code for somebody who allowed it; `None` when the account has no such person.
pub fn allow(world: &mut World, ask: &Ask, who: &str, now: Timestamp) -> Option<String> {
    let region = world.identity.audience.region;
    let user = world.account(region).employee(who)?.id.clone();
    let identity = &mut world.identity;
    let login = Login {
        user,
        region,
        scopes: identity.app.granted(&ask.scopes),
        at: now,
    };
    Some(
        identity
            .grants
            .issue_code(login, &ask.redirect_uri, &ask.challenge),
    )
}

pub async fn ask(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Response {
    let world = sandbox.world();
    let account = world.account(world.identity.audience.region);
    Fields::read(query.unwrap_or_default().as_bytes())
        .and_then(|fields| Ok((Ask::read(&fields, &world.identity.app)?, fields)))
        .map_or_else(
            |sentence| refusal(TITLE, &sentence),
            |(ask, fields)| consent_page(&ask, &fields, account),
        )
}

fn consent_page(ask: &Ask, fields: &Fields, account: &Account) -> Response {
    let scopes: String = ask
        .scopes
        .iter()
        .map(|scope| format!("<li><code>{}</code></li>\n", escape(scope)))
        .collect();
    let body = format!(
        "<p>This is the sandbox's PagerDuty, account <bdi>{}</bdi>. No password is asked.</p>\n\
         <p>Round Robin asks for these scopes:</p>\n<ul>\n{scopes}</ul>\n\
         <form method=\"post\" action=\"{ACTION}\">\n{}\
         <label for=\"user\">Log in as</label>\n<select id=\"user\" name=\"user\">\n{}</select>\n\
         <button name=\"decision\" value=\"allow\">Allow</button>\n\
         <button name=\"decision\" value=\"deny\">Deny</button>\n</form>",
        escape(&account.subdomain),
        hidden_fields(fields),
        people(account),
    );
    page("Let Round Robin into PagerDuty", &body).into_response()
}

fn people(account: &Account) -> String {
    let usual = usual_user(account).map(|user| user.id.as_str());
    account
        .employees()
        .map(|user| {
            format!(
                "<option value=\"{}\"{}>{} – {}</option>\n",
                escape(&user.id),
                if usual == Some(&user.id) {
                    " selected"
                } else {
                    ""
                },
                escape(&user.name),
                escape(user.role),
            )
        })
        .collect()
}

/// The request's own parameters, so that the form's answer can be checked like the first request.
fn hidden_fields(fields: &Fields) -> String {
    [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "state",
    ]
    .into_iter()
    .filter_map(|name| Some(hidden_field(name, fields.given(name)?)))
    .collect()
}

pub async fn decide(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let mut world = sandbox.world();
    let now = world.now();
    decided(&mut world, &headers, &body, now).map_or_else(
        |sentence| refusal(TITLE, &sentence),
        |target| redirect(&target),
    )
}

/// Where the browser goes after the decision.
fn decided(
    world: &mut World,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<String, String> {
    let fields = Fields::of_form(headers, body)?;
    let ask = Ask::read(&fields, &world.identity.app)?;
    match fields.required("decision")? {
        "allow" => {
            let code = allow(world, &ask, fields.required("user")?, now)
                .ok_or("Nobody of this account has this id. Choose one of the people.")?;
            Ok(ask.granted(&code))
        }
        "deny" => Ok(ask.denied()),
        _ => Err("The decision must be allow or deny.".to_owned()),
    }
}
