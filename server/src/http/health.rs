//! What those who run the server ask it: is the process alive, can it do its
//! work, and if not, which part is ill.

use super::Site;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /readyz`: each part by name.
#[derive(Serialize)]
pub struct Readiness {
    ready: bool,
    database: Part,
    /// Looks for connections that are due.
    sync: Part,
    /// Hears from the other servers on the same database.
    live_events: Part,
    server: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Ok,
    Failing,
    Stopping,
}

/// `GET /healthz`: the process answers, whatever else is broken.
pub async fn alive() -> &'static str {
    "ok"
}

pub async fn ready(State(site): State<Site>) -> (StatusCode, Json<Readiness>) {
    let services = &site.services;
    let database = match timeout(DATABASE_TIMEOUT, services.store.ping()).await {
        Ok(Ok(())) => Part::Ok,
        _ => Part::Failing,
    };
    let part = |sound| if sound { Part::Ok } else { Part::Failing };
    let server = if services.shutdown.is_cancelled() {
        Part::Stopping
    } else {
        Part::Ok
    };
    let sync = part(services.sync.is_alive());
    let live_events = part(services.hearing.is_sound());
    let ready = [database, sync, live_events, server]
        .iter()
        .all(|part| *part == Part::Ok);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness {
        ready,
        database,
        sync,
        live_events,
        server,
    };
    (status, Json(readiness))
}
