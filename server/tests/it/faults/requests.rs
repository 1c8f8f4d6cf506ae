//! *Sync now* while PagerDuty is away: impatience postpones nothing.

use crate::support::{Database, bound::Bound, databases};
use futures::future::join_all;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time;
use types::{PagerDutyProblem, Timestamp};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];
/// Writing a plan down takes a moment, on a busy machine too.
const A_MOMENT_SECONDS: i64 = 1;

/// When PagerDuty is asked without anybody's doing, and how patient we are.
#[derive(Debug, PartialEq)]
struct Plan {
    /// The connection's next run that asks.
    asks_at: Timestamp,
    failures: u32,
    /// When each schedule is to be read, and how often that failed in a row.
    schedules: Vec<(Timestamp, u32)>,
}

async fn plan(bound: &Bound) -> Plan {
    let connection = bound.connection().await;
    let schedules = bound.all_schedules().await;
    Plan {
        asks_at: connection.next_sync_at.max(connection.ask_after),
        failures: connection.failures,
        schedules: schedules
            .iter()
            .map(|schedule| (schedule.poll_at, schedule.failures))
            .collect(),
    }
}

fn is_later(after: Timestamp, before: Timestamp) -> bool {
    after > before.plus_seconds(A_MOMENT_SECONDS)
}

async fn pressing_postpones_nothing(bound: &Bound, weather: &str) {
    let before = plan(bound).await;
    for press in 1..=3 {
        bound.sync().await.unwrap_err();
        let after = plan(bound).await;
        let said = format!("{weather}, press {press}: {before:?}, {after:?}");
        assert!(!is_later(after.asks_at, before.asks_at), "{said}");
        assert_eq!(after.failures, before.failures, "{said}");
        for (after, before) in after.schedules.iter().zip(&before.schedules) {
            assert!(!is_later(after.0, before.0), "{said}");
            assert_eq!(after.1, before.1, "{said}");
        }
    }
}

#[tokio::test]
async fn a_hundred_who_press_sync_now_at_once_share_one_sync() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        bound.forget_what_was_asked().await;
        let slow = json!({"side": "pagerduty", "path": "/schedules", "delay_ms": 300});
        bound.sandbox.fault(slow).await;
        let pressed = join_all((0..100).map(|_| bound.sync())).await;
        assert!(pressed.iter().all(|report| *report == pressed[0]));
        assert_eq!(pressed[0].as_ref().unwrap().confirmed, 2);
        assert_eq!(bound.asked_for("/schedules/{id}").await, 2);
    }
}

#[tokio::test]
async fn pressing_sync_now_during_an_outage_does_not_postpone_the_recovery() {
    let away = json!({"side": "pagerduty", "status": 503});
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        bound.sandbox.fault(away.clone()).await;
        pressing_postpones_nothing(&bound, "the outage has just begun").await;

        // As after two runs that failed by themselves, 20 seconds before the next.
        for statement in [
            "update pagerduty_connections set failures = 2, ask_after = ask_after - 30000,
                 next_sync_at = next_sync_at - 30000",
            "update pagerduty_schedules set failures = 2, poll_at = poll_at - 30000",
        ] {
            bound.database.execute(statement).await;
        }
        pressing_postpones_nothing(&bound, "the outage goes on").await;

        // At its time the run comes, and asks for everything.
        bound.sandbox.clear_faults().await;
        for statement in [
            "update pagerduty_connections set ask_after = ask_after - 60000,
                 next_sync_at = next_sync_at - 60000",
            "update pagerduty_schedules set poll_at = poll_at - 60000",
        ] {
            bound.database.execute(statement).await;
        }
        let reconciler = bound.reconcile();
        bound.until_synced().await;
        reconciler.stop().await;
        assert_eq!(bound.last_run().await.confirmed, 2);
    }
}

/// It always takes longer than others are waited for.
#[tokio::test]
async fn a_schedule_that_is_always_slow_is_waited_for_alone_and_holds_up_nobody() {
    join_all(databases().await.into_iter().map(slow_schedule)).await;
}

async fn slow_schedule(database: Database) {
    let bound = Bound::to(database, &SCHEDULES).await;
    bound.sync_whole().await;
    let slow = json!({"side": "pagerduty", "path": "/schedules/PPLATP1", "delay_ms": 11_000});
    bound.sandbox.fault(slow).await;
    let taken = json!({"user": "PHENRI2", "seconds": 3600});
    for schedule in SCHEDULES {
        let path = format!("schedules/{schedule}/overrides");
        bound.sandbox.control(&path, taken.clone()).await;
    }
    // That it is slow is found out once.
    let first = bound.sync().await.unwrap();
    assert_eq!((first.confirmed, first.unreadable), (1, 1));
    let silent = PagerDutyProblem::TimedOut { limit_seconds: 10 };
    assert_eq!(bound.schedule("PPLATP1").await.problem, Some(silent));
    assert_eq!(bound.on_duty("PPAYMN3").await, ["PHENRI2"]);

    let limit = bound.schedule("PPLATP1").await.answer_limit_seconds;
    assert_eq!(limit, Some(20));
    for _ in 0..3 {
        let pressed = Instant::now();
        let report = bound.sync().await.unwrap();
        assert_eq!((report.confirmed, report.awaited), (1, 1));
        assert!(pressed.elapsed() < Duration::from_secs(8), "nobody waits");
    }
    bound.until_on_duty("PPLATP1", &["PHENRI2"]).await;
    let schedule = bound.schedule("PPLATP1").await;
    assert_eq!((schedule.problem, schedule.unanswered), (None, 0));
    assert_eq!(schedule.answer_limit_seconds, Some(20));
    // It is listed like a run, a moment later.
    while bound.last_run().await.changes.is_empty() {
        time::sleep(Duration::from_millis(20)).await;
    }

    // What it confirms counts as a sync, also where nothing else can be read.
    let failing = json!({"side": "pagerduty", "path": "/schedules/PPAYMN3", "status": 500});
    bound.sandbox.fault(failing).await;
    let forget = "update pagerduty_connections set last_synced_at = null";
    bound.database.execute(forget).await;
    assert_eq!(bound.sync().await.unwrap().confirmed, 0);
    assert_eq!(bound.connection().await.last_synced_at, None);
    while bound.connection().await.last_synced_at.is_none() {
        time::sleep(Duration::from_millis(20)).await;
    }

    // Once it is as quick as others, it is treated like them.
    bound.sandbox.clear_faults().await;
    let limit = async || bound.schedule("PPLATP1").await.answer_limit_seconds;
    while limit().await.is_some() {
        bound.sync().await.unwrap();
    }
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
}
