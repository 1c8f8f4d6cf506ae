//! PagerDuty's REST API, version 2 and of version 3 the schedules, as strict as the real one: what the product sends wrongly must fail
//! here and not first at a customer's. Two regions share the routes, each with its own account and keys.

mod directory;
mod gate;
mod oncalls;
mod query;
mod schedules;
mod shapes;
mod shifts;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::Value;

pub use gate::Allowance;
use gate::{Problem, Version, admit, payer};
use query::Query;

use crate::{
    account::{Account, Holder, Region},
    counters::{Side, UNMATCHED},
    entrance::{Arrival, authorization},
    minting,
    slack::params::Fields,
    world::{Sandbox, World},
};

/// What an endpoint may look at.
struct Call<'a> {
    account: &'a Account,
    holder: &'a Holder,
    query: &'a Query,
    base_url: &'a str,
    now: Timestamp,
}

enum Endpoint<'a> {
    Abilities,
    Users,
    Me,
    User(&'a str),
    Schedules,
    Schedule(&'a str),
    ScheduleUsers(&'a str),
    ScheduleOverrides(&'a str),
    ShiftBasedSchedules,
    ShiftBasedSchedule(&'a str),
    Teams,
    Oncalls,
}

impl<'a> Endpoint<'a> {
    fn at(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        Some(match segments[..] {
            ["abilities"] => Self::Abilities,
            ["users"] => Self::Users,
            ["users", "me"] => Self::Me,
            ["users", id] => Self::User(id),
            ["schedules"] => Self::Schedules,
            ["schedules", id] => Self::Schedule(id),
            ["schedules", id, "users"] => Self::ScheduleUsers(id),
            ["schedules", id, "overrides"] => Self::ScheduleOverrides(id),
            ["v3", "schedules"] => Self::ShiftBasedSchedules,
            ["v3", "schedules", id] => Self::ShiftBasedSchedule(id),
            ["teams"] => Self::Teams,
            ["oncalls"] => Self::Oncalls,
            _ => return None,
        })
    }

    fn pattern(&self) -> &'static str {
        match self {
            Self::Abilities => "/abilities",
            Self::Users => "/users",
            Self::Me => "/users/me",
            Self::User(_) => "/users/{id}",
            Self::Schedules => "/schedules",
            Self::Schedule(_) => "/schedules/{id}",
            Self::ScheduleUsers(_) => "/schedules/{id}/users",
            Self::ScheduleOverrides(_) => "/schedules/{id}/overrides",
            Self::ShiftBasedSchedules => "/v3/schedules",
            Self::ShiftBasedSchedule(_) => "/v3/schedules/{id}",
            Self::Teams => "/teams",
            Self::Oncalls => "/oncalls",
        }
    }

    /// What an OAuth token must have been granted; `None` where any token will do.
    fn scope(&self) -> Option<&'static str> {
        match self {
            Self::Abilities => Some("abilities.read"),
            Self::Me => None,
            Self::Users | Self::User(_) | Self::ScheduleUsers(_) => Some("users.read"),
            Self::Schedules
            | Self::Schedule(_)
            | Self::ScheduleOverrides(_)
            | Self::ShiftBasedSchedules
            | Self::ShiftBasedSchedule(_) => Some("schedules.read"),
            Self::Teams => Some("teams.read"),
            Self::Oncalls => Some("oncalls.read"),
        }
    }

    fn answer(&self, call: &Call<'_>) -> Result<Value, Problem> {
        match self {
            Self::Abilities => Ok(directory::abilities()),
            Self::Users => directory::users(call),
            Self::Me => directory::me(call),
            Self::User(id) => directory::user(call, id),
            Self::Teams => directory::teams(call),
            Self::Schedules => schedules::list(call),
            Self::Schedule(id) => schedules::show(call, id),
            Self::ScheduleUsers(id) => schedules::users(call, id),
            Self::ScheduleOverrides(id) => schedules::overrides(call, id),
            Self::ShiftBasedSchedules => shifts::list(call),
            Self::ShiftBasedSchedule(id) => shifts::show(call, id),
            Self::Oncalls => oncalls::list(call),
        }
    }
}

/// Every request that is for neither Slack nor the stand-in itself is for PagerDuty, so that a wrong path
/// or method is counted and refused as PagerDuty would.
pub async fn answer(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (region, path) = regional(parts.uri.path());
    let endpoint = Endpoint::at(path);
    let endpoint_name = match &endpoint {
        Some(endpoint) => format!("{}{}", region.prefix(), endpoint.pattern()),
        None => UNMATCHED.to_owned(),
    };
    let arrival = Arrival {
        side: Side::PagerDuty,
        method: parts.method.clone(),
        endpoint: endpoint_name,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: authorization(&parts.headers).to_owned(),
        params: Fields::new(),
    };
    let version = version_at(path);
    let truth = async {
        let query = Query::of(parts.uri.query().unwrap_or_default());
        truth(
            &sandbox,
            (region, version),
            &parts.method,
            endpoint,
            &parts.headers,
            &query,
        )
    };
    arrival.answered(&sandbox, truth).await
}

fn version_at(path: &str) -> Version {
    match path.strip_prefix("/v3") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Version::Three,
        _ => Version::Two,
    }
}

fn regional(path: &str) -> (Region, &str) {
    match path.strip_prefix(Region::Eu.prefix()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => (Region::Eu, rest),
        _ => (Region::Us, path),
    }
}

fn truth(
    sandbox: &Sandbox,
    (region, version): (Region, Version),
    method: &Method,
    endpoint: Option<Endpoint<'_>>,
    headers: &HeaderMap,
    query: &Query,
) -> Response {
    let mut world = sandbox.world();
    let now = world.now();
    let World {
        identity,
        allowance,
        ..
    } = &mut *world;
    let budget = allowance.take(payer(identity, headers), now);
    let account = world.account(region);
    let outcome = budget
        .within()
        .and_then(|()| admit(account, &world.identity, version, headers, now))
        .and_then(|visitor| {
            let endpoint = endpoint.ok_or_else(|| Problem::not_found("This path"))?;
            if method != Method::GET {
                return Err(Problem::method_not_allowed(method));
            }
            visitor.needs(endpoint.scope())?;
            endpoint.answer(&Call {
                account,
                holder: &visitor.holder,
                query,
                base_url: sandbox.base_url(),
                now,
            })
        });
    let mut response = match outcome {
        Ok(body) => (StatusCode::OK, Json(body)).into_response(),
        Err(problem) => problem.answered(version),
    };
    budget.write(response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&minting::hex(16)) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
