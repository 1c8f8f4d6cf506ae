//! What a dialog that takes an API key contains, whether the key is the first
//! or replaces another.

use crate::{
    components::{ButtonKind, CancelButton, FailureText, SubmitButton},
    forms::Failure,
};
use leptos::prelude::*;

#[component]
pub(super) fn KeyFields(
    /// The dialog that these fields stand in.
    dialog: &'static str,
    failure: Signal<Option<Failure>>,
    #[prop(into)] pending: Signal<bool>,
) -> impl IntoView {
    let input = format!("{dialog}-input");
    let problem = format!("{dialog}-problem");
    let shown = RwSignal::new(false);
    view! {
        <div class="field">
            <label for=input.clone()>"API Key"</label>
            <div class="field-row">
                <input
                    type=move || if shown.get() { "text" } else { "password" }
                    id=input.clone()
                    name="api_key"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    autofocus=true
                    aria-required="true"
                    aria-invalid=move || failure.get().map(|_| "true")
                    aria-describedby=problem.clone()
                />
                <button
                    type="button" class="button"
                    aria-controls=input
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                </button>
            </div>
            <p class="problem" id=problem role="alert">
                {move || failure.get().map(|failure| view! { <FailureText failure/> })}
            </p>
        </div>
        <div class="buttons">
            <SubmitButton label="Save" busy_label="Saving…" kind=ButtonKind::Primary pending/>
            <CancelButton dialog/>
        </div>
    }
}
