//! Keeps bound rotations equal to their PagerDuty schedules. A reconciler: it
//! runs periodically, at the end of each shift and on request, and always does
//! the same thing, namely to make what we hold equal to what PagerDuty says.

mod pace;
mod people;
mod run;

pub use people::{People, resolve};
pub use run::window;

use crate::{Services, clock, store::Connection, store::StoreError, store::SyncEnd};
use run::RunOutcome;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast},
    time,
};
use types::{ConnectRefusal, LiveTopic, PagerDutyProblem, SyncReport, Timestamp, WorkspaceId};

/// How long a run keeps others away without a sign of life.
const LEASE_SECONDS: i64 = 15;
/// How often a run gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long *Sync now* waits before it says that the outcome comes later.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the loop rests at most, for connections that another server made.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// How long to rest after the database has failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Wakes the reconciler and hears from it.
#[derive(Clone, Debug)]
pub struct SyncSignals {
    wake: Arc<Notify>,
    /// The workspaces whose run has just ended.
    ended: broadcast::Sender<WorkspaceId>,
}

impl SyncSignals {
    pub fn new() -> Self {
        Self {
            wake: Arc::new(Notify::new()),
            ended: broadcast::channel(64).0,
        }
    }

    /// Lets the reconciler look at once for what is due.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Default for SyncSignals {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// A shift has ended, while PagerDuty must not be asked yet.
    HandOff,
    /// The interval has passed.
    Due,
    /// Somebody pressed *Sync now*.
    Request,
}

/// Starts a run for each connection when it is due, until the shutdown.
pub async fn reconcile(services: Services) {
    let stop = services.shutdown.clone();
    while !stop.is_cancelled() {
        let rest = match start_due_runs(&services).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::error!(%error, "the reconciler could not read what is due");
                REST_AFTER_FAILURE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = services.sync.wake.notified() => {}
            () = time::sleep(rest) => {}
        }
    }
}

/// Starts what is due and says how long nothing else will be.
async fn start_due_runs(services: &Services) -> Result<Duration, StoreError> {
    for workspace in services.store.due_connections(clock::now()).await? {
        if let Some(connection) = take_lease(services, &workspace).await? {
            let services = services.clone();
            services.tasks.clone().spawn(async move {
                let reason = if clock::now() >= connection.ask_after {
                    Reason::Due
                } else {
                    Reason::HandOff
                };
                if let Err(error) = run_and_end(&services, &connection, reason).await {
                    tracing::error!(%workspace, %error, "a sync could not be written");
                }
            });
        }
    }
    let next = services.store.next_due_at().await?;
    Ok(next.map_or(LONGEST_REST, run::until).min(LONGEST_REST))
}

async fn take_lease(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Option<Connection>, StoreError> {
    let now = clock::now();
    services
        .store
        .take_lease(workspace, now, now.plus_seconds(LEASE_SECONDS))
        .await
}

/// Syncs a connection now and says what came of it. A run that is on its way is
/// waited for first, since it may have read PagerDuty before the question.
pub async fn sync_now(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Result<SyncReport, ConnectRefusal>, StoreError> {
    let run = requested_run(services.clone(), workspace.clone());
    let run = services.tasks.spawn(run);
    tokio::select! {
        outcome = time::timeout(PATIENCE, run) => match outcome {
            Ok(Ok(outcome)) => outcome,
            // It goes on in its own task, or has panicked and said so in the log.
            Ok(Err(_)) | Err(_) => Ok(Err(ConnectRefusal::StillSyncing)),
        },
        () = services.shutdown.cancelled() => Ok(Err(ConnectRefusal::StillSyncing)),
    }
}

async fn requested_run(
    services: Services,
    workspace: WorkspaceId,
) -> Result<Result<SyncReport, ConnectRefusal>, StoreError> {
    let mut ended = services.sync.ended.subscribe();
    while !services.shutdown.is_cancelled() {
        let Some(connection) = services.store.connection(&workspace).await? else {
            return Ok(Err(ConnectRefusal::NotConnected));
        };
        if let Some(problem) = still_limited(&connection, clock::now()) {
            return Ok(Err(problem.into()));
        }
        if let Some(connection) = take_lease(&services, &workspace).await? {
            if let Some(outcome) = run_and_end(&services, &connection, Reason::Request).await? {
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

fn report(outcome: RunOutcome) -> Result<SyncReport, ConnectRefusal> {
    match outcome.problem {
        Some(problem) => Err(problem.into()),
        None => Ok(SyncReport {
            changed: outcome.changed,
            unreadable: outcome.unreadable,
        }),
    }
}

/// PagerDuty has said how long it wants to be left alone, and nobody's pressing
/// a button changes that.
fn still_limited(connection: &Connection, now: Timestamp) -> Option<PagerDutyProblem> {
    let limited = matches!(
        connection.problem,
        Some(PagerDutyProblem::RateLimited { .. })
    );
    let left = connection.ask_after.seconds_since(now);
    (limited && left > 0).then(|| PagerDutyProblem::RateLimited {
        retry_after_seconds: u32::try_from(left).unwrap_or(u32::MAX),
    })
}

/// Runs a sync under a lease that was taken, and gives the lease back whatever
/// happens. `None` when the connection ended or was renewed meanwhile, or the
/// process is about to end.
async fn run_and_end(
    services: &Services,
    connection: &Connection,
    reason: Reason,
) -> Result<Option<RunOutcome>, StoreError> {
    let workspace = &connection.workspace;
    let run = run::run(services, connection, reason != Reason::HandOff);
    let finished = tokio::select! {
        outcome = run => outcome.map(Some),
        error = heartbeat(services, connection) => Err(error),
        () = services.shutdown.cancelled() => Ok(None),
    };
    let outcome = match finished {
        Ok(Some(outcome)) => {
            let end = end_of(services, connection, &outcome, reason);
            let written = services.store.end_sync(connection, &end).await?;
            written.then_some(outcome)
        }
        broken_off => {
            services.store.release_lease(connection).await?;
            broken_off?
        }
    };
    if let Some(outcome) = &outcome {
        tracing::info!(
            %workspace,
            ?reason,
            changed = outcome.changed,
            unreadable = outcome.unreadable,
            problem = outcome.problem.as_ref().map(tracing::field::display),
            "synced"
        );
    }
    services.live.publish(workspace, LiveTopic::Connection);
    // Nobody may be waiting for this run.
    let _ = services.sync.ended.send(workspace.clone());
    services.sync.wake();
    Ok(outcome)
}

/// Keeps the lease for as long as the run lives; ends only by failing.
async fn heartbeat(services: &Services, connection: &Connection) -> StoreError {
    loop {
        time::sleep(HEARTBEAT).await;
        let until = clock::now().plus_seconds(LEASE_SECONDS);
        if let Err(error) = services.store.renew_lease(connection, until).await {
            return error;
        }
    }
}

fn end_of(
    services: &Services,
    connection: &Connection,
    outcome: &RunOutcome,
    reason: Reason,
) -> SyncEnd {
    let now = clock::now();
    let pace = pace::pace(
        now,
        services.config.pagerduty.poll_interval,
        connection.failures,
        outcome.problem.as_ref(),
        outcome.next_change,
        jitter(),
    );
    // A hand-off during a back-off leaves the back-off as it was.
    let (next_sync_at, ask_after) = if reason == Reason::HandOff {
        let due = connection.ask_after;
        let next = outcome.next_change.map_or(due, |change| change.min(due));
        (next, due)
    } else {
        (pace.next_sync_at, pace.ask_after)
    };
    SyncEnd {
        at: now,
        asked: reason != Reason::HandOff,
        on_request: reason == Reason::Request,
        problem: outcome.problem.clone(),
        next_sync_at,
        ask_after,
        roster_read_at: outcome.roster_read_at,
    }
}

/// Between 0 and 1.
fn jitter() -> f64 {
    f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX)
}
