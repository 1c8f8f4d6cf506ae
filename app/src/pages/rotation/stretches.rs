//! Stretches of duty, planned or past, one below the other.

use crate::components::{Badge, Time, Tone, use_clock};
use leptos::{either::Either, prelude::*};
use types::{DutyRecord, ShiftView, Timestamp};

/// How many of a folded list are seen at once.
const UNFOLDED: usize = 10;

/// `[starts_at, ends_at)`; without an end it lasts until somebody ends it.
#[derive(Clone)]
pub(super) struct Stretch {
    name: String,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
}

impl Stretch {
    fn holds(&self, at: Timestamp) -> bool {
        self.starts_at <= at && self.ends_at.is_none_or(|end| at < end)
    }
}

impl From<ShiftView> for Stretch {
    fn from(shift: ShiftView) -> Self {
        Self {
            name: shift.name,
            starts_at: shift.starts_at,
            ends_at: Some(shift.ends_at),
        }
    }
}

impl From<DutyRecord> for Stretch {
    fn from(record: DutyRecord) -> Self {
        Self {
            name: record.name,
            starts_at: record.starts_at,
            ends_at: record.ends_at,
        }
    }
}

#[component]
pub(super) fn Stretches(
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

/// The same with all but the first ten folded away.
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
    let name = stretch.name.clone();
    let holds = Memo::new(move |_| stretch.holds(clock.now()));
    let end = match ends_at {
        Some(at) => Either::Left(view! { " – "<Time at/> }),
        None => Either::Right(" until somebody takes over"),
    };
    view! {
        <li class:current=holds>
            <span class="person-name" dir="auto">{name}</span>
            {move || holds.get().then(|| view! { <Badge tone=Tone::Good text=current/> })}
            <span class="hint"><Time at=starts_at/>{end}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_holds_until_its_end() {
        let at = Timestamp::from_millis;
        let until = |ends_at| Stretch {
            name: "Ann".to_owned(),
            starts_at: at(10),
            ends_at,
        };
        assert!(!until(Some(at(20))).holds(at(9)));
        assert!(until(Some(at(20))).holds(at(10)));
        assert!(!until(Some(at(20))).holds(at(20)));
        assert!(until(None).holds(at(1_000)));
    }
}
