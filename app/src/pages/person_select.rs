//! A native list of people. The options are kept by person, so that the browser
//! forgets a choice once that person is no candidate any more.

use crate::{components::rows, data::Resource, forms::Failure};
use leptos::prelude::*;
use types::PersonView;

/// Whom one can choose from.
#[derive(Clone, Copy)]
pub(super) struct Everybody {
    /// Empty without an answer.
    pub(super) people: Signal<Vec<PersonView>>,
    /// Why there is nobody.
    pub(super) failure: Signal<Option<Failure>>,
}

impl From<Resource<Vec<PersonView>>> for Everybody {
    fn from(answer: Resource<Vec<PersonView>>) -> Self {
        Self {
            people: Signal::derive(move || match answer.get() {
                Some(Ok(people)) => people.clone(),
                _ => Vec::new(),
            }),
            failure: Signal::derive(move || Some(Failure::Failed(answer.get()?.err()?))),
        }
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
                    <option value=person.id.to_string() translate="no">{person.name}</option>
                })}
            </select>
        </div>
    }
}
