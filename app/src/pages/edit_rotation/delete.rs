//! Deleting a rotation, after asking.

use super::Actions;
use crate::{
    components::{ButtonKind, CancelButton, Dialog, FailureNotice, SubmitButton},
    forms::{ActionForm, failure, form_outcome},
    view,
};
use leptos::prelude::*;
use types::RotationId;

pub(super) const DIALOG: &str = "delete-rotation";

#[component]
pub(super) fn DeleteDialog(id: RotationId, actions: Actions) -> impl IntoView {
    let failed = failure(form_outcome(actions.delete));
    view! {
        <Dialog
            id=DIALOG title="Delete rotation"
            open=failed.get_untracked().is_some()
            busy=actions.delete.pending()
        >
            <p>
                "Its members, their order, who is on duty and its history are gone for good. A topic that it has \
                set in Slack is cleared; its user group keeps the people that it has, unless other rotations share \
                it. Nothing changes in PagerDuty."
            </p>
            <FailureNotice failure=failed/>
            <ActionForm action=actions.delete class="buttons">
                <input type="hidden" name="id" value=id.to_string()/>
                <SubmitButton
                    label="Confirm" busy_label="Deleting…"
                    kind=ButtonKind::Danger pending=actions.delete.pending()
                />
                <CancelButton dialog=DIALOG autofocus=true busy=actions.delete.pending()/>
            </ActionForm>
        </Dialog>
    }
    .into_any()
}
