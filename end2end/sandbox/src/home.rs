//! The home page: who is in the company, who is on call, and what to paste where. For a person who has
//! just started the stand-in and wonders what it is.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;

use crate::{
    account::{Account, Kind},
    control,
    html::{escape, page, redirect, refusal},
    rendering::on_call_at,
    slack::{self, Workspace},
    world::{Sandbox, World},
    zones::stamp,
};

pub async fn show(State(sandbox): State<Sandbox>) -> Html<String> {
    let world = sandbox.world();
    let now = world.now();
    let workspaces: String = world
        .slack
        .workspaces
        .iter()
        .map(|one| people(one, &world.us))
        .collect();
    let body = format!(
        "<p>A stand-in for PagerDuty and Slack. It forgets everything when it ends, and nothing leaves this machine. \
         All controls: <a href=\"/_control\">/_control</a>.</p>\n\
         <p><a href=\"/slack/client\">Slack</a>: channels, messages and user groups as people see them.</p>\n{}{}{}{workspaces}",
        settings(sandbox.base_url(), &world),
        schedules("Schedules", &world.us, now),
        schedules("Schedules of the EU account", &world.eu, now),
    );
    page("Round Robin sandbox", &body)
}

fn settings(base: &str, world: &World) -> String {
    let World {
        us, eu, identity, ..
    } = world;
    let revoked = "revoked; see the controls";
    let rows = [
        (
            "PagerDuty API key",
            us.current_key().unwrap_or(revoked).to_owned(),
        ),
        (
            "PagerDuty API key, EU account",
            eu.current_key().unwrap_or(revoked).to_owned(),
        ),
        ("PagerDuty API", base.to_owned()),
        ("PagerDuty API, EU", format!("{base}/eu")),
        ("PagerDuty identity", format!("{base}/identity")),
        ("PagerDuty OAuth client id", identity.app.client_id.clone()),
        (
            "PagerDuty OAuth client secret",
            identity.app.client_secret.clone(),
        ),
        ("PagerDuty OAuth scopes", identity.app.scopes.join(" ")),
        ("Slack", format!("{base}/slack")),
        ("Slack client id", slack::CLIENT_ID.to_owned()),
        ("Slack client secret", slack::CLIENT_SECRET.to_owned()),
        ("Slack signing secret", slack::SIGNING_SECRET.to_owned()),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><th>{name}</th><td><code>{}</code></td></tr>\n",
                escape(value)
            )
        })
        .collect();
    format!("<h2>What to paste</h2>\n<table>{rows}</table>\n")
}

fn schedules(title: &str, account: &Account, now: Timestamp) -> String {
    let rows: String = account
        .visible_schedules()
        .map(|schedule| {
            let on_call = on_call_at(&schedule.plan(), now);
            let names: Vec<String> = on_call
                .iter()
                .map(|entry| account.user(&entry.user).map_or(entry.user.as_str(), |user| &user.name))
                .map(|name| format!("<bdi>{}</bdi>", escape(name)))
                .collect();
            let who = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            let first_end = on_call.iter().map(|entry| entry.end).min();
            let until = first_end.map(|end| stamp(end, &schedule.zone)).unwrap_or_default();
            let end = match on_call.is_empty() {
                true => String::new(),
                false => format!(
                    "<form method=\"post\" action=\"/end-shift/{}\"><button>End the shift</button></form>",
                    escape(&schedule.id)
                ),
            };
            let made_of = match schedule.kind {
                Kind::LayerBased => "layers",
                Kind::ShiftBased => "shifts",
            };
            format!(
                "<tr><td><bdi>{}</bdi></td><td><code>{}</code></td><td>{made_of}</td><td>{}</td><td>{who}</td><td>{until}</td><td>{end}</td></tr>\n",
                escape(&schedule.name),
                escape(&schedule.id),
                escape(&schedule.time_zone),
            )
        })
        .collect();
    format!(
        "<h2>{title}</h2>\n<table><tr><th>Name</th><th>Id</th><th>Made of</th><th>Time zone</th><th>On call now</th><th>Until</th><th></th></tr>\n\
         {rows}</table>\n"
    )
}

/// Within so many seconds a shift ends whose end was pressed: time enough to open the page where that is to
/// be seen.
const ENDS_IN_SECONDS: i64 = 10;

/// The button beside a schedule: the next person takes over.
pub async fn end_shift(State(sandbox): State<Sandbox>, Path(schedule): Path<String>) -> Response {
    match control::end_soon(&sandbox, &schedule, ENDS_IN_SECONDS) {
        Ok(()) => redirect("/"),
        Err(sentence) => refusal("End the shift", &sentence),
    }
}

fn people(workspace: &Workspace, account: &Account) -> String {
    let rows: String = workspace
        .people
        .iter()
        .map(|person| {
            let in_pagerduty = account.employee(&person.email).map_or("no account", |user| user.email.as_deref().unwrap_or_default());
            let role = if person.deactivated { "Deactivated" } else { person.role.title() };
            format!(
                "<tr><td><bdi>{}</bdi></td><td>{role}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
                escape(&person.name),
                escape(&person.email),
                escape(in_pagerduty),
                escape(&person.id),
            )
        })
        .collect();
    format!(
        "<h2>Slack workspace {}</h2>\n<table><tr><th>Name</th><th>Role</th><th>Address in Slack</th>\
         <th>Address in PagerDuty</th><th>Slack id</th></tr>\n{rows}</table>\n",
        escape(&workspace.name)
    )
}

/// A picture with the person's initials, so that no page has to fetch one from elsewhere.
pub async fn avatar(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let world = sandbox.world();
    let in_slack = world
        .slack
        .person(&id)
        .map(|(_, person)| person.name.as_str());
    let in_pagerduty = || {
        [&world.us, &world.eu]
            .into_iter()
            .find_map(|account| account.user(&id))
            .map(|user| user.name.as_str())
    };
    let Some(name) = in_slack.or_else(in_pagerduty) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let initials: String = name
        .split(' ')
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\"><rect width=\"48\" height=\"48\" fill=\"#2f6f73\"/>\
         <text x=\"24\" y=\"31\" font-family=\"sans-serif\" font-size=\"20\" fill=\"#fff\" text-anchor=\"middle\">{}</text></svg>",
        escape(&initials)
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}
