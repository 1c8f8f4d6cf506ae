//! A sync that somebody asked for: one at a time, and they are told what came of it.

use super::{LEASE, SyncServices, leased::run_and_end, run::RunOutcome};
use crate::store::{Connection, StoreError};
use std::time::Duration;
use tokio::time;
use types::{
    ConnectRefusal, PagerDutyProblem, RotationId, ScheduleId, SyncReason, SyncReport, WorkspaceId,
};

/// How long *Sync now* waits before it says that the outcome comes later.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a requested sync came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    pub report: SyncReport,
    /// The rotations that it changed, and the schedules that could not be read: not everybody
    /// may know of each.
    pub changed: Vec<RotationId>,
    pub unreadable: Vec<ScheduleId>,
}

/// Syncs a connection now and says what came of it. Whoever asks while this was asked
/// for already is told the same; the list of runs names who was first. A run that came by itself is waited for first, since
/// it may have read PagerDuty before the question.
pub async fn sync_now(
    services: &SyncServices,
    workspace: &WorkspaceId,
    asked_by: Option<&str>,
) -> Result<Result<Synced, ConnectRefusal>, StoreError> {
    let requests = &services.signals.requests;
    let run = requests.join(workspace, &services.tasks, || {
        let asked_by = asked_by.map(str::to_owned);
        requested_run(services.clone(), workspace.clone(), asked_by)
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
    asked_by: Option<String>,
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
            let run = run_and_end(&services, &connection, reason, asked_by.as_deref());
            if let Some(outcome) = run.await? {
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
            let unreadable = outcome.unreadable.iter();
            Ok(Synced {
                report: SyncReport {
                    changed: outcome.changed_count(),
                    confirmed: outcome.confirmed,
                    unreadable: outcome.unreadable_count(),
                    postponed: outcome.postponed,
                    awaited: outcome.awaited,
                },
                changed: outcome.changed_rotations().into_iter().cloned().collect(),
                unreadable: unreadable
                    .map(|unreadable| unreadable.schedule.clone())
                    .collect(),
            })
        }
    }
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
