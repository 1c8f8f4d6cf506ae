//! Stretches of duty, planned or past, one below the other, as more than one page
//! shows them.

use crate::{
    components::{Badge, Time, Tone, use_clock, who},
    duty::DutyWatch,
};
use leptos::{either::Either, prelude::*};
use types::Stretch;

/// How many of a folded list are seen at once.
const UNFOLDED: usize = 6;

#[component]
fn Stretches(
    stretches: Vec<Stretch>,
    /// What is said beside the ones that hold now.
    current: &'static str,
) -> impl IntoView {
    view! {
        <ol class="shifts" translate="no">
            {stretches.into_iter().map(|stretch| view! { <Row stretch current/> }).collect_view()}
        </ol>
    }
    .into_any()
}

/// What a schedule plans.
#[component]
pub(super) fn PlannedShifts(plan: Vec<Stretch>) -> impl IntoView {
    match plan.is_empty() {
        true => Either::Left(view! {
            <p class="nobody">"The schedule plans no shifts for the days ahead."</p>
        }),
        false => Either::Right(view! {
            <FoldedStretches stretches=plan current="Now" more="Later shifts"/>
        }),
    }
}

/// The same as [`Stretches`] with all but the first few folded away.
#[component]
pub(super) fn FoldedStretches(
    mut stretches: Vec<Stretch>,
    current: &'static str,
    /// What unfolds the others, for example `Later shifts`.
    more: &'static str,
) -> impl IntoView {
    let others = stretches.split_off(stretches.len().min(UNFOLDED));
    view! {
        <Stretches stretches current/>
        {(!others.is_empty()).then(|| view! {
            <details>
                <summary>{format!("{more} ({})", others.len())}</summary>
                <Stretches stretches=others current/>
            </details>
        })}
    }
    .into_any()
}

#[component]
fn Row(stretch: Stretch, current: &'static str) -> impl IntoView {
    let clock = use_clock();
    let (starts_at, ends_at) = (stretch.starts_at, stretch.ends_at);
    let name = who(&stretch).to_owned();
    let watch = use_context::<DutyWatch>();
    let holds = Memo::new(move |_| {
        let changed_at = watch.and_then(DutyWatch::changed_at);
        stretch.is_known_to_hold(clock.now(), changed_at)
    });
    let end = match ends_at {
        Some(at) => Either::Left(view! { " – "<Time at/> }),
        None => Either::Right(" until somebody takes over"),
    };
    view! {
        <li class:current=holds>
            <bdi class="person-name" translate="no">{name}</bdi>
            {move || holds.get().then(|| view! { <Badge tone=Tone::Good text=current/> })}
            <span class="hint"><Time at=starts_at/>{end}</span>
        </li>
    }
}
