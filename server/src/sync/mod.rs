//! Keeps bound rotations equal to their PagerDuty schedules. A reconciler: it
//! runs periodically, at the end of each shift and on request, and always does
//! the same thing, namely to make what we hold equal to what PagerDuty says. What is held is
//! applied at the end of each shift by the clock (`hand_offs`), which needs no run.

mod doubt;
mod hand_offs;
mod health;
mod pace;
mod people;
mod requests;
mod run;
mod slow;

pub use hand_offs::Schedules;
pub use health::{Evidence, connection_health, schedule_health, stale_at};
pub use people::{RosterTurns, resolve, roster};
pub use run::{apply_link, window};

use crate::{
    background::{Background, Periodic, Task},
    hand_offs::ClockSignal,
    integrations::IntegrationServices,
    live::Live,
    metrics::{Metrics, RunEnd},
    pagerduty::PagerDuty,
    store::{Connection, EndedRun, Store, StoreError, SyncEnd},
};
use pace::{Found, Pace};
use requests::Requests;
use run::{RunOutcome, until};
use slow::Turns;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, broadcast},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use types::{
    ConnectRefusal, LiveTopic, PagerDutyProblem, RotationId, ScheduleId, SyncChange, SyncReason,
    SyncReport, SyncRunId, WorkspaceId,
};
use uuid::Uuid;

/// What the background work calls the reconciler.
const TASK: &str = "sync";

/// How long a run keeps others away without a sign of life. A server that dies is
/// replaced after it.
const LEASE: Duration = Duration::from_secs(10);
/// How often a run gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// A reconciler that has not looked for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);
/// How long *Sync now* waits before it says that the outcome comes later.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the loop rests at most, for connections that another server made.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// How long after its start a server asks again where PagerDuty was away. Servers
/// that start together, or again and again, share that one attempt.
const RETRY_AFTER_START: Duration = Duration::from_secs(2);
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

/// What a requested sync came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    pub report: SyncReport,
    /// The rotations that it changed, and the schedules that could not be read: not everybody
    /// may know of each.
    pub changed: Vec<RotationId>,
    pub unreadable: Vec<ScheduleId>,
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

/// Starts what is due and says how long nothing else will be.
async fn start_due_runs(services: &SyncServices) -> Result<Duration, StoreError> {
    let due = services.store.due_connections().await?;
    for workspace in due {
        if let Some(connection) = services.store.take_lease(&workspace, LEASE).await? {
            let services = services.clone();
            services.tasks.clone().spawn(async move {
                let run = run_and_end(&services, &connection, SyncReason::Due);
                if let Err(error) = run.await {
                    tracing::error!(%workspace, %error, "a sync could not be written");
                }
            });
        }
    }
    let next = services.store.next_due_in().await?;
    Ok(next.map_or(LONGEST_REST, |next| next.min(LONGEST_REST)))
}

/// Syncs a connection now and says what came of it. Whoever asks while this was asked
/// for already is told the same. A run that came by itself is waited for first, since
/// it may have read PagerDuty before the question.
pub async fn sync_now(
    services: &SyncServices,
    workspace: &WorkspaceId,
) -> Result<Result<Synced, ConnectRefusal>, StoreError> {
    let requests = &services.signals.requests;
    let run = requests.join(workspace, &services.tasks, || {
        requested_run(services.clone(), workspace.clone())
    });
    tokio::select! {
        outcome = time::timeout(PATIENCE, run) => match outcome {
            Ok(outcome) => outcome.map_err(StoreError::Shared),
            // It goes on in its own task.
            Err(_) => Ok(Err(ConnectRefusal::StillSyncing)),
        },
        () = services.shutdown.cancelled() => Ok(Err(ConnectRefusal::StillSyncing)),
    }
}

async fn requested_run(
    services: SyncServices,
    workspace: WorkspaceId,
) -> Result<Result<Synced, ConnectRefusal>, StoreError> {
    let mut ended = services.signals.ended.subscribe();
    while !services.shutdown.is_cancelled() {
        let Some(connection) = services.store.connection(&workspace).await? else {
            return Ok(Err(ConnectRefusal::NotConnected));
        };
        if let Some(problem) = still_limited(&connection) {
            return Ok(Err(problem.into()));
        }
        if let Some(connection) = services.store.take_lease(&workspace, LEASE).await? {
            let reason = SyncReason::Request;
            if let Some(outcome) = run_and_end(&services, &connection, reason).await? {
                return Ok(report(outcome));
            }
            // Another key, or none: look again.
        } else {
            // Another server's run ends without our hearing of it.
            let _ = time::timeout(Duration::from_secs(1), ended.recv()).await;
        }
    }
    Ok(Err(ConnectRefusal::StillSyncing))
}

fn report(outcome: RunOutcome) -> Result<Synced, ConnectRefusal> {
    match outcome.problem {
        Some(problem) => Err(problem.into()),
        None => {
            let changed = changed_rotations(&outcome);
            let unreadable = outcome.unreadable.iter();
            Ok(Synced {
                report: SyncReport {
                    changed: count(&changed),
                    confirmed: outcome.confirmed,
                    unreadable: outcome.unreadable_count(),
                    postponed: outcome.postponed,
                    awaited: outcome.awaited,
                },
                changed: changed.into_iter().cloned().collect(),
                unreadable: unreadable
                    .map(|unreadable| unreadable.schedule.clone())
                    .collect(),
            })
        }
    }
}

/// Each once.
fn changed_rotations(outcome: &RunOutcome) -> BTreeSet<&RotationId> {
    let changes = outcome.changes.iter();
    changes.map(|change| &change.rotation).collect()
}

fn count(rotations: &BTreeSet<&RotationId>) -> u32 {
    u32::try_from(rotations.len()).unwrap_or(u32::MAX)
}

/// PagerDuty has said how long it wants to be left alone, and nobody's pressing
/// a button changes that.
fn still_limited(connection: &Connection) -> Option<PagerDutyProblem> {
    let limited = matches!(
        connection.problem,
        Some(PagerDutyProblem::RateLimited { .. })
    );
    let left = connection.ask_after.seconds_since(connection.as_of);
    (limited && left > 0).then(|| PagerDutyProblem::RateLimited {
        retry_after_seconds: u32::try_from(left).unwrap_or(u32::MAX),
    })
}

/// Runs a sync under a lease that was taken, and gives the lease back whatever
/// happens. `None` when the connection ended or was renewed meanwhile, another
/// server took over, or the process is about to end.
async fn run_and_end(
    services: &SyncServices,
    connection: &Connection,
    reason: SyncReason,
) -> Result<Option<RunOutcome>, StoreError> {
    let id = SyncRunId::new(Uuid::now_v7().to_string());
    let span = tracing::info_span!("sync", run = %id, workspace = %connection.workspace, ?reason);
    numbered_run(services, connection, reason, &id)
        .instrument(span)
        .await
}

async fn numbered_run(
    services: &SyncServices,
    connection: &Connection,
    reason: SyncReason,
    id: &SyncRunId,
) -> Result<Option<RunOutcome>, StoreError> {
    let workspace = &connection.workspace;
    let started = Instant::now();
    let jitter = jitter();
    let run = async {
        services.store.begin_run(connection, id, reason).await?;
        run::run(services, connection, reason, jitter).await
    };
    let finished = tokio::select! {
        outcome = run => outcome.map(Some),
        lost = heartbeat(services, connection) => lost.map(|()| None),
        () = services.shutdown.cancelled() => Ok(None),
    };
    let outcome = match finished {
        Ok(Some(outcome)) => {
            let took = started.elapsed();
            let end = end_of(services, connection, &outcome, (reason, took), jitter).await?;
            let written = services.store.end_sync(connection, &end).await?;
            written.then_some(outcome)
        }
        broken_off => {
            // What failed here would fail again at once.
            let rest = match &broken_off {
                Ok(_) => Duration::ZERO,
                Err(_) => REST_AFTER_FAILURE,
            };
            services.store.release_lease(connection, rest).await?;
            broken_off?
        }
    };
    let took = started.elapsed();
    services
        .metrics
        .run_ended(reason, run_end(outcome.as_ref()), took);
    if let Some(outcome) = &outcome {
        note(services, workspace, (id, took), outcome).await?;
    }
    services.live.publish(workspace, LiveTopic::Connection);
    // Nobody may be waiting for this run.
    let _ = services.signals.ended.send(workspace.clone());
    services.wake();
    Ok(outcome)
}

const fn run_end(outcome: Option<&RunOutcome>) -> RunEnd {
    match outcome {
        None => RunEnd::Abandoned,
        Some(outcome) if outcome.problem.is_some() => RunEnd::Failed,
        Some(outcome) if !outcome.unreadable.is_empty() => RunEnd::Partial,
        Some(_) => RunEnd::Succeeded,
    }
}

/// Writes what a run came to into the log, the metrics and the list of runs. One
/// that neither asked nor changed anything is not worth a line.
async fn note(
    services: &SyncServices,
    workspace: &WorkspaceId,
    (id, took): (&SyncRunId, Duration),
    outcome: &RunOutcome,
) -> Result<(), StoreError> {
    if let Some(left) = outcome.budget_left {
        services.metrics.budget_left(workspace, left);
    }
    if !outcome.asked && outcome.changes.is_empty() {
        return services.store.forget_run(id).await;
    }
    let changed = count(&changed_rotations(outcome));
    let (confirmed, unreadable) = (outcome.confirmed, outcome.unreadable_count());
    let (postponed, requests) = (outcome.postponed, outcome.requests);
    match &outcome.problem {
        Some(problem) => {
            tracing::warn!(%problem, changed, confirmed, unreadable, requests, "a sync failed");
        }
        None => tracing::info!(
            changed, confirmed, unreadable, postponed, requests, "synced"
        ),
    }
    services
        .store
        .end_run(&EndedRun {
            id,
            took,
            problem: outcome.problem.as_ref(),
            confirmed,
            unreadable: &outcome.unreadable,
            postponed,
            requests,
            changes: &outcome.changes,
        })
        .await
}

/// Keeps the lease for as long as the run lives; ends when it is lost.
async fn heartbeat(services: &SyncServices, connection: &Connection) -> Result<(), StoreError> {
    loop {
        time::sleep(HEARTBEAT).await;
        if !services.store.renew_lease(connection, LEASE).await? {
            return Ok(());
        }
    }
}

async fn end_of(
    services: &SyncServices,
    connection: &Connection,
    outcome: &RunOutcome,
    (reason, took): (SyncReason, Duration),
    jitter: f64,
) -> Result<SyncEnd, StoreError> {
    let workspace = &connection.workspace;
    let clock = services.pagerduty.clock(connection.credential.region);
    let ahead_of_us = clock.ahead_millis().unwrap_or(0);
    let found = Found {
        // Where only people may not be listed, the schedules need no patience.
        problem: outcome
            .problem
            .as_ref()
            .filter(|problem| !problem.concerns_people_alone()),
        failures: connection.failures,
        next_poll_in: services.store.next_poll_in(workspace).await?,
        budget_in: outcome.budget_in,
        planned_in: (reason == SyncReason::Request)
            .then(|| planned_in(connection).saturating_sub(took)),
    };
    let interval = services.poll_interval;
    let Pace { next_in, ask_in } = pace::pace(interval, found, jitter);
    Ok(SyncEnd {
        asked: outcome.asked,
        reached: outcome.confirmed > 0 || outcome.postponed + outcome.awaited == 0,
        on_request: reason == SyncReason::Request,
        problem: if outcome.asked {
            outcome.problem.clone()
        } else {
            connection.problem.clone()
        },
        next_in,
        ask_in,
        postponed: if outcome.asked {
            outcome.postponed
        } else {
            connection.postponed
        },
        clock_ahead_millis: ahead_of_us - connection.database_ahead_millis,
    })
}

/// How long until PagerDuty was to be asked, when the run began.
fn planned_in(connection: &Connection) -> Duration {
    let planned_at = connection.next_sync_at.max(connection.ask_after);
    until(planned_at, connection.as_of)
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

/// Between 0 and 1.
fn jitter() -> f64 {
    f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX)
}
