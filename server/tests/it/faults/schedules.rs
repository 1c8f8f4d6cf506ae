//! Schedules that are ill, hidden or gone.

use crate::support::{Database, bound::Bound, databases, sandbox::Sandbox};
use serde_json::{Value, json};
use types::PagerDutyProblem;

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];

/// A sync says this of one schedule, leaves its rotation alone, and confirms the
/// other.
async fn one_is_flagged(bound: &Bound, problem: &PagerDutyProblem) {
    let before = bound.all_rotations().await;
    let report = bound.sync().await.unwrap();
    let counted = (report.changed, report.confirmed, report.unreadable);
    assert_eq!(counted, (0, 1, 1), "{problem}");
    assert_eq!(bound.all_rotations().await, before, "{problem}");
    assert_eq!(
        bound.schedule("PPLATP1").await.problem.as_ref(),
        Some(problem)
    );
    assert_eq!(bound.schedule("PPAYMN3").await.problem, None, "{problem}");
    assert_eq!(bound.card().await.freshness.unreadable, 1, "{problem}");
}

async fn both_are_well(bound: &Bound) {
    assert_eq!(bound.sync_whole().await.confirmed, 2);
    bound.agrees_with_pagerduty().await;
    assert_eq!(bound.card().await.freshness.unreadable, 0);
}

#[tokio::test]
async fn a_shift_based_schedule_endures_its_faults_like_the_others() {
    let faults = [
        (
            json!({"status": 503}),
            PagerDutyProblem::Unavailable { status: 503 },
        ),
        (
            json!({"status": 400, "body": "errors_map"}),
            PagerDutyProblem::Unavailable { status: 400 },
        ),
        (json!({"body": "truncated"}), PagerDutyProblem::Unreadable),
        (json!({"body": "wrong_types"}), PagerDutyProblem::Unreadable),
    ];
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound
            .sandbox
            .control("schedules/PPLATP1/upgrade", json!({}))
            .await;
        both_are_well(&bound).await;
        for (fault, problem) in &faults {
            let mut fault = fault.clone();
            fault["side"] = json!("pagerduty");
            fault["path"] = json!("/v3/schedules/PPLATP1");
            bound.sandbox.fault(fault).await;
            one_is_flagged(&bound, problem).await;
            bound.sandbox.clear_faults().await;
            both_are_well(&bound).await;
        }
    }
}

#[tokio::test]
async fn a_schedule_that_is_hidden_is_flagged_until_it_is_shown_again() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        let path = "schedules/PPLATP1/hide";
        bound.sandbox.control(path, json!({"hidden": true})).await;
        one_is_flagged(&bound, &PagerDutyProblem::NotFound).await;
        bound.sandbox.control(path, json!({"hidden": false})).await;
        both_are_well(&bound).await;
        bound
            .sandbox
            .control("schedules/PPLATP1/delete", json!({}))
            .await;
        one_is_flagged(&bound, &PagerDutyProblem::NotFound).await;
        one_is_flagged(&bound, &PagerDutyProblem::NotFound).await;
    }
}

/// In the order in which they are asked for; only the last one is well.
const MANY: [&str; 9] = [
    "PDATAI7",
    "PPAYMN3",
    "PPLATP1",
    "PPLATS2",
    "PSTORE5",
    "Q3INCIDENTCMD1",
    "Q3NIGHTWATCH02",
    "PZONE08",
    "PZONE09",
];

/// A company in which all of [`MANY`] are bound and were read.
async fn many_bound(database: Database) -> Bound {
    let sandbox = Sandbox::start().await;
    for id in ["PZONE08", "PZONE09"] {
        let schedule = json!({"id": id, "name": id, "users": ["PADAOK1", "PPRIYA3"],
            "turn_seconds": 86_400});
        sandbox.control("schedules", schedule).await;
    }
    let bound = Bound::in_company(sandbox, database, &MANY).await;
    bound.sync_whole().await;
    bound
}

async fn all_fail_but_one(bound: &Bound, fault: &Value, well: &str) {
    bound.sandbox.clear_faults().await;
    let late = json!({"side": "pagerduty", "path": format!("/schedules/{well}"), "delay_ms": 300});
    bound.sandbox.fault(late).await;
    for path in ["/schedules/", "/v3/schedules/"] {
        let mut fault = fault.clone();
        fault["side"] = json!("pagerduty");
        fault["path"] = json!(path);
        bound.sandbox.fault(fault).await;
    }
}

#[tokio::test]
async fn a_schedule_that_answers_late_is_confirmed_however_many_others_fail_at_once() {
    for database in databases().await {
        let bound = many_bound(database).await;
        for fault in [
            json!({"status": 403}),
            json!({"status": 500}),
            json!({"status": 401}),
            json!({"status": 402}),
            json!({"body": "reset"}),
            json!({"body": "html"}),
        ] {
            all_fail_but_one(&bound, &fault, "PZONE09").await;
            for run in 1..=3 {
                let before = bound.schedule("PZONE09").await.confirmed_at;
                let report = bound.sync().await.unwrap();
                let said = format!("{fault}, run {run}: {report:?}");
                assert_eq!((report.confirmed, report.unreadable), (1, 8), "{said}");
                let well = bound.schedule("PZONE09").await;
                assert!(
                    well.confirmed_at > before && well.problem.is_none(),
                    "{said}"
                );
                assert_eq!(bound.connection().await.problem, None, "{said}");
                for schedule in bound.all_schedules().await {
                    let reconnect = |problem: &PagerDutyProblem| problem.needs_reconnection();
                    assert!(!schedule.problem.as_ref().is_some_and(reconnect), "{said}");
                }
            }
            bound.sandbox.clear_faults().await;
            assert_eq!(bound.sync_whole().await.confirmed, 9, "{fault}");
        }
    }
}

#[tokio::test]
async fn schedules_that_can_be_read_are_read_although_one_meets_a_limit() {
    for database in databases().await {
        let bound = many_bound(database).await;
        let limit = json!({"side": "pagerduty", "path": "/schedules/PDATAI7", "status": 429,
            "headers": {"ratelimit-reset": "120"}});
        bound.sandbox.fault(limit).await;
        let report = bound.sync().await.unwrap();
        assert_eq!((report.confirmed, report.unreadable), (8, 1));
        let connection = bound.connection().await;
        assert_eq!(connection.problem, None);
        // Only this one is left alone for as long as PagerDuty says.
        let limited = bound.schedule("PDATAI7").await;
        assert!(limited.poll_at.seconds_since(connection.as_of) > 100);
    }
}
