//! What PagerDuty's schedules make of the rotations that follow them when a shift begins or
//! ends: from the stored shifts, whether PagerDuty is there or not, and while it is asked.

use super::{SyncServices, publish, run::until};
use crate::{
    hand_offs::{Due, Source},
    metrics::RunEnd,
    store::{Connection, HandedOver, Rule, StoreError},
};
use async_trait::async_trait;
use std::time::{Duration, Instant};
use types::{RotationMode, SyncReason, SyncRunId, Timestamp, WorkspaceId};
use uuid::Uuid;

/// The schedules as a source of duty.
pub struct Schedules(pub SyncServices);

#[async_trait]
impl Source for Schedules {
    fn kind(&self) -> &str {
        RotationMode::PagerDuty.code()
    }

    async fn hand_over(&self, workspace: &WorkspaceId) -> Result<Due, StoreError> {
        let Self(services) = self;
        let Some(connection) = services.store.connection(workspace).await? else {
            return Ok(Due::In(Duration::MAX));
        };
        let mut any = false;
        while !hand_over_some(services, &connection).await?.due.is_empty() {
            any = true;
        }
        if any {
            // Who comes next may have changed in PagerDuty.
            services.signals.wake.notify_one();
            return Ok(Due::Now);
        }
        let now = services.integrations.pagerduty_now(&connection);
        let next = services.store.next_hand_off_at(workspace).await?;
        Ok(Due::In(next.map_or(Duration::MAX, |next| until(next, now))))
    }
}

/// Hands over what is due, as much as one transaction takes.
async fn hand_over_some(
    services: &SyncServices,
    connection: &Connection,
) -> Result<HandedOver, StoreError> {
    let (workspace, began) = (&connection.workspace, Instant::now());
    let directory = services.store.directory(workspace).await?;
    let now = || services.integrations.pagerduty_now(connection);
    let rule = Rule {
        now: &now,
        directory: &directory,
    };
    let run = SyncRunId::new(Uuid::now_v7().to_string());
    let handed_over = services.store.hand_over_due(connection, &run, rule).await?;
    for (schedule, due_at) in &handed_over.due {
        // Of a schedule from before the column nobody has looked yet.
        let known = *due_at > Timestamp::from_millis(0);
        if known && handed_over.changed_by.contains(schedule) {
            services.metrics.handed_off(until(now(), *due_at));
        }
    }
    let changes = &handed_over.changes;
    if !changes.is_empty() {
        tracing::info!(%run, %workspace, changed = changes.len(), "handed over");
        let (reason, took) = (SyncReason::HandOff, began.elapsed());
        services.metrics.run_ended(reason, RunEnd::Succeeded, took);
        // And nothing that everybody hears: of a private rotation nobody else learns when it changes.
        publish(services, workspace, changes);
    }
    Ok(handed_over)
}
