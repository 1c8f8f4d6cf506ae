//! A field for something secret: hidden as it is typed, shown on request.

use crate::{
    components::{Closings, FailureText},
    forms::Failure,
};
use leptos::prelude::*;

#[component]
pub(super) fn SecretField(
    #[prop(into)] id: String,
    name: &'static str,
    label: &'static str,
    /// The focus starts here in its dialog.
    #[prop(optional)]
    autofocus: bool,
    /// What is wrong with it, said where it is.
    #[prop(into)]
    failure: Signal<Option<Failure>>,
) -> impl IntoView {
    let problem = format!("{id}-problem");
    let shown = RwSignal::new(false);
    if let Some(closings) = use_context::<Closings>() {
        Effect::new(move |_| {
            closings.track();
            shown.set(false);
        });
    }
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="field-row">
                <input
                    type=move || if shown.get() { "text" } else { "password" }
                    id=id.clone()
                    name=name
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    autofocus=autofocus
                    aria-required="true"
                    aria-invalid=move || failure.get().map(|_| "true")
                    aria-describedby=problem.clone()
                />
                <button
                    type="button" class="button"
                    aria-controls=id
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                </button>
            </div>
            <p class="problem" id=problem role="alert">
                {move || failure.get().map(|failure| view! { <FailureText failure/> })}
            </p>
        </div>
    }
}
