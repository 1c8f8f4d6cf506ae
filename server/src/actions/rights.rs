//! May this actor do it? Attempts at what is for admins alone are written down.

use super::Failure;
use crate::{Services, audit::entry, slack::directory, store::NewAuditEntry};
use domain::{Actor, Principal, Rotation};
use types::{AuditAction, ConnectRefusal, Denial, RotationId};

pub(super) async fn must_manage_integrations(
    services: &Services,
    actor: &Actor,
    action: AuditAction,
) -> Result<(), Failure> {
    must_administer(services, actor, action, Denial::ManageIntegrations).await
}

/// Refuses whoever does not administer the workspace, by a role that Slack
/// has confirmed lately, and writes down that they tried.
pub(super) async fn must_administer(
    services: &Services,
    actor: &Actor,
    action: AuditAction,
    denial: Denial,
) -> Result<(), Failure> {
    let Principal::Person { person, .. } = &actor.principal else {
        return must_be_admin(actor, denial);
    };
    let role = directory::confirm_role(&services.slack, &actor.workspace, person)
        .await?
        .ok_or(Failure::SignedOut)?;
    if role.administers() {
        return Ok(());
    }
    let refused = entry(actor, action, None);
    services.store.record_refusal(&refused).await?;
    Err(denial.into())
}

/// The same for what only shows something: the role is what Slack last told, and nothing is
/// written down.
pub(super) fn must_be_admin(actor: &Actor, denial: Denial) -> Result<(), Failure> {
    match actor.administers() {
        true => Ok(()),
        false => Err(denial.into()),
    }
}

/// Lets owners and admins through. Whoever may not see the rotation is not told
/// that it exists.
pub(super) fn must_edit(rotation: &Rotation, actor: &Actor) -> Result<(), Failure> {
    if !domain::may_see(rotation, actor) {
        Err(Failure::NotFound)
    } else if !domain::may_edit(rotation, actor) {
        Err(Denial::EditRotation.into())
    } else {
        Ok(())
    }
}

/// The rotation, for whoever may edit it.
pub(super) async fn editable(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Rotation, Failure> {
    let rotation = services.store.rotation(&actor.workspace, id).await?;
    let rotation = rotation.ok_or(Failure::NotFound)?;
    must_edit(&rotation, actor)?;
    Ok(rotation)
}

/// Whoever may edit some rotation may look for people and schedules to put
/// into it. A full member can always make one.
pub(super) async fn must_browse(services: &Services, actor: &Actor) -> Result<(), Failure> {
    if !actor.is_guest() {
        return Ok(());
    }
    let overview = services.store.rotation_overview(&actor.workspace).await?;
    let mut rotations = overview.rotations.iter();
    if rotations.any(|rotation| actor.may_edit(|person| rotation.relation_to(person))) {
        Ok(())
    } else {
        Err(Denial::BrowseAsGuest.into())
    }
}

/// What PagerDuty is asked comes out of one share for the whole workspace.
pub(super) fn may_sync(actor: &Actor) -> bool {
    !actor.is_guest()
}

/// Writes down that PagerDuty did not accept what the actor brought, and why.
pub(super) async fn note_not_accepted(
    services: &Services,
    actor: &Actor,
    action: AuditAction,
    refusal: &ConnectRefusal,
) -> Result<(), Failure> {
    let entry = NewAuditEntry {
        after: Some(refusal.to_string()),
        ..entry(actor, action, Some("PagerDuty"))
    };
    services.store.record_refusal(&entry).await?;
    Ok(())
}
