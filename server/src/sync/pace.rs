//! When to ask PagerDuty next: each interval while all is well, and more and more
//! patiently while it is not.

use crate::pagerduty::ANSWER_LIMIT_SECONDS;
use std::time::Duration;
use types::PagerDutyProblem;

/// However long PagerDuty is away, it is asked again after this long.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);
/// However slow a schedule is, it is waited for no longer than this.
const LONGEST_LIMIT_SECONDS: u32 = 30;
/// The share of the interval by which a run may come early, so that many
/// connections do not ask all at once. What is due within this share of the
/// interval is asked for along with the rest.
const JITTER_SHARE: f64 = 0.1;
/// Whatever else is due, a run that asks PagerDuty does not follow sooner.
const SHORTEST_REST: Duration = Duration::from_millis(200);

/// When to run again, and for how long to leave PagerDuty alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub next_in: Duration,
    pub ask_in: Duration,
}

/// What a run found, as far as the pace depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found<'a> {
    /// Why it failed as a whole, if it did.
    pub problem: Option<&'a PagerDutyProblem>,
    /// The failed runs in a row before this one.
    pub failures: u32,
    /// How long until a schedule is to be read; `None` when nothing is bound.
    pub next_poll_in: Option<Duration>,
    /// How long until there are requests to make again, when none is left now.
    pub budget_in: Option<Duration>,
    /// How long until PagerDuty would have been asked without this run; present
    /// when somebody asked for it.
    pub planned_in: Option<Duration>,
}

/// The pace after a run; `jitter` is between 0 and 1.
pub fn pace(interval: Duration, found: Found<'_>, jitter: f64) -> Pace {
    match found.problem {
        // A shift's end is a good moment to ask.
        None => {
            let next_in = found
                .next_poll_in
                .unwrap_or_else(|| period(interval, jitter))
                .max(found.budget_in.unwrap_or_default())
                .max(SHORTEST_REST);
            Pace {
                next_in,
                ask_in: Duration::ZERO,
            }
        }
        Some(problem) => {
            let wait = back_off(interval, found.failures, problem);
            let wait = no_later(wait, found.planned_in, problem);
            Pace {
                next_in: wait,
                ask_in: wait,
            }
        }
    }
}

/// The time from one reading of a schedule to the next. Jitter only shortens it.
pub fn period(interval: Duration, jitter: f64) -> Duration {
    interval.mul_f64(1.0 - JITTER_SHARE * jitter)
}

/// How much earlier than it has to be a schedule may be read along with others.
pub fn slack(interval: Duration) -> Duration {
    interval.mul_f64(JITTER_SHARE)
}

/// A wait that is no shorter than what PagerDuty demands.
pub fn obeying(wait: Duration, problem: &PagerDutyProblem) -> Duration {
    wait.max(demanded(problem))
}

/// How long to leave the connection alone after so many failures in a row and one more.
fn back_off(interval: Duration, failures: u32, problem: &PagerDutyProblem) -> Duration {
    let doubled = interval.saturating_mul(2u32.saturating_pow(failures));
    obeying(doubled.min(LONGEST_BACK_OFF.max(interval)), problem)
}

/// How long to wait after a failure that somebody provoked by asking for it. What
/// was `planned` comes no later for it, or each press would postpone the recovery;
/// only what PagerDuty demands is obeyed all the same.
pub fn no_later(wait: Duration, planned: Option<Duration>, problem: &PagerDutyProblem) -> Duration {
    planned.map_or(wait, |planned| obeying(wait.min(planned), problem))
}

/// How many seconds a schedule is waited for after so many were not enough.
pub fn longer_limit(limit_seconds: u32) -> u32 {
    (limit_seconds + ANSWER_LIMIT_SECONDS).min(LONGEST_LIMIT_SECONDS)
}

/// Whether a schedule that was answered for in this time needs no longer patience
/// than others.
pub fn is_quick(took: Duration) -> bool {
    took < Duration::from_secs(ANSWER_LIMIT_SECONDS.into()) / 2
}

/// How long PagerDuty itself wants to be left alone.
fn demanded(problem: &PagerDutyProblem) -> Duration {
    match problem {
        PagerDutyProblem::RateLimited {
            retry_after_seconds,
        } => Duration::from_secs(u64::from(*retry_after_seconds)),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(60);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn all_well_means_one_interval_and_jitter_only_shortens() {
        let well = |jitter| pace(INTERVAL, Found::default(), jitter).next_in;
        assert_eq!(well(0.0), seconds(60));
        assert_eq!(well(1.0), seconds(54));
    }

    #[test]
    fn the_next_schedule_that_is_due_decides() {
        let found = Found {
            next_poll_in: Some(seconds(12)),
            ..Found::default()
        };
        assert_eq!(pace(INTERVAL, found, 0.0).next_in, seconds(12));
    }

    #[test]
    fn what_is_overdue_for_want_of_budget_waits_for_it() {
        let found = Found {
            next_poll_in: Some(Duration::ZERO),
            budget_in: Some(seconds(21)),
            ..Found::default()
        };
        assert_eq!(pace(INTERVAL, found, 0.0).next_in, seconds(21));
    }

    #[test]
    fn failures_double_the_wait_up_to_five_minutes() {
        let problem = PagerDutyProblem::Unavailable { status: 503 };
        for (failures, wait) in [(0, 60), (1, 120), (2, 240), (3, 300), (40, 300)] {
            let found = Found {
                problem: Some(&problem),
                failures,
                ..Found::default()
            };
            let pace = pace(INTERVAL, found, 0.5);
            assert_eq!(pace.ask_in, seconds(wait), "after {failures} failures");
        }
    }

    #[test]
    fn a_failure_that_somebody_asked_for_postpones_nothing() {
        let after = |planned, problem: &PagerDutyProblem| {
            let found = Found {
                problem: Some(problem),
                failures: 3,
                planned_in: Some(seconds(planned)),
                ..Found::default()
            };
            let pace = pace(INTERVAL, found, 0.5);
            assert_eq!(pace.next_in, pace.ask_in);
            pace.ask_in
        };
        let away = PagerDutyProblem::Unreachable;
        for planned in [0, 1, 40, 299] {
            assert_eq!(after(planned, &away), seconds(planned));
        }
        assert_eq!(after(900, &away), seconds(300), "sooner is no harm");
        let limited = PagerDutyProblem::RateLimited {
            retry_after_seconds: 170,
        };
        assert_eq!(after(40, &limited), seconds(170), "as PagerDuty demands");
    }

    #[test]
    fn patience_with_a_slow_schedule_grows_and_has_an_end() {
        let limits = [10, 20, 30, 30];
        assert!(limits.is_sorted_by(|one, next| longer_limit(*one) == *next));
        assert!(is_quick(seconds(1)) && !is_quick(seconds(5)));
    }

    #[test]
    fn a_rate_limit_is_waited_out() {
        let problem = PagerDutyProblem::RateLimited {
            retry_after_seconds: 290,
        };
        assert_eq!(back_off(INTERVAL, 0, &problem), seconds(290));
        assert_eq!(obeying(INTERVAL, &problem), seconds(290));
        let denied = PagerDutyProblem::ScheduleDenied;
        assert_eq!(obeying(INTERVAL, &denied), INTERVAL);
    }
}
