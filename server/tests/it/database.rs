//! An ill database: while it is ill the server says so and what helps, and when it is
//! well again everything goes on by itself, without a restart.

use crate::{
    http::browser::Browser,
    support::{
        Database, NOWHERE, Setup, bound_to, cookie, create, databases, disk::Disk, entry,
        hear_others, keys, new_credential, on_call, on_each_database, open_services, postgres,
        reconcile, rotation, sandbox::Sandbox, services, sqlite, wire::Wire, with_people,
        workspace,
    },
};
use axum::http::StatusCode;
use futures::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{
    Services, clock, replicas,
    store::{Store, Trouble, bot_token_row, credential_row},
    sync,
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::{
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::time;
use types::AuditAction;

/// How long a person waits at most, and how late a shift may change hands, because of
/// connections that are deaf.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long servers that do not hear from each other may not know it.
const UNHEARD: Duration = Duration::from_secs(30);
/// An interval of these tests, and what a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

pub async fn readiness(services: &Services) -> (StatusCode, Value) {
    let answer = Browser::new(services).open("/readyz").await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Waits until the server says that it is ready, or that it is not.
async fn until_ready(services: &Services, ready: bool) -> Value {
    let asking = async {
        loop {
            let (_, readiness) = readiness(services).await;
            if readiness["ready"] == ready {
                break readiness;
            }
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    time::timeout(SETTLING, asking)
        .await
        .unwrap_or_else(|_| panic!("the server should say ready: {ready}"))
}

/// Waits until this person alone is on duty.
async fn until_on_duty(store: &Store, id: &types::RotationId, person: &str) {
    while on_call(&rotation(store, id).await) != [person] {
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// A metric, as somebody who scrapes it reads it.
pub async fn metric(services: &Services, name: &str) -> f64 {
    let router = server::http::metrics::router(services.clone());
    let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty());
    let answer = tower::ServiceExt::oneshot(router, request.unwrap())
        .await
        .unwrap();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_all_goes_on_when_there_is_space_again() {
    let Some(disk) = Disk::of_megabytes(8) else {
        return;
    };
    let database = Database::at(format!("sqlite://{}/rr.db", disk.path().display()));
    let sandbox = Sandbox::start().await;
    let services = services(&database, &sandbox.url).await;
    let id = bound_to(&services, &sandbox, "PPLATP1").await;
    tokio::spawn(reconcile(services.clone()));
    until_ready(&services, true).await;

    disk.fill();
    // What is there already may still be written over, until the log is full too.
    let mut large = entry(AuditAction::SignedOutEverywhere);
    large.after = Some("x".repeat(50_000));
    let mut refused = 0;
    while refused < 5 {
        let signed_out = services.store.sign_out_everywhere(&large).await;
        refused += u32::from(signed_out.is_err());
        refused += u32::from(services.store.record(&large).await.is_err());
    }
    let readiness = until_ready(&services, false).await;
    assert_eq!(readiness["database"], "failing");
    let cause = readiness["causes"]["database"].as_str().unwrap();
    assert_eq!(cause, Trouble::DiskFull.to_string());
    assert_eq!(
        metric(&services, "roundrobin_part_ready{part=\"database\"}").await,
        0.0
    );
    let path = "schedules/PPLATP1/overrides";
    let change = json!({"user": "PWEIZH7", "seconds": 600});
    sandbox.control(path, change).await;

    disk.make_space();
    until_ready(&services, true).await;
    assert_eq!(
        metric(&services, "roundrobin_part_ready{part=\"database\"}").await,
        1.0
    );
    time::timeout(SETTLING, until_on_duty(&services.store, &id, "PWEIZH7"))
        .await
        .expect("the right person is on duty again");
    create(&services.store, "Written without a restart").await;
    services.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_the_engine_ended_spoils_nothing_after_it() {
    let Some(disk) = Disk::of_megabytes(4) else {
        return;
    };
    let database = Database::at(format!("sqlite://{}/rr.db", disk.path().display()));
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    disk.fill();
    // Larger than what SQLite keeps in memory, so that it meets the end of the disk
    // in the middle of the transaction.
    let mut entry = entry(AuditAction::CreatedRotation);
    entry.after = Some("x".repeat(8 << 20));
    let credential = new_credential(&"x".repeat(8 << 20));
    assert!(store.connect(&credential, &entry).await.is_err());
    disk.make_space();
    entry.after = None;
    assert!(
        store
            .connect(&new_credential("short"), &entry)
            .await
            .unwrap()
    );
}

/// Runs a statement as the administrator of the server that has the database.
async fn administer(database: &Database, statement: &str) {
    let (server, _) = database.url.rsplit_once('/').unwrap();
    let mut admin = AnyConnection::connect(&format!("{server}/postgres"))
        .await
        .unwrap();
    admin.execute(AssertSqlSafe(statement)).await.unwrap();
}

fn name_of(database: &Database) -> &str {
    database.url.rsplit_once('/').unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_a_failover_left_read_only_are_thrown_away() {
    let Some(database) = postgres().await else {
        return;
    };
    let services = services(&database, NOWHERE).await;
    tokio::spawn(reconcile(services.clone()));
    until_ready(&services, true).await;
    let name = name_of(&database);
    let read_only =
        |on: &str| format!("alter database {name} set default_transaction_read_only = {on}");
    let cut =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");

    administer(&database, &read_only("on")).await;
    administer(&database, &cut).await;
    let readiness = until_ready(&services, false).await;
    let cause = readiness["causes"]["database"].as_str().unwrap();
    // The cut comes first, and what cannot be written stays.
    let read_only_said = async {
        let mut cause = cause.to_owned();
        while cause != Trouble::ReadOnly.to_string() {
            let readiness = until_ready(&services, false).await;
            cause = readiness["causes"]["database"].as_str().unwrap().to_owned();
        }
    };
    time::timeout(SETTLING, read_only_said).await.unwrap();

    // From now on new sessions may write, but those that there are may not.
    administer(&database, &read_only("off")).await;
    until_ready(&services, true).await;
    let written = (0..16).map(|_| create(&services.store, "Written on any connection"));
    join_all(written).await;
    services.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_killed_is_said_and_all_goes_on_when_it_is_back() {
    let Some(database) = postgres().await else {
        return;
    };
    let sandbox = Sandbox::start().await;
    let wire = Wire::to(&database).await;
    let services = services(&wire.database, &sandbox.url).await;
    let id = bound_to(&services, &sandbox, "PPLATP1").await;
    tokio::spawn(reconcile(services.clone()));
    until_ready(&services, true).await;

    wire.kill_server();
    let readiness = until_ready(&services, false).await;
    let cause = readiness["causes"]["database"].as_str().unwrap();
    let told = [Trouble::Lost, Trouble::NoAnswer].map(|trouble| trouble.to_string());
    assert!(told.contains(&cause.to_owned()), "{cause}");
    let path = "schedules/PPLATP1/overrides";
    let change = json!({"user": "PWEIZH7", "seconds": 600});
    sandbox.control(path, change).await;

    wire.restart_server();
    until_ready(&services, true).await;
    time::timeout(SETTLING, until_on_duty(&services.store, &id, "PWEIZH7"))
        .await
        .expect("the right person is on duty again");
    services.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_come_in_time_although_every_connection_is_deaf() {
    let Some(database) = postgres().await else {
        return;
    };
    let wire = Wire::to(&database).await;
    let services = services(&wire.database, NOWHERE).await;
    let cookie = cookie(&services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut browser = Browser::new(&services).with_cookie(name, value);
    // Connections that were just used are not asked whether they are there.
    for rest in [Duration::ZERO, Duration::from_secs(2)] {
        let at_once = (0..16).map(|_| services.store.rotations(workspace_ref()));
        for read in join_all(at_once).await {
            read.unwrap();
        }
        time::sleep(rest).await;
        wire.go_dead();
        let began = Instant::now();
        let answer = browser.open("/rotations").await;
        let took = began.elapsed();
        println!("a page over deaf connections, after {rest:?} of rest: {took:?}");
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(took < PATIENCE, "{took:?}");
        // The first one speaks for all the others.
        let began = Instant::now();
        let at_once = (0..16).map(|_| services.store.rotations(workspace_ref()));
        for read in join_all(at_once).await {
            read.unwrap();
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    assert!(metric(&services, "roundrobin_database_renewals_total").await >= 2.0);
}

fn workspace_ref() -> &'static types::WorkspaceId {
    static WORKSPACE: std::sync::LazyLock<types::WorkspaceId> = std::sync::LazyLock::new(workspace);
    &WORKSPACE
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shift_changes_hands_in_time_although_every_connection_is_deaf() {
    let Some(database) = postgres().await else {
        return;
    };
    let sandbox = Sandbox::start().await;
    let wire = Wire::to(&database).await;
    let setup = services(&database, &sandbox.url).await;
    let id = bound_to(&setup, &sandbox, "PPLATP1").await;
    let path = "schedules/PPLATP1/end-shift";
    let ending = sandbox.control(path, json!({"seconds": 4})).await;
    sync::sync_now(&setup.sync, &workspace(), None)
        .await
        .unwrap()
        .unwrap();
    let server = open_services(&wire.database.url, &Setup::at(&sandbox.url)).await;
    tokio::spawn(reconcile(server.clone()));
    until_ready(&server, true).await;
    // PagerDuty cannot help: the stored shifts have to do.
    sandbox
        .fault(json!({"side": "pagerduty", "status": 503}))
        .await;

    let ends_at: jiff::Timestamp = ending["ends_at"].as_str().unwrap().parse().unwrap();
    let before = ends_at.as_millisecond() - clock::now().as_millis() - 300;
    time::sleep(Duration::from_millis(u64::try_from(before).unwrap_or(0))).await;
    wire.go_dead();
    let next = ending["to"].as_str().unwrap();
    time::timeout(SETTLING, until_on_duty(&setup.store, &id, next))
        .await
        .unwrap();
    let late = clock::now().as_millis() - ends_at.as_millisecond();
    println!("over deaf connections: handed off {late} ms after the shift's end");
    assert!(
        u128::try_from(late).unwrap() < PATIENCE.as_millis(),
        "{late} ms"
    );
    server.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_notices_that_its_listening_connection_is_deaf() {
    let Some(database) = postgres().await else {
        return;
    };
    let wire = Wire::to(&database).await;
    let services = services(&wire.database, NOWHERE).await;
    let (_, mut events) = services.live.subscribe(&workspace(), |_| true);
    let url = SecretString::from(wire.database.url.as_str());
    tokio::spawn(hear_others(services.clone(), url));
    // It listens, and has pages from before start over.
    assert_eq!(events.recv().await.unwrap().topic, None);

    wire.go_dead();
    let began = Instant::now();
    let noticed = time::timeout(UNHEARD, events.recv()).await;
    let noticed = noticed.expect("pages are told to start over in time");
    assert_eq!(noticed.unwrap().topic, None);
    println!(
        "a deaf listening connection was replaced after {:?}",
        began.elapsed()
    );
    assert!(replicas::is_hearing(&services.background));
    // A connection that hears is left alone.
    let silence = time::timeout(UNHEARD, events.recv()).await;
    assert!(silence.is_err(), "{silence:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_over_a_connection_that_went_deaf_gives_its_locks_back() {
    let Some(database) = postgres().await else {
        return;
    };
    let wire = Wire::to(&database).await;
    let here = services(&database, NOWHERE).await.store;
    let id = create(&here, "Locked over the wire").await;
    let there = Store::open(&wire.database.url).await.unwrap();
    let ill = there.change_rotation(workspace_ref(), &id, |rotation| {
        wire.go_dead();
        "Never heard of".clone_into(&mut rotation.details.name);
        Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
    });
    assert!(ill.await.is_err());

    let began = Instant::now();
    let changed = here.change_rotation(workspace_ref(), &id, |rotation| {
        "Changed by another server".clone_into(&mut rotation.details.name);
        Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
    });
    changed.await.unwrap().unwrap().unwrap();
    println!(
        "the locks of a deaf transaction were gone {:?} after it was given up",
        began.elapsed()
    );
    assert_eq!(
        rotation(&here, &id).await.details.name,
        "Changed by another server"
    );
}

/// A transaction of another program that keeps a table locked.
pub async fn keep_locked(database: &Database, table: &str) -> AnyConnection {
    let mut other = AnyConnection::connect(&database.url).await.unwrap();
    let statements = if database.url.starts_with("sqlite") {
        "begin immediate".to_owned()
    } else {
        format!("begin; lock table {table} in access exclusive mode")
    };
    other.execute(AssertSqlSafe(statements)).await.unwrap();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_wait_for_a_lock_condemn_no_other_connection() {
    let Some(database) = postgres().await else {
        return;
    };
    let services = services(&database, NOWHERE).await;
    let store = &services.store;
    tokio::spawn(reconcile(services.clone()));
    until_ready(&services, true).await;
    let id = create(store, "Locked").await;
    let other = keep_locked(&database, "rotations").await;

    let writing = store.change_rotation(workspace_ref(), &id, |_| {
        Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
    });
    let watching = async {
        for _ in 0..10 {
            let (status, readiness) = readiness(&services).await;
            assert_eq!(status, StatusCode::OK, "{readiness}");
            time::sleep(Duration::from_secs(1)).await;
        }
    };
    let left = time::timeout(
        Duration::from_millis(100),
        store.rotation(workspace_ref(), &id),
    );
    let (written, read, left, ()) =
        tokio::join!(writing, store.rotations(workspace_ref()), left, watching);
    let words = written.unwrap_err().to_string();
    assert!(words.contains("lock timeout"), "{words}");
    assert!(read.is_err());
    assert!(left.is_err());
    assert_eq!(store.renewals(), 0);

    drop(other);
    assert_eq!(rotation(store, &id).await.details.name, "Locked");
    services.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_is_not_told_as_a_fault_of_the_network() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        tokio::spawn(reconcile(services.clone()));
        until_ready(&services, true).await;
        let other = keep_locked(&database, "write_tries").await;
        let readiness = until_ready(&services, false).await;
        let cause = readiness["causes"]["database"].as_str().unwrap();
        assert_eq!(cause, Trouble::Locked.to_string(), "{}", database.url);
        // Long enough for whatever was given back in the middle of waiting.
        time::sleep(Duration::from_secs(3)).await;
        drop(other);
        until_ready(&services, true).await;
        assert_eq!(services.store.renewals(), 0, "{}", database.url);
        services.shutdown.cancel();
    }
}

#[tokio::test]
async fn servers_of_the_earlier_version_sign_people_in_until_they_are_replaced() {
    on_each_database(async |_, url| {
        let mut raw = AnyConnection::connect(url).await.unwrap();
        raw.execute(
            "insert into pending_sign_ins
                 (state_key, browser_key, step, return_to, expires_at)
             values ('state', 'browser', 'identify', '/', 1)",
        )
        .await
        .unwrap();
    })
    .await;
}

/// SQLite tells in a trigger how carefully the transaction is written: 2 is FULL.
const WATCH_CARE: [&str; 5] = [
    "create table care (what text, synchronous bigint)",
    "create trigger credential_made after insert on pagerduty_connections begin
         insert into care select 'connected', synchronous from pragma_synchronous; end",
    "create trigger credential_changed after update of credential_sealed on pagerduty_connections
         begin insert into care select 'renewed', synchronous from pragma_synchronous; end",
    "create trigger credential_gone after delete on pagerduty_connections begin
         insert into care select 'disconnected', synchronous from pragma_synchronous; end",
    "create trigger token_changed after update of bot_token_sealed on workspaces begin
         insert into care select 'installed', synchronous from pragma_synchronous; end",
];

#[tokio::test]
async fn secrets_are_on_the_disk_before_they_count_as_written() {
    let database = sqlite();
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    let mut raw = AnyConnection::connect(&database.url).await.unwrap();
    for statement in WATCH_CARE {
        raw.execute(statement).await.unwrap();
    }

    with_people(&store).await;
    let sealed =
        |secret: &str| keys().seal(&SecretString::from(secret), &credential_row(&workspace()));
    let (first, second) = (sealed("first"), sealed("second"));
    let made = entry(AuditAction::ConnectedPagerDuty);
    assert!(store.connect(&new_credential(&first), &made).await.unwrap());
    assert!(
        store
            .reseal_credential(&workspace(), &first, &second)
            .await
            .unwrap()
    );
    let connection = store.connection(&workspace()).await.unwrap().unwrap();
    let lease = store.take_token_lease(&connection).await.unwrap().unwrap();
    let term = server::store::TokenTerm {
        refresh_at: None,
        expires_at: None,
    };
    assert!(store.save_tokens(&lease, &first, term).await.unwrap());
    let ended = entry(AuditAction::DisconnectedPagerDuty);
    assert!(store.disconnect(&ended).await.unwrap().is_some());
    let bot_token = keys().seal(&SecretString::from("xoxb-2"), &bot_token_row(&workspace()));
    let installed = store
        .workspaces()
        .await
        .unwrap()
        .remove(0)
        .installation
        .unwrap();
    let old = installed.bot_token_sealed;
    assert!(
        store
            .replace_bot_token_sealed(&workspace(), &old, &bot_token)
            .await
            .unwrap()
    );
    let end = |_, at| domain::Standing::Ended {
        word: types::SlackWord::parse("token_revoked").unwrap(),
        at,
    };
    let ended = store.change_standing(&workspace(), &bot_token, end).await;
    assert!(ended.unwrap().is_some());
    let later = store.now().await.unwrap().plus_seconds(1);
    store.forget_ended_installations(later).await.unwrap();

    let care: Vec<(String, i64)> = sqlx::query_as("select what, synchronous from care")
        .fetch_all(&mut raw)
        .await
        .unwrap();
    let what: Vec<_> = care.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(
        what,
        [
            "installed",
            "connected",
            "renewed",
            "renewed",
            "disconnected",
            "installed",
            "installed"
        ]
    );
    assert!(
        care.iter().all(|(_, synchronous)| *synchronous == 2),
        "{care:?}"
    );
}
