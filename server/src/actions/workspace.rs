//! What a workspace is like as a whole, what was done in it, and how this server's work for it
//! goes.

use super::{Failure, rights::must_be_admin};
use crate::{
    Services,
    background::Report,
    slack,
    store::{StoreError, Workspace},
};
use domain::Actor;
use types::{AuditId, AuditPage, Denial, SlackCapability, WorkspaceId};

/// The workspace, with how Round Robin is installed in it.
pub async fn state(services: &Services, actor: &Actor) -> Result<Workspace, Failure> {
    let workspace = services.store.workspace(&actor.workspace).await?;
    workspace.ok_or(Failure::SignedOut)
}

/// Whether Slack lets Round Robin do that in a workspace.
pub(super) async fn is_allowed(
    services: &Services,
    workspace: &WorkspaceId,
    capability: SlackCapability,
) -> Result<bool, StoreError> {
    let workspace = services.store.workspace(workspace).await?;
    let installation = workspace.and_then(|workspace| workspace.installation);
    Ok(
        installation
            .is_some_and(|installation| slack::is_allowed(capability, &installation.scopes)),
    )
}

/// Newest first. `older_than` continues an earlier page.
pub async fn audit_log(
    services: &Services,
    actor: &Actor,
    older_than: Option<&AuditId>,
) -> Result<AuditPage, Failure> {
    must_be_admin(actor, Denial::ReadAudit)?;
    let workspace = &actor.workspace;
    Ok(services.store.audit_page(workspace, older_than).await?)
}

/// The background work of this server.
pub fn background_work(services: &Services, actor: &Actor) -> Result<Vec<Report>, Failure> {
    must_be_admin(actor, Denial::SeeBackgroundWork)?;
    Ok(services.background.reports())
}
