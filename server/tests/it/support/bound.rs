//! A workspace whose rotations follow schedules of the stand-in.

use super::{
    Database, Setup, bound_to, caller, on_call, reconcile, rotation, sandbox::Sandbox,
    services_with, workspace,
};
use app::backend::Connections;
use domain::{Member, Rotation};
use serde_json::json;
use server::{
    Services,
    backend::RoundRobin,
    clock,
    store::{BoundSchedule, Connection},
    sync,
};
use std::{future::Future, time::Duration};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle, time};
use types::{ConnectRefusal, ConnectionView, RotationId, SyncReport, SyncRun, SyncRunState};

/// Longer than anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Bound {
    pub sandbox: Sandbox,
    pub database: Database,
    pub services: Services,
    /// Each with its schedule.
    pub rotations: Vec<(String, RotationId)>,
}

impl Bound {
    /// One rotation for each of the schedules, in a company as it is at first.
    pub async fn to(database: Database, schedules: &[&str]) -> Self {
        Self::in_company(Sandbox::start().await, database, schedules).await
    }

    pub async fn in_company(sandbox: Sandbox, database: Database, schedules: &[&str]) -> Self {
        let setup = Setup {
            eu: &format!("{}/eu", sandbox.url),
            // Rare, so that what a test sees was brought by what it did.
            poll_seconds: 60,
            ..Setup::at(&sandbox.url)
        };
        let services = services_with(&database, &setup).await;
        let mut bound = Self {
            sandbox,
            database,
            services,
            rotations: Vec::new(),
        };
        for schedule in schedules {
            bound.bind(schedule).await;
        }
        bound
    }

    /// Binds one more rotation.
    pub async fn bind(&mut self, schedule: &str) {
        let id = bound_to(&self.services, &self.sandbox, schedule).await;
        self.rotations.push((schedule.to_owned(), id));
    }

    pub fn backend(&self) -> RoundRobin {
        RoundRobin::new(self.services.clone())
    }

    /// Presses *Sync now*.
    pub async fn sync(&self) -> Result<SyncReport, ConnectRefusal> {
        sync::sync_now(&self.services.sync, &workspace(), None)
            .await
            .unwrap()
            .map(|synced| synced.report)
    }

    /// Presses *Sync now* until no schedule has to wait for requests to be left.
    pub async fn sync_whole(&self) -> SyncReport {
        within_patience(async {
            loop {
                let report = self.sync().await.unwrap();
                if report.postponed == 0 {
                    return report;
                }
                time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await
    }

    /// Syncs until a run confirms this many schedules. One that was slow is read beside the
    /// runs, and is like the others once it came.
    pub async fn until_confirmed(&self, schedules: u32) {
        within_patience(async {
            while self.sync_whole().await.confirmed < schedules {
                time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }

    pub async fn rotation(&self, schedule: &str) -> Rotation {
        let bound = self.rotations.iter().find(|(of, _)| of == schedule);
        rotation(&self.services.store, &bound.unwrap().1).await
    }

    pub async fn all_rotations(&self) -> Vec<Rotation> {
        let store = &self.services.store;
        store.rotations(&workspace()).await.unwrap()
    }

    /// The PagerDuty ids of those on duty.
    pub async fn on_duty(&self, schedule: &str) -> Vec<String> {
        on_call(&self.rotation(schedule).await)
    }

    /// Whether the member that a PagerDuty user became is on duty.
    pub async fn is_on_duty(&self, schedule: &str, user: &str) -> bool {
        let key = self.member(schedule, user).await.key;
        self.rotation(schedule).await.crew.is_on_duty(&key)
    }

    /// The member that a PagerDuty user became.
    pub async fn member(&self, schedule: &str, user: &str) -> Member {
        let members = self.rotation(schedule).await.crew.members;
        let of_user = |member: &Member| {
            let id = member.pagerduty_user.as_ref();
            id.is_some_and(|id| id.as_str() == user)
        };
        members.into_iter().find(of_user).unwrap()
    }

    /// Every rotation has those on duty whom PagerDuty has on call.
    pub async fn agrees_with_pagerduty(&self) {
        for (schedule, _) in &self.rotations {
            let truth = self.sandbox.on_call(schedule).await;
            assert_eq!(self.on_duty(schedule).await, truth, "{schedule}");
        }
    }

    pub async fn connection(&self) -> Connection {
        let store = &self.services.store;
        store.connection(&workspace()).await.unwrap().unwrap()
    }

    /// What is stored of a schedule.
    pub async fn schedule(&self, id: &str) -> BoundSchedule {
        let all = self.all_schedules().await;
        all.into_iter()
            .find(|found| found.id.as_str() == id)
            .unwrap()
    }

    pub async fn all_schedules(&self) -> Vec<BoundSchedule> {
        let store = &self.services.store;
        store.bound_schedules(&workspace()).await.unwrap()
    }

    /// The card of the integrations panel.
    pub async fn card(&self) -> ConnectionView {
        let panel = self.backend().integrations(&caller()).await.unwrap();
        panel.pagerduty.unwrap()
    }

    pub async fn last_run(&self) -> SyncRun {
        self.backend()
            .sync_history(&caller())
            .await
            .unwrap()
            .runs
            .remove(0)
    }

    /// How often the stand-in was asked for an endpoint.
    pub async fn asked_for(&self, endpoint: &str) -> u64 {
        let counters = self.sandbox.ask("counters").await;
        let endpoints = counters["pagerduty"]["endpoints"].as_array().unwrap();
        let of_this = |known: &&serde_json::Value| known["endpoint"] == endpoint;
        let counted = endpoints.iter().filter(of_this);
        counted.map(|known| known["count"].as_u64().unwrap()).sum()
    }

    pub async fn forget_what_was_asked(&self) {
        self.sandbox.control("counters/reset", json!({})).await;
    }

    /// Has the next sync list the account's people, as it does every 15 minutes.
    pub async fn let_roster_age(&self) {
        let statement = "update pagerduty_connections set roster_read_at = 0";
        self.database.execute(statement).await;
    }

    /// Has the next sync do without the list of the account's people.
    pub async fn let_roster_be_fresh(&self) {
        let now = clock::now().as_millis();
        let statement = format!("update pagerduty_connections set roster_read_at = {now}");
        self.database.execute(&statement).await;
    }

    /// Runs syncs as they become due, until the test says that it is over.
    pub fn reconcile(&self) -> Reconciler {
        Reconciler {
            services: self.services.clone(),
            task: tokio::spawn(reconcile(self.services.clone())),
        }
    }

    /// Returns as soon as the last sync did not fail.
    pub async fn until_synced(&self) {
        let (_, mut events) = self.services.live.subscribe(&workspace(), |_| true);
        within_patience(async {
            while self.connection().await.problem.is_some() {
                let told = events.recv().await;
                assert_ne!(told.err(), Some(RecvError::Closed));
            }
        })
        .await;
    }

    /// Returns as soon as the newest of the listed runs is in this state. Another
    /// server's run begins and is cut off without telling anybody here.
    pub async fn until_last_run_is(&self, state: SyncRunState) {
        within_patience(async {
            loop {
                let runs = self.backend().sync_history(&caller()).await.unwrap().runs;
                if runs.first().is_some_and(|run| run.state == state) {
                    return;
                }
                time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }

    /// Returns as soon as exactly these are on duty.
    pub async fn until_on_duty(&self, schedule: &str, users: &[&str]) {
        let (_, mut events) = self.services.live.subscribe(&workspace(), |_| true);
        within_patience(async {
            while self.on_duty(schedule).await != users {
                let told = events.recv().await;
                assert_ne!(told.err(), Some(RecvError::Closed));
            }
        })
        .await;
    }
}

/// A running reconciler.
pub struct Reconciler {
    services: Services,
    task: JoinHandle<()>,
}

impl Reconciler {
    pub async fn stop(self) {
        self.services.shutdown.cancel();
        self.task.await.unwrap();
    }
}

async fn within_patience<T>(wait: impl Future<Output = T>) -> T {
    time::timeout(PATIENCE, wait)
        .await
        .expect("it happens in time")
}
