//! A PagerDuty with one schedule, for tests of the sync that need to stop it,
//! break it, or know to the request what was asked. Everything else is tested
//! against the sandbox.

use super::gate::{Gate, Passage, gate};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What the schedule says, and how PagerDuty feels.
#[derive(Clone)]
pub struct World {
    /// On call in turn: who, from which second, until which second, in seconds
    /// since 1970.
    pub shifts: Vec<(&'static str, i64, i64)>,
    pub status: u16,
    /// Requests for the schedule so far.
    pub asked: u32,
}

/// A running stub.
pub struct PagerDutyStub {
    pub url: String,
    world: Arc<Mutex<World>>,
    gate: Gate,
}

#[derive(Clone)]
struct Stub {
    world: Arc<Mutex<World>>,
    passage: Passage,
}

impl PagerDutyStub {
    pub async fn start(shifts: Vec<(&'static str, i64, i64)>) -> Self {
        let world = Arc::new(Mutex::new(World {
            shifts,
            status: 200,
            asked: 0,
        }));
        let (gate, passage) = gate();
        let stub = Stub {
            world: world.clone(),
            passage,
        };
        let router = Router::new()
            .route("/schedules", get(schedules))
            .route("/schedules/{id}", get(schedule))
            .route("/users", get(users))
            .route("/users/{id}", get(user))
            .with_state(stub);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, world, gate }
    }

    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    pub fn asked(&self) -> u32 {
        self.world.lock().unwrap().asked
    }

    /// Lets requests for the schedule hang until [`PagerDutyStub::answer`].
    pub fn hold(&self) {
        self.gate.close();
    }

    pub fn answer(&self) {
        self.gate.open();
    }

    /// Returns as soon as a request hangs.
    pub async fn somebody_waits(&mut self) {
        self.gate.somebody_waits().await;
    }
}

async fn schedules(State(stub): State<Stub>) -> Response {
    let status = StatusCode::from_u16(stub.world.lock().unwrap().status).unwrap();
    if status != StatusCode::OK {
        return refused(status);
    }
    Json(json!({"schedules": [], "more": false})).into_response()
}

async fn schedule(State(stub): State<Stub>, Path(id): Path<String>) -> Response {
    stub.passage.pass().await;
    let mut world = stub.world.lock().unwrap();
    world.asked += 1;
    let status = StatusCode::from_u16(world.status).unwrap();
    if status != StatusCode::OK {
        return refused(status);
    }
    let entries: Vec<Value> = world
        .shifts
        .iter()
        .map(|(user, start, end)| {
            json!({"start": at(*start), "end": at(*end), "user": reference(user)})
        })
        .collect();
    let users: Vec<Value> = ["P1", "P2"].iter().map(|id| reference(id)).collect();
    Json(json!({"schedule": {
        "id": id, "type": "schedule", "name": format!("Schedule {id}"), "time_zone": "UTC",
        "html_url": null, "users": users, "schedule_layers": [],
        "final_schedule": {"name": "Final Schedule", "rendered_schedule_entries": entries},
    }}))
    .into_response()
}

/// In PagerDuty's own words: without any, it is nobody's.
fn refused(status: StatusCode) -> Response {
    let words = json!({"error": {"message": status.canonical_reason()}});
    (status, Json(words)).into_response()
}

async fn users() -> Json<Value> {
    let users: Vec<Value> = ["P1", "P2"].map(person).to_vec();
    Json(json!({"users": users, "limit": 100, "offset": 0, "more": false}))
}

async fn user(Path(id): Path<String>) -> Json<Value> {
    Json(json!({"user": person(&id)}))
}

/// Ann and Bob, whose e-mails differ in case from those in Slack.
fn person(id: &str) -> Value {
    let name = if id == "P1" { "Ann" } else { "Bob" };
    let email = format!("{}@example.com", name.to_uppercase());
    json!({"id": id, "type": "user", "name": name, "email": email})
}

fn reference(id: &str) -> Value {
    let page = format!("https://acme.pagerduty.com/users/{id}");
    json!({"id": id, "type": "user_reference", "summary": id, "self": page, "html_url": page})
}

fn at(second: i64) -> String {
    Timestamp::from_second(second).unwrap().to_string()
}
