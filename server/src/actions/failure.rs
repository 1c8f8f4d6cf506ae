//! Why an action did not happen. The rules refuse with reasons of their own, each with its
//! sentence. Everything else can happen to any action and is the same for all. What whoever
//! asked is told of it is decided where they asked.

use crate::{integrations::AccessProblem, store::StoreError};
use std::sync::Arc;
use types::{BindRefusal, Denial, Outcome, Refusal};

/// What keeps any action from being done.
#[derive(Debug)]
pub enum Failure {
    /// The actor may not do it.
    Denied(Denial),
    /// It does not exist, or the actor may not know that it does.
    NotFound,
    /// The actor belongs to the workspace no longer.
    SignedOut,
    /// This server ends, and begins nothing that it may not be able to end.
    Stopping,
    Store(Arc<StoreError>),
}

impl Failure {
    /// The name of what happened, which never changes. That of a denial is its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.code(),
            Self::NotFound => "failed.not_found",
            Self::SignedOut => "failed.signed_out",
            Self::Stopping => "failed.stopping",
            Self::Store(_) => "failed.store",
        }
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// Where an action stops: a rule refuses, with a reason to be told, or it failed.
#[derive(Debug)]
pub enum Stop<R> {
    Refused(R),
    Failed(Failure),
}

impl<R: Refusal> From<R> for Stop<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<Failure> for Stop<R> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What an action came to: a refusal is an answer, and a failure is none.
pub fn outcome<T, R>(done: Result<T, Stop<R>>) -> Result<Outcome<T, R>, Failure> {
    match done {
        Ok(value) => Ok(Outcome::Done(value)),
        Err(Stop::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// What it means that a schedule could not be asked for.
impl From<AccessProblem> for Stop<BindRefusal> {
    fn from(problem: AccessProblem) -> Self {
        match problem {
            AccessProblem::PagerDuty(problem) => Self::Refused(problem.into()),
            AccessProblem::NotConnected => Self::Refused(BindRefusal::NotConnected),
            AccessProblem::Stopping => Self::Failed(Failure::Stopping),
            AccessProblem::Store(error) => Self::Failed(Failure::Store(error)),
        }
    }
}
