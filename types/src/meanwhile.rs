//! That somebody else has saved what a form shows since it was drawn. Whoever saves later is told, and
//! loses nothing.

use serde::{Deserialize, Serialize};

/// Who has saved meanwhile, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(
    "Meanwhile {by} has changed this. Nothing of yours was saved, and it is still here: save again to have it in the place of theirs, which is: {what}."
)]
pub struct EditedMeanwhile {
    /// Of what there is now, for the form to send back.
    pub version: String,
    pub by: String,
    pub what: String,
}
