//! The server's process killed at any moment of its syncs, while shifts change:
//! whoever comes after it finds nothing half done and brings all in order.

use crate::{
    overrides::{id_of, key, team},
    support::{
        Database, bound_to, caller, databases, inspector::Inspector, on_call, postgres,
        process::ServerProcess, rotation, sandbox::Sandbox, services, soaking,
    },
};
use app::backend::{Overrides, Rotations};
use domain::rota::Zone;
use futures::future::join_all;
use serde_json::json;
use server::{Services, clock};
use std::time::{Duration, Instant};
use tokio::time;
use types::{DaysWanted, Outcome, OverrideChoice, OverrideInput, RotationId, SpanInput, Timestamp};

const SCHEDULES: [&str; 3] = ["PPLATP1", "PDATAI7", "Q3INCIDENTCMD1"];
const SUBSTITUTES: [&str; 3] = ["PWEIZH7", "PTOMAS5", "PADAOK1"];
/// A dead run's lease, the rest of one who looks, an interval, and a busy machine.
const RECOVERY: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_at_any_moment_leaves_nothing_undone_or_done_twice() {
    let rounds = if soaking() { 50 } else { 3 };
    let engines = databases().await.into_iter();
    let tests = engines.map(|database| tokio::spawn(kill_again_and_again(database, rounds)));
    for ended in join_all(tests).await {
        ended.unwrap();
    }
}

async fn kill_again_and_again(database: Database, rounds: u32) {
    let sandbox = Sandbox::start().await;
    let services = services(&database, &sandbox.url).await;
    let inspector = Inspector::new(&database, RECOVERY).await;
    inspector.journal(&database).await;
    let mut bound = Vec::new();
    for schedule in SCHEDULES {
        bound.push((bound_to(&services, &sandbox, schedule).await, schedule));
    }
    let watch = Inspector::new(&database, RECOVERY).await.watch();
    // A run that takes as long as the rest between two is often struck.
    let slow = json!({"side": "pagerduty", "path": "/schedules", "delay_ms": 300});
    sandbox.fault(slow).await;

    let (mut known, mut struck, mut longest) = (inspector.records().await, 0, Duration::ZERO);
    let mut server = ServerProcess::start(&database, &sandbox.url).await;
    for round in 0..rounds {
        change_shifts(&sandbox).await;
        // Any moment will do.
        time::sleep(Duration::from_millis(random_below(1500))).await;
        server.kill();
        struck += u32::from(inspector.lease().await.is_some());
        change_shifts(&sandbox).await;

        let began = Instant::now();
        server = ServerProcess::start(&database, &sandbox.url).await;
        must_reach_the_truth(&services, &sandbox, &bound, began).await;
        longest = longest.max(began.elapsed());
        let records = inspector.records().await;
        assert!(
            records.is_superset(&known),
            "round {round} has lost records"
        );
        known = records;
        let wrongs = inspector.wrongs().await;
        assert!(wrongs.is_empty(), "round {round}: {wrongs:?}");
    }
    let engine = database.url.split(':').next().unwrap_or_default();
    println!("{engine}: {rounds} kills, {struck} of them during a run, recovered in {longest:?}");
    server.kill();
    assert!(watch.end().await.is_ok_and(|looks| looks > 0));
}

/// Each schedule gets a substitute, loses all of them, or has its shift end soon.
async fn change_shifts(sandbox: &Sandbox) {
    for schedule in SCHEDULES {
        let path = |what: &str| format!("schedules/{schedule}/{what}");
        let substitute = SUBSTITUTES[usize::try_from(random_below(3)).unwrap()];
        let change = match random_below(3) {
            0 => (
                path("overrides"),
                json!({"user": substitute, "seconds": 600}),
            ),
            1 => (path("overrides/clear"), json!({})),
            _ => (
                path("end-shift"),
                json!({"seconds": 1 + random_below(3), "next": substitute}),
            ),
        };
        sandbox.control(&change.0, change.1).await;
    }
}

fn random_below(limit: u64) -> u64 {
    getrandom::u64().unwrap() % limit
}

async fn must_reach_the_truth(
    services: &Services,
    sandbox: &Sandbox,
    bound: &[(RotationId, &str)],
    began: Instant,
) {
    for (id, schedule) in bound {
        loop {
            let on_duty = on_call(&rotation(&services.store, id).await);
            let truth = sandbox.on_call(schedule).await;
            if on_duty == truth {
                break;
            }
            assert!(
                began.elapsed() < RECOVERY,
                "{schedule}: {on_duty:?} instead of {truth:?}"
            );
            time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_at_any_moment_of_a_rota_hands_over_each_turn_once() {
    let engines = databases().await.into_iter();
    let tests = engines.map(|database| tokio::spawn(kill_while_turns_change(database, 1)));
    for ended in join_all(tests).await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_of_which_one_is_killed_at_any_moment_each_turn_of_a_rota_is_handed_over_once()
 {
    if let Some(database) = postgres().await {
        kill_while_turns_change(database, 2).await;
    }
}

/// Every other second somebody stands in for whoever has the turn, while one of so many servers
/// after the other is killed and comes back. Afterwards the past is what was planned.
async fn kill_while_turns_change(database: Database, count: usize) {
    let rounds = if soaking() { 100 } else { 6 };
    let sandbox = Sandbox::start().await;
    let (team, ann) = (team(database).await, caller());
    let database = &team.database;
    let first = team.stored_on_duty().await.remove(0);
    let second = clock::now().as_millis().div_euclid(1000) * 1000;
    // Once the servers are there.
    let begins = Timestamp::from_millis(second).plus_seconds(8);
    let zone = Zone::named("UTC").unwrap();
    let civil = |at: Timestamp| zone.civil(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let turns: Vec<_> = (0..rounds)
        .map(|round| {
            let from = begins.plus_seconds(2 * round);
            (from, from.plus_seconds(1))
        })
        .collect();
    for &(from, until) in &turns {
        let input = OverrideInput {
            kind: OverrideChoice::Replace,
            of: key(id_of(&first)),
            person: id_of("Cy").to_owned(),
            span: SpanInput {
                from: civil(from),
                until: civil(until),
                ..SpanInput::default()
            },
        };
        let made = team.backend.make_override(&ann, team.id.clone(), input);
        assert_eq!(made.await.unwrap(), Outcome::Done(()));
    }
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(ServerProcess::start(database, &sandbox.url).await);
    }
    let over = turns[turns.len() - 1].1;
    let mut kills = 0;
    while clock::now() < over {
        time::sleep(Duration::from_millis(random_below(1500))).await;
        servers.remove(0).kill();
        kills += 1;
        servers.push(ServerProcess::start(database, &sandbox.url).await);
    }
    let settled = async {
        let inspector = Inspector::new(database, RECOVERY).await;
        let due = format!(
            "select count(*) from rotations where next_change_at < {}",
            over.plus_seconds(1).as_millis()
        );
        while inspector.number(&due).await > 0 {
            time::sleep(Duration::from_millis(50)).await;
        }
    };
    time::timeout(RECOVERY, settled).await.unwrap();
    assert_eq!(team.stored_on_duty().await, [first.as_str()]);

    let days = DaysWanted::default();
    let page = team.backend.rotation(&ann, team.id.clone(), days);
    let stretches = page.await.unwrap().coverage.stretches.into_iter();
    let past: Vec<_> = stretches
        .filter_map(|one| Some((one.holder?.name, one.starts_at, one.ends_at?)))
        .filter(|(_, from, until)| begins <= *from && *until <= over)
        .collect();
    let mut expected = Vec::new();
    for (place, &(from, until)) in turns.iter().enumerate() {
        expected.push(("Cy".to_owned(), from, until));
        if let Some(&(next, _)) = turns.get(place + 1) {
            expected.push((first.clone(), until, next));
        }
    }
    assert_eq!(past, expected, "after {kills} kills");
    let inspector = Inspector::new(database, RECOVERY).await;
    let twice = "select count(*) from (select 1 from duty_history
         group by rotation_id, person, starts_at having count(*) > 1) t";
    assert_eq!(inspector.number(twice).await, 0);
    println!(
        "{count} servers: {kills} kills during {} hand-offs",
        2 * rounds
    );
}
