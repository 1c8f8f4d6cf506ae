//! What an attempt to deliver comes to, and when it is made again. Pure: the time and chance are
//! parameters.

use crate::{background::LONGEST_DEMANDED, store::DeliveryEnd};
use std::time::Duration;

/// What is waited after a first failure.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// What is waited at most, unless the other side asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// How much of a wait is left to chance, so that not all come back at once.
const JITTER_SHARE: f64 = 0.2;
/// After so long nobody waits for it any more.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How an attempt went. A problem is a code, for people who look for what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    Delivered,
    /// It was not told, and a later attempt may succeed, not before the other side's `wait` if it
    /// asked for one.
    Failed {
        problem: String,
        wait: Option<Duration>,
    },
    /// Nothing was tried, since it is too early: whoever is told wants to be left alone for so
    /// long.
    Later {
        reason: String,
        wait: Duration,
    },
    /// It was not told, and never will be.
    Refused {
        problem: String,
    },
    /// It may have been told: no answer came, or one that says nothing.
    Unclear {
        problem: String,
    },
}

/// What the attempt with this number, from 1, comes to, for something that has been due for as
/// long as `late`. `jitter` is between 0 and 1.
pub fn end_of(
    attempt: Attempt,
    is_repeatable: bool,
    (number, late): (u32, Duration),
    jitter: f64,
) -> DeliveryEnd {
    let (problem, demanded) = match attempt {
        Attempt::Delivered => return DeliveryEnd::Delivered,
        Attempt::Later { reason, wait } => return DeliveryEnd::Later { wait, reason },
        Attempt::Refused { problem } => return DeliveryEnd::GivenUp { problem },
        Attempt::Unclear { problem } if !is_repeatable => return DeliveryEnd::InDoubt { problem },
        Attempt::Unclear { problem } => (problem, None),
        Attempt::Failed { problem, wait } => (problem, wait),
    };
    if late >= GIVEN_UP_AFTER {
        return DeliveryEnd::GivenUp { problem };
    }
    let demanded = demanded.unwrap_or_default().min(LONGEST_DEMANDED);
    let wait = back_off(number, jitter).max(demanded);
    DeliveryEnd::Again { wait, problem }
}

/// What to wait after so many attempts in a row. Jitter only shortens it.
fn back_off(attempts: u32, jitter: f64) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let wait = SHORTEST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    wait.mul_f64(1.0 - JITTER_SHARE * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> String {
        "away".to_owned()
    }

    fn failed(wait: Option<Duration>) -> Attempt {
        Attempt::Failed {
            problem: problem(),
            wait,
        }
    }

    fn unclear() -> Attempt {
        Attempt::Unclear { problem: problem() }
    }

    /// After how many milliseconds it is tried again.
    fn again(attempt: Attempt, number: u32, jitter: f64) -> u128 {
        match end_of(attempt, true, (number, Duration::ZERO), jitter) {
            DeliveryEnd::Again { wait, .. } => wait.as_millis(),
            end => panic!("{end:?}"),
        }
    }

    #[test]
    fn waits_double_up_to_five_minutes_and_jitter_shortens_them() {
        let waits = [1, 2, 5, 9, 10, 4000].map(|number| again(failed(None), number, 0.0));
        assert_eq!(waits, [1_000, 2_000, 16_000, 256_000, 300_000, 300_000]);
        assert_eq!(again(failed(None), 1, 1.0), 800);
    }

    #[test]
    fn the_other_side_is_never_asked_before_it_wants_to_be() {
        let demanded = Some(Duration::from_secs(600));
        assert_eq!(again(failed(demanded), 1, 1.0), 600_000);
        // Not even the other side knows what is in a year.
        for long in [Duration::from_secs(365 * 24 * 3600), Duration::MAX] {
            assert_eq!(again(failed(Some(long)), 1, 0.0), 3_600_000);
        }
        let demanded = Some(Duration::from_millis(10));
        assert_eq!(again(failed(demanded), 3, 0.0), 4_000);
    }

    #[test]
    fn what_may_have_been_told_is_told_again_only_where_that_does_no_harm() {
        let first = (1, Duration::ZERO);
        let in_doubt = DeliveryEnd::InDoubt { problem: problem() };
        assert_eq!(end_of(unclear(), false, first, 0.0), in_doubt);
        assert_eq!(again(unclear(), 1, 0.0), 1_000);
        // What surely was not told may be.
        let again = end_of(failed(None), false, first, 0.0);
        assert!(matches!(again, DeliveryEnd::Again { .. }), "{again:?}");
    }

    #[test]
    fn it_is_given_up_when_it_is_refused_and_after_a_day() {
        let given_up = DeliveryEnd::GivenUp { problem: problem() };
        let refused = Attempt::Refused { problem: problem() };
        assert_eq!(end_of(refused, true, (1, Duration::ZERO), 0.0), given_up);
        let a_day = (40, Duration::from_secs(24 * 3600));
        assert_eq!(end_of(failed(None), true, a_day, 0.0), given_up);
        assert_eq!(end_of(unclear(), true, a_day, 0.0), given_up);
        let told_to_wait = failed(Some(Duration::MAX));
        assert_eq!(end_of(told_to_wait, true, a_day, 0.0), given_up);
        let delivered = end_of(Attempt::Delivered, false, a_day, 0.0);
        assert_eq!(delivered, DeliveryEnd::Delivered);
    }

    #[test]
    fn whoever_wants_to_be_left_alone_is_for_as_long_as_they_want() {
        let reason = || "night".to_owned();
        let wait = Duration::from_secs(5);
        let later = Attempt::Later {
            reason: reason(),
            wait,
        };
        let a_day = (40, Duration::from_secs(24 * 3600));
        let reason = reason();
        assert_eq!(
            end_of(later, false, a_day, 0.0),
            DeliveryEnd::Later { wait, reason }
        );
    }
}
