//! The fault table: each way in which PagerDuty can be ill, what is said about
//! it, what stays, and what the first sync after it brings.

mod budget;
mod clocks;
mod health;
mod people;
mod requests;
mod restarts;
mod roster;
mod schedules;

use crate::support::{
    Database, Setup, bound::Bound, contents::Contents, databases, services_with, sqlite, workspace,
};
use domain::Rotation;
use futures::future::join_all;
use serde_json::{Value, json};
use server::sync;
use std::net::TcpListener;
use types::{ConnectRefusal, ConnectionHealth, PagerDutyProblem, Timestamp};

/// Whoever is on call here changes before each fault, unnoticed until its end. The
/// others prove that one schedule's fault is not theirs. All three change hands
/// once a week, and not while a test runs.
const AFFECTED: &str = "PPLATP1";
const SCHEDULES: [&str; 3] = [AFFECTED, "PPAYMN3", "PSTORE5"];

/// What a failed sync writes; everything else has to stay.
const STATE_OF_THE_SYNC: [&str; 20] = [
    "sync_runs",
    "sync_unreadable",
    "pagerduty_connections.problem",
    "pagerduty_connections.failures",
    "pagerduty_connections.unanswered",
    "pagerduty_connections.last_synced_at",
    "pagerduty_connections.next_sync_at",
    "pagerduty_connections.ask_after",
    "pagerduty_connections.clock_ahead_millis",
    "pagerduty_connections.lease_holder",
    "pagerduty_connections.lease_until",
    "pagerduty_schedules.problem",
    "pagerduty_schedules.failures",
    "pagerduty_schedules.unanswered",
    "pagerduty_schedules.answer_limit",
    "pagerduty_schedules.poll_at",
    "pagerduty_schedules.confirmed_at",
    "pagerduty_schedules.applied_at",
    "pagerduty_schedules.known_with",
    "pagerduty_schedules.known_until",
];

/// Whom a fault concerns that strikes at whatever is asked.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// Whoever uses the credential: nothing is said of any schedule.
    Connection,
    /// The schedules, and the connection since none of them can be read.
    Schedule,
    /// The schedules alone, however many there are.
    ScheduleAlone,
}

#[derive(Clone, Copy, PartialEq)]
enum Mending {
    ByItself,
    BySomebody,
}

struct Fault {
    name: &'static str,
    /// What the stand-in does, apart from where.
    fault: Value,
    problem: PagerDutyProblem,
    of: Of,
    mending: Mending,
}

/// What is said of one schedule at which a fault strikes while others can be read:
/// nothing of the credential, which was not at fault.
fn of_one_schedule(problem: &PagerDutyProblem) -> PagerDutyProblem {
    match problem {
        PagerDutyProblem::KeyEnded => PagerDutyProblem::Unavailable { status: 401 },
        PagerDutyProblem::NoApiAccess => PagerDutyProblem::Unavailable { status: 402 },
        PagerDutyProblem::Forbidden {
            missing_scopes: None,
        } => PagerDutyProblem::ScheduleDenied,
        problem => problem.clone(),
    }
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    OneSchedule,
    Everywhere,
}

fn quick_faults() -> Vec<Fault> {
    use Mending::{ByItself, BySomebody};
    use PagerDutyProblem::{
        BrokenOff, Forbidden, Interposed, KeyEnded, NoApiAccess, NotFound, RateLimited,
        Unavailable, Unreadable,
    };
    let unavailable = |status| Unavailable { status };
    let limited = |retry_after_seconds| RateLimited {
        retry_after_seconds,
    };
    let forbidden = |scopes: Option<&str>| Forbidden {
        missing_scopes: scopes.map(str::to_owned),
    };
    let scopes = Some("schedules.read users.read");
    [
        (
            "400",
            json!({"status": 400}),
            unavailable(400),
            Of::Schedule,
            ByItself,
        ),
        (
            "401",
            json!({"status": 401}),
            KeyEnded,
            Of::Connection,
            BySomebody,
        ),
        (
            "402",
            json!({"status": 402}),
            NoApiAccess,
            Of::Connection,
            BySomebody,
        ),
        (
            "403",
            json!({"status": 403}),
            forbidden(None),
            Of::Schedule,
            BySomebody,
        ),
        (
            "403 for want of scopes",
            json!({"status": 403, "body": "missing_scopes"}),
            forbidden(scopes),
            Of::Schedule,
            BySomebody,
        ),
        (
            "404",
            json!({"status": 404}),
            NotFound,
            Of::ScheduleAlone,
            ByItself,
        ),
        (
            "408",
            json!({"status": 408}),
            unavailable(408),
            Of::Schedule,
            ByItself,
        ),
        (
            "429 that says how long",
            json!({"status": 429, "headers": {"ratelimit-reset": "1"}}),
            limited(1),
            Of::Connection,
            ByItself,
        ),
        (
            "429 that says nothing",
            json!({"status": 429, "without_headers": true, "body": "empty"}),
            limited(5),
            Of::Connection,
            ByItself,
        ),
        (
            "500",
            json!({"status": 500}),
            unavailable(500),
            Of::Schedule,
            ByItself,
        ),
        (
            "503 of a gateway",
            json!({"status": 503, "body": "html", "without_headers": true}),
            unavailable(503),
            Of::Schedule,
            ByItself,
        ),
        (
            "a reset",
            json!({"body": "reset"}),
            BrokenOff,
            Of::Schedule,
            ByItself,
        ),
        (
            "a reset in the middle",
            json!({"body": "cut_off"}),
            BrokenOff,
            Of::Schedule,
            ByItself,
        ),
        (
            "half of the JSON",
            json!({"body": "truncated"}),
            Unreadable,
            Of::Schedule,
            ByItself,
        ),
        (
            "a page",
            json!({"body": "html"}),
            Interposed {
                host: "127.0.0.1".to_owned(),
                status: 200,
                leads_to: None,
            },
            Of::Schedule,
            ByItself,
        ),
        (
            "nothing",
            json!({"body": "empty"}),
            Unreadable,
            Of::Schedule,
            ByItself,
        ),
        (
            "wrong types",
            json!({"body": "wrong_types"}),
            Unreadable,
            Of::ScheduleAlone,
            ByItself,
        ),
    ]
    .into_iter()
    .map(|(name, fault, problem, of, mending)| Fault {
        name,
        fault,
        problem,
        of,
        mending,
    })
    .collect()
}

fn silence() -> Fault {
    Fault {
        name: "silence",
        fault: json!({"delay_ms": 30_000}),
        problem: PagerDutyProblem::TimedOut { limit_seconds: 10 },
        of: Of::Schedule,
        mending: Mending::ByItself,
    }
}

impl Fault {
    /// What the connection as a whole is said to suffer from.
    fn on_connection(&self, place: Place) -> Option<PagerDutyProblem> {
        let whole = place == Place::Everywhere && self.of != Of::ScheduleAlone;
        whole.then(|| self.problem.clone())
    }

    fn on_schedule(&self, place: Place, schedule: &str) -> Option<PagerDutyProblem> {
        let told = match place {
            Place::OneSchedule => schedule == AFFECTED,
            Place::Everywhere => self.of != Of::Connection,
        };
        told.then(|| of_one_schedule(&self.problem))
    }

    /// After one failure.
    fn health(&self, place: Place) -> ConnectionHealth {
        match (self.on_connection(place), self.mending) {
            (Some(problem), Mending::BySomebody) => ConnectionHealth::NeedsReconnection(problem),
            (problem, _) => ConnectionHealth::AskingAgain(problem),
        }
    }

    fn at(&self, place: Place) -> Value {
        let mut fault = self.fault.clone();
        fault["side"] = json!("pagerduty");
        if place == Place::OneSchedule {
            fault["path"] = json!(format!("/schedules/{AFFECTED}"));
        }
        fault
    }
}

/// Everything that a fault must leave alone.
struct Before {
    contents: Contents,
    rotations: Vec<Rotation>,
    confirmed: Vec<Option<Timestamp>>,
    synced: Option<Timestamp>,
}

impl Before {
    async fn of(bound: &Bound) -> Self {
        Self {
            contents: bound.database.contents(&STATE_OF_THE_SYNC).await,
            rotations: bound.all_rotations().await,
            confirmed: confirmed(bound).await,
            synced: bound.connection().await.last_synced_at,
        }
    }

    async fn stays(&self, bound: &Bound, said: &str) {
        assert_eq!(bound.all_rotations().await, self.rotations, "{said}");
        let contents = bound.database.contents(&STATE_OF_THE_SYNC).await;
        assert_eq!(contents, self.contents, "{said}");
    }
}

async fn confirmed(bound: &Bound) -> Vec<Option<Timestamp>> {
    let schedules = bound.all_schedules().await;
    schedules.iter().map(|known| known.confirmed_at).collect()
}

/// Somebody else takes over in PagerDuty, of which we know nothing yet.
async fn take_over(bound: &Bound) {
    let path = format!("schedules/{AFFECTED}/overrides");
    let present = bound.sandbox.on_call(AFFECTED).await;
    let next = if present == ["PADAOK1"] {
        "PPRIYA3"
    } else {
        "PADAOK1"
    };
    bound
        .sandbox
        .control(&format!("{path}/clear"), json!({}))
        .await;
    let taken = json!({"user": next, "seconds": 3600});
    bound.sandbox.control(&path, taken).await;
}

async fn endure(bound: &Bound, fault: &Fault, place: Place) {
    let said = format!("{}, {place:?}", fault.name);
    take_over(bound).await;
    let before = Before::of(bound).await;
    bound.sandbox.fault(fault.at(place)).await;
    let outcome = bound.sync().await;
    bound.sandbox.clear_faults().await;

    before.stays(bound, &said).await;
    let problem = fault.on_connection(place);
    match (outcome, &problem) {
        (Ok(report), None) => {
            let unreadable = if place == Place::Everywhere { 3 } else { 1 };
            let counted = (report.changed, report.unreadable, report.confirmed);
            assert_eq!(counted, (0, unreadable, 3 - unreadable), "{said}");
        }
        (Err(refusal), Some(problem)) => {
            assert_eq!(
                refusal,
                ConnectRefusal::PagerDuty(problem.clone()),
                "{said}"
            );
        }
        (outcome, _) => panic!("{said}: {outcome:?}"),
    }
    let connection = bound.connection().await;
    assert_eq!(connection.problem, problem, "{said}");
    assert_eq!(bound.last_run().await.problem, problem, "{said}");
    assert_eq!(bound.card().await.health, fault.health(place), "{said}");
    let backed_off = connection.ask_after.seconds_since(connection.as_of) > 30;
    assert_eq!(backed_off, problem.is_some(), "{said}");
    let synced_anew = connection.last_synced_at != before.synced;
    assert_eq!(synced_anew, problem.is_none(), "{said}");
    for (schedule, confirmed_at) in bound.all_schedules().await.iter().zip(&before.confirmed) {
        let expected = fault.on_schedule(place, schedule.id.as_str());
        let said = format!("{said}: {}", schedule.id);
        if problem.is_none() || expected.is_some() {
            let confirmed_anew = schedule.confirmed_at != *confirmed_at;
            assert_eq!(confirmed_anew, expected.is_none(), "{said}");
        }
        assert_eq!(schedule.problem, expected, "{said}");
    }
    recover(bound, &said).await;
    // There was something that could have changed.
    let contents = bound.database.contents(&STATE_OF_THE_SYNC).await;
    assert_ne!(contents, before.contents, "{said}");
}

/// The first sync after a fault brings the truth.
async fn recover(bound: &Bound, said: &str) {
    let limited = matches!(
        bound.connection().await.problem,
        Some(PagerDutyProblem::RateLimited { .. })
    );
    if limited {
        stays_away(bound, said).await;
        let statement = "update pagerduty_connections set ask_after = 0";
        bound.database.execute(statement).await;
    }
    bound.until_confirmed(3).await;
    bound.agrees_with_pagerduty().await;
    assert_eq!(
        bound.card().await.health,
        ConnectionHealth::Healthy,
        "{said}"
    );
    let schedules = bound.all_schedules().await;
    let well = schedules
        .iter()
        .all(|known| known.problem.is_none() && known.failures == 0);
    assert!(well, "{said}");
}

/// Not even somebody who presses *Sync now* has PagerDuty asked while it limits us.
async fn stays_away(bound: &Bound, said: &str) {
    bound.forget_what_was_asked().await;
    match bound.sync().await {
        Err(ConnectRefusal::PagerDuty(PagerDutyProblem::RateLimited {
            retry_after_seconds,
        })) => assert!((30..=60).contains(&retry_after_seconds), "{said}"),
        other => panic!("{said}: {other:?}"),
    }
    let counters = bound.sandbox.ask("counters").await;
    assert_eq!(counters["pagerduty"]["total"], 0, "{said}");
}

async fn endure_all(database: Database, faults: &[Fault], places: &[Place]) {
    let bound = Bound::to(database, &SCHEDULES).await;
    bound.sync_whole().await;
    for fault in faults {
        for place in places {
            endure(&bound, fault, *place).await;
        }
    }
}

#[tokio::test]
async fn every_fault_is_named_and_changes_nothing_until_it_is_over() {
    let (faults, places) = (quick_faults(), [Place::OneSchedule, Place::Everywhere]);
    let tables = databases().await.into_iter();
    join_all(tables.map(|database| endure_all(database, &faults, &places))).await;
}

/// Apart from the others, since it takes as long as we wait.
#[tokio::test]
async fn silence_is_named_and_changes_nothing_until_it_is_over() {
    let silence = [silence()];
    futures::join!(
        endure_all(sqlite(), &silence, &[Place::OneSchedule]),
        endure_all(sqlite(), &silence, &[Place::Everywhere]),
    );
}

#[tokio::test]
async fn where_nobody_listens_everything_stays() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nowhere = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let setup = Setup {
            poll_seconds: 60,
            ..Setup::at(&nowhere)
        };
        let cut_off = services_with(&bound.database, &setup).await;
        take_over(&bound).await;
        let before = Before::of(&bound).await;
        let outcome = sync::sync_now(&cut_off.sync, &workspace(), None)
            .await
            .unwrap();
        let unreachable = PagerDutyProblem::Unreachable;
        assert_eq!(outcome, Err(ConnectRefusal::PagerDuty(unreachable.clone())));
        before.stays(&bound, "nobody listens").await;
        let health = bound.card().await.health;
        assert_eq!(health, ConnectionHealth::AskingAgain(Some(unreachable)));
        recover(&bound, "nobody listens").await;
    }
}

/// The shifts that are stored go on, whatever has become of PagerDuty.
#[tokio::test]
async fn hand_offs_happen_in_every_weather() {
    let weathers = [
        json!({"side": "pagerduty", "status": 401}),
        json!({"side": "pagerduty", "status": 429, "headers": {"ratelimit-reset": "60"}}),
        json!({"side": "pagerduty", "body": "reset"}),
        json!({"side": "pagerduty", "delay_ms": 30_000}),
    ];
    join_all(weathers.into_iter().map(hand_off_in)).await;
}

async fn hand_off_in(weather: Value) {
    let bound = Bound::to(sqlite(), &SCHEDULES).await;
    let ending = json!({"seconds": 6});
    let path = format!("schedules/{AFFECTED}/end-shift");
    let told = bound.sandbox.control(&path, ending).await;
    let next = told["to"].as_str().unwrap();
    bound.sync_whole().await;
    assert_ne!(bound.on_duty(AFFECTED).await, [next], "{weather}");

    bound.sandbox.fault(weather.clone()).await;
    bound
        .services
        .store
        .request_sync(&workspace())
        .await
        .unwrap();
    let reconciler = bound.reconcile();
    bound.until_on_duty(AFFECTED, &[next]).await;
    reconciler.stop().await;
    assert_eq!(bound.sandbox.on_call(AFFECTED).await, [next], "{weather}");
}

/// The wait is PagerDuty's where it is longer than ours would be.
#[tokio::test]
async fn a_limit_is_waited_out_as_long_as_pagerduty_says() {
    let bound = Bound::to(sqlite(), &SCHEDULES).await;
    bound.sync_whole().await;
    let limit = json!({"side": "pagerduty", "status": 429, "headers": {"ratelimit-reset": "170"}});
    bound.sandbox.fault(limit).await;
    let limited = |retry_after_seconds| PagerDutyProblem::RateLimited {
        retry_after_seconds,
    };
    let outcome = bound.sync().await;
    assert_eq!(outcome, Err(ConnectRefusal::PagerDuty(limited(170))));
    let connection = bound.connection().await;
    let wait = connection.ask_after.seconds_since(connection.as_of);
    assert!((150..=170).contains(&wait), "{wait}");
    let Err(ConnectRefusal::PagerDuty(PagerDutyProblem::RateLimited {
        retry_after_seconds,
    })) = bound.sync().await
    else {
        panic!("Sync now says how long");
    };
    assert!((150..=170).contains(&retry_after_seconds));
}
