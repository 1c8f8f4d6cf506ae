//! Our clock is wrong. Shifts go by PagerDuty's, leases by the database's.

use crate::support::{bound::Bound, databases, sandbox::Sandbox, sqlite, workspace};
use jiff::Timestamp as Instant;
use serde_json::json;
use std::time::Duration;

async fn with_pagerduty_ahead(seconds: i64) {
    for database in databases().await {
        let sandbox = Sandbox::start().await;
        sandbox
            .control("clock", json!({"ahead_seconds": seconds}))
            .await;
        let bound = Bound::in_company(sandbox, database, &["PPLATP1", "PPLATS2"]).await;
        bound.agrees_with_pagerduty().await;

        // It is our clock of which the panel speaks.
        let shown = bound.card().await.clock_ahead_seconds.unwrap();
        assert!((shown + seconds).abs() <= 1, "{shown}");

        // A shift of a minute, in the midst of which ours sees nothing.
        let path = "schedules/PPLATP1/end-shift";
        let told = bound.sandbox.control(path, json!({"seconds": 4})).await;
        let (ends_at, next) = (&told["ends_at"], told["to"].as_str().unwrap());
        let ends_at: Instant = ends_at.as_str().unwrap().parse().unwrap();
        bound.sync_whole().await;
        assert_ne!(bound.on_duty("PPLATP1").await, [next]);
        let reconciler = bound.reconcile();
        bound.until_on_duty("PPLATP1", &[next]).await;
        let late = Instant::now().as_millisecond() + seconds * 1000 - ends_at.as_millisecond();
        // PagerDuty tells its time in whole seconds.
        assert!(
            (-1000..3000).contains(&late),
            "{late} ms after the shift's end"
        );
        reconciler.stop().await;
    }
}

#[tokio::test]
async fn hand_offs_go_by_pagerdutys_clock_when_ours_is_ten_minutes_late() {
    with_pagerduty_ahead(600).await;
}

#[tokio::test]
async fn hand_offs_go_by_pagerdutys_clock_when_ours_is_ten_minutes_early() {
    with_pagerduty_ahead(-600).await;
}

#[tokio::test]
async fn readings_that_follow_each_other_at_once_all_count_whatever_our_clock_says() {
    for seconds in [600, -5, -600] {
        let sandbox = Sandbox::start().await;
        let clock = json!({"ahead_seconds": seconds});
        sandbox.control("clock", clock).await;
        let bound = Bound::in_company(sandbox, sqlite(), &["PPLATP1"]).await;
        for user in ["PADAOK1", "PTOMAS5", "PADAOK1", "PTOMAS5"] {
            let taken = json!({"user": user, "seconds": 3600});
            let path = "schedules/PPLATP1/overrides";
            bound.sandbox.control(path, taken).await;
            bound.sync_whole().await;
            assert_eq!(bound.on_duty("PPLATP1").await, [user], "{seconds} s ahead");
        }
    }
}

#[tokio::test]
async fn leases_do_not_care_what_time_it_is_at_pagerduty() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        for seconds in [600, -600] {
            let store = &bound.services.store;
            let lease = Duration::from_secs(30);
            let held = store
                .take_lease(&workspace(), lease)
                .await
                .unwrap()
                .unwrap();
            let clock = json!({"ahead_seconds": seconds});
            bound.sandbox.control("clock", clock).await;
            assert!(
                store
                    .take_lease(&workspace(), lease)
                    .await
                    .unwrap()
                    .is_none()
            );
            assert!(store.renew_lease(&held, lease).await.unwrap());
            store.release_lease(&held, Duration::ZERO).await.unwrap();
            bound.sync_whole().await;
            bound.agrees_with_pagerduty().await;
            let connection = bound.connection().await;
            assert_eq!(connection.lease, None);
            let next_in = connection.next_sync_at.seconds_since(connection.as_of);
            assert!((0..=60).contains(&next_in), "{next_in}");
        }
    }
}
