//! Who is who in PagerDuty: how seldom that is asked, and what serves while it
//! cannot be.

use crate::support::{bound::Bound, databases, sandbox::Sandbox, sqlite};
use serde_json::{Value, json};
use types::{ConnectRefusal, PagerDutyProblem};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];

/// The list of people fails like this while every schedule can be read.
async fn only_people_fail(bound: &Bound, mut fault: Value) {
    fault["side"] = json!("pagerduty");
    fault["path"] = json!("/users");
    bound.let_roster_age().await;
    bound.sandbox.fault(fault).await;
}

#[tokio::test]
async fn known_people_serve_while_the_list_cannot_be_read() {
    let faults = [
        json!({"status": 400}),
        json!({"status": 404}),
        json!({"status": 500}),
        json!({"status": 503, "body": "html"}),
        json!({"body": "reset"}),
        json!({"body": "cut_off"}),
        json!({"body": "truncated"}),
        json!({"body": "empty"}),
        json!({"body": "wrong_types"}),
    ];
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        let before = bound.all_rotations().await;
        for fault in &faults {
            only_people_fail(&bound, fault.clone()).await;
            let report = bound.sync().await.unwrap();
            let counted = (report.changed, report.confirmed, report.unreadable);
            assert_eq!(counted, (0, 2, 0), "{fault}");
            assert_eq!(bound.all_rotations().await, before, "{fault}");
            bound.sandbox.clear_faults().await;
        }
        bound.sync().await.unwrap();
        assert!(bound.connection().await.roster_read_at.is_some());
    }
}

#[tokio::test]
async fn what_the_list_says_of_the_credential_counts_for_the_connection() {
    let bound = Bound::to(sqlite(), &SCHEDULES).await;
    let before = bound.all_rotations().await;
    for (status, problem) in [
        (401, PagerDutyProblem::KeyEnded),
        (402, PagerDutyProblem::NoApiAccess),
        (
            403,
            PagerDutyProblem::Forbidden {
                missing_scopes: None,
            },
        ),
    ] {
        only_people_fail(&bound, json!({"status": status})).await;
        let outcome = bound.sync().await;
        assert_eq!(outcome, Err(ConnectRefusal::PagerDuty(problem)));
        assert_eq!(bound.all_rotations().await, before);
        bound.sandbox.clear_faults().await;
    }
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
}

#[tokio::test]
async fn somebody_new_is_shown_by_name_or_id_while_nobody_can_be_asked_for() {
    let bound = Bound::to(sqlite(), &["PPLATP1", "Q3NIGHTWATCH02"]).await;
    let newcomer = json!({"id": "PNEWCOM", "name": "Nina Newcomer", "email": "ann@example.com"});
    bound.sandbox.control("pagerduty/users", newcomer).await;
    let taken = json!({"user": "PNEWCOM", "seconds": 3600});
    for schedule in ["PPLATP1", "Q3NIGHTWATCH02"] {
        let path = format!("schedules/{schedule}/overrides");
        bound.sandbox.control(&path, taken.clone()).await;
    }
    let known = bound.rotation("PPLATP1").await.members.len();
    only_people_fail(&bound, json!({"status": 500})).await;
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
    bound.agrees_with_pagerduty().await;
    assert_eq!(bound.rotation("PPLATP1").await.members.len(), known + 1);
    let shown = bound.member("PPLATP1", "PNEWCOM").await;
    assert_eq!((shown.name.as_str(), shown.person), ("Nina Newcomer", None));
    // A shift-based schedule tells no names.
    let shown = bound.member("Q3NIGHTWATCH02", "PNEWCOM").await;
    assert!(["Nina Newcomer", "PNEWCOM"].contains(&shown.name.as_str()));

    bound.sandbox.clear_faults().await;
    bound.sync().await.unwrap();
    let shown = bound.member("PPLATP1", "PNEWCOM").await;
    assert_eq!((shown.name.as_str(), shown.person.is_some()), ("Ann", true));
}

#[tokio::test]
async fn people_are_listed_once_in_a_quarter_of_an_hour() {
    for database in databases().await {
        let mut bound = Bound::to(database, &SCHEDULES).await;
        bound.let_roster_age().await;
        bound.forget_what_was_asked().await;
        bound.sync().await.unwrap();
        bound.sync().await.unwrap();
        assert_eq!(bound.asked_for("/users").await, 1);

        // Everybody in it is known.
        bound.bind("PPLATS2").await;
        bound.sync().await.unwrap();
        assert_eq!(bound.asked_for("/users").await, 1);
        assert_eq!(bound.asked_for("/users/{id}").await, 0);
    }
}

#[tokio::test]
async fn of_more_people_than_pagerduty_lists_the_first_ten_thousand_are_read_once() {
    let sandbox = Sandbox::start().await;
    sandbox
        .control("seed", json!({"users": 10_100, "schedules": 2}))
        .await;
    let schedules = ["PPLATP1", "PS00001"];
    let bound = Bound::in_company(sandbox, sqlite(), &schedules).await;
    bound.sync_whole().await;
    bound.agrees_with_pagerduty().await;
    // One page more was read when the key was tried.
    assert!(bound.asked_for("/users").await <= 101);
    bound.forget_what_was_asked().await;
    bound.sync_whole().await;
    assert_eq!(bound.asked_for("/users").await, 0);
}
