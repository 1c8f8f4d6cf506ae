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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use types::{BindRefusal, Denial, PersonId, Role, RotationRefusal, WorkspaceId};

    fn caller() -> Caller {
        Caller {
            workspace: WorkspaceId::new("T1"),
            person: PersonId::new("U1"),
            name: "Ann".to_owned(),
            role: Role::Member,
            session: "session".to_owned(),
            request_id: "019368a4".to_owned(),
            admitted_at: None,
        }
    }

    #[test]
    fn a_refusal_is_an_answer_and_a_failure_an_error() {
        let refused: Result<(), _> = Err(BindRefusal::from(RotationRefusal::Bound).into());
        let refusal = BindRefusal::Rotation(RotationRefusal::Bound);
        assert_eq!(answer(&caller(), refused), Ok(Outcome::Refused(refusal)));
        let failed: Result<(), Stop<BindRefusal>> = Err(Failure::NotFound.into());
        assert_eq!(answer(&caller(), failed), Err(AppError::NotFound));
    }

    #[test]
    fn each_failure_has_its_status_and_ours_names_the_request() {
        let status = |failure: Failure| {
            let told: Result<(), _> = told(&caller(), Err(failure));
            told.unwrap_err().status()
        };
        assert_eq!(status(Denial::ReadAudit.into()), 403);
        assert_eq!(status(Failure::NotFound), 404);
        assert_eq!(status(Failure::SignedOut), 401);
        let ours: Result<(), _> = told(&caller(), Err(StoreError::CodeTaken.into()));
        assert!(ours.unwrap_err().to_string().contains("019368a4"));
    }
}
