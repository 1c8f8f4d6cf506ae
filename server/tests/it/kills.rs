//! The server's process killed at any moment of its syncs, while shifts change:
//! whoever comes after it finds nothing half done and brings all in order.

use crate::support::{
    Database, bound_to, databases, inspector::Inspector, on_call, process::ServerProcess, rotation,
    sandbox::Sandbox, services, soaking,
};
use futures::future::join_all;
use serde_json::json;
use server::Services;
use std::time::{Duration, Instant};
use tokio::time;
use types::RotationId;

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
