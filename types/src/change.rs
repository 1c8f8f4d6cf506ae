//! What people are told of a change that they made by hand: whom it was about, and what takes
//! it back.

use crate::{RotationRefusal, UndoId};
use serde::{Deserialize, Serialize};

/// A change to a rotation, for whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub what: Change,
    /// Absent where nothing changed, or where nothing is left to take back.
    pub undo: Option<UndoId>,
}

/// What was changed. People are named as they are called now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// These are on duty now, in their order.
    OnDuty(Vec<String>),
    Added {
        names: Vec<String>,
        /// Who could not be added, and why.
        left_out: Vec<(String, RotationRefusal)>,
    },
    Removed {
        name: String,
        /// They were on duty, and nobody has taken over.
        left_duty: bool,
    },
    /// An earlier change was taken back.
    Undone {
        /// Who is a member again.
        back: Vec<String>,
        /// Who is on duty now.
        on_duty: Vec<String>,
    },
}
