//! The one place that turns what an action came to into what the pages are told. What was
//! not done is logged here, once, under the request that the caller is told of.

use crate::actions::{Failure, Stop, outcome};
use app::{
    AppError,
    backend::{Answer, Caller},
};
use std::fmt;
use types::{Outcome, Refusal};

/// The answer to what the rules may refuse.
pub(super) fn answer<T, R: Refusal>(caller: &Caller, done: Result<T, Stop<R>>) -> Answer<T, R> {
    let outcome = told(caller, outcome(done))?;
    if let Outcome::Refused(refusal) = &outcome {
        not_done(caller, refusal.code());
    }
    Ok(outcome)
}

/// The answer to what nothing but a failure can hinder.
pub(super) fn told<T>(caller: &Caller, done: Result<T, Failure>) -> Result<T, AppError> {
    done.map_err(|failure| {
        let error = match &failure {
            Failure::Denied(denial) => AppError::Forbidden(*denial),
            Failure::NotFound => AppError::NotFound,
            Failure::SignedOut => AppError::Unauthenticated,
            Failure::Stopping => AppError::Offline,
            Failure::Store(error) => return internal(caller, error),
        };
        not_done(caller, failure.code());
        error
    })
}

/// What the caller sees of a failure on our side: the request's id, under which
/// the log has the cause.
pub(super) fn internal(caller: &Caller, error: &dyn fmt::Display) -> AppError {
    let Caller {
        workspace,
        person,
        request_id,
        ..
    } = caller;
    tracing::error!(%request_id, %workspace, %person, %error, "a request failed");
    AppError::Internal {
        request_id: request_id.clone(),
    }
}

fn not_done(caller: &Caller, code: &str) {
    let Caller {
        workspace,
        person,
        request_id,
        ..
    } = caller;
    tracing::info!(%request_id, %workspace, %person, code, "not done");
}
