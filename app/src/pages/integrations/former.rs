//! What a disconnect took apart can be put together again, once the same account
//! is connected: one click, and every outcome by name.

use super::Panel;
use crate::{
    components::{
        ButtonKind, FailureNotice, Notice, Offer, SubmitButton, Toasts, Tone, names_markup, redrawn,
    },
    data::DataMemo,
    forms::{ActionForm, failure, first_failure, flashed},
    pages::wording::count,
    server_fns::{UndoForgetFormer, decoded, post},
    view,
};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use maud::{Markup, html};
use serde::de::IgnoredAny;
use types::{BindRefusal, ConnectRefusal, FormerBinding, Outcome, Rebound};

/// So many rotations are named where they are told of in passing.
const NAMED: usize = 3;

/// Said where it was taken back that rotations stay Manual.
pub(super) const fn taken_back() -> &'static str {
    "Undone. Those rotations can be bound back as before."
}

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

/// Says which rotations were left Manual, by the answer to that, and offers to take it back.
pub(super) fn tell(toasts: Toasts, answer: &str) {
    let Ok(Outcome::Done(names)) = decoded::<Outcome<Vec<String>, IgnoredAny>>(answer) else {
        return;
    };
    if let Some(text) = stay(&names) {
        toasts.offer(text, Some(Offer::new(move || take_back(toasts))));
    }
}

/// Nothing where somebody else was quicker.
fn stay(names: &[String]) -> Option<Markup> {
    let more = names.len().saturating_sub(NAMED);
    let named = &names[..names.len() - more];
    (!names.is_empty()).then(|| {
        html! {
            @if more == 0 { (names_markup(named)) }
            @else { @for name in named { bdi { (name) } ", " } "and " (count(more, "other", "others")) }
            (if names.len() == 1 { " stays Manual." } else { " stay Manual." })
        }
    })
}

fn take_back(toasts: Toasts) {
    let answer = post(UndoForgetFormer::PATH, String::new());
    spawn_local(async move {
        let outcome = answer.await.and_then(|json| decoded(&json));
        match outcome {
            Ok(Outcome::Done(())) => toasts.say(taken_back()),
            Ok(Outcome::Refused(refusal)) => {
                let refusal: ConnectRefusal = refusal;
                toasts.warn(refusal.to_string(), None);
            }
            Err(error) => {
                let again = Offer::new(move || take_back(toasts));
                toasts.warn(error.to_string(), Some(again));
            }
        }
        toasts.note_end();
    });
}

/// The same for whoever sent the form without our code.
#[component]
pub(super) fn UndoLeaving(panel: Panel) -> impl IntoView {
    let left = flashed::<Vec<String>>();
    move || {
        let left = left().filter(|_| panel.leave_manual_outcome.succeeded());
        left.and_then(|names| stay(&names)).map(|text| {
            view! {
                <Notice tone=Tone::Good><p inner_html=text.into_string()></p></Notice>
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
