//! The version of a rotation that a form began with, which it sends back: whoever saves later is
//! told of what others have saved meanwhile.

use crate::data::DataMemo;
use types::RotationRefusal;

/// The one that the form `began` with, or the one of which a refusal has told since.
pub(super) fn version(
    began: String,
    refused: impl Fn() -> Option<RotationRefusal> + Send + Sync + 'static,
) -> DataMemo<String> {
    DataMemo::following(move |before: Option<&String>| match refused() {
        Some(RotationRefusal::EditedMeanwhile { version, .. }) => version.to_string(),
        _ => before.unwrap_or(&began).clone(),
    })
}
