//! A list of people with the button that adds the chosen one.

use crate::{components::SubmitButton, pages::person_select::PersonSelect};
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
        <PersonSelect id label candidates/>
        <SubmitButton label="Add" target=adds pending/>
    }
}
