//! What a change by hand came to: said at the edge of the page, or on it without our code,
//! beside the way to take it back.

use crate::{
    components::{
        ButtonKind, FailureNotice, Notice, Offer, SubmitButton, Toasts, Tone, names_markup,
    },
    forms::{ActionForm, ServerAction, failure, flashed, form_outcome},
    server_fns::{Undo, decoded, post},
    view,
};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use maud::{Markup, html};
use serde::de::IgnoredAny;
use types::{Change, Changed, Outcome, RotationRefusal, UndoId};

/// Says what was changed, by the answer to it, and offers to take it back.
pub(super) fn tell(toasts: Toasts, answer: &str) {
    if let Ok(Outcome::Done(changed)) = decoded::<Outcome<Changed, IgnoredAny>>(answer) {
        say(toasts, changed);
    }
}

fn say(toasts: Toasts, Changed { what, undo }: Changed) {
    if let Some(text) = sentence(&what) {
        toasts.offer(text, undo.map(|undo| to_take_back(toasts, undo)));
    }
}

fn to_take_back(toasts: Toasts, undo: UndoId) -> Offer {
    Offer::new(move || take_back(toasts, undo.clone()))
}

fn take_back(toasts: Toasts, undo: UndoId) {
    let answer = post(Undo::PATH, format!("id={undo}"));
    spawn_local(async move {
        let outcome = answer.await.and_then(|json| decoded(&json));
        match outcome {
            Ok(Outcome::Done(changed)) => say(toasts, changed),
            Ok(Outcome::Refused(refusal)) => {
                let refusal: RotationRefusal = refusal;
                toasts.warn(refusal.to_string(), None);
            }
            // Whoever tries again after all has it done once: it cannot be undone twice.
            Err(error) => toasts.warn(error.to_string(), Some(to_take_back(toasts, undo))),
        }
        toasts.note_end();
    });
}

/// Nothing where nothing was done.
fn sentence(what: &Change) -> Option<Markup> {
    Some(match what {
        Change::OnDuty(names) => now_on_duty(names),
        Change::Undone { back, on_duty } => html! {
            "Undone. "
            @if !back.is_empty() { (names_markup(back)) " " (be(back, ["is", "are"])) " back. " }
            (now_on_duty(on_duty))
        },
        Change::Added { names, .. } if names.is_empty() => return None,
        Change::Added { names, .. } => {
            html! { (names_markup(names)) " " (be(names, ["was", "were"])) " added." }
        }
        Change::Removed { name, left_duty } => html! {
            bdi { (name) } " was removed"
            @if *left_duty { " and is off duty. Nobody took over by that" }
            "."
        },
    })
}

fn now_on_duty(names: &[String]) -> Markup {
    html! {
        @if names.is_empty() { "Nobody is" } @else { (names_markup(names)) " " (be(names, ["is", "are"])) }
        " on duty now."
    }
}

/// The verb for one person or for several.
const fn be(names: &[String], [one, several]: [&'static str; 2]) -> &'static str {
    match names {
        [_] => one,
        _ => several,
    }
}

/// The same for whoever sent the form without our code.
#[component]
pub(super) fn FlashedChange(undo: ServerAction<Undo>) -> impl IntoView {
    let changed = flashed::<Changed>();
    let told = move || {
        let Changed { what, undo: id } = changed()?;
        let text = sentence(&what)?.into_string();
        let undo = id.map(|id| {
            view! {
                <ActionForm action=undo>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <SubmitButton label="Undo" kind=ButtonKind::Small pending=undo.pending()/>
                </ActionForm>
            }
        });
        Some(view! { <Notice tone=Tone::Good><p inner_html=text></p>{undo}</Notice> })
    };
    view! {
        <div role="status">{told}</div>
        <FailureNotice failure=failure(form_outcome(undo))/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{Change, sentence};

    #[test]
    fn people_are_named_each_in_an_element_of_their_own() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (what, told) in [
            (
                Change::OnDuty(names(&["Wei"])),
                Some("<bdi>Wei</bdi> is on duty now."),
            ),
            (
                Change::OnDuty(names(&["A", "<b>"])),
                Some("<bdi>A</bdi> and <bdi>&lt;b&gt;</bdi> are on duty now."),
            ),
            (Change::OnDuty(names(&[])), Some("Nobody is on duty now.")),
            (
                Change::Undone {
                    back: names(&["Ann"]),
                    on_duty: names(&["Wei"]),
                },
                Some("Undone. <bdi>Ann</bdi> is back. <bdi>Wei</bdi> is on duty now."),
            ),
            (
                Change::Undone {
                    back: names(&[]),
                    on_duty: names(&[]),
                },
                Some("Undone. Nobody is on duty now."),
            ),
            (
                Change::Removed {
                    name: "Wei".to_owned(),
                    left_duty: true,
                },
                Some("<bdi>Wei</bdi> was removed and is off duty. Nobody took over by that."),
            ),
            (
                Change::Removed {
                    name: "Wei".to_owned(),
                    left_duty: false,
                },
                Some("<bdi>Wei</bdi> was removed."),
            ),
            (
                Change::Added {
                    names: names(&["A", "B"]),
                    left_out: Vec::new(),
                },
                Some("<bdi>A</bdi> and <bdi>B</bdi> were added."),
            ),
            (
                Change::Added {
                    names: Vec::new(),
                    left_out: Vec::new(),
                },
                None,
            ),
        ] {
            let said = sentence(&what).map(maud::PreEscaped::into_string);
            assert_eq!(said.as_deref(), told);
        }
    }
}
