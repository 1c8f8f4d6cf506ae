//! Why a request itself failed. Expected refusals (a wrong key, an empty name)
//! are not here: they are [`types::Outcome::Refused`] and answered with 200.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use types::Denial;

/// The error of every server function; each kind has its own HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// 401: nobody is signed in, or the session ended.
    #[error("Your session has ended. Sign in again to go on where you were.")]
    Unauthenticated,
    /// 403: signed in, but not allowed to do this.
    #[error("{0}")]
    Forbidden(Denial),
    /// 404: it does not exist, or the caller may not know that it does.
    #[error("This does not exist, or you are not allowed to see it. It may have been deleted.")]
    NotFound,
    /// 400: the request was not one that our pages make.
    #[error("This request could not be understood. Reload the page, then try again.")]
    BadRequest,
    /// 429: asked for more often than is granted to one session or address.
    #[error("This was asked for too often. Wait {}, then try again.", seconds(*wait_seconds))]
    TooOften { wait_seconds: u32 },
    /// What was only read did not come: the server could not be reached, took too long, or
    /// something else answered.
    #[error("Round Robin did not answer. Check your connection, then try again.")]
    Offline,
    /// 504: a change was sent and its answer did not come.
    #[error(
        "Round Robin did not answer, so it may have been done. Look at the page, then try again if you need to: it is not done twice."
    )]
    Unanswered,
    /// 500: a change was begun before, and nobody knows how it ended.
    #[error(
        "Round Robin was interrupted in the middle of this, so it may have been done. Look at the page, then do it again if it was not."
    )]
    Unfinished,
    /// 500: the cause is in the server's log under the request id.
    #[error(
        "Something went wrong on our side. Try again; if it stays, report request {request_id}."
    )]
    Internal { request_id: String },
}

fn seconds(count: u32) -> String {
    let unit = if count == 1 { "second" } else { "seconds" };
    format!("{count} {unit}")
}

impl AppError {
    /// The HTTP status that stands for this error.
    pub const fn status(&self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound => 404,
            Self::TooOften { .. } => 429,
            Self::Internal { .. } | Self::Offline | Self::Unfinished => 500,
            Self::Unanswered => 504,
        }
    }

    /// Whether the request may have changed something all the same.
    pub(crate) const fn may_be_done(&self) -> bool {
        matches!(self, Self::Unanswered | Self::Unfinished)
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Offline,
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::BadRequest,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::Serialization(_) => Self::Internal {
                request_id: "unknown".to_owned(),
            },
        }
    }
}
