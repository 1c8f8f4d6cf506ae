//! Keeps bound rotations equal to their PagerDuty schedules. A reconciler: it
//! runs periodically, at the end of each shift and on request, and always does
//! the same thing, namely to make what we hold equal to what PagerDuty says.

mod pace;
mod people;
mod run;

pub use people::{People, resolve};
pub use run::{account_of, window};

use crate::{Services, clock, store::Connection, store::StoreError, store::SyncEnd};
use run::RunOutcome;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast},
    time,
};
use types::{ConnectRefusal, LiveTopic, SyncReport, WorkspaceId};
use uuid::Uuid;

/// A run that takes longer than this is presumed dead, and another may start.
const LEASE_SECONDS: i64 = 60;
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
    /// This process, in leases.
    holder: Arc<str>,
}

impl SyncSignals {
    pub fn new() -> Self {
        Self {
            wake: Arc::new(Notify::new()),
            ended: broadcast::channel(64).0,
            holder: Uuid::now_v7().to_string().into(),
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
                let ask = clock::now() >= connection.ask_after;
                run_and_end(&services, &connection, ask).await;
            });
        }
    }
    let next = services.store.next_due_at().await?;
    let rest = next.map_or(LONGEST_REST, |next| {
        let millis = next.as_millis() - clock::now().as_millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    });
    Ok(rest.min(LONGEST_REST))
}

async fn take_lease(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Option<Connection>, StoreError> {
    let now = clock::now();
    services
        .store
        .take_lease(
            workspace,
            &services.sync.holder,
            now,
            now.plus_seconds(LEASE_SECONDS),
        )
        .await
}

/// Syncs a connection now and says what came of it. A run that is on its way is
/// waited for first, since it may have read PagerDuty before the question.
pub async fn sync_now(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Result<SyncReport, ConnectRefusal>, StoreError> {
    let mut ended = services.sync.ended.subscribe();
    loop {
        if let Some(connection) = take_lease(services, workspace).await? {
            let outcome = run_and_end(services, &connection, true).await;
            return Ok(match outcome {
                Some(RunOutcome {
                    problem: Some(problem),
                    ..
                }) => Err(problem.into()),
                Some(outcome) => Ok(SyncReport {
                    changed: outcome.changed,
                    unreadable: outcome.unreadable,
                }),
                None => Err(ConnectRefusal::NotConnected),
            });
        }
        if services.store.connection(workspace).await?.is_none() {
            return Ok(Err(ConnectRefusal::NotConnected));
        }
        // Another server's run ends without our hearing of it.
        let _ = time::timeout(Duration::from_secs(1), ended.recv()).await;
    }
}

/// Runs a sync under a lease that was taken, and gives the lease back. `None`
/// when the connection ended or was renewed meanwhile, or the database failed.
async fn run_and_end(
    services: &Services,
    connection: &Connection,
    ask: bool,
) -> Option<RunOutcome> {
    let workspace = &connection.workspace;
    let finished = match run::run(services, connection, ask).await {
        Ok(outcome) => {
            let end = end_of(services, connection, &outcome, ask);
            let written = services.store.end_sync(connection, &end).await;
            written.map(|written| written.then_some(outcome))
        }
        Err(error) => Err(error),
    };
    let outcome = finished.unwrap_or_else(|error| {
        tracing::error!(%workspace, %error, "a sync could not be written; its lease will run out");
        None
    });
    if let Some(outcome) = &outcome {
        tracing::info!(
            %workspace,
            asked = ask,
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
    outcome
}

fn end_of(
    services: &Services,
    connection: &Connection,
    outcome: &RunOutcome,
    asked: bool,
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
    let (next_sync_at, ask_after) = if asked {
        (pace.next_sync_at, pace.ask_after)
    } else {
        let due = connection.ask_after;
        let next = outcome.next_change.map_or(due, |change| change.min(due));
        (next, due)
    };
    SyncEnd {
        at: now,
        asked,
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
