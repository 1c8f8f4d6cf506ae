//! When the reader is away.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use types::AbsenceInput;
use types::{AbsenceId, AbsenceRefusal, AbsenceSet, AbsencesView, Outcome, SpanInput};

#[server(prefix = "/rpc", endpoint = "absences", input = GetUrl)]
pub async fn absences() -> Result<AbsencesView, AppError> {
    call(|backend, caller| async move { backend.absences(&caller).await }).await
}

/// The fields are those of [`types::AbsenceInput`]. With `preview`, nothing is saved, and the answer
/// is what that would bring.
#[server(prefix = "/rpc", endpoint = "note_absence")]
pub async fn note_absence(
    #[server(default)] zone: String,
    #[server(default)] span: SpanInput,
    #[server(default)] rotations: Vec<String>,
    #[server(default)] note: String,
    #[server(default)] preview: bool,
) -> Result<Outcome<AbsenceSet, AbsenceRefusal>, AppError> {
    let input = AbsenceInput {
        zone,
        span,
        rotations,
        note,
    };
    let kept = input.clone();
    submit::<NoteAbsence, _, _, _>(
        Some(&kept),
        |done| (*done == AbsenceSet::Noted).then(|| "/settings/absences".to_owned()),
        |backend, caller| async move {
            if preview {
                let preview = backend.preview_absence(&caller, input).await?;
                return Ok(preview.map(AbsenceSet::Previewed));
            }
            let noted = backend.note_absence(&caller, input).await?;
            Ok(noted.map(|()| AbsenceSet::Noted))
        },
    )
    .await
}

/// With `preview`, nothing is saved, and the answer is what that would bring.
#[server(prefix = "/rpc", endpoint = "remove_absence")]
pub async fn remove_absence(
    id: AbsenceId,
    #[server(default)] preview: bool,
) -> Result<Outcome<AbsenceSet, AbsenceRefusal>, AppError> {
    submit::<RemoveAbsence, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move {
            if preview {
                let preview = backend.preview_removal(&caller, id.clone()).await?;
                return Ok(preview.map(|effects| AbsenceSet::PreviewedWithout { id, effects }));
            }
            let removed = backend.remove_absence(&caller, id).await?;
            Ok(removed.map(|()| AbsenceSet::Removed))
        },
    )
    .await
}
