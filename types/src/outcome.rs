//! Expected refusals are answers, not failures: a wrong key is something to
//! say beside the field, and the browser must not log it as a broken request.

use serde::{Deserialize, Serialize};

/// What an action came to when the request itself was in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome<T, R> {
    Done(T),
    Refused(R),
}

impl<T, R> Outcome<T, R> {
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Refused(_) => None,
        }
    }

    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Outcome<U, R> {
        match self {
            Self::Done(value) => Outcome::Done(with(value)),
            Self::Refused(reason) => Outcome::Refused(reason),
        }
    }

    pub fn refused(&self) -> Option<&R> {
        match self {
            Self::Done(_) => None,
            Self::Refused(reason) => Some(reason),
        }
    }
}

impl<T, R> From<Result<T, R>> for Outcome<T, R> {
    fn from(result: Result<T, R>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(reason) => Self::Refused(reason),
        }
    }
}
