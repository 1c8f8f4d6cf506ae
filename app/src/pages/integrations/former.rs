//! What a disconnect took apart can be put together again, once the same account
//! is connected: one click, and every outcome by name.

use super::Panel;
use crate::{
    components::{ButtonKind, FailureNotice, Notice, SubmitButton, Tone, redrawn},
    data::DataMemo,
    forms::{ActionForm, failure, first_failure},
    pages::wording::count,
    view,
};
use leptos::prelude::*;
use types::{BindRefusal, FormerBinding, Rebound};

#[component]
pub(super) fn FormerBindings(bindings: Vec<FormerBinding>, panel: Panel) -> impl IntoView {
    view! {
        <Notice tone=Tone::Accent>
            <p><strong>"These rotations followed PagerDuty before: "</strong></p>
            <ul class="bindings">
                {bindings.into_iter().map(|binding| view! {
                    <li>
                        <a href=format!("/rotations/{}", binding.rotation) dir="auto" translate="no">{binding.rotation_name}</a>
                        " → "<bdi translate="no">{binding.schedule_name}</bdi>
                    </li>
                }).collect_view()}
            </ul>
            <p>
                "They are Manual since PagerDuty was disconnected. Bound back, they take their members and who \
                is on duty from these schedules again."
            </p>
            <div class="buttons">
                <ActionForm action=panel.rebind>
                    <SubmitButton
                        label="Bind them back" busy_label="Binding…"
                        kind=ButtonKind::Primary pending=panel.rebind.pending()
                    />
                </ActionForm>
                <ActionForm action=panel.leave_manual>
                    <SubmitButton
                        label="Leave them Manual" busy_label="Leaving…"
                        pending=panel.leave_manual.pending()
                    />
                </ActionForm>
            </div>
        </Notice>
    }
    .into_any()
}

/// Offers to take it back that rotations were left Manual, as long as the page tells of that.
#[component]
pub(super) fn UndoLeaving(panel: Panel) -> impl IntoView {
    move || {
        panel.leave_manual_outcome.succeeded().then(|| {
            view! {
                <div on:submit=move |_| panel.forms.forget_results()>
                    <ActionForm action=panel.undo_leaving>
                        <SubmitButton label="Undo" busy_label="Undoing…" pending=panel.undo_leaving.pending()/>
                    </ActionForm>
                </div>
            }
        })
    }
}

/// What could not be bound back, and why; stays when the question has gone.
#[component]
pub(super) fn FormerFailures(panel: Panel) -> impl IntoView {
    let failed = DataMemo::new(move || {
        let rebound = panel.rebind_outcome.done();
        rebound.map(|rebound| rebound.failed).unwrap_or_default()
    });
    let failures = vec![
        failure(panel.rebind_outcome),
        failure(panel.leave_manual_outcome),
        failure(panel.undo_leaving_outcome),
    ];
    view! {
        <div role="alert">
            {redrawn(move || (!failed.with(Vec::is_empty)).then(|| view! { <NotBound failed=failed.get()/> }))}
        </div>
        <FailureNotice failure=first_failure(failures)/>
    }
}

#[component]
fn NotBound(failed: Vec<(String, BindRefusal)>) -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <p>
                {count(failed.len(), "rotation stays", "rotations stay")}
                " Manual. Choose another schedule on the rotation's page, or try again later:"
            </p>
            <ul class="bindings">
                {failed.into_iter().map(|(rotation, reason)| view! {
                    <li><bdi translate="no">{rotation}</bdi>": "{reason.to_string()}</li>
                }).collect_view()}
            </ul>
        </Notice>
    }
}

/// How many were bound back, if any were; what could not be is told elsewhere.
pub(super) fn rebound_message(rebound: &Rebound) -> Option<String> {
    match rebound.bound {
        0 if rebound.failed.is_empty() => {
            Some("There was nothing left to bind back: somebody else was quicker.".to_owned())
        }
        0 => None,
        bound => Some(format!(
            "{} PagerDuty again.",
            count(bound, "rotation follows", "rotations follow")
        )),
    }
}
