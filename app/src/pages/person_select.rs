//! Choosing a person: a native list of those whom a search finds. A small workspace is there
//! as a whole, and there is nothing to search for.

use super::{address::parameter, typing::once_typed};
use crate::{
    components::{rows, use_clock},
    data::{DataMemo, Resource},
    forms::Failure,
    server_fns::People,
};
use leptos::prelude::*;
use types::{FoundPeople, MemberKey, PersonId};

/// Whom one can choose from.
#[derive(Clone, Copy)]
pub(super) struct PeopleSearch {
    /// The parameter of the address that holds the search without our code.
    parameter: &'static str,
    search: RwSignal<String>,
    found: Resource<FoundPeople>,
}

impl PeopleSearch {
    /// Asks nothing while nobody is `wanted`.
    pub(super) fn new(
        name: &'static str,
        wanted: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let search = RwSignal::new(parameter(name).get_untracked());
        Self {
            parameter: name,
            search,
            found: Resource::optional(move || {
                wanted().then(|| People {
                    search: search.get(),
                })
            }),
        }
    }

    /// Empty without an answer.
    fn found(self) -> FoundPeople {
        match self.found.get() {
            Some(Ok(found)) => found.clone(),
            _ => FoundPeople::default(),
        }
    }

    /// Why there is nobody.
    pub(super) fn failure(self) -> Option<Failure> {
        Some(Failure::Failed(self.found.get()?.err()?))
    }
}

/// The options are kept by person, so that the browser forgets a choice once that person is no
/// candidate any more.
#[component]
pub(super) fn PersonSelect(
    id: &'static str,
    label: &'static str,
    people: PeopleSearch,
    /// The address of the page.
    here: String,
    /// Who is not offered.
    #[prop(optional)]
    left_out: Signal<Vec<MemberKey>>,
    /// The focus starts here in its dialog.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let found = DataMemo::new(move || people.found());
    let candidates = DataMemo::new(move || {
        let left_out = left_out.get();
        let FoundPeople { people, .. } = found.get();
        let is_offered =
            |(id, _): &(PersonId, String)| !left_out.contains(&MemberKey::of_person(id));
        people.into_iter().filter(is_offered).collect::<Vec<_>>()
    });
    // It stays where somebody has begun to search.
    let hidden = move || !found.with(|found| found.more) && people.search.with(String::is_empty);
    let clock = use_clock();
    // The page may be gone by then.
    let mut search = once_typed(move |text| {
        people.search.try_set(text);
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="field-row" hidden=hidden>
                <input
                    type="search" name=people.parameter autocomplete="off" dir="auto"
                    placeholder="More people: name or e-mail" aria-label="Find a person"
                    value=people.search.get_untracked()
                    on:input=move |event| search(event_target_value(&event))
                />
                <button
                    type="submit" class="button" formmethod="get" formaction=here
                    hidden=move || clock.in_browser()
                    on:click=move |event| event.prevent_default()
                >
                    "Search"
                </button>
            </div>
            <select id=id name="person" autofocus=autofocus>
                <option value="">"Choose a person"</option>
                {rows(move || candidates.get(), |(id, _)| id.to_string(), |(id, name)| view! {
                    <option value=id.to_string() translate="no">{name}</option>
                })}
            </select>
        </div>
    }
    .into_any()
}
