//! Who is who in PagerDuty: how seldom that is asked, and what serves while it
//! cannot be.

use crate::support::{Database, bound::Bound, databases, sandbox::Sandbox, sqlite, workspace};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time;
use types::{ConnectRefusal, LinkState, PagerDutyProblem};

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
async fn a_credential_that_may_not_list_people_is_said_to_need_that_right_and_no_more() {
    let bound = Bound::to(sqlite(), &SCHEDULES).await;
    let before = bound.all_rotations().await;
    only_people_fail(&bound, json!({"status": 403, "times": 1})).await;
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
    only_people_fail(&bound, json!({"status": 403})).await;
    let denied = PagerDutyProblem::PeopleDenied {
        missing_scopes: None,
    };
    let outcome = bound.sync().await;
    assert_eq!(outcome, Err(ConnectRefusal::PagerDuty(denied)));
    // The schedules were read all the same.
    assert_eq!(bound.last_run().await.confirmed, 2);
    assert_eq!(bound.all_rotations().await, before);
    bound.sandbox.clear_faults().await;
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
}

/// A newcomer is in a schedule, so that there is somebody to ask for.
async fn newcomer(bound: &Bound) {
    let newcomer = json!({"id": "PNEWCOM", "name": "Nina Newcomer", "email": "ann@example.com"});
    bound.sandbox.control("pagerduty/users", newcomer).await;
    let taken = json!({"user": "PNEWCOM", "seconds": 3600});
    let path = "schedules/PPLATP1/overrides";
    bound.sandbox.control(path, taken).await;
}

async fn newcomer_is(bound: &Bound, link: LinkState, said: &str) {
    let shown = bound.member("PPLATP1", "PNEWCOM").await;
    assert_eq!(shown.link, link, "{said}");
    assert!(bound.is_on_duty("PPLATP1", "PNEWCOM").await && link.can_be_on_duty());
}

#[tokio::test]
async fn whatever_is_said_of_people_schedules_go_on_and_nobody_is_said_to_have_no_email() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        newcomer(&bound).await;
        for status in [401, 402, 404, 408, 429, 500, 503] {
            for path in ["/users", "/users/"] {
                people_fail_with(&bound, path, status).await;
            }
        }
    }
}

#[tokio::test]
async fn people_who_take_long_hold_no_schedule_up() {
    let bound = Bound::to(sqlite(), &SCHEDULES).await;
    newcomer(&bound).await;
    bound.let_roster_age().await;
    for path in ["/users", "/users/"] {
        let silent = json!({"side": "pagerduty", "path": path, "delay_ms": 60_000});
        bound.sandbox.fault(silent).await;
    }
    let began = Instant::now();
    let other = async {
        let before = bound.schedule("PPAYMN3").await.confirmed_at;
        while bound.schedule("PPAYMN3").await.confirmed_at == before {
            time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    };
    let (report, other) = tokio::join!(bound.sync(), other);
    assert!(other < Duration::from_secs(4), "{other:?}");
    assert_eq!(report.unwrap().confirmed, 2);
    bound.agrees_with_pagerduty().await;
    newcomer_is(&bound, LinkState::NotYetKnown, "too slow").await;
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// The list and the newcomer, or the newcomer alone.
async fn people_fail_with(bound: &Bound, path: &str, status: u16) {
    let said = format!("{status} at {path}");
    let forget = "update pagerduty_users set asked_for = 0, email = null where id = 'PNEWCOM'";
    bound.database.execute(forget).await;
    match path {
        "/users" => bound.let_roster_age().await,
        // The list, which a 429 has put off for a second, would tell of the newcomer too.
        _ => bound.let_roster_be_fresh().await,
    }
    let fault = json!({"side": "pagerduty", "path": path, "status": status});
    bound.sandbox.fault(fault).await;
    let report = bound.sync().await.unwrap();
    assert_eq!((report.confirmed, report.unreadable), (2, 0), "{said}");
    bound.agrees_with_pagerduty().await;
    assert_eq!(bound.connection().await.problem, None, "{said}");
    // A 404 for one person does say that there is nobody.
    if status != 404 {
        newcomer_is(bound, LinkState::NotYetKnown, &said).await;
    }
    bound.sandbox.clear_faults().await;
    bound.sync().await.unwrap();
    newcomer_is(bound, LinkState::Linked, &said).await;
}

/// The 14 people of the company, and the crowd.
const EVERYBODY: usize = 304;

/// A company of 300 people, whose list is to be read, with a schedule of people who
/// are on the list's pages 1 to 3.
async fn crowd(database: Database) -> Bound {
    let sandbox = Sandbox::start().await;
    let company = json!({"users": 290, "schedules": 1});
    sandbox.control("seed", company).await;
    let people = json!({"id": "PWIDE00", "name": "Far apart", "turn_seconds": 86_400,
        "users": ["PADAOK1", "PG00150", "PG00280"]});
    sandbox.control("schedules", people).await;
    let bound = Bound::in_company(sandbox, database, &["PWIDE00"]).await;
    bound.sync_whole().await;
    for statement in [
        "delete from pagerduty_users where id not in ('PADAOK1', 'PG00150', 'PG00280')",
        "update pagerduty_users set email = null, asked_for = 0 where id like 'PG%'",
    ] {
        bound.database.execute(statement).await;
    }
    bound.let_roster_age().await;
    bound
}

async fn people_listed(bound: &Bound) -> usize {
    let store = &bound.services.store;
    let people = store.pagerduty_users(&workspace()).await.unwrap();
    people.values().filter(|person| person.asked_for).count()
}

#[tokio::test]
async fn pages_of_people_that_came_are_used_whatever_became_of_another() {
    let faults = [
        json!({"query": "offset=100", "status": 500}),
        json!({"query": "offset=100", "body": "truncated"}),
        json!({"query": "offset=100", "body": "no_rows", "times": 1}),
        json!({"query": "limit=100", "body": "heavy"}),
        json!({"status": 500, "every": 10}),
    ];
    for fault in faults {
        for database in databases().await {
            let bound = crowd(database).await;
            let mut fault = fault.clone();
            fault["side"] = json!("pagerduty");
            fault["path"] = json!("/users");
            bound.sandbox.fault(fault.clone()).await;
            assert_eq!(bound.sync().await.unwrap().confirmed, 1, "{fault}");
            let listed = people_listed(&bound).await;
            // A row that always fails costs itself.
            assert!(listed + 1 >= EVERYBODY, "{fault}: {listed}");
            for user in ["PG00150", "PG00280"] {
                let link = bound.member("PWIDE00", user).await.link;
                // Known, and nobody of that address is in Slack.
                assert_eq!(link, LinkState::NoMatch, "{fault}: {user}");
            }
        }
    }
}

#[tokio::test]
async fn the_list_of_people_is_read_on_where_it_stopped() {
    for database in databases().await {
        let bound = crowd(database).await;
        let rest = json!({"side": "pagerduty", "path": "/users", "status": 500});
        for offset in (100..400).map(|row| format!("offset={row}")) {
            let mut fault = rest.clone();
            fault["query"] = json!(offset);
            bound.sandbox.fault(fault).await;
        }
        assert_eq!(bound.sync().await.unwrap().confirmed, 1);
        let stopped = bound.connection().await.roster_from.unwrap();
        assert_eq!(stopped.offset, 100);
        let listed = people_listed(&bound).await;
        assert!((100..110).contains(&listed), "{listed}");

        bound.sandbox.clear_faults().await;
        bound.forget_what_was_asked().await;
        bound.sync().await.unwrap();
        assert!(people_listed(&bound).await >= EVERYBODY);
        // Ten small pages, and the rest as usual.
        assert!(bound.asked_for("/users").await <= 13);
        assert_eq!(bound.connection().await.roster_from, None);
    }
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
    let known = bound.rotation("PPLATP1").await.crew.members.len();
    only_people_fail(&bound, json!({"status": 500})).await;
    assert_eq!(bound.sync().await.unwrap().confirmed, 2);
    bound.agrees_with_pagerduty().await;
    assert_eq!(
        bound.rotation("PPLATP1").await.crew.members.len(),
        known + 1
    );
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
