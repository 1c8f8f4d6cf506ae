//! What is asked of the list: words, a mode, a selection, an order and a page.

use super::ADDRESS;
use crate::{
    components::SEARCH,
    data::{DataMemo, Resource, effect},
    pages::address::{address, parameter},
    server_fns::Rotations,
    view,
};
use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use std::time::Duration;
use types::{RotationList, RotationMode, Selection, SortBy};

/// What the address asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    search: Memo<String>,
    mode: Memo<String>,
    show: Memo<String>,
    sort: Memo<String>,
    page: Memo<String>,
}

impl Asked {
    pub(super) fn new() -> Self {
        Self {
            search: parameter("search"),
            mode: parameter("mode"),
            show: parameter("show"),
            sort: parameter("sort"),
            page: parameter("page"),
        }
    }

    pub(super) fn question(self) -> Rotations {
        Rotations {
            search: self.search.get(),
            mode: self.mode.get(),
            show: self.show.get(),
            sort: self.sort.get(),
            page: self.page.get(),
        }
    }

    pub(super) fn selection(self) -> Selection {
        Selection::from_code(&self.show.read())
    }

    /// Whether it may leave something out.
    pub(super) fn narrows(self) -> bool {
        let told = |said: Memo<String>| !said.read().is_empty();
        told(self.search) || told(self.mode) || self.selection() != Selection::All
    }

    /// The address of the same in another selection, and on another page.
    fn leading_to(self, selection: Selection, page: &str) -> String {
        let (search, mode, sort) = (self.search.read(), self.mode.read(), self.sort.read());
        let parameters = [
            ("search", search.as_str()),
            ("mode", &mode),
            ("show", selection.code()),
            ("sort", &sort),
            ("page", page),
        ];
        address(ADDRESS, &parameters)
    }
}

/// A form that the browser can send by itself; with our code it filters while
/// somebody types.
#[component]
pub(super) fn Filter(asked: Asked, list: Resource<RotationList>) -> impl IntoView {
    let search_box = NodeRef::<html::Input>::new();
    let mode_box = NodeRef::<html::Select>::new();
    let sort_box = NodeRef::<html::Select>::new();
    let navigate = use_navigate();
    // Tells whether there was something to apply.
    let apply = move || {
        // Late input may come after the page has gone.
        let boxes = (
            search_box.try_get_untracked().flatten(),
            mode_box.try_get_untracked().flatten(),
            sort_box.try_get_untracked().flatten(),
        );
        let (Some(search_box), Some(mode_box), Some(sort_box)) = boxes else {
            return false;
        };
        let wanted = [
            ("search", search_box.value(), asked.search),
            ("mode", mode_box.value(), asked.mode),
            ("sort", sort_box.value(), asked.sort),
        ];
        let differs = wanted
            .iter()
            .any(|(_, value, is)| *value != is.get_untracked());
        if differs {
            let selection = untrack(|| asked.selection()).code();
            let [search, mode, sort] = wanted
                .each_ref()
                .map(|(name, value, _)| (*name, value.as_str()));
            navigate(
                &address(ADDRESS, &[search, mode, ("show", selection), sort]),
                NavigateOptions {
                    replace: true,
                    scroll: false,
                    ..NavigateOptions::default()
                },
            );
        }
        differs
    };
    let hash = use_location().hash;
    effect(move || {
        let leads_here = hash.with(|hash| hash.trim_start_matches('#') == SEARCH);
        if leads_here && let Some(search_box) = search_box.get() {
            let _gone = search_box.focus();
        }
    });
    // What was typed before this code ran counts as well.
    effect({
        let apply = apply.clone();
        move || {
            apply();
        }
    });
    let mut apply_soon = debounce(Duration::from_millis(150), {
        let apply = apply.clone();
        move |()| {
            apply();
        }
    });
    let (apply_mode, apply_sort) = (apply.clone(), apply.clone());
    let modes = [
        ("", "All"),
        (RotationMode::Manual.code(), "Rotated by hand"),
        (RotationMode::Scheduled.code(), "By their own schedule"),
        (RotationMode::PagerDuty.code(), "Following PagerDuty"),
    ];
    let orders = SortBy::ALL.map(|sort| (sort.code(), sort.label()));
    view! {
        <form class="filter" method="get" action=ADDRESS role="search" on:submit=move |event| {
            event.prevent_default();
            if !apply() {
                list.ask_again();
            }
        }>
            <div class="field">
                <label for=SEARCH>"Search rotations"</label>
                <input
                    type="search" id=SEARCH name="search" autocomplete="off" dir="auto"
                    placeholder="Name, code, schedule or person"
                    value=asked.search.get_untracked()
                    node_ref=search_box
                    on:input=move |_| apply_soon(())
                />
            </div>
            <div class="field">
                <label for="mode">"Mode"</label>
                <select id="mode" name="mode" node_ref=mode_box on:change=move |_| {
                    apply_mode();
                }>
                    {options(&modes, asked.mode)}
                </select>
            </div>
            <div class="field">
                <label for="sort">"Sort by"</label>
                <select id="sort" name="sort" node_ref=sort_box on:change=move |_| {
                    apply_sort();
                }>
                    {options(&orders, asked.sort)}
                </select>
            </div>
            <input type="hidden" name="show" value=move || asked.selection().code()/>
            <button type="submit" class="button">"Search"</button>
        </form>
    }
}

fn options(choices: &[(&'static str, &'static str)], chosen: Memo<String>) -> impl IntoView {
    let chosen = chosen.get_untracked();
    let option = |&(code, label): &(&'static str, &'static str)| {
        view! { <option value=code selected=code == chosen>{label}</option> }
    };
    choices.iter().map(option).collect_view()
}

/// Leads to each selection, and tells how many rotations that shows.
#[component]
pub(super) fn Selections(asked: Asked, list: DataMemo<RotationList>) -> impl IntoView {
    let link = move |selection: Selection| {
        let is_shown = move || asked.selection() == selection;
        let number = move || list.with(|list| list.counts.of(selection)).to_string();
        view! {
            <a
                href=move || asked.leading_to(selection, "")
                aria-current=move || is_shown().then_some("true")
            >
                {selection.label()}" "<span class="number" translate="no">{number}</span>
            </a>
        }
    };
    view! {
        <nav class="selections" aria-label="Which rotations">
            {Selection::ALL.map(link).into_iter().collect_view()}
        </nav>
    }
}

/// Which part of a long list this is, and the way to the others. They are documents of their
/// own, so that the focus begins at their top.
#[component]
pub(super) fn Pages(asked: Asked, list: DataMemo<RotationList>) -> impl IntoView {
    move || {
        let (before, shown, page, pages, counts) = list.with(|list| {
            let shown = u32::try_from(list.cards.len()).unwrap_or(u32::MAX);
            (list.before, shown, list.page, list.pages, list.counts)
        });
        let link = move |page: u32, label| {
            let there = (1..=pages).contains(&page);
            there.then(|| {
                let href = asked.leading_to(asked.selection(), &page.to_string());
                view! { <a class="button" href=href rel="external">{label}</a> }
            })
        };
        (pages > 1).then(|| {
            let of = counts.of(asked.selection());
            view! {
                <nav class="buttons" aria-label="Parts of the list">
                    {link(page.wrapping_sub(1), "Previous")}
                    <p translate="no">{format!("{}–{} of {of}", before + 1, before + shown)}</p>
                    {link(page + 1, "Next")}
                </nav>
            }
        })
    }
}
