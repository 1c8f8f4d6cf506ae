//! Keeps bound rotations equal to their PagerDuty schedules. A reconciler: it
//! runs periodically, at the end of each shift and on request, and always does
//! the same thing, namely to make what we hold equal to what PagerDuty says. What is held is
//! applied at the end of each shift by the clock (`hand_offs`), which needs no run.

mod asked_for;
mod doubt;
mod hand_offs;
mod health;
mod leased;
mod pace;
mod people;
mod requests;
mod run;
mod slow;

pub use asked_for::{Synced, sync_now};
pub use hand_offs::Schedules;
pub use health::{Evidence, connection_health, schedule_health, stale_at};
pub use people::{RosterTurns, resolve, roster};
pub use run::apply_link;

use crate::{
    background::{Background, Periodic, Task},
    hand_offs::ClockSignal,
    integrations::IntegrationServices,
    live::Live,
    metrics::Metrics,
    pagerduty::PagerDuty,
    store::{Store, StoreError},
};
use leased::run_and_end;
use requests::Requests;
use slow::Turns;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::{LiveTopic, PagerDutyProblem, RotationId, SyncChange, SyncReason, WorkspaceId};

/// What the background work calls the reconciler.
const TASK: &str = "sync";

/// How long a run keeps others away without a sign of life. A server that dies is
/// replaced after it.
const LEASE: Duration = Duration::from_secs(10);
/// A reconciler that has not looked for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);
/// How long the loop rests at most, for connections that another server made.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// How long after its start a server asks again where PagerDuty was away. Servers
/// that start together, or again and again, share that one attempt.
const RETRY_AFTER_START: Duration = Duration::from_secs(2);
/// Runs that start at once. Many workspaces may be due in the same second, as after a restart,
/// and each run has some transactions and requests to begin with.
const STARTED_AT_ONCE: usize = 8;
/// How long the next ones wait at most; they start as soon as a run ends. Runs that take long
/// keep nobody waiting longer than this.
const STARTED_EVERY: Duration = Duration::from_millis(100);
/// How long to rest after the database has failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Wakes the reconciler and hears from it.
#[derive(Clone, Debug)]
pub struct SyncSignals {
    wake: Arc<Notify>,
    /// Has the shifts looked at that are stored.
    pub clock: ClockSignal,
    /// The workspaces whose run has just ended.
    ended: broadcast::Sender<WorkspaceId>,
    requests: Requests,
    slow: Turns,
}

impl SyncSignals {
    pub fn new() -> Self {
        Self {
            wake: Arc::new(Notify::new()),
            clock: ClockSignal::default(),
            ended: broadcast::channel(64).0,
            requests: Requests::default(),
            slow: Turns::default(),
        }
    }
}

impl Default for SyncSignals {
    fn default() -> Self {
        Self::new()
    }
}

/// What the sync needs of the server. Cloning it is cheap.
#[derive(Clone)]
pub struct SyncServices {
    pub poll_interval: Duration,
    pub store: Store,
    pub pagerduty: PagerDuty,
    pub integrations: IntegrationServices,
    pub live: Live,
    pub metrics: Metrics,
    pub background: Background,
    pub signals: SyncSignals,
    pub roster_turns: RosterTurns,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl SyncServices {
    /// Lets the reconciler, and the clock of what is stored, look at once for what is due.
    pub fn wake(&self) {
        self.signals.wake.notify_one();
        self.signals.clock.wake();
    }
}

/// Why the reconciler started no run.
#[derive(Debug, thiserror::Error)]
#[error(
    "what is due could not be looked for; it is tried again after a second, and the log says why"
)]
struct NotLooked(#[from] StoreError);

/// The reconciler: it starts a run for each connection when it is due.
pub fn task(services: &SyncServices) -> Task {
    let (services, wake) = (services.clone(), Arc::clone(&services.signals.wake));
    let has_started = Arc::<AtomicBool>::default();
    let step = move || {
        let (services, has_started) = (services.clone(), Arc::clone(&has_started));
        async move {
            if !has_started.swap(true, Ordering::Relaxed)
                && let Err(error) = retry_after_start(&services).await
            {
                tracing::error!(%error, "what failed before the start is not retried sooner");
            }
            Ok(start_due_runs(&services).await.map_err(NotLooked)?)
        }
    };
    let about = "Asks PagerDuty for the schedules that rotations follow";
    Periodic::new(TASK, about, LONGEST_REST, step)
        .woken_by(wake)
        .retried_within(REST_AFTER_FAILURE)
        .patient_for(STUCK_AFTER)
        .into()
}

/// Whether this server's reconciler looks for what is due, as it does every few seconds.
pub fn is_alive(background: &Background) -> bool {
    background.is_served(TASK)
}

/// A back-off may outlast the outage that it is from, and whoever restarts a
/// server wants to see whether that is over.
async fn retry_after_start(services: &SyncServices) -> Result<(), StoreError> {
    for connection in services.store.connections().await? {
        let failed = connection.problem.as_ref();
        if failed.is_some_and(PagerDutyProblem::may_pass_at_any_moment) {
            let workspace = &connection.workspace;
            let wait = RETRY_AFTER_START;
            services.store.retry_within(workspace, wait).await?;
        }
    }
    Ok(())
}

/// Starts what is due, a few at a time, and says how long nothing else will be.
async fn start_due_runs(services: &SyncServices) -> Result<Duration, StoreError> {
    let mut due = services.store.due_connections().await?;
    let later = due.split_off(due.len().min(STARTED_AT_ONCE));
    for workspace in due {
        if let Some(connection) = services.store.take_lease(&workspace, LEASE).await? {
            let services = services.clone();
            services.tasks.clone().spawn(async move {
                let running = tokio::spawn({
                    let services = services.clone();
                    async move { run_and_end(&services, &connection, SyncReason::Due, None).await }
                });
                match running.await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => {
                        tracing::error!(%workspace, %error, "a sync could not be written");
                    }
                    Err(error) => {
                        tracing::error!(%workspace, %error, "a sync broke off");
                        services.background.broke_off(TASK);
                    }
                }
            });
        }
    }
    if !later.is_empty() {
        return Ok(STARTED_EVERY);
    }
    let next = services.store.next_due_in().await?;
    Ok(next.map_or(LONGEST_REST, |next| next.min(LONGEST_REST)))
}

fn publish<'a>(
    services: &SyncServices,
    workspace: &WorkspaceId,
    changes: impl IntoIterator<Item = &'a SyncChange>,
) {
    let rotations = changes.into_iter().map(|change| change.rotation.clone());
    publish_rotations(services, workspace, rotations);
}

fn publish_rotations(
    services: &SyncServices,
    workspace: &WorkspaceId,
    rotations: impl IntoIterator<Item = RotationId>,
) {
    for rotation in rotations {
        let topic = LiveTopic::Rotation(rotation);
        services.live.publish_here(workspace, topic);
    }
}
