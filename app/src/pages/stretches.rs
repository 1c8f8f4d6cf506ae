//! Stretches of duty, planned or past, one below the other, as more than one page
//! shows them.

use crate::{
    components::{
        Tone, badge_markup, is_all, keep_times_true, override_markup, time_markup, use_clock, who,
    },
    data::DataMemo,
    duty::{DutyWatch, OR_LATER},
    view,
};
use leptos::{either::Either, html, prelude::*};
use maud::{Markup, html};
use types::{ShiftEffect, Stretch, Timestamp};

/// How many of a folded list are seen at once.
const UNFOLDED: usize = 6;

/// They may be a hundred, so they are written as text, as the cards of the list are.
#[component]
fn Stretches(
    stretches: Vec<Stretch>,
    /// How they came about, each in the place of its stretch; none where nothing is said of it.
    notes: Vec<Option<&'static str>>,
    /// What is said beside the ones that hold now.
    current: &'static str,
    /// Until when it is known what is planned.
    known_until: Option<Timestamp>,
) -> impl IntoView {
    let clock = use_clock();
    let watch = use_context::<DutyWatch>();
    let list = NodeRef::<html::Ol>::new();
    let text = DataMemo::new(move || {
        let (now, changed_at) = (clock.now(), watch.and_then(DutyWatch::changed_at));
        let notes = notes.iter().copied().chain(std::iter::repeat(None));
        let rows = stretches.iter().zip(notes).map(|(stretch, note)| {
            let current = stretch.is_known_to_hold(now, changed_at).then_some(current);
            let or_later = stretch.may_go_on(known_until);
            row(stretch, (current, note), or_later, clock.drawn()).into_string()
        });
        rows.collect::<String>()
    });
    keep_times_true(list, move || text.track());
    view! { <ol class="shifts" translate="no" node_ref=list inner_html=move || text.get()></ol> }
        .into_any()
}

/// `current` is said of one that holds, `note` of how it came about.
fn row(
    stretch: &Stretch,
    (current, note): (Option<&str>, Option<&str>),
    or_later: bool,
    now: Timestamp,
) -> Markup {
    html! {
        li class=[current.map(|_| "current")] {
            bdi class="person-name" { (who(stretch)) }
            @if let Some(current) = current { (badge_markup(Tone::Good, current)) }
            span class="hint" {
                (time_markup(stretch.starts_at, false, now))
                @match stretch.ends_at {
                    Some(at) => { " – " (time_markup(at, false, now)) @if or_later { (OR_LATER) } }
                    None => { " – until somebody takes over" }
                }
                @if let Some(note) = note { ", " (note) }
                @for one in &stretch.overrides {
                    ", " (override_markup(one))
                    @if !is_all(one, stretch) {
                        " " (time_markup(one.starts_at, false, now))
                        " – " (time_markup(one.ends_at, false, now))
                    }
                    @if let Some(made_by) = one.made_by.as_ref().filter(|_| !one.is_cover) { ", made by " bdi { (made_by) } }
                }
            }
        }
    }
}

/// What a schedule plans.
#[component]
pub(super) fn PlannedShifts(
    plan: Vec<Stretch>,
    /// Until when it is known, where that is told.
    #[prop(optional_no_strip)]
    known_until: Option<Timestamp>,
    /// How many more are planned, which a timeline shows.
    #[prop(optional)]
    beyond: u32,
) -> impl IntoView {
    match plan.is_empty() {
        true => Either::Left(view! {
            <p class="nobody">"The schedule plans no shifts for the days ahead."</p>
        }),
        false => Either::Right(view! {
            <FoldedStretches stretches=plan known_until current="Now" more="Later shifts" beyond/>
        }),
    }
}

/// The same as [`Stretches`] with all but the first few folded away.
#[component]
pub(super) fn FoldedStretches(
    mut stretches: Vec<Stretch>,
    /// As of [`Stretches`].
    #[prop(optional)]
    mut notes: Vec<Option<&'static str>>,
    /// Until when it is known what is planned; not told of what has been.
    #[prop(optional_no_strip)]
    known_until: Option<Timestamp>,
    current: &'static str,
    /// What unfolds the others, for example `Later shifts`.
    more: &'static str,
    /// How many there are beyond these, which a timeline shows.
    #[prop(optional)]
    beyond: u32,
) -> impl IntoView {
    let others = stretches.split_off(stretches.len().min(UNFOLDED));
    let other_notes = notes.split_off(notes.len().min(UNFOLDED));
    view! {
        <Stretches stretches notes current known_until/>
        {(!others.is_empty()).then(|| view! {
            <details>
                <summary>{format!("{more} ({})", others.len() + beyond as usize)}</summary>
                <Stretches stretches=others notes=other_notes current known_until/>
                {(beyond > 0).then(|| view! {
                    <p class="hint">{format!("The timeline has {beyond} more, and Week lists them by day, on paper as well.")}</p>
                })}
            </details>
        })}
    }
    .into_any()
}

/// What something that is not saved yet would change, rotation by rotation.
pub(super) fn shift_effects(effects: Vec<ShiftEffect>) -> AnyView {
    let effect = |effect: ShiftEffect| {
        view! {
            <h3><bdi translate="no">{effect.name}</bdi></h3>
            {changed_shifts("Shifts that somebody loses", effect.lost)}
            {changed_shifts("Shifts that somebody gains", effect.gained)}
            {changed_shifts("When nobody is on duty", effect.nobody)}
        }
    };
    effects.into_iter().map(effect).collect_view().into_any()
}

/// Shifts that change hands by something that is not saved yet, below a heading; nothing where there
/// are none.
pub(super) fn changed_shifts(heading: &'static str, stretches: Vec<Stretch>) -> Option<AnyView> {
    (!stretches.is_empty()).then(|| {
        view! {
            <h4>{heading}</h4>
            <FoldedStretches stretches current="Now" more="Later ones"/>
        }
        .into_any()
    })
}
