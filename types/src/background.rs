//! How the work goes that a server does without being asked, for those who have to see
//! that it is done.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How a task of background work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Its first run has not ended yet.
    Starting,
    Ok,
    /// Another server on the same database has the lease of it.
    Elsewhere,
    /// Its last run came to nothing; it is tried again.
    Failing,
    /// It gives no sign of life.
    Stuck,
    /// It broke off and is started again, or has been and has not run well since.
    Restarting,
}

impl TaskState {
    pub const fn is_ill(self) -> bool {
        matches!(self, Self::Failing | Self::Stuck | Self::Restarting)
    }

    /// As it is said on a page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Ok => "Well",
            Self::Elsewhere => "Left to another server",
            Self::Failing => "Failing",
            Self::Stuck => "Stuck",
            Self::Restarting => "Starting again",
        }
    }
}

/// A task of one server's background work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackgroundTask {
    /// What it does, in a few words.
    pub about: String,
    pub state: TaskState,
    /// When the run began that goes on, or else the last one, by the server's clock; nothing
    /// where this server did not run it.
    pub ran_at: Option<Timestamp>,
    /// How long that run took; nothing while it goes on.
    pub took_millis: Option<u32>,
    /// A sentence about what ails it.
    pub cause: Option<String>,
    /// How often it broke off and was started again since the server started.
    pub restarts: u64,
}
