//! A native list of people. The options are kept by person, so that the browser
//! forgets a choice once that person is no candidate any more.

use crate::{components::rows, data::Resource};
use leptos::prelude::*;
use types::PersonView;

/// Without an answer the list is empty, nothing worse.
pub(super) fn people_of(everybody: Resource<Vec<PersonView>>) -> Vec<PersonView> {
    match everybody.get() {
        Some(Ok(people)) => people.clone(),
        _ => Vec::new(),
    }
}

#[component]
pub(super) fn PersonSelect(
    id: &'static str,
    label: &'static str,
    candidates: Signal<Vec<PersonView>>,
    /// The focus starts here in its dialog.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id name="person" autofocus=autofocus>
                <option value="">"Choose a person"</option>
                {rows(move || candidates.get(), |person| person.id.to_string(), |person| view! {
                    <option value=person.id.to_string()>{person.name}</option>
                })}
            </select>
        </div>
    }
}
