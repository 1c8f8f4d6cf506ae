//! The list of rotations: search, filters, and a card each. All that is asked of it lives in
//! the address, so that Back, a bookmark and a browser without JavaScript have it. The server
//! finds, counts and sorts.

mod filter;

use super::{
    first_steps::FirstSteps,
    rotation_card::{Doubts, RotationItem},
    wording::count,
};
use crate::{
    components::{EmptyState, keep_times_true, loaded, use_session, use_title},
    data::{DataMemo, Resource, effect},
    duty::{failed, watch_duty},
    live::use_live,
    place::{Place, use_place},
    prefetch::use_prefetch,
    view,
};
use filter::{Asked, Filter, Pages, Selections};
use leptos::{either::Either, html, prelude::*};
use types::{Role, RotationList};
use web_sys::HtmlUListElement;

pub(crate) const ADDRESS: &str = "/rotations";

#[component]
pub(crate) fn RotationsPage() -> impl IntoView {
    let asked = Asked::new();
    let live = use_live();
    let list = Resource::following(
        move || live.rotations() + live.connection(),
        move || asked.question(),
    );
    let prefetch = use_prefetch();
    let place = use_place();
    use_title(|| "Rotations".to_owned());
    let source = list.source();
    view! {
        <div class="page-head">
            <h1>"Rotations"</h1>
            <NewRotationLink/>
        </div>
        <Filter asked list/>
        {loaded(list, move |list: DataMemo<RotationList>| {
            let cards = NodeRef::<html::Ul>::new();
            let found = move || {
                let found = list.with(|list| list.counts.of(asked.selection()));
                asked.narrows().then(|| count(found, "rotation matches", "rotations match"))
            };
            let changes = DataMemo::new(move || {
                list.with(|list| list.cards.iter().flat_map(|card| card.outlook.changes()).collect())
            });
            let watch = watch_duty(changes, move || failed(source));
            let doubts = DataMemo::new(move || Doubts {
                may_be_old: live.may_be_old(),
                unknown_until: watch.unknown_until(),
            });
            keep_times_true(cards, move || {
                list.track();
                doubts.track();
            });
            effect(move || {
                if let Some(cards) = cards.get() {
                    show_whole(cards, place);
                }
            });
            let contents = move || {
                let (list, doubts) = (list.get(), doubts.get());
                if list.cards.is_empty() {
                    Either::Left(view! { <NoRotations narrowed=asked.narrows()/> })
                } else {
                    Either::Right(view! {
                        <ul
                            class="cards"
                            node_ref=cards
                            on:pointerover=move |event| prefetch.follow(&event)
                        >
                            {list.cards.into_iter().map(|card| view! { <RotationItem card doubts/> }).collect_view()}
                        </ul>
                    })
                }
            };
            view! {
                <Selections asked list/>
                <p class="visually-hidden" role="status">{found}</p>
                {contents}
                <Pages asked list/>
            }
        })}
    }
}

/// Has all of the cards laid out, now that the first ones have been seen; for somebody
/// who comes back, before, since the place where they were depends on it.
fn show_whole(list: HtmlUListElement, place: Place) {
    let whole = move || {
        let _set = list.set_attribute("data-whole", "");
    };
    if let Some(left_at) = place.to_return_to() {
        whole();
        request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, left_at));
    } else {
        request_animation_frame(move || request_animation_frame(whole));
    }
}

/// Guests may not create rotations, so they are not led there.
#[component]
fn NewRotationLink() -> impl IntoView {
    let may_create = use_session().is_none_or(|session| session.person.role != Role::Guest);
    may_create.then(|| {
        view! {
            <a class="button primary" href="/rotations/new">"New rotation"</a>
        }
    })
}

#[component]
fn NoRotations(narrowed: bool) -> impl IntoView {
    if narrowed {
        Either::Left(view! {
            <EmptyState title="Nothing matches">
                <p>"Try fewer letters, or another filter."</p>
                // A document of its own, so that the search box is empty as well.
                <p><a class="button" href=ADDRESS rel="external">"Show everything"</a></p>
            </EmptyState>
        })
    } else {
        Either::Right(FirstSteps())
    }
}
