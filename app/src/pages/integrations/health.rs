//! How far what is shown can be trusted: how the last sync went, how old the data
//! is, and whether this server knows what time it is.

use crate::{
    components::{Badge, Notice, Time, Tone, span, use_clock},
    pages::wording::count,
};
use leptos::{either::Either, prelude::*};
use types::{ConnectionHealth, ConnectionView, Freshness, Timestamp};

/// Data of this age is as new as it gets.
const FRESH_SECONDS: i64 = 60;

#[component]
pub(super) fn Health(connection: Memo<ConnectionView>) -> impl IntoView {
    let health = Memo::new(move |_| connection.with(|connection| connection.health.clone()));
    let freshness = Memo::new(move |_| connection.with(|connection| connection.freshness));
    let clock_ahead =
        Memo::new(move |_| connection.with(|connection| connection.clock_ahead_seconds));
    view! {
        <div class="health" role="status">
            {move || {
                let (tone, label, text) = health_words(&health.get(), freshness.get());
                view! { <Badge tone text=label/><p>{text}</p> }
            }}
        </div>
        {move || view! { <Age freshness=freshness.get()/> }}
        {move || clock_ahead.get().map(|seconds| view! {
            <Notice tone=Tone::Warning><p>{clock_words(seconds)}</p></Notice>
        })}
    }
}

fn health_words(health: &ConnectionHealth, freshness: Freshness) -> (Tone, &'static str, String) {
    match health {
        ConnectionHealth::Healthy if freshness.unreadable > 0 || freshness.postponed > 0 => (
            Tone::Good,
            "Healthy",
            "The connection works, and what you see here is what PagerDuty says, but for this:"
                .to_owned(),
        ),
        ConnectionHealth::AwaitingFirstSync => (
            Tone::Neutral,
            "Starting",
            "The first sync has not ended yet.".to_owned(),
        ),
        ConnectionHealth::Healthy => (
            Tone::Good,
            "Healthy",
            "What you see here is what PagerDuty says.".to_owned(),
        ),
        ConnectionHealth::Failing(problem) => (
            Tone::Warning,
            "Sync failing",
            format!(
                "{problem} Rotations keep what they last had, and the next sync comes by itself."
            ),
        ),
        ConnectionHealth::NeedsReconnection(problem) => (
            Tone::Bad,
            "Needs reconnection",
            format!(
                "{problem} Everything that is bound keeps what it last had, and goes on afterwards."
            ),
        ),
    }
}

/// How old what is known of the bound schedules is, and what keeps it from being
/// newer.
#[component]
fn Age(freshness: Freshness) -> impl IntoView {
    let Freshness {
        schedules,
        oldest_confirmed_at,
        unreadable,
        postponed,
    } = freshness;
    (schedules > 0).then(|| {
        view! {
            <div class="freshness">
                <p>
                    {count(schedules, "schedule", "schedules")}
                    {match oldest_confirmed_at {
                        Some(oldest) => Either::Left(view! { <Confirmed oldest schedules/> }),
                        None => Either::Right(", not confirmed yet."),
                    }}
                </p>
                {(unreadable > 0).then(|| view! { <p>{unreadable_words(unreadable)}</p> })}
                {(postponed > 0).then(|| view! { <p>{postponed_words(postponed)}</p> })}
            </div>
        }
    })
}

#[component]
fn Confirmed(oldest: Timestamp, schedules: u32) -> impl IntoView {
    let clock = use_clock();
    let fresh = Memo::new(move |_| clock.now().seconds_since(oldest) < FRESH_SECONDS);
    let several = schedules > 1;
    move || {
        if fresh.get() {
            Either::Left(match several {
                true => ", all confirmed within the last minute.",
                false => ", confirmed within the last minute.",
            })
        } else {
            Either::Right(view! {
                {if several { ", the oldest confirmed " } else { ", confirmed " }}
                <Time at=oldest relative=true/>"."
            })
        }
    }
}

fn unreadable_words(schedules: u32) -> String {
    format!(
        "{} what they had.",
        count(
            schedules,
            "schedule cannot be read: its rotations keep",
            "schedules cannot be read: their rotations keep",
        )
    )
}

fn postponed_words(schedules: u32) -> String {
    format!(
        "Round Robin's share of PagerDuty's requests is spent: {} for the next run, so data is confirmed less often.",
        count(schedules, "schedule waits", "schedules wait")
    )
}

/// To whole minutes, once there are some: an answer that took a second must not
/// make ten minutes nine.
const fn rounded(seconds: i64) -> i64 {
    if seconds < 60 {
        seconds
    } else {
        (seconds + 30) / 60 * 60
    }
}

fn clock_words(seconds_ahead: i64) -> String {
    let side = if seconds_ahead > 0 {
        "ahead of"
    } else {
        "behind"
    };
    format!(
        "This server's clock is {} {side} PagerDuty's. Hand-offs follow PagerDuty's clock; ask whoever runs the server to correct it.",
        span(rounded(seconds_ahead.abs()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_told_with_its_side() {
        for (seconds, expected) in [
            (
                180,
                "This server's clock is 3 minutes ahead of PagerDuty's.",
            ),
            (
                -599,
                "This server's clock is 10 minutes behind PagerDuty's.",
            ),
            (-45, "This server's clock is 45 seconds behind PagerDuty's."),
        ] {
            let words = clock_words(seconds);
            assert!(words.starts_with(expected), "{words}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted_in_words_that_fit() {
        assert_eq!(
            unreadable_words(1),
            "1 schedule cannot be read: its rotations keep what they had."
        );
        assert_eq!(
            unreadable_words(2),
            "2 schedules cannot be read: their rotations keep what they had."
        );
    }
}
