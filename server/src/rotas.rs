//! Rotations' own schedules as a source of duty: what they say when a shift begins or ends.

use crate::{
    clock,
    hand_offs::{Due, Source},
    live::Live,
    store::{Store, StoreError, Turn},
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
            .hand_over(workspace, self.kind(), &clock::now, &turn)
            .await?;
        let publish = |rotation| self.live.publish(workspace, LiveTopic::Rotation(rotation));
        let any = !changed.is_empty();
        for rotation in changed {
            tracing::info!(%workspace, %rotation, "handed over");
            publish(rotation);
        }
        // What was begun when holidays were saved, and broken off.
        let planned = self.store.plan_by_holidays(workspace, &clock::now).await?;
        let is_done = !any && planned.is_none();
        planned.into_iter().flatten().for_each(publish);
        // Whose clock is behind the database's asks again until it is time here, too.
        Ok(match is_done {
            true => Due::In(Duration::MAX),
            false => Due::Now,
        })
    }
}

/// What a rota says of its rotation at `now`, if this version can read it.
fn turn(rotation: &Rotation, now: Timestamp) -> Option<Turn> {
    let rota = rotation.plan.rota()?;
    let present = rota.up_to_date(rotation, &rotation.crew.members, now);
    Some(Turn {
        duties: present.duties,
        plan: present.plan,
        next_change_at: present.next_change_at,
        rota: Some(present.turn),
    })
}
