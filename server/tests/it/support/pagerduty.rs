//! A PagerDuty with one schedule, for tests of the sync that need to stop it,
//! break it, or know to the request what was asked. Everything else is tested
//! against the sandbox.

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
use tokio::{net::TcpListener, sync::watch};

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
    open: watch::Sender<bool>,
    waiting: watch::Receiver<u32>,
}

#[derive(Clone)]
struct Stub {
    world: Arc<Mutex<World>>,
    open: watch::Receiver<bool>,
    waiting: Arc<watch::Sender<u32>>,
}

impl PagerDutyStub {
    pub async fn start(shifts: Vec<(&'static str, i64, i64)>) -> Self {
        let world = Arc::new(Mutex::new(World {
            shifts,
            status: 200,
            asked: 0,
        }));
        let (open, gate) = watch::channel(true);
        let (waiting_sender, waiting) = watch::channel(0);
        let stub = Stub {
            world: world.clone(),
            open: gate,
            waiting: Arc::new(waiting_sender),
        };
        let router = Router::new()
            .route(
                "/schedules",
                get(async || Json(json!({"schedules": [], "more": false}))),
            )
            .route("/schedules/{id}", get(schedule))
            .route("/users", get(users))
            .route("/users/{id}", get(user))
            .with_state(stub);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            world,
            open,
            waiting,
        }
    }

    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    pub fn asked(&self) -> u32 {
        self.world.lock().unwrap().asked
    }

    /// Lets requests for the schedule hang until [`PagerDutyStub::answer`].
    pub fn hold(&self) {
        self.open.send_replace(false);
    }

    pub fn answer(&self) {
        self.open.send_replace(true);
    }

    /// Returns as soon as a request hangs.
    pub async fn somebody_waits(&mut self) {
        self.waiting.wait_for(|&count| count > 0).await.unwrap();
    }
}

async fn schedule(State(stub): State<Stub>, Path(id): Path<String>) -> Response {
    stub.waiting.send_modify(|count| *count += 1);
    stub.open.clone().wait_for(|&open| open).await.unwrap();
    stub.waiting.send_modify(|count| *count -= 1);
    let mut world = stub.world.lock().unwrap();
    world.asked += 1;
    let status = StatusCode::from_u16(world.status).unwrap();
    if status != StatusCode::OK {
        return status.into_response();
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
