//! All rotations: search, filter, and a card each. The filter lives in the
//! address, so that Back, a bookmark and a browser without JavaScript have it.

use super::{
    address::{address, parameter},
    rotation_card::{Doubts, RotationItem},
    wording::count,
};
use crate::{
    components::{EmptyState, keep_times_true, loaded, use_session, use_title},
    data::{DataMemo, Resource, effect},
    duty::{failed, watch_duty},
    live::use_live,
    place::{Place, use_place},
    prefetch::{Prefetch, use_prefetch},
    server_fns::Rotations,
};
use leptos::{either::Either, ev::PointerEvent, html, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;
use types::{Role, RotationCard, RotationId, RotationMode};
use web_sys::{Element, HtmlUListElement};

pub(crate) const ADDRESS: &str = "/rotations";

#[component]
pub(crate) fn RotationsPage() -> impl IntoView {
    let search = parameter("search");
    let mode = parameter("mode");
    let live = use_live();
    let cards = Resource::following(
        move || live.rotations() + live.connection(),
        move || Rotations {
            search: search.get(),
            mode: mode.get(),
        },
    );
    let prefetch = use_prefetch();
    let place = use_place();
    let filtered = move || !search.with(String::is_empty) || !mode.with(String::is_empty);
    use_title(|| "Rotations".to_owned());
    let source = cards.source();
    view! {
        <div class="page-head">
            <h1>"Rotations"</h1>
            <NewRotationLink/>
        </div>
        <Filter search mode cards/>
        {loaded(cards, move |cards: DataMemo<Vec<RotationCard>>| {
            let list = NodeRef::<html::Ul>::new();
            let found = move || {
                filtered().then(|| count(cards.with(Vec::len), "rotation matches", "rotations match"))
            };
            let changes = DataMemo::new(move || {
                cards.with(|cards| cards.iter().flat_map(|card| card.outlook.changes()).collect())
            });
            let watch = watch_duty(changes, move || failed(source));
            let doubts = DataMemo::new(move || Doubts {
                may_be_old: live.may_be_old(),
                unknown_until: watch.unknown_until(),
            });
            keep_times_true(list, move || {
                cards.track();
                doubts.track();
            });
            effect(move || {
                if let Some(list) = list.get() {
                    show_whole(list, place);
                }
            });
            let contents = move || {
                let (cards, doubts) = (cards.get(), doubts.get());
                if cards.is_empty() {
                    Either::Left(view! { <NoRotations filtered=filtered()/> })
                } else {
                    Either::Right(view! {
                        <ul
                            class="cards"
                            node_ref=list
                            on:pointerover=move |event| point_at(&event, prefetch)
                        >
                            {cards.into_iter().map(|card| view! { <RotationItem card doubts/> }).collect_view()}
                        </ul>
                    })
                }
            };
            view! {
                <p class="visually-hidden" role="status">{found}</p>
                {contents}
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

/// Loads the rotation ahead whose card the pointer is on: the link covers it.
fn point_at(event: &PointerEvent, prefetch: Prefetch) {
    let id = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .filter(|element| element.tag_name() == "A")
        .and_then(|link| link.get_attribute("href"))
        .and_then(|path| {
            Some(RotationId::new(
                path.strip_prefix(ADDRESS)?.strip_prefix('/')?,
            ))
        });
    if let Some(id) = id {
        prefetch.point_at(id);
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

/// A form that the browser can send by itself; with our code it filters while
/// somebody types.
#[component]
fn Filter(
    search: Memo<String>,
    mode: Memo<String>,
    cards: Resource<Vec<RotationCard>>,
) -> impl IntoView {
    let search_box = NodeRef::<html::Input>::new();
    let mode_box = NodeRef::<html::Select>::new();
    let navigate = use_navigate();
    // Tells whether there was something to apply.
    let apply = move || {
        // Late input may come after the page has gone.
        let boxes = (
            search_box.try_get_untracked().flatten(),
            mode_box.try_get_untracked().flatten(),
        );
        let (Some(search_box), Some(mode_box)) = boxes else {
            return false;
        };
        let wanted = [("search", search_box.value()), ("mode", mode_box.value())];
        let differs = wanted[0].1 != search.get_untracked() || wanted[1].1 != mode.get_untracked();
        if differs {
            navigate(
                &address(
                    ADDRESS,
                    &wanted
                        .each_ref()
                        .map(|(name, value)| (*name, value.as_str())),
                ),
                NavigateOptions {
                    replace: true,
                    scroll: false,
                    ..NavigateOptions::default()
                },
            );
        }
        differs
    };
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
    let apply_now = apply.clone();
    view! {
        <form class="filter" method="get" action=ADDRESS role="search" on:submit=move |event| {
            event.prevent_default();
            if !apply_now() {
                cards.ask_again();
            }
        }>
            <div class="field">
                <label for="search">"Search rotations"</label>
                <input
                    type="search" id="search" name="search" autocomplete="off" dir="auto"
                    value=search.get_untracked()
                    node_ref=search_box
                    on:input=move |_| apply_soon(())
                />
            </div>
            <div class="field">
                <label for="mode">"Mode"</label>
                <select id="mode" name="mode" node_ref=mode_box on:change=move |_| {
                    apply();
                }>
                    <option value="">"All"</option>
                    {[
                        (RotationMode::Manual, "Rotated by hand"),
                        (RotationMode::PagerDuty, "Following PagerDuty"),
                        (RotationMode::Scheduled, "By their own schedule"),
                    ].map(|(choice, label)| view! {
                        <option value=choice.code() selected=choice.code() == mode.get_untracked()>
                            {label}
                        </option>
                    }).collect_view()}
                </select>
            </div>
            <button type="submit" class="button">"Search"</button>
        </form>
    }
}

#[component]
fn NoRotations(filtered: bool) -> impl IntoView {
    if filtered {
        Either::Left(view! {
            <EmptyState title="Nothing matches">
                <p>"Try fewer letters, or another mode."</p>
                <p><a class="button" href=ADDRESS>"Show everything"</a></p>
            </EmptyState>
        })
    } else {
        Either::Right(view! {
            <EmptyState title="Nobody takes turns yet">
                <p>"A rotation is a group of people who take turns being on duty for something."</p>
                <ol>
                    <li>"Create the first one and give it a name that the others know."</li>
                    <li>"Add its members, in the order of their turns."</li>
                    <li>
                        "Press Rotate whenever the next person takes over. Or let a PagerDuty schedule do \
                        that: an admin connects PagerDuty under Settings."
                    </li>
                </ol>
                <p><a class="button primary" href="/rotations/new">"Create the first one"</a></p>
            </EmptyState>
        })
    }
}
