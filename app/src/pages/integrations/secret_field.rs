//! A field for something secret: hidden as it is typed, shown on request. It is a field
//! for text that the style sheet masks, since one for passwords is what browsers and
//! password managers fill with, and keep as, the password of the account here.

use crate::{
    components::{FailureText, Resets, redrawn, unknown_to_password_managers},
    data::effect,
    forms::Failure,
    view,
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
    if let Some(resets) = use_context::<Resets>() {
        effect(move || {
            resets.track();
            shown.set(false);
        });
    }
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="field-row">
                <input
                    type="text"
                    class=move || (!shown.get()).then_some("secret")
                    id=id.clone()
                    name=name
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    autofocus=autofocus
                    aria-required="true"
                    aria-invalid=move || failure.get().map(|_| "true")
                    aria-describedby=problem.clone()
                    {..unknown_to_password_managers()}
                />
                <button
                    type="button" class="button"
                    aria-controls=id
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {redrawn(move || if shown.get() { "Hide" } else { "Show" })}
                </button>
            </div>
            <p class="problem" id=problem role="alert">
                {redrawn(move || failure.get().map(|failure| view! { <FailureText failure/> }))}
            </p>
        </div>
    }
}
