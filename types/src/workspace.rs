//! What admins choose for the whole workspace.

use serde::{Deserialize, Serialize};

/// The time zone of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceZoneView {
    /// Its name; empty where nobody has chosen one.
    pub zone: String,
}

/// Why a time zone was not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum WorkspaceZoneRefusal {
    #[error(
        "There is no time zone of this name. Enter one by continent and city, such as Europe/Paris, or UTC."
    )]
    NoZone,
}
