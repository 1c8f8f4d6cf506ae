//! Rotations' own schedules as a source of duty: what they say when a shift begins or ends.

use crate::{
    hand_offs::{Due, Source},
    live::Live,
    store::{PlanClock, Store, StoreError, Turn},
};
use async_trait::async_trait;
use domain::Rotation;
use std::time::Duration;
use types::{LiveTopic, RotationMode, Timestamp, WorkspaceId};

/// The rotas as a source of duty.
pub struct Rotas {
    pub store: Store,
    pub live: Live,
}

#[async_trait]
impl Source for Rotas {
    fn kind(&self) -> &str {
        RotationMode::Scheduled.code()
    }

    async fn hand_over(&self, workspace: &WorkspaceId) -> Result<Due, StoreError> {
        let changed = self
            .store
            .hand_over(workspace, self.kind(), PlanClock::Databases, &turn)
            .await?;
        let any = !changed.is_empty();
        for rotation in changed {
            tracing::info!(%workspace, %rotation, "handed over");
            let topic = LiveTopic::Rotation(rotation);
            self.live.publish(workspace, topic);
        }
        // What was begun when holidays were saved, and broken off.
        let goes_on = go_on_by_holidays(&self.store, &self.live, workspace).await?;
        let is_done = !any && !goes_on;
        Ok(match is_done {
            true => Due::In(Duration::MAX),
            false => Due::Now,
        })
    }
}

/// Has the next rotations that have still to go on by what a workspace decided about holidays do so,
/// and the open pages hear of it. False where there are none any more.
pub async fn go_on_by_holidays(
    store: &Store,
    live: &Live,
    workspace: &WorkspaceId,
) -> Result<bool, StoreError> {
    let planned = store.plan_by_holidays(workspace).await?;
    let any = planned.is_some();
    for rotation in planned.into_iter().flatten() {
        // Other servers are told in the transaction.
        live.publish_here(workspace, LiveTopic::Rotation(rotation));
    }
    Ok(any)
}

/// What a rota says of its rotation at `now`, if this version can read it.
fn turn(rotation: &Rotation, now: Timestamp) -> Option<Turn> {
    let rota = rotation.plan.rota()?;
    let present = rota.up_to_date(rotation, &rotation.crew.members, now);
    Some(present.into())
}
