//! Pages that could not be taken over by their code say so here, by themselves. They are
//! counted, and nothing else is done: anybody may send such a report.

use crate::http::Site;
use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::StatusCode,
};
use types::TakeoverFailure;

pub const PATH: &str = "/api/takeover";
/// No report is longer, in bytes.
const LONGEST: usize = 16;

pub async fn report(State(site): State<Site>, body: Body) -> StatusCode {
    let report = to_bytes(body, LONGEST).await.ok();
    let failure = report.and_then(|report| TakeoverFailure::from_code(&report));
    match failure {
        Some(failure) => {
            site.services.metrics.not_taken_over(failure);
            StatusCode::NO_CONTENT
        }
        None => StatusCode::BAD_REQUEST,
    }
}
