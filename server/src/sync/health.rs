//! How far what is shown can be trusted: the one rule for the cards of rotations,
//! their pages, the panel and its badge. Pure, with the time as a parameter.

use crate::store::{BoundSchedule, Connection, ListedSchedule};
use std::time::Duration;
use types::{ConnectionHealth, PagerDutyProblem, ScheduleHealth, Timestamp};

/// Questions in a row that bring nothing before somebody is asked to look.
const UNANSWERED_THAT_COUNT: u32 = 3;
/// Intervals without a confirmation before somebody is asked to look, and before
/// data is called old.
const INTERVALS_THAT_COUNT: u32 = 3;
/// However short the interval, younger data is not called old.
const SHORTEST_STALE: Duration = Duration::from_secs(60);

/// What is known of a schedule's, or a connection's, last questions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// When PagerDuty last confirmed what is shown, by PagerDuty's clock.
    pub confirmed_at: Option<Timestamp>,
    /// What the last question came to, if it failed.
    pub problem: Option<&'a PagerDutyProblem>,
    /// Questions in a row that failed.
    pub unanswered: u32,
}

impl<'a> Evidence<'a> {
    /// Why somebody has to renew the credential, if that is so.
    pub fn needs_reconnection(self) -> Option<&'a PagerDutyProblem> {
        self.problem.filter(|problem| problem.needs_reconnection())
    }
}

impl<'a> From<&'a Connection> for Evidence<'a> {
    /// Before the first sync, connecting was the last word.
    fn from(connection: &'a Connection) -> Self {
        let synced_at = connection.last_synced_at.map(|at| connection.shown(at));
        Self {
            confirmed_at: synced_at.or(Some(connection.connected_at)),
            problem: connection.problem.as_ref(),
            unanswered: connection.unanswered,
        }
    }
}

impl<'a> From<&'a BoundSchedule> for Evidence<'a> {
    fn from(schedule: &'a BoundSchedule) -> Self {
        Self {
            confirmed_at: schedule.confirmed_at,
            problem: schedule.problem.as_ref(),
            unanswered: schedule.unanswered,
        }
    }
}

impl<'a> From<&'a ListedSchedule> for Evidence<'a> {
    fn from(schedule: &'a ListedSchedule) -> Self {
        Self {
            confirmed_at: schedule.confirmed_at,
            problem: schedule.problem.as_ref(),
            unanswered: schedule.unanswered,
        }
    }
}

/// From when on data is called old that was confirmed at this time.
pub fn stale_at(confirmed_at: Timestamp, interval: Duration) -> Timestamp {
    after(confirmed_at, longest(interval).max(SHORTEST_STALE))
}

/// What a bound schedule shows, at the time `now` of PagerDuty's clock. What ails the
/// connection ails every schedule of it.
pub fn schedule_health(
    connection: Evidence<'_>,
    schedule: Evidence<'_>,
    now: Timestamp,
    interval: Duration,
) -> ScheduleHealth {
    if connection.needs_reconnection().is_some() {
        return ScheduleHealth::NeedsReconnection;
    }
    let of_all = connection
        .problem
        .filter(|problem| !problem.concerns_people_alone());
    let failed = of_all.or(schedule.problem).is_some();
    let unanswered = match of_all {
        Some(_) => connection.unanswered.max(schedule.unanswered),
        None => schedule.unanswered,
    };
    let is_past = |limit: fn(Timestamp, Duration) -> Timestamp| {
        let confirmed_at = schedule.confirmed_at;
        confirmed_at.is_none_or(|at| limit(at, interval) <= now)
    };
    if failed && unanswered >= UNANSWERED_THAT_COUNT && is_past(overdue_at) {
        ScheduleHealth::NeedsAttention
    } else if is_past(stale_at) {
        ScheduleHealth::Stale
    } else if failed {
        ScheduleHealth::AskingAgain
    } else {
        ScheduleHealth::Healthy
    }
}

/// What the panel says of a connection whose bound schedules are as `schedules` tells.
/// Where nothing is bound, the connection's own questions count.
pub fn connection_health(
    connection: Evidence<'_>,
    has_synced: bool,
    schedules: impl Iterator<Item = ScheduleHealth>,
    now: Timestamp,
    interval: Duration,
) -> ConnectionHealth {
    let problem = || connection.problem.cloned();
    if let Some(problem) = connection.needs_reconnection() {
        return ConnectionHealth::NeedsReconnection(problem.clone());
    }
    if !has_synced && connection.problem.is_none() {
        return ConnectionHealth::AwaitingFirstSync;
    }
    let worst = schedules.max().unwrap_or_else(|| {
        match schedule_health(connection, connection, now, interval) {
            // There is no data that could be old.
            ScheduleHealth::Stale if connection.problem.is_some() => ScheduleHealth::AskingAgain,
            ScheduleHealth::Stale => ScheduleHealth::Healthy,
            health => health,
        }
    });
    match worst.max(people_health(connection)) {
        ScheduleHealth::Healthy => ConnectionHealth::Healthy,
        ScheduleHealth::AskingAgain => ConnectionHealth::AskingAgain(problem()),
        ScheduleHealth::Stale => ConnectionHealth::Stale,
        ScheduleHealth::NeedsAttention | ScheduleHealth::NeedsReconnection => {
            ConnectionHealth::NeedsAttention(problem())
        }
    }
}

/// What the list of people adds: only that one, so no schedule is called old for it.
fn people_health(connection: Evidence<'_>) -> ScheduleHealth {
    match connection.problem {
        Some(problem) if problem.concerns_people_alone() => {
            if connection.unanswered >= UNANSWERED_THAT_COUNT {
                ScheduleHealth::NeedsAttention
            } else {
                ScheduleHealth::AskingAgain
            }
        }
        _ => ScheduleHealth::Healthy,
    }
}

fn overdue_at(confirmed_at: Timestamp, interval: Duration) -> Timestamp {
    after(confirmed_at, longest(interval))
}

const fn longest(interval: Duration) -> Duration {
    interval.saturating_mul(INTERVALS_THAT_COUNT)
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_add(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_780_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    const AWAY: PagerDutyProblem = PagerDutyProblem::Unavailable { status: 503 };

    /// So many seconds after it was confirmed, with so many failed questions since.
    fn health(seconds: i64, unanswered: u32, interval: Duration) -> ScheduleHealth {
        let schedule = Evidence {
            confirmed_at: Some(START),
            problem: (unanswered > 0).then_some(&AWAY),
            unanswered,
        };
        let now = START.plus_seconds(seconds);
        schedule_health(Evidence::default(), schedule, now, interval)
    }

    #[test]
    fn attention_takes_three_failed_questions_and_three_intervals() {
        use ScheduleHealth::{AskingAgain, Healthy, NeedsAttention, Stale};
        for (seconds, unanswered, expected) in [
            (0, 0, Healthy),
            (60, 1, AskingAgain),
            (120, 2, AskingAgain),
            // Somebody presses in haste.
            (179, 9, AskingAgain),
            (180, 3, NeedsAttention),
            // Nobody could be asked, as for want of requests.
            (180, 0, Stale),
            (600, 2, Stale),
        ] {
            assert_eq!(health(seconds, unanswered, MINUTE), expected, "{seconds}");
        }
    }

    #[test]
    fn with_a_short_interval_data_is_old_after_a_minute_and_not_before() {
        let second = Duration::from_secs(1);
        assert_eq!(health(59, 0, second), ScheduleHealth::Healthy);
        assert_eq!(health(60, 0, second), ScheduleHealth::Stale);
        assert_eq!(health(3, 3, second), ScheduleHealth::NeedsAttention);
        assert_eq!(stale_at(START, second), START.plus_seconds(60));
        assert_eq!(stale_at(START, MINUTE), START.plus_seconds(180));
    }

    #[test]
    fn one_failed_question_in_ten_never_asks_anybody_to_look() {
        let (mut confirmed, mut unanswered) = (0, 0);
        for minute in 0..60 {
            if minute % 10 == 9 {
                unanswered += 1;
            } else {
                (confirmed, unanswered) = (minute, 0);
            }
            let health = health((minute - confirmed) * 60, unanswered, MINUTE);
            assert!(health <= ScheduleHealth::AskingAgain, "minute {minute}");
        }
    }

    #[test]
    fn what_ails_the_connection_ails_every_schedule() {
        let now = START.plus_seconds(240);
        let of = |problem, unanswered| Evidence {
            problem,
            unanswered,
            ..Evidence::default()
        };
        let schedule = Evidence {
            confirmed_at: Some(START),
            ..Evidence::default()
        };
        let away = schedule_health(of(Some(&AWAY), 3), schedule, now, MINUTE);
        assert_eq!(away, ScheduleHealth::NeedsAttention);
        let ended = of(Some(&PagerDutyProblem::KeyEnded), 1);
        let ended = schedule_health(ended, schedule, START, MINUTE);
        assert_eq!(ended, ScheduleHealth::NeedsReconnection);
    }

    #[test]
    fn without_the_list_of_people_the_panel_says_so_and_the_schedules_are_as_they_are() {
        let denied = PagerDutyProblem::PeopleDenied {
            missing_scopes: None,
        };
        for (unanswered, expected) in [
            (1, ConnectionHealth::AskingAgain(Some(denied.clone()))),
            (3, ConnectionHealth::NeedsAttention(Some(denied.clone()))),
        ] {
            let connection = Evidence {
                confirmed_at: Some(START),
                problem: Some(&denied),
                unanswered,
            };
            let schedule = Evidence {
                confirmed_at: Some(START),
                ..Evidence::default()
            };
            let schedule = schedule_health(connection, schedule, START, MINUTE);
            assert_eq!(schedule, ScheduleHealth::Healthy);
            let panel = connection_health(connection, true, [schedule].into_iter(), START, MINUTE);
            assert_eq!(panel, expected);
        }
    }

    #[test]
    fn the_panel_is_never_healthy_while_a_schedule_cannot_be_read() {
        let panel = |schedules: &[ScheduleHealth]| {
            let connection = Evidence {
                confirmed_at: Some(START),
                ..Evidence::default()
            };
            let schedules = schedules.iter().copied();
            connection_health(connection, true, schedules, START, MINUTE)
        };
        use ScheduleHealth::{AskingAgain, Healthy, NeedsAttention, Stale};
        assert_eq!(panel(&[]), ConnectionHealth::Healthy);
        assert_eq!(panel(&[Healthy, Healthy]), ConnectionHealth::Healthy);
        let again = ConnectionHealth::AskingAgain(None);
        assert_eq!(panel(&[Healthy, AskingAgain]), again);
        assert_eq!(panel(&[AskingAgain, Stale]), ConnectionHealth::Stale);
        let attention = ConnectionHealth::NeedsAttention(None);
        assert_eq!(panel(&[NeedsAttention, Stale]), attention);
    }

    #[test]
    fn where_nothing_is_bound_the_connection_speaks_for_itself() {
        let panel = |seconds, unanswered, has_synced| {
            let connection = Evidence {
                confirmed_at: Some(START),
                problem: (unanswered > 0).then_some(&AWAY),
                unanswered,
            };
            let now = START.plus_seconds(seconds);
            let nothing = std::iter::empty();
            connection_health(connection, has_synced, nothing, now, MINUTE)
        };
        assert_eq!(panel(0, 0, false), ConnectionHealth::AwaitingFirstSync);
        assert_eq!(panel(9000, 0, true), ConnectionHealth::Healthy);
        let again = ConnectionHealth::AskingAgain(Some(AWAY));
        assert_eq!(panel(60, 1, true), again);
        let attention = ConnectionHealth::NeedsAttention(Some(AWAY));
        assert_eq!(panel(300, 3, true), attention);
    }
}
