//! Schedules that are ill, hidden or gone.

use crate::support::{bound::Bound, databases};
use serde_json::json;
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
