//! The levers of the stand-in: what no client of PagerDuty or Slack could do, and every test needs.
//! Bodies are JSON, or nothing; an unknown field is refused, so that a misspelt lever is noticed.

mod oauth;
mod people;
mod schedules;
mod slack;

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{FromRequest, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::SignedDuration;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    company::{FORBIDDEN_KEY, NO_API_ACCESS_KEY, PERSONAL_API_KEY, PRIMARY_TEAM},
    counters::{Counters, Side},
    crowd::Crowd,
    faults::Fault,
    slack::{CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET},
    world::{Sandbox, World},
};

const LONGEST_BODY: usize = 1 << 20;

/// Why a lever could not be pulled.
struct Refused(StatusCode, String);

impl Refused {
    fn unknown(what: &str, id: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("There is no {what} {id:?}."))
    }

    fn impossible(sentence: &str) -> Self {
        Self(StatusCode::CONFLICT, sentence.to_owned())
    }

    fn invalid(sentence: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, sentence.to_owned())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

fn done() -> Answer {
    Ok(Json(json!({"ok": true})))
}

/// A JSON body whatever its content type says, so that `curl -d` is enough; no body is an empty object.
struct Order<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Order<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let body = to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|error| Refused::invalid(&error.to_string()))?;
        let body = if body.is_empty() {
            b"{}".as_slice()
        } else {
            &body
        };
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|error| Refused::invalid(&format!("The body is not understood: {error}")))
    }
}

pub use schedules::end_soon;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(overview))
        .route("/credentials", get(credentials))
        .route("/reset", post(reset))
        .route("/clock", post(set_clock))
        .route("/seed", post(seed))
        .route("/counters", get(counters))
        .route("/counters/reset", post(reset_counters))
        .route("/faults", get(faults).post(add_fault))
        .route("/faults/clear", post(clear_faults))
        .merge(schedules::routes())
        .merge(people::routes())
        .merge(oauth::routes())
        .nest("/slack", slack::routes())
        .fallback(|| async {
            Refused(
                StatusCode::NOT_FOUND,
                "There is no such control; see GET /_control.".to_owned(),
            )
        })
}

async fn overview() -> &'static str {
    include_str!("../../API.md")
}

async fn credentials(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    Json(json!({
        "pagerduty": {
            "api_key": world.us.current_key(),
            "client_id": world.identity.app.client_id,
            "client_secret": world.identity.app.client_secret,
            "eu_api_key": world.eu.current_key(),
            "personal_api_key": PERSONAL_API_KEY,
            "no_api_access_key": NO_API_ACCESS_KEY,
            "forbidden_key": FORBIDDEN_KEY,
        },
        "slack": {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "bot_token": world.slack.bot_token(PRIMARY_TEAM),
            "signing_secret": SIGNING_SECRET,
        },
    }))
}

async fn reset(State(sandbox): State<Sandbox>) -> Answer {
    *sandbox.world() = World::new(Clock::machine());
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    ahead_seconds: i64,
}

async fn set_clock(State(sandbox): State<Sandbox>, Order(order): Order<ClockOrder>) -> Answer {
    let clock = Clock::ahead_by(SignedDuration::from_secs(order.ahead_seconds));
    sandbox.world().clock = clock;
    Ok(Json(json!({"now": clock.now().to_string()})))
}

async fn seed(State(sandbox): State<Sandbox>, Order(crowd): Order<Crowd>) -> Answer {
    let mut world = sandbox.world();
    let now = world.now();
    crowd
        .join(&mut world, now)
        .map_err(|sentence| Refused::invalid(&sentence))?;
    Ok(Json(json!({
        "users": world.us.employees().count(),
        "schedules": world.us.visible_schedules().count(),
    })))
}

async fn counters(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(sandbox.world().counters.report())
}

async fn reset_counters(State(sandbox): State<Sandbox>) -> Answer {
    let mut world = sandbox.world();
    world.counters = Counters::new(world.now());
    done()
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"faults": sandbox.world().faults.report()}))
}

async fn add_fault(State(sandbox): State<Sandbox>, Order(fault): Order<Fault>) -> Answer {
    fault
        .check()
        .map_err(|sentence| Refused::invalid(&sentence))?;
    Ok(Json(json!({"id": sandbox.world().faults.add(fault)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    id: Option<u32>,
    side: Option<Side>,
}

async fn clear_faults(State(sandbox): State<Sandbox>, Order(clear): Order<Clear>) -> Answer {
    sandbox.world().faults.clear(clear.id, clear.side);
    done()
}
