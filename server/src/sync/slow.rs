//! Schedules that are always slow to answer. They are waited for longer than others,
//! one after the other and beside the runs, so that no run and nobody who pressed
//! *Sync now* waits for them, and at most one request at a time is spent on it.

use super::{SyncServices, run};
use crate::{
    pagerduty::Account,
    store::{BoundSchedule, Connection, EndedRun, StoreError},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use types::{LiveTopic, SyncReason, SyncRunId, WorkspaceId};
use uuid::Uuid;

/// The workspaces whose slow schedules this process is reading.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashSet<WorkspaceId>>>);

impl Turns {
    fn take(&self, workspace: &WorkspaceId) -> Option<Turn> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(workspace.clone()).then(|| Turn {
            turns: self.clone(),
            workspace: workspace.clone(),
        })
    }
}

struct Turn {
    turns: Turns,
    workspace: WorkspaceId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let taken = &self.turns.0;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.remove(&self.workspace);
    }
}

/// Begins to read the schedules in a task of its own, unless that is going on: those
/// that are left out are due again.
pub fn begin(
    services: &SyncServices,
    connection: &Connection,
    account: &Account,
    reason: SyncReason,
    schedules: Vec<BoundSchedule>,
) {
    let workspace = &connection.workspace;
    let Some(turn) = services.signals.slow.take(workspace) else {
        return;
    };
    let tasks = services.tasks.clone();
    let (services, connection) = (services.clone(), connection.clone());
    let account = account.clone();
    tasks.spawn(async move {
        let _until_read = turn;
        let stop = services.shutdown.clone();
        for schedule in &schedules {
            let read = read_and_tell(&services, &connection, &account, reason, schedule);
            let read = tokio::select! {
                () = stop.cancelled() => return,
                read = read => read,
            };
            if let Err(error) = read {
                let schedule = &schedule.id;
                tracing::error!(%schedule, %error, "a slow schedule could not be written");
            }
        }
    });
}

/// Lists a reading that changed something like a run of its own: the one that began it
/// has ended.
async fn read_and_tell(
    services: &SyncServices,
    connection: &Connection,
    account: &Account,
    reason: SyncReason,
    schedule: &BoundSchedule,
) -> Result<(), StoreError> {
    let began = Instant::now();
    let outcome = run::read_slow(services, connection, account, reason, schedule).await?;
    if !outcome.changes.is_empty() {
        let id = SyncRunId::new(Uuid::now_v7().to_string());
        services
            .store
            .begin_run(connection, &id, reason, None)
            .await?;
        services
            .store
            .end_run(&EndedRun {
                id: &id,
                took: began.elapsed(),
                problem: None,
                confirmed: outcome.confirmed,
                unreadable: &outcome.unreadable,
                postponed: 0,
                requests: outcome.requests,
                changes: &outcome.changes,
            })
            .await?;
    }
    let workspace = &connection.workspace;
    services.live.publish(workspace, LiveTopic::Connection);
    Ok(())
}
