//! The time zone of the workspace.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
};
use crate::actions::zones;
use app::{
    AppError,
    backend::{Answer, Caller, Zones},
};
use async_trait::async_trait;
use types::{WorkspaceZoneRefusal, WorkspaceZoneView};

#[async_trait]
impl Zones for RoundRobin {
    async fn workspace_zone(&self, caller: &Caller) -> Result<WorkspaceZoneView, AppError> {
        let chosen = zones::chosen(&self.services, &actor(caller)).await;
        told(caller, chosen).map(|zone| WorkspaceZoneView {
            zone: zone.unwrap_or_default(),
        })
    }

    async fn set_workspace_zone(
        &self,
        caller: &Caller,
        zone: String,
    ) -> Answer<(), WorkspaceZoneRefusal> {
        let chosen = zones::choose(&self.services, &actor(caller), &zone).await;
        answer(caller, chosen)
    }
}
