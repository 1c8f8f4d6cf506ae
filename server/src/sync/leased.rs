//! A run under its lease: it is kept alive, broken off when it is lost, and written down
//! however it ends.

use super::{
    LEASE, REST_AFTER_FAILURE, SyncServices,
    pace::{self, Found, Pace},
    run::{self, RunOutcome, until},
};
use crate::{
    background::jitter,
    metrics::RunEnd,
    store::{Connection, EndedRun, StoreError, SyncEnd},
};
use std::time::{Duration, Instant};
use tokio::time;
use tracing::Instrument;
use types::{LiveTopic, SyncReason, SyncRunId, WorkspaceId};
use uuid::Uuid;

/// How often a run gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Runs a sync under a lease that was taken, and gives the lease back whatever
/// happens. `asked_by` is the name of whoever asked for it. `None` when the connection ended or was renewed meanwhile, another
/// server took over, or the process is about to end.
pub(super) async fn run_and_end(
    services: &SyncServices,
    connection: &Connection,
    reason: SyncReason,
    asked_by: Option<&str>,
) -> Result<Option<RunOutcome>, StoreError> {
    let id = SyncRunId::new(Uuid::now_v7().to_string());
    let span = tracing::info_span!("sync", run = %id, workspace = %connection.workspace, ?reason);
    numbered_run(services, connection, (reason, asked_by), &id)
        .instrument(span)
        .await
}

async fn numbered_run(
    services: &SyncServices,
    connection: &Connection,
    (reason, asked_by): (SyncReason, Option<&str>),
    id: &SyncRunId,
) -> Result<Option<RunOutcome>, StoreError> {
    let workspace = &connection.workspace;
    let started = Instant::now();
    let jitter = jitter();
    let run = async {
        services
            .store
            .begin_run(connection, id, reason, asked_by)
            .await?;
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
    let changed = outcome.changed_count();
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
