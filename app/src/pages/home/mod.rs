//! Home: what somebody looks at first in the morning and at 3 a.m. Whether they are on duty
//! stands in the heading, then what needs somebody, their next shifts, and what they own.

mod attention;
mod duty;

use super::{first_steps::FirstSteps, rotation_card::Doubts, rotations};
use crate::{
    components::{keep_times_true, loaded_page, time_markup, use_clock, use_session, use_title},
    data::{DataMemo, Resource},
    duty::{failed, is_over, watch_duty},
    live::use_live,
    prefetch::use_prefetch,
    server_fns::Home,
    view,
};
use leptos::{either::Either, html, prelude::*};
use maud::{Markup, html};
use types::{First, HomeView, MemberKey, Outlook, RotationId, Selection, Timestamp};

#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let live = use_live();
    let home = Resource::following(move || live.rotations() + live.connection(), || Home {});
    let session = use_session();
    let me = session.map(|session| MemberKey::of_person(&session.person.id));
    let source = home.source();
    loaded_page(home, move |home: DataMemo<HomeView>| {
        use_title(|| "Home".to_owned());
        let page = NodeRef::<html::Div>::new();
        let changes = DataMemo::new(move || home.with(changes));
        let watch = watch_duty(changes, move || failed(source));
        let doubts = DataMemo::new(move || Doubts {
            may_be_old: live.may_be_old(),
            unknown_until: watch.unknown_until(),
        });
        keep_times_true(page, move || {
            home.track();
            doubts.track();
        });
        let me = me.clone();
        let contents = move || {
            let (home, doubts) = (home.get(), doubts.get());
            let heading = duty::heading(&home, me.as_ref(), doubts.unknown_until);
            let parts = match home.rotations {
                0 => Either::Left(view! { <FirstSteps/>{attention::of_services(&home)} }),
                _ => Either::Right(parts(&home, me.as_ref(), doubts)),
            };
            view! { <h1 aria-live="polite">{heading}</h1>{parts} }
        };
        view! { <div class="home" node_ref=page>{contents}</div> }
    })
}

/// When something changes of what the page tells about duty.
fn changes(home: &HomeView) -> Vec<Timestamp> {
    let cards = [&home.on_duty, &home.in_turn, &home.owned];
    let cards = cards.into_iter().flat_map(|cards| &cards.items);
    let needy = home.needs.items.iter().map(|needy| &needy.card);
    let outlooks = cards.chain(needy).flat_map(|card| card.outlook.changes());
    let starts = home.coming.items.iter().map(|shift| shift.starts_at);
    outlooks.chain(starts).collect()
}

fn parts(home: &HomeView, me: Option<&MemberKey>, doubts: Doubts) -> impl IntoView + use<> {
    let now = use_clock().drawn();
    view! {
        {duty::at_present(home, me, doubts, now)}
        <Find/>
        <div class="parts">
            {attention::part(home, now)}
            {duty::coming(home, doubts.unknown_until, now)}
            {duty::owned(home, doubts.unknown_until, now)}
        </div>
    }
}

/// Leads to the list, where it finds who is on duty for something.
#[component]
fn Find() -> impl IntoView {
    view! {
        <form class="filter" method="get" action=rotations::ADDRESS role="search">
            <div class="field">
                <label for="find">"Who is on duty for"</label>
                <input
                    type="search" id="find" name="search" autocomplete="off" dir="auto"
                    placeholder="Rotation, code, schedule or person"
                />
            </div>
            <button type="submit" class="button">"Search"</button>
        </form>
    }
}

/// A rotation, and what is said of it. The link is a view, so that the focus stays on it while
/// the rest changes.
fn row(id: &RotationId, name: &str, said: Markup) -> AnyView {
    view! {
        <li>
            <a href=format!("{}/{id}", rotations::ADDRESS) dir="auto">{name.to_owned()}</a>
            <div inner_html=said.into_string()></div>
        </li>
    }
    .into_any()
}

/// Why nobody is on duty, as far as the rotation's own schedule says so.
fn why_nobody(outlook: &Outlook, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    let still = |until: Option<Timestamp>| until.filter(|_| !is_over(until, unknown_until));
    html! {
        @if outlook.paused {
            ": paused until somebody lets it go on"
        } @else if let Some(at) = still(outlook.away_until) {
            ": everybody is away until " (time_markup(at, false, now))
        } @else if let Some(at) = still(outlook.planned_from) {
            ": nobody is planned until " (time_markup(at, false, now))
        }
    }
}

fn rows(rows: impl Iterator<Item = AnyView>) -> AnyView {
    let rows: Vec<_> = rows.collect();
    let prefetch = use_prefetch();
    view! {
        <ul class="rows" translate="no" on:pointerover=move |event| prefetch.follow(&event)>
            {rows}
        </ul>
    }
    .into_any()
}

/// The way to all of a list of which only the first are told.
fn all_of<T>(told: &First<T>, selection: Selection) -> Option<AnyView> {
    (told.others() > 0).then(|| {
        let href = format!("{}?show={}", rotations::ADDRESS, selection.code());
        view! { <p><a href=href>"See all in the list"</a></p> }.into_any()
    })
}
