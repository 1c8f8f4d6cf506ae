//! Background work as those see it who run the server and who administer a workspace, and
//! which of several servers does it.

use crate::{
    database::{metric, readiness},
    http::browser::Browser,
    support::{
        NOWHERE, clock_of_schedules, cookie, databases, in_background, on_each_engine, postgres,
        services, sqlite,
    },
};
use axum::http::StatusCode;
use serde_json::Value;
use server::{
    Services,
    background::{Failure, Lease, Periodic, Task},
    housekeeping, sync,
};
use std::{future::Ready, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time,
};

const AN_HOUR: Duration = Duration::from_secs(3600);
/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

/// A task that panics before each step.
fn panicking() -> Task {
    let step = || -> Ready<Result<Duration, Failure>> { panic!("a secret of the panicking task") };
    Periodic::new("panicking", "Panics", AN_HOUR, step).into()
}

fn start(services: &Services, tasks: Vec<Task>) -> JoinHandle<()> {
    let services = services.clone();
    tokio::spawn(async move { in_background(&services, tasks).await })
}

/// Waits until `/readyz` says this of a task, and gives all that it says then.
async fn until_task(services: &Services, code: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let (_, readiness) = readiness(services).await;
            if is_so(&readiness["tasks"][code]) {
                break readiness;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(SETTLING, asking)
        .await
        .unwrap_or_else(|_| panic!("readiness should say it of {code}"))
}

#[tokio::test]
async fn a_task_that_panics_is_seen_everywhere_and_takes_nothing_else_down() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let tasks = vec![
            panicking(),
            sync::task(&services.sync),
            clock_of_schedules(&services),
            housekeeping::task(&services.store),
        ];
        let driver = start(&services, tasks);
        until_task(&services, "sync", |task| task["state"] == "ok").await;
        until_task(&services, "housekeeping", |task| task["state"] == "ok").await;
        let twice = |task: &Value| task["restarts"].as_u64() >= Some(2);
        let readiness = until_task(&services, "panicking", twice).await;
        assert_eq!(readiness["ready"], true, "{readiness}");
        let task = &readiness["tasks"]["panicking"];
        assert_eq!(task["state"], "restarting");
        assert_eq!(task["last"]["outcome"], "broke_off");
        let began_at = task["last"]["began_at"].as_str().unwrap();
        assert!(began_at.parse::<jiff::Timestamp>().is_ok(), "{began_at}");
        let cause = task["cause"].as_str().unwrap();
        assert!(cause.contains("started again"), "{cause}");
        assert!(!readiness.to_string().contains("secret"), "{readiness}");
        assert_eq!(readiness["tasks"]["sync"]["last"]["outcome"], "succeeded");
        assert_eq!(readiness["tasks"]["sync"]["cause"], Value::Null);

        for (name, value) in [
            ("task_well{task=\"panicking\"}", 0.0),
            ("task_well{task=\"sync\"}", 1.0),
            ("task_well{task=\"housekeeping\"}", 1.0),
            ("task_restarts_total{task=\"sync\"}", 0.0),
            (
                "task_runs_total{task=\"housekeeping\",outcome=\"succeeded\"}",
                1.0,
            ),
        ] {
            let told = metric(&services, &format!("roundrobin_{name}")).await;
            assert_eq!(told.total_cmp(&value), std::cmp::Ordering::Equal, "{name}");
        }
        for name in [
            "task_restarts_total{task=\"panicking\"}",
            "task_runs_total{task=\"panicking\",outcome=\"broke_off\"}",
        ] {
            let told = metric(&services, &format!("roundrobin_{name}")).await;
            assert!(told >= 2.0, "{name}: {told}");
        }
        let name = "roundrobin_task_last_run_seconds{task=\"sync\"}";
        assert!(metric(&services, name).await > 0.0);

        services.shutdown.cancel();
        time::timeout(SETTLING, driver).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_server_whose_reconciler_panics_is_unready() {
    let database = sqlite();
    let services = services(&database, NOWHERE).await;
    let step = async || -> Result<Duration, Failure> { panic!("as the reconciler might") };
    let task = Periodic::new("sync", "Panics", AN_HOUR, step).into();
    let driver = start(&services, vec![task]);
    let restarting = |task: &Value| task["state"] == "restarting";
    let readiness = until_task(&services, "sync", restarting).await;
    assert_eq!(readiness["ready"], false, "{readiness}");
    assert_eq!(readiness["sync"], "failing");
    services.shutdown.cancel();
    driver.await.unwrap();
}

#[tokio::test]
async fn admins_see_the_background_work_on_a_page_and_nobody_else_does() {
    let database = sqlite();
    let services = services(&database, NOWHERE).await;
    let driver = start(
        &services,
        vec![panicking(), housekeeping::task(&services.store)],
    );
    until_task(&services, "housekeeping", |task| task["state"] == "ok").await;
    until_task(&services, "panicking", |task| task["state"] == "restarting").await;
    let cookie = cookie(&services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut admin = Browser::new(&services).with_cookie(name, value);
    let answer = admin.open("/settings/background").await;
    assert_eq!(answer.status, StatusCode::OK);
    for part in [
        "each tells of itself",
        "Deletes what has outlived its use",
        "Well",
        "Starting again",
        "It broke off at a fault of the program",
    ] {
        assert!(answer.body.contains(part), "no {part} in {}", answer.body);
    }
    assert!(!answer.body.contains("secret"), "{}", answer.body);
    services.shutdown.cancel();
    driver.await.unwrap();

    // Ann is no admin any more, as far as Slack has told.
    database
        .execute("update people set role = 'member' where id = 'U1'")
        .await;
    let mut member = Browser::new(&services).with_cookie(name, value);
    let refused = member.open("/settings/background").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Only workspace admins"));
    assert!(!refused.body.contains("outlived"), "{}", refused.body);
}

#[tokio::test]
async fn a_lease_is_for_one_until_it_is_given_back_or_has_run_out() {
    on_each_engine(async |store| {
        let take = async |task: &str, holder: &str, length: Duration| {
            store.take_task_lease(task, holder, length).await.unwrap()
        };
        assert!(take("cleaning", "a", AN_HOUR).await);
        assert!(take("cleaning", "a", AN_HOUR).await, "its own again");
        assert!(!take("cleaning", "b", AN_HOUR).await);
        assert!(take("another", "b", AN_HOUR).await);
        store.release_task_lease("cleaning", "b").await.unwrap();
        assert!(!take("cleaning", "b", AN_HOUR).await, "not its to give");
        store.release_task_lease("cleaning", "a").await.unwrap();
        assert!(take("cleaning", "b", Duration::ZERO).await);
        assert!(take("cleaning", "a", AN_HOUR).await, "it has run out");
    })
    .await;
}

/// A task under a lease, whose steps are heard, and last until `end` if there is one.
fn leased(
    services: &Services,
    length: Duration,
    end: Option<Arc<Notify>>,
) -> (Task, mpsc::UnboundedReceiver<()>) {
    let period = Duration::from_millis(20);
    let (heard, steps) = mpsc::unbounded_channel();
    let step = move || {
        let (heard, end) = (heard.clone(), end.clone());
        async move {
            // The test may be over.
            let _ = heard.send(());
            if let Some(end) = end {
                end.notified().await;
            }
            Ok(period)
        }
    };
    let lease = Lease::new(&services.store, "leased", length);
    assert!(lease.is_some());
    let task = Periodic::new("leased", "Is done by one", period, step);
    (task.under(lease).into(), steps)
}

#[tokio::test]
async fn one_of_two_servers_does_it_and_the_other_takes_over() {
    let Some(database) = postgres().await else {
        return;
    };
    let (here, there) = (
        services(&database, NOWHERE).await,
        services(&database, NOWHERE).await,
    );
    let (task, mut ours) = leased(&here, AN_HOUR, None);
    let first = start(&here, vec![task]);
    time::timeout(SETTLING, ours.recv()).await.unwrap().unwrap();
    let (task, mut theirs) = leased(&there, AN_HOUR, None);
    let second = start(&there, vec![task]);
    until_task(&there, "leased", |task| task["state"] == "elsewhere").await;
    for _ in 0..3 {
        time::timeout(SETTLING, ours.recv()).await.unwrap().unwrap();
    }
    assert!(theirs.try_recv().is_err());

    here.shutdown.cancel();
    first.await.unwrap();
    let taken_over = time::timeout(SETTLING, theirs.recv()).await;
    taken_over.expect("the other does it in time").unwrap();
    there.shutdown.cancel();
    second.await.unwrap();
}

#[tokio::test]
async fn a_step_is_broken_off_where_another_server_has_its_lease() {
    let Some(database) = postgres().await else {
        return;
    };
    let services = services(&database, NOWHERE).await;
    let never = Arc::new(Notify::new());
    let (task, mut steps) = leased(&services, Duration::from_millis(300), Some(never));
    let driver = start(&services, vec![task]);
    time::timeout(SETTLING, steps.recv())
        .await
        .unwrap()
        .unwrap();
    database
        .execute("update task_leases set holder = 'another', held_until = held_until + 3600000")
        .await;
    until_task(&services, "leased", |task| task["state"] == "elsewhere").await;
    services.shutdown.cancel();
    time::timeout(SETTLING, driver).await.unwrap().unwrap();
}
