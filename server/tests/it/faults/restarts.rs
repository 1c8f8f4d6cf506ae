//! Servers that start while, or after, PagerDuty was away.

use crate::support::{bound::Bound, databases, workspace};
use serde_json::json;
use server::sync;
use std::time::Duration;
use types::{PagerDutyProblem, SyncReason, Timestamp};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];

/// A workspace that was told `status` and, after many failures, is to leave
/// PagerDuty alone for minutes.
async fn long_backed_off(bound: &Bound, status: u16) {
    let away = json!({"side": "pagerduty", "status": status});
    bound.sandbox.fault(away).await;
    bound.sync().await.unwrap_err();
    for statement in [
        "update pagerduty_connections set failures = 3, ask_after = ask_after + 240000,
             next_sync_at = next_sync_at + 240000",
        "update pagerduty_schedules set failures = 3, poll_at = poll_at + 240000",
    ] {
        bound.database.execute(statement).await;
    }
}

/// When PagerDuty is asked next.
async fn asks_at(bound: &Bound) -> Timestamp {
    let connection = bound.connection().await;
    connection.next_sync_at.max(connection.ask_after)
}

#[tokio::test]
async fn a_server_that_starts_after_an_outage_finds_out_that_it_is_over() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        long_backed_off(&bound, 503).await;
        bound.sandbox.clear_faults().await;
        let reconciler = bound.reconcile();
        bound.until_synced().await;
        reconciler.stop().await;
        let run = bound.last_run().await;
        assert_eq!((run.reason, run.confirmed), (Some(SyncReason::Due), 2));
    }
}

#[tokio::test]
async fn what_waiting_does_not_mend_is_not_tried_again_at_the_start() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        long_backed_off(&bound, 401).await;
        assert_eq!(
            bound.connection().await.problem,
            Some(PagerDutyProblem::KeyEnded)
        );
        let before = asks_at(&bound).await;
        bound.forget_what_was_asked().await;
        let reconciler = bound.reconcile();
        // It has looked once what is due.
        while !sync::is_alive(&bound.services.background) {
            tokio::task::yield_now().await;
        }
        reconciler.stop().await;
        assert_eq!(asks_at(&bound).await, before);
        let counters = bound.sandbox.ask("counters").await;
        assert_eq!(counters["pagerduty"]["total"], 0);
    }
}

/// However many do so, and however often.
#[tokio::test]
async fn servers_that_start_together_share_one_attempt() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        long_backed_off(&bound, 503).await;
        let store = &bound.services.store;
        let wait = Duration::from_secs(20);
        store.retry_within(&workspace(), wait).await.unwrap();
        let planned = asks_at(&bound).await;
        let connection = bound.connection().await;
        assert!((15..=20).contains(&planned.seconds_since(connection.as_of)));
        let polls = bound.all_schedules().await;
        for schedule in &polls {
            assert!(schedule.poll_at.seconds_since(planned) < 1);
        }
        for _ in 0..3 {
            store.retry_within(&workspace(), wait).await.unwrap();
            assert_eq!(asks_at(&bound).await, planned);
        }
    }
}
