//! Stretches of duty, planned or past, one below the other.

use crate::components::{Badge, Stretch, Time, Tone, use_clock};
use leptos::{either::Either, prelude::*};

/// How many of a folded list are seen at once.
const UNFOLDED: usize = 6;

#[component]
fn Stretches(
    stretches: Vec<Stretch>,
    /// What is said beside the ones that hold now.
    current: &'static str,
) -> impl IntoView {
    view! {
        <ol class="shifts">
            {stretches.into_iter().map(|stretch| view! { <Row stretch current/> }).collect_view()}
        </ol>
    }
    .into_any()
}

/// The same with all but the first few folded away.
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
    let name = stretch.who().to_owned();
    let holds = Memo::new(move |_| stretch.holds(clock.now()));
    let end = match ends_at {
        Some(at) => Either::Left(view! { " – "<Time at/> }),
        None => Either::Right(" until somebody takes over"),
    };
    view! {
        <li class:current=holds>
            <bdi class="person-name">{name}</bdi>
            {move || holds.get().then(|| view! { <Badge tone=Tone::Good text=current/> })}
            <span class="hint"><Time at=starts_at/>{end}</span>
        </li>
    }
}
