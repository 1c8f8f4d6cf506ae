//! The version of what a form began with, which it sends back: whoever saves later is told of what
//! others have saved meanwhile.

use crate::data::DataMemo;
use types::RotationRefusal;

/// The version of a rotation that the form `began` with, or the one of which a refusal has told since.
pub(super) fn version(
    began: String,
    refused: impl Fn() -> Option<RotationRefusal> + Send + Sync + 'static,
) -> DataMemo<String> {
    known(began, move || match refused()? {
        RotationRefusal::EditedMeanwhile { version, .. } => Some(version.to_string()),
        _ => None,
    })
}

/// The one that the form `began` with, or the one that an answer has `told` since.
pub(super) fn known(
    began: String,
    told: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> DataMemo<String> {
    DataMemo::following(move |before: Option<&String>| {
        told().unwrap_or_else(|| before.unwrap_or(&began).clone())
    })
}
