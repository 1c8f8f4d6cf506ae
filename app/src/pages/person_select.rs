//! Choosing people among those whom a search finds, one from a native list or several by boxes.
//! A small workspace is there as a whole, and there is nothing to search for.

use super::{
    address::{parameter, parameters},
    typing::once_typed,
};
use crate::{
    components::{ProblemText, all, redrawn, rows, use_clock},
    data::{DataMemo, Resource, effect},
    forms::Failure,
    server_fns::People,
    view,
};
use leptos::{html, prelude::*, wasm_bindgen::JsCast};
use types::{FoundPeople, MemberKey, PersonId};
use web_sys::{Element, HtmlInputElement};

/// The field of a form that names each of several people. Without our code, an address with it
/// keeps those who were ticked before somebody searched on.
const CHOSEN: &str = "people[]";

/// Whom one can choose from.
#[derive(Clone, Copy)]
pub(super) struct PeopleSearch {
    /// The parameter of the address that holds the search without our code.
    parameter: &'static str,
    search: RwSignal<String>,
    found: Resource<FoundPeople>,
    /// Who is there before anything is searched for, where the page itself says so.
    given: Option<DataMemo<FoundPeople>>,
}

impl PeopleSearch {
    /// Asks nothing while nobody is `wanted`.
    pub(super) fn new(
        name: &'static str,
        wanted: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::asking(name, move |_| wanted())
    }

    /// Asks once somebody searches: until then there are those whom the page gives by
    /// [`Self::beside`].
    pub(super) fn once_searched(name: &'static str) -> Self {
        // Those who were ticked without our code are named by an answer.
        let ticked = !parameters(CHOSEN).is_empty();
        Self::asking(name, move |search| ticked || !search.is_empty())
    }

    pub(super) const fn beside(self, given: DataMemo<FoundPeople>) -> Self {
        Self {
            given: Some(given),
            ..self
        }
    }

    fn asking(name: &'static str, wanted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let search = RwSignal::new(parameter(name).get_untracked());
        let chosen = parameters(CHOSEN).join(",");
        Self {
            parameter: name,
            search,
            found: Resource::optional(move || {
                let search = search.get();
                wanted(&search).then(|| People {
                    search,
                    chosen: chosen.clone(),
                })
            }),
            given: None,
        }
    }

    /// Somebody has searched without our code.
    pub(super) fn is_asked(self) -> bool {
        !self.search.with_untracked(String::is_empty)
    }

    /// Whom the page gives where nothing is asked or answered, and nobody where it gives none.
    fn found(self) -> FoundPeople {
        match (self.found.get(), self.given) {
            (Some(Ok(found)), _) => found.clone(),
            (_, Some(given)) => given.get(),
            (_, None) => FoundPeople::default(),
        }
    }

    /// Why there is nobody.
    pub(super) fn failure(self) -> Option<Failure> {
        Some(Failure::Failed(self.found.get()?.err()?))
    }
}

/// Looks for others. Without our code, a button sends the form to the page itself.
#[component]
fn SearchRow(
    people: PeopleSearch,
    /// The address of the page.
    here: String,
    label: &'static str,
) -> impl IntoView {
    let clock = use_clock();
    // It stays where somebody has begun to search. The page may be gone by then.
    let found = DataMemo::new(move || people.found());
    let hidden = move || !found.with(|found| found.more) && people.search.with(String::is_empty);
    let mut search = once_typed(move |text| {
        people.search.try_set(text);
    });
    view! {
        <div class="field-row" hidden=hidden>
            <input
                type="search" name=people.parameter autocomplete="off" dir="auto"
                placeholder="More people: name or e-mail" aria-label=label
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
    }
    .into_any()
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
    /// Who is chosen when the page is drawn.
    #[prop(optional_no_strip)]
    chosen: Option<PersonId>,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let candidates = DataMemo::new(move || {
        let FoundPeople { people, .. } = people.found();
        left_out.with(|left_out| without(people, left_out))
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <SearchRow people here label="Find a person"/>
            <select
                id=id name="person" autofocus=autofocus aria-describedby=format!("{id}-problem")
                aria-invalid=move || problem.get().map(|_| "true")
            >
                <option value="">"Choose a person"</option>
                {rows(move || candidates.get(), |(id, _)| id.to_string(), move |(id, name)| {
                    let selected = chosen.as_ref() == Some(&id);
                    view! {
                        <option value=id.to_string() selected=selected translate="no">{name}</option>
                    }
                })}
            </select>
            <ProblemText id=format!("{id}-problem") problem/>
        </div>
    }
    .into_any()
}

/// Somebody to choose, as they are named.
type Candidate = (PersonId, String);

fn without(candidates: Vec<Candidate>, left_out: &[MemberKey]) -> Vec<Candidate> {
    let is_offered = |(id, _): &Candidate| !left_out.contains(&MemberKey::of_person(id));
    candidates.into_iter().filter(is_offered).collect()
}

/// A box for everybody whom the search finds, and for those who are ticked already: they stay
/// while somebody searches on.
#[component]
pub(super) fn PeopleBoxes(
    people: PeopleSearch,
    /// The address of the page.
    here: String,
    /// Who is not offered.
    left_out: Signal<Vec<MemberKey>>,
    /// Who is ticked, once our code knows.
    ticked: RwSignal<Option<Vec<Candidate>>>,
) -> impl IntoView {
    let list = NodeRef::<html::Ul>::new();
    let found = DataMemo::new(move || people.found());
    let named = move || match ticked.get_untracked() {
        Some(ticked) => ticked,
        None => found.with_untracked(|found| found.chosen.clone()),
    };
    let candidates = DataMemo::new(move || {
        let FoundPeople { people, .. } = found.get();
        let others = named().into_iter().filter(|one| !people.contains(one));
        let candidates = others.chain(people.iter().cloned()).collect();
        left_out.with(|left_out| without(candidates, left_out))
    });
    let take = move || {
        if let Some(list) = list.try_get_untracked().flatten() {
            ticked.set(Some(ticked_in(&list)));
        }
    };
    // What was ticked before this code ran, and what went with whoever has joined meanwhile.
    effect(move || {
        candidates.track();
        request_animation_frame(take);
    });
    view! {
        <div class="field">
            <SearchRow people here label="Find people"/>
            <ul
                class="boxes" aria-label="People to choose from" translate="no"
                node_ref=list on:change=move |_| take()
            >
                {rows(move || candidates.get(), |(id, _)| id.to_string(), move |(id, name)| {
                    let checked = named().iter().any(|(one, _)| *one == id);
                    view! {
                        <li>
                            <label>
                                <input type="checkbox" name=CHOSEN value=id.to_string() checked=checked/>
                                <bdi>{name}</bdi>
                            </label>
                        </li>
                    }
                })}
            </ul>
            {redrawn(move || candidates.with(Vec::is_empty).then(|| view! {
                <p class="hint">"Nobody else is found."</p>
            }))}
        </div>
    }
    .into_any()
}

fn ticked_in(list: &Element) -> Vec<Candidate> {
    let ticked = all(list, "input:checked").into_iter();
    ticked
        .filter_map(|input| {
            let name = input.closest("label").ok()??.text_content()?;
            let input: HtmlInputElement = input.dyn_into().ok()?;
            Some((PersonId::parse(&input.value())?, name))
        })
        .collect()
}
