//! When to sync next: in time with the shifts while all is well, and more and
//! more patiently while it is not.

use std::time::Duration;
use types::{PagerDutyProblem, Timestamp};

/// However long PagerDuty is away, it is asked again after this long.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);
/// The share of the interval by which a run may come early, so that many
/// connections do not ask all at once.
const JITTER_SHARE: f64 = 0.1;

/// When to run again, and when to ask PagerDuty again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub next_sync_at: Timestamp,
    pub ask_after: Timestamp,
}

/// The pace after a run that ended at `now`.
///
/// `failures` counts the failed runs in a row before this one, `problem` is how
/// this one failed, `next_change` is when who is on duty changes next as far as
/// known, and `jitter` is between 0 and 1.
pub fn pace(
    now: Timestamp,
    interval: Duration,
    failures: u32,
    problem: Option<&PagerDutyProblem>,
    next_change: Option<Timestamp>,
    jitter: f64,
) -> Pace {
    let wait = match problem {
        None => interval.mul_f64(1.0 - JITTER_SHARE * jitter),
        Some(problem) => back_off(interval, failures, problem),
    };
    let due = after(now, wait);
    Pace {
        next_sync_at: next_change.map_or(due, |change| change.min(due)),
        ask_after: match problem {
            // A shift's end is a good moment to ask.
            None => now,
            Some(_) => due,
        },
    }
}

fn back_off(interval: Duration, failures: u32, problem: &PagerDutyProblem) -> Duration {
    let doubled = interval.saturating_mul(2u32.saturating_pow(failures));
    let asked_for = match problem {
        PagerDutyProblem::RateLimited {
            retry_after_seconds,
        } => Duration::from_secs(u64::from(*retry_after_seconds)),
        _ => Duration::ZERO,
    };
    doubled.min(LONGEST_BACK_OFF.max(interval)).max(asked_for)
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(60);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn all_well_means_one_interval_and_jitter_only_shortens() {
        let well = |jitter| pace(at(0), INTERVAL, 0, None, None, jitter).next_sync_at;
        assert_eq!(well(0.0), at(60));
        assert_eq!(well(1.0), at(54));
    }

    #[test]
    fn the_end_of_a_shift_comes_first() {
        let pace = pace(at(0), INTERVAL, 0, None, Some(at(7)), 0.0);
        assert_eq!(pace.next_sync_at, at(7));
        assert!(pace.ask_after <= at(7));
    }

    #[test]
    fn failures_double_the_wait_up_to_five_minutes() {
        let problem = PagerDutyProblem::Unavailable { status: 503 };
        for (failures, wait) in [(0, 60), (1, 120), (2, 240), (3, 300), (40, 300)] {
            let pace = pace(at(0), INTERVAL, failures, Some(&problem), None, 0.5);
            assert_eq!(pace.ask_after, at(wait), "after {failures} failures");
        }
    }

    #[test]
    fn a_hand_off_does_not_wait_for_the_back_off() {
        let problem = PagerDutyProblem::Unreachable;
        let pace = pace(at(0), INTERVAL, 3, Some(&problem), Some(at(10)), 0.0);
        assert_eq!(pace.next_sync_at, at(10));
        assert_eq!(pace.ask_after, at(300));
    }

    #[test]
    fn a_rate_limit_is_waited_out() {
        let problem = PagerDutyProblem::RateLimited {
            retry_after_seconds: 290,
        };
        let pace = pace(at(0), INTERVAL, 0, Some(&problem), None, 0.0);
        assert_eq!(pace.ask_after, at(290));
    }
}
