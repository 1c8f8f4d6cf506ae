//! Several servers over one database: what one does not do another does, once,
//! and what one does the pages of all are told.

use crate::support::{
    Database, NOWHERE, bound_to, cookie, create, entry, hear_others,
    inspector::Inspector,
    on_call, postgres,
    process::ServerProcess,
    replica::Replica,
    rotation,
    sandbox::{Door, Sandbox},
    services, workspace,
};
use futures::future::select_all;
use jiff::Timestamp as Instant;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Services, clock, live::Published, replicas, store::NewAuditEntry, sync};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;
use tokio::{sync::broadcast::Receiver, time};
use types::{AuditAction, LiveTopic};

/// The lease of a dead run, and the longest rest of one who looks.
const TAKEOVER: Duration = Duration::from_secs(15);
/// An interval of these tests, and what a busy machine takes.
const SETTLING: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_the_other_takes_over_a_run_that_was_killed() {
    one_takes_over(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_servers_another_takes_over_a_run_that_was_killed() {
    one_takes_over(3).await;
}

async fn one_takes_over(count: usize) {
    let Some(database) = postgres().await else {
        return;
    };
    let sandbox = Sandbox::start().await;
    let services = services(&database, &sandbox.url).await;
    let inspector = Inspector::new(&database, TAKEOVER).await;
    inspector.journal(&database).await;
    let id = bound_to(&services, &sandbox, "PPLATP1").await;
    let mut doors = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..count {
        let door = sandbox.door().await;
        servers.push(ServerProcess::start(&database, &door.url).await);
        doors.push(door);
    }

    for door in &doors {
        door.close();
    }
    let running = first_that_hangs(&mut doors).await;
    let dead_run = inspector.lease().await.expect("a run is under way");
    let path = "schedules/PPLATP1/overrides";
    sandbox
        .control(path, json!({"user": "PWEIZH7", "seconds": 3600}))
        .await;
    let (changes_before, records_before) = counts(&inspector).await;
    servers.remove(running).kill();
    drop(doors.remove(running));
    let killed = time::Instant::now();
    assert_eq!(inspector.lease().await, Some(dead_run.clone()));

    time::timeout(TAKEOVER, first_that_hangs(&mut doors))
        .await
        .expect("another run is under way in time");
    println!(
        "{count} servers: a killed run was taken over after {:.1} s",
        killed.elapsed().as_secs_f64()
    );
    assert!(
        inspector
            .lease()
            .await
            .is_some_and(|lease| lease != dead_run)
    );

    for door in &doors {
        door.open();
    }
    let settled = async {
        while on_call(&rotation(&services.store, &id).await) != ["PWEIZH7"]
            || counts(&inspector).await.0 == changes_before
        {
            time::sleep(Duration::from_millis(50)).await;
        }
    };
    time::timeout(SETTLING, settled).await.unwrap();
    let report = sync::sync_now(&services.sync, &workspace(), None)
        .await
        .unwrap();
    assert!(report.unwrap().changed.is_empty());
    let after = counts(&inspector).await;
    assert_eq!(after, (changes_before + 1, records_before + 1));
    assert_eq!(inspector.wrongs().await, Vec::<String>::new());
}

/// The door at which a request hangs first.
async fn first_that_hangs(doors: &mut [Door]) -> usize {
    let waiting = doors.iter_mut().map(|door| Box::pin(door.somebody_waits()));
    select_all(waiting).await.1
}

/// How many changes of rotations and how many duties are on record.
async fn counts(inspector: &Inspector) -> (i64, i64) {
    (
        inspector.number("select count(*) from sync_changes").await,
        inspector.number("select count(*) from duty_history").await,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_hands_off_once_and_in_time_while_pagerduty_is_away() {
    let Some(database) = postgres().await else {
        return;
    };
    let sandbox = Sandbox::start().await;
    let setup = services(&database, &sandbox.url).await;
    let inspector = Inspector::new(&database, Duration::from_secs(5)).await;
    inspector.journal(&database).await;
    let id = bound_to(&setup, &sandbox, "PPLATP1").await;
    let path = "schedules/PPLATP1/end-shift";
    let ending = sandbox.control(path, json!({"seconds": 4})).await;
    sync::sync_now(&setup.sync, &workspace(), None)
        .await
        .unwrap()
        .unwrap();
    let away = json!({"side": "pagerduty", "status": 503});
    sandbox.fault(away).await;
    let ends_at: Instant = ending["ends_at"].as_str().unwrap().parse().unwrap();
    let ends_at = ends_at.as_millisecond();
    let (changes, records) = counts(&inspector).await;

    let url = &sandbox.url;
    let servers = [
        Replica::start(&database.url, url, url).await,
        Replica::start(&database.url, url, url).await,
    ];
    let next = ending["to"].as_str().unwrap();
    let handed_off = async {
        while on_call(&rotation(&setup.store, &id).await) != [next] {
            time::sleep(Duration::from_millis(10)).await;
        }
        clock::now().as_millis() - ends_at
    };
    let late = time::timeout(SETTLING, handed_off).await.unwrap();
    println!("two servers: handed off {late} ms after the shift's end");
    assert!((0..2000).contains(&late), "{late} ms after the shift's end");

    // Both have had their turn when they have ended in peace.
    for server in &servers {
        server.stop().await;
    }
    let after = counts(&inspector).await;
    assert_eq!(after, (changes + 1, records + 1));
    let begun = format!("select count(*) from duty_history where starts_at = {ends_at}");
    assert_eq!(inspector.number(&begun).await, 1);
    assert_eq!(inspector.wrongs().await, Vec::<String>::new());
}

/// Has a replica of this process tell and hear; returns when it hears.
async fn joined(database: &Database, services: &Services) -> Receiver<Published> {
    let (_, mut events) = services.live.subscribe(&workspace(), |_| true);
    let url = SecretString::from(database.url.as_str());
    tokio::spawn(hear_others(services.clone(), url));
    // Pages from before are told to start over once somebody listens for them.
    assert_eq!(next(&mut events).await, None);
    events
}

async fn next(events: &mut Receiver<Published>) -> Option<LiveTopic> {
    let event = time::timeout(SETTLING, events.recv()).await;
    event.expect("something is said in time").unwrap().topic
}

/// Cuts the connections of everybody who listens.
async fn cut_listeners(database: &Database) {
    let mut raw = AnyConnection::connect(&database.url).await.unwrap();
    raw.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query ilike 'listen%'",
    )
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_does_the_pages_of_another_are_told() {
    let Some(database) = postgres().await else {
        return;
    };
    let (here, there) = (
        services(&database, NOWHERE).await,
        services(&database, NOWHERE).await,
    );
    let _ours = joined(&database, &here).await;
    let mut theirs = joined(&database, &there).await;
    here.live.publish(&workspace(), LiveTopic::Connection);
    assert_eq!(next(&mut theirs).await, Some(LiveTopic::Connection));

    cut_listeners(&database).await;
    // Whatever was said meanwhile is made up for.
    assert_eq!(next(&mut theirs).await, None);
    assert!(replicas::is_hearing(&there.background));
    here.live.publish(&workspace(), LiveTopic::Connection);
    assert_eq!(next(&mut theirs).await, Some(LiveTopic::Connection));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_servers_are_told_of_a_rotation_with_the_change_itself_and_once() {
    let Some(database) = postgres().await else {
        return;
    };
    // This one tells nothing besides, as if it died right after the change.
    let here = services(&database, NOWHERE).await;
    let there = services(&database, NOWHERE).await;
    let mut theirs = joined(&database, &there).await;
    let id = create(&here.store, "Ours").await;
    let workspace = workspace();
    let refused = here
        .store
        .change_rotation(&workspace, &id, |_| Err::<NewAuditEntry, _>(()));
    assert_eq!(refused.await.unwrap(), Some(Err(())));
    let renamed = here.store.change_rotation(&workspace, &id, |rotation| {
        rotation.details.name = "Still ours".to_owned();
        Ok::<_, ()>(entry(AuditAction::EditedRotation))
    });
    assert_eq!(renamed.await.unwrap(), Some(Ok(true)));
    let allow = |_: &_| Ok::<_, ()>(entry(AuditAction::DeletedRotation));
    let deleted = here.store.delete_rotation(&workspace, &id, &[], allow);
    assert_eq!(deleted.await.unwrap(), Some(Ok(())));
    here.store
        .announce(&workspace, Some(LiveTopic::Connection))
        .await
        .unwrap();
    for _ in ["created", "renamed", "deleted"] {
        let topic = LiveTopic::Rotation(id.clone());
        assert_eq!(next(&mut theirs).await, Some(topic));
    }
    assert_eq!(next(&mut theirs).await, Some(LiveTopic::Connection));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_hears_of_another_server_also_after_a_break() {
    let Some(database) = postgres().await else {
        return;
    };
    let here = services(&database, NOWHERE).await;
    let _ours = joined(&database, &here).await;
    let server = ServerProcess::start(&database, NOWHERE).await;
    let mut page = Page::open(&server.url, &cookie(&here.store).await).await;
    let greeting = page.next().await;
    assert_eq!(greeting["topic"], Value::Null);

    // The process may not listen yet; once it does, it says so to the page.
    here.live.publish(&workspace(), LiveTopic::Connection);
    page.next_with(&json!("Connection")).await;
    cut_listeners(&database).await;
    page.next_with(&Value::Null).await;
    here.live.publish(&workspace(), LiveTopic::Connection);
    page.next_with(&json!("Connection")).await;
}

/// A stream of live events that somebody's browser holds open.
struct Page {
    answer: reqwest::Response,
    unread: String,
}

impl Page {
    async fn open(server: &str, cookie: &str) -> Self {
        let request = reqwest::Client::new().get(format!("{server}/api/events"));
        let answer = request.header("cookie", cookie).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        Self {
            answer,
            unread: String::new(),
        }
    }

    /// The next event.
    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let data = event.strip_prefix("data:").map(serde_json::from_str);
                self.unread = rest.to_owned();
                // A comment only keeps the stream open.
                if let Some(data) = data {
                    return data.unwrap();
                }
                continue;
            }
            let more = time::timeout(SETTLING, self.answer.chunk()).await;
            let more = more.expect("something is said in time").unwrap();
            self.unread += str::from_utf8(&more.expect("the stream goes on")).unwrap();
        }
    }

    async fn next_with(&mut self, topic: &Value) {
        while self.next().await["topic"] != *topic {}
    }
}
