//! A native list of people with the button that adds the chosen one. The
//! options are kept by person, so that the browser forgets a choice once that
//! person is no candidate any more.

use crate::components::SubmitButton;
use leptos::prelude::*;
use types::PersonView;

#[component]
pub(super) fn PersonPicker(
    id: &'static str,
    label: &'static str,
    /// What the button adds, for those who do not see what stands beside it.
    adds: &'static str,
    candidates: Signal<Vec<PersonView>>,
    #[prop(into)] pending: Signal<bool>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id name="person">
                <option value="">"Choose a person"</option>
                <For each=move || candidates.get() key=|person| person.id.clone() let:person>
                    <option value=person.id.to_string()>{person.name}</option>
                </For>
            </select>
        </div>
        <SubmitButton label="Add" target=adds pending/>
    }
}
