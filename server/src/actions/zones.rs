//! The time zone of the workspace, which holds where nothing nearer is known: in topics of rotations
//! whose schedules have none, and for the quiet hours of whom Slack tells none.

use super::{Failure, Stop, rights::must_be_admin, rotations::RotationState};
use crate::{Services, audit::entry, store::NewAuditEntry};
use domain::{Actor, rota::Zone};
use types::{AuditAction, Denial, WorkspaceId, WorkspaceZoneRefusal};

/// The one that was chosen.
pub async fn chosen(services: &Services, actor: &Actor) -> Result<Option<String>, Failure> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    Ok(services.store.workspace_zone(&actor.workspace).await?)
}

/// The one of a workspace, where one was chosen that this version knows.
pub async fn of_workspace(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Option<Zone>, Failure> {
    let shared = services.store.workspace_zone(workspace).await?;
    Ok(shared.as_deref().and_then(Zone::named))
}

/// By which clocks the duty of a rotation goes: those of its schedule, or else of the workspace,
/// where either is known.
pub async fn of_duty(services: &Services, state: &RotationState) -> Result<Option<Zone>, Failure> {
    if let Some(rota) = state.rotation.plan.rota() {
        return Ok(Some(rota.terms.cadence.zone.clone()));
    }
    let followed = state.bound.as_ref();
    let followed = followed.and_then(|bound| bound.schedule.time_zone.as_deref());
    match followed.and_then(Zone::named) {
        Some(zone) => Ok(Some(zone)),
        None => of_workspace(services, &state.rotation.workspace).await,
    }
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
