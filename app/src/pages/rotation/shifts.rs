//! Who has been on duty and who will be, drawn and listed.

use crate::{
    components::{Card, Span, Timeline, use_clock},
    data::DataMemo,
    pages::stretches::{FoldedStretches, PlannedShifts},
};
use leptos::{either::Either, prelude::*};
use types::{RotationPage, Timestamp};

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// How much of the past and of the future is drawn.
const DAYS_BEHIND: i64 = 1;
const DAYS_AHEAD: i64 = 6;

/// The past day, now and the coming days. There is nothing to draw before somebody
/// has been on duty or a schedule says who will be.
#[component]
pub(super) fn DutyTimeline(page: DataMemo<RotationPage>) -> impl IntoView {
    let clock = use_clock();
    // It moves on by the hour, so that what somebody points at stays where it is.
    let span = DataMemo::new(move || drawn_around(clock.now()));
    let stretches = DataMemo::new(move || page.with(|page| page.timeline.clone()));
    let empty = Memo::new(move |_| {
        let span = span.get();
        stretches.with(|stretches| !stretches.iter().any(|stretch| span.shows(stretch)))
    });
    move || {
        (!empty.get()).then(|| {
            view! {
                <Card id="timeline-heading" title="Timeline">
                    <Timeline label="Who is on duty, along the days" stretches span/>
                </Card>
            }
        })
    }
}

fn drawn_around(now: Timestamp) -> Span {
    let hour = now.as_millis().div_euclid(HOUR_SECONDS * 1000) * HOUR_SECONDS * 1000;
    let hour = Timestamp::from_millis(hour);
    Span {
        from: hour.plus_seconds(-DAYS_BEHIND * DAY_SECONDS),
        to: hour.plus_seconds(DAYS_AHEAD * DAY_SECONDS),
    }
}

#[component]
pub(super) fn ComingShifts(page: DataMemo<RotationPage>) -> impl IntoView {
    let plan = DataMemo::new(move || page.with(|page| page.plan.clone()));
    let bound = Memo::new(move |_| page.with(|page| page.mode.has_shifts()));
    move || {
        bound.get().then(|| {
            view! {
                <Card id="shifts-heading" title="Coming shifts">
                    {move || view! { <PlannedShifts plan=plan.get()/> }}
                </Card>
            }
        })
    }
}

/// Who was on duty, by hand or by schedule.
#[component]
pub(super) fn History(page: DataMemo<RotationPage>) -> impl IntoView {
    let history = DataMemo::new(move || page.with(|page| page.history.clone()));
    view! {
        <Card id="history-heading" title="History">
            {move || {
                let stretches = history.get();
                match stretches.is_empty() {
                    true => Either::Left(view! {
                        <p class="nobody">"Nobody has been on duty yet."</p>
                    }),
                    false => Either::Right(view! {
                        <FoldedStretches stretches current="Still on duty" more="Earlier"/>
                    }),
                }
            }}
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_day_and_the_coming_days_are_drawn_from_a_full_hour_on() {
        let at = |hours: i64| Timestamp::from_millis(hours * HOUR_SECONDS * 1000);
        let span = Span {
            from: at(1_000 - 24),
            to: at(1_000 + 6 * 24),
        };
        assert_eq!(drawn_around(at(1_000)), span);
        assert_eq!(drawn_around(at(1_001).plus_seconds(-1)), span);
    }
}
