//! The time zone of the workspace, which holds where nothing nearer is known: in topics of rotations
//! whose schedules have none, and for the quiet hours of whom Slack tells none.

use super::{Failure, Stop, rights::must_be_admin};
use crate::{Services, audit::entry, store::NewAuditEntry};
use domain::{Actor, rota::Zone};
use types::{AuditAction, Denial, WorkspaceZoneRefusal};

/// The one that was chosen.
pub async fn chosen(services: &Services, actor: &Actor) -> Result<Option<String>, Failure> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    Ok(services.store.workspace_zone(&actor.workspace).await?)
}

/// Chooses the one that somebody typed, or none.
pub async fn choose(
    services: &Services,
    actor: &Actor,
    typed: &str,
) -> Result<(), Stop<WorkspaceZoneRefusal>> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    let zone = match typed.trim() {
        "" => None,
        typed => Some(Zone::named(typed).ok_or(WorkspaceZoneRefusal::NoZone)?),
    };
    let zone = zone.as_ref().map(Zone::name);
    let (store, workspace) = (&services.store, &actor.workspace);
    let before = store.workspace_zone(workspace).await?;
    if before.as_deref() == zone {
        return Ok(());
    }
    let entry = NewAuditEntry {
        before,
        after: zone.map(str::to_owned),
        ..entry(actor, AuditAction::SetWorkspaceZone, None)
    };
    store.set_workspace_zone(workspace, zone, &entry).await?;
    Ok(())
}
