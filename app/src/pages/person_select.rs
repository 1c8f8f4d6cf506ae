//! Choosing a person: a native list of those whom a search finds. A small workspace is there
//! as a whole, and there is nothing to search for.

use super::address::parameter;
use crate::{
    components::{rows, use_clock},
    data::{DataMemo, Resource},
    forms::Failure,
    server_fns::People,
};
use leptos::{html, prelude::*};
use std::time::Duration;
use types::{FoundPeople, MemberKey, PersonView};

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
            |person: &PersonView| !left_out.contains(&MemberKey::of_person(&person.id));
        people.into_iter().filter(is_offered).collect::<Vec<_>>()
    });
    let more = Memo::new(move |_| found.with(|found| found.more));
    // It stays where somebody has begun to search.
    let hidden = move || !more.get() && people.search.with(String::is_empty);
    let clock = use_clock();
    let input = NodeRef::<html::Input>::new();
    let apply = move || {
        // Late input may come after the page has gone.
        if let Some(input) = input.try_get_untracked().flatten() {
            people.search.try_set(input.value());
        }
    };
    let mut apply_soon = debounce(Duration::from_millis(250), move |()| apply());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="field-row" hidden=hidden>
                <input
                    type="search" name=people.parameter autocomplete="off" dir="auto"
                    placeholder="Name or e-mail" aria-label=format!("{label}: search")
                    value=people.search.get_untracked() node_ref=input
                    on:input=move |_| apply_soon(())
                />
                <button
                    type="submit" class="button" formmethod="get" formaction=here
                    hidden=move || clock.in_browser()
                    on:click=move |event| {
                        event.prevent_default();
                        apply();
                    }
                >
                    "Search"
                </button>
            </div>
            <select id=id name="person" autofocus=autofocus>
                <option value="">"Choose a person"</option>
                {rows(move || candidates.get(), |person| person.id.to_string(), move |person| view! {
                    <option value=person.id.to_string() translate="no">
                        {candidates.with_untracked(|all| told_apart(&person, all))}
                    </option>
                })}
            </select>
            <p class="hint" hidden=move || !more.get()>"There are more people. Search by name or e-mail."</p>
        </div>
    }
    .into_any()
}

/// The name, with the e-mail where somebody else has the same.
fn told_apart(person: &PersonView, all: &[PersonView]) -> String {
    let namesakes = all.iter().filter(|other| other.name == person.name).count();
    match &person.email {
        Some(email) if namesakes > 1 => format!("{} ({email})", person.name),
        _ => person.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{PersonId, Role};

    #[test]
    fn namesakes_are_told_apart() {
        let person = |id: &str, name: &str| PersonView {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: Some(format!("{id}@a.com")),
            role: Role::Member,
            deactivated: false,
        };
        let all = [
            person("U1", "Ann"),
            person("U2", "Ann"),
            person("U3", "Bob"),
        ];
        assert_eq!(told_apart(&all[1], &all), "Ann (U2@a.com)");
        assert_eq!(told_apart(&all[2], &all), "Bob");
    }
}
