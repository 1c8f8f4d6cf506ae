//! Signals that something changed. They carry ids, never content: a page that
//! hears one asks for what it may see.

use crate::RotationId;
use serde::{Deserialize, Serialize};

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LiveTopic {
    /// The connection to PagerDuty, its health or its last sync.
    Connection,
    /// One rotation: its details, members, binding or who is on duty.
    Rotation(RotationId),
}

/// A change, numbered so that a page can tell whether it missed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Ascending within one run of one server, beginning anywhere.
    pub version: u64,
    /// Absent in the first event of a stream and in its heartbeats, which only tell the version.
    pub topic: Option<LiveTopic>,
}
