//! `GET /metrics`. What it tells of a deployment is not for everybody: it is
//! served on an address of its own, or to whoever has the token.

use super::health::{DATABASE_TIMEOUT, Readiness};
use crate::{
    Services,
    background::{Outcome, Report},
    metrics::{Reading, TaskReading},
    store::StoreError,
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::time::{error::Elapsed, timeout};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The router for an address of its own.
pub fn router(services: Services) -> Router {
    Router::new()
        .route("/metrics", get(on_own_address))
        .with_state(services)
}

/// Wants the token when there is one, here too.
async fn on_own_address(State(services): State<Services>, headers: HeaderMap) -> Response {
    match &services.config.metrics.token {
        Some(token) if !carries(&headers, token) => unauthorised(),
        _ => scraped(&services).await,
    }
}

/// On the address that browsers use: without a token there is no such page.
pub async fn beside_the_pages(services: &Services, headers: &HeaderMap) -> Response {
    match &services.config.metrics.token {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(token) if !carries(headers, token) => unauthorised(),
        Some(_) => scraped(services).await,
    }
}

fn unauthorised() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge).into_response()
}

fn carries(headers: &HeaderMap, token: &SecretString) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    bool::from(given.as_bytes().ct_eq(token.expose_secret().as_bytes()))
}

async fn scraped(services: &Services) -> Response {
    // The counters are worth having while the database is ill.
    let ages = timeout(DATABASE_TIMEOUT, services.store.data_ages());
    let directories = timeout(DATABASE_TIMEOUT, services.store.directory_ages());
    let (ages, directories, readiness) = tokio::join!(ages, directories, Readiness::of(services));
    let tasks = services.background.reports();
    let tasks: Vec<_> = tasks.into_iter().map(read).collect();
    let scraped = services.metrics.scraped(&Reading {
        ages: &told(ages),
        directories: &told(directories),
        parts: &readiness.parts(),
        database_renewals: services.store.renewals(),
        tasks: &tasks,
    });
    match scraped {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn read(report: Report) -> TaskReading {
    TaskReading {
        task: report.code,
        runs: Outcome::CODES.into_iter().zip(report.runs).collect(),
        restarts: report.restarts,
        last_run: report.last.map(|run| run.took),
        is_well: !report.state.is_ill(),
    }
}

/// What the database told, or nothing, with a word in the log.
fn told<T>(answer: Result<Result<Vec<T>, StoreError>, Elapsed>) -> Vec<T> {
    match answer {
        Ok(Ok(told)) => told,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the metrics lack an age");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!("the metrics lack an age, since the database is silent");
            Vec::new()
        }
    }
}
