//! How far what is shown can be trusted: how the last sync went, how old the data
//! is, and whether this server knows what time it is.

use crate::{
    components::{Badge, Notice, Time, Tone, redrawn, span, use_clock},
    data::DataMemo,
    pages::wording::count,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{
    ConnectionHealth, ConnectionView, Freshness, PagerDutyProblem, Timestamp, UnreadableSchedule,
};

/// Data of this age is as new as it gets.
const FRESH_SECONDS: i64 = 60;

/// Remedy: none is needed yet: it is asked again by itself.
const ASKING_AGAIN: &str = "Not all of what is bound could be read the last time.";
/// Remedy: the list of syncs says how the last ones went. If it stays, look at this server's
/// log and at its way to PagerDuty.
const STALE: &str = "PagerDuty has not confirmed all of what you see here for longer than usual.";
/// Remedy: each schedule that cannot be read is named below with its own reason.
const NEEDS_ATTENTION: &str = "The connection works, but not all of what is bound can be read.";
const NO_SCHEDULES: &str = "PagerDuty shows this credential no schedules, so there is nothing to bind a rotation to. Create one in PagerDuty, or connect as somebody who may see them: a PagerDuty admin, or a general access key.";

#[component]
pub(super) fn Health(connection: DataMemo<ConnectionView>) -> impl IntoView {
    let health = DataMemo::new(move || connection.with(|connection| connection.health.clone()));
    let freshness = DataMemo::new(move || connection.with(|connection| connection.freshness));
    let unreadable =
        DataMemo::new(move || connection.with(|connection| connection.unreadable.clone()));
    let sees_nothing =
        Memo::new(move |_| connection.with(|connection| connection.sees_no_schedules));
    let clock_ahead =
        DataMemo::new(move || connection.with(|connection| connection.clock_ahead_seconds));
    view! {
        <div class="health" role="status" translate="no">
            {redrawn(move || {
                let (tone, label, text) = health_words(&health.get(), freshness.get());
                view! { <Badge tone text=label/><p>{text}</p> }
            })}
        </div>
        {redrawn(move || view! { <Age freshness=freshness.get() named=unreadable.get()/> })}
        {redrawn(move || sees_nothing.get().then(|| view! {
            <Notice tone=Tone::Warning><p>{NO_SCHEDULES}</p></Notice>
        }))}
        {redrawn(move || clock_ahead.get().map(|seconds| view! {
            <Notice tone=Tone::Warning><p translate="no">{clock_words(seconds)}</p></Notice>
        }))}
    }
}

fn health_words(health: &ConnectionHealth, freshness: Freshness) -> (Tone, &'static str, String) {
    match health {
        ConnectionHealth::Healthy if freshness.postponed > 0 => (
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
        ConnectionHealth::AskingAgain(problem) => {
            (Tone::Neutral, "Asking again", kept(problem, ASKING_AGAIN))
        }
        ConnectionHealth::Stale => (Tone::Warning, "Stale", STALE.to_owned()),
        ConnectionHealth::NeedsAttention(problem) => (
            Tone::Warning,
            "Needs attention",
            kept(problem, NEEDS_ATTENTION),
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

fn kept(problem: &Option<PagerDutyProblem>, otherwise: &str) -> String {
    let what = match problem {
        Some(problem) => problem.to_string(),
        None => otherwise.to_owned(),
    };
    let then = match problem {
        Some(problem) if problem.concerns_people_alone() => "Who is on duty goes on as ever.",
        _ => "Rotations keep what they last had, and the next sync comes by itself.",
    };
    format!("{what} {then}")
}

/// How old what is known of the bound schedules is, and what keeps it from being
/// newer.
#[component]
fn Age(
    freshness: Freshness,
    /// The schedules that cannot be read, as far as they may be named.
    named: Vec<UnreadableSchedule>,
) -> impl IntoView {
    let Freshness {
        schedules,
        oldest_confirmed_at,
        unreadable,
        postponed,
    } = freshness;
    let readable = schedules.saturating_sub(unreadable);
    let others = unreadable > 0;
    (schedules > 0).then(|| {
        view! {
            <div class="freshness" translate="no">
                {others.then(|| view! {
                    <p>{unreadable_words(unreadable)}</p>
                    <UnreadableList schedules=named/>
                })}
                {(readable > 0).then(|| view! {
                    <p>
                        {match oldest_confirmed_at {
                            Some(oldest) => Either::Left(view! { <Confirmed oldest readable others/> }),
                            None => Either::Right(unconfirmed_words(readable, others)),
                        }}
                    </p>
                })}
                {(postponed > 0).then(|| view! { <p>{postponed_words(postponed)}</p> })}
            </div>
        }
    })
}

/// Each schedule that cannot be read, with the reason.
#[component]
pub(super) fn UnreadableList(schedules: Vec<UnreadableSchedule>) -> impl IntoView {
    (!schedules.is_empty()).then(|| {
        view! {
            <ul class="changes">
                {schedules.into_iter().map(|schedule| view! {
                    <li translate="no"><bdi>{schedule.name}</bdi>": "{schedule.problem.to_string()}</li>
                }).collect_view()}
            </ul>
        }
    })
}

/// How old what is known of the readable schedules is, which are all of them or
/// the others beside those that cannot be read.
#[component]
fn Confirmed(oldest: Timestamp, readable: u32, others: bool) -> impl IntoView {
    let clock = use_clock();
    let fresh = Memo::new(move |_| clock.now().seconds_since(oldest) < FRESH_SECONDS);
    move || {
        let fresh = fresh.get();
        view! {
            {confirmed_words(readable, others, fresh)}
            {match fresh {
                true => Either::Left("within the last minute."),
                false => Either::Right(view! { <Time at=oldest relative=true/>"." }),
            }}
        }
    }
}

/// The words before the time.
fn confirmed_words(readable: u32, others: bool, fresh: bool) -> String {
    match (others, readable, fresh) {
        (false, 1, _) => "1 schedule, confirmed ".to_owned(),
        (false, several, true) => format!("{several} schedules, all confirmed "),
        (false, several, false) => format!("{several} schedules, the oldest confirmed "),
        (true, 1, _) => "The other one was confirmed ".to_owned(),
        (true, several, true) => format!("The other {several} were confirmed "),
        (true, several, false) => format!("Of the other {several}, the oldest was confirmed "),
    }
}

fn unconfirmed_words(readable: u32, others: bool) -> String {
    match (others, readable) {
        (false, number) => format!(
            "{}, not confirmed yet.",
            count(number, "schedule", "schedules")
        ),
        (true, 1) => "The other one is not confirmed yet.".to_owned(),
        (true, several) => format!("The other {several} are not confirmed yet."),
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
    fn only_what_was_confirmed_is_called_confirmed() {
        for (readable, others, fresh, expected) in [
            (8, false, true, "8 schedules, all confirmed "),
            (8, false, false, "8 schedules, the oldest confirmed "),
            (1, false, true, "1 schedule, confirmed "),
            (7, true, true, "The other 7 were confirmed "),
            (7, true, false, "Of the other 7, the oldest was confirmed "),
            (1, true, false, "The other one was confirmed "),
        ] {
            assert_eq!(confirmed_words(readable, others, fresh), expected);
        }
        assert_eq!(
            unconfirmed_words(7, true),
            "The other 7 are not confirmed yet."
        );
        assert_eq!(
            unconfirmed_words(2, false),
            "2 schedules, not confirmed yet."
        );
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
