//! Overrides of rotations' own schedules.

#[cfg(feature = "ssr")]
use super::{
    request::{NOTHING_KEPT, call, submit},
    rotations::rotation_page,
};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{
    CoverId, Outcome, OverrideChoice, OverrideId, OverrideRefusal, OverrideSet, ProposalView,
    RotationId, SpanInput,
};
#[cfg(feature = "ssr")]
use types::{OverrideInput, Proposal};

/// The fields are those of [`types::OverrideInput`]. With `preview`, nothing is saved, and the
/// answer is what that would bring.
#[server(prefix = "/rpc", endpoint = "make_override")]
pub async fn make_override(
    rotation: RotationId,
    #[server(default)] kind: OverrideChoice,
    #[server(default)] of: String,
    #[server(default)] person: String,
    #[server(default)] span: SpanInput,
    #[server(default)] preview: bool,
) -> Result<Outcome<OverrideSet, OverrideRefusal>, AppError> {
    let page = rotation_page(&rotation);
    let input = OverrideInput {
        kind,
        of,
        person,
        span,
    };
    let kept = input.clone();
    submit::<MakeOverride, _, _, _>(
        Some(&kept),
        |done| (!matches!(done, OverrideSet::Previewed(_))).then_some(page),
        |backend, caller| async move {
            if preview {
                let preview = backend.preview_override(&caller, rotation, input).await?;
                return Ok(preview.map(OverrideSet::Previewed));
            }
            if input.kind == OverrideChoice::Cover {
                let asked = backend.ask_for_cover(&caller, rotation, input).await?;
                return Ok(asked.map(|()| OverrideSet::Asked));
            }
            let made = backend.make_override(&caller, rotation, input).await?;
            Ok(made.map(|()| OverrideSet::Made))
        },
    )
    .await
}

/// What a change would bring that has no form of its own. `what` and `of` are as in
/// [`Proposal::read`].
#[server(prefix = "/rpc", endpoint = "preview_change", input = GetUrl)]
pub async fn preview_change(
    rotation: RotationId,
    #[server(default)] what: String,
    #[server(default)] of: String,
) -> Result<Outcome<ProposalView, OverrideRefusal>, AppError> {
    call(|backend, caller| async move {
        let proposal = Proposal::read(&what, &of).ok_or(AppError::NotFound)?;
        backend.preview_proposal(&caller, rotation, proposal).await
    })
    .await
}

/// What it brings was shown on a page of its own, and the rotation comes next.
#[server(prefix = "/rpc", endpoint = "end_override")]
pub async fn end_override(
    rotation: RotationId,
    id: OverrideId,
) -> Result<Outcome<(), OverrideRefusal>, AppError> {
    let page = rotation_page(&rotation);
    submit::<EndOverride, _, _, _>(
        NOTHING_KEPT,
        |()| Some(page),
        |backend, caller| async move { backend.end_override(&caller, rotation, id).await },
    )
    .await
}

/// As [`end_override`].
#[server(prefix = "/rpc", endpoint = "take_cover")]
pub async fn take_cover(
    rotation: RotationId,
    id: CoverId,
) -> Result<Outcome<(), OverrideRefusal>, AppError> {
    let page = rotation_page(&rotation);
    submit::<TakeCover, _, _, _>(
        NOTHING_KEPT,
        |()| Some(page),
        |backend, caller| async move { backend.take_cover(&caller, rotation, id).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "withdraw_cover")]
pub async fn withdraw_cover(
    rotation: RotationId,
    id: CoverId,
) -> Result<Outcome<(), OverrideRefusal>, AppError> {
    submit::<WithdrawCover, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.withdraw_cover(&caller, rotation, id).await },
    )
    .await
}
