//! What a workspace is like as a whole, what was done in it, and how this server's work for it
//! goes.

use super::{Failure, rights::must_be_admin};
use crate::{Services, background::Report, store::Workspace};
use domain::Actor;
use types::{AuditId, AuditPage, Denial};

/// The workspace, with how Round Robin is installed in it.
pub async fn state(services: &Services, actor: &Actor) -> Result<Workspace, Failure> {
    let workspace = services.store.workspace(&actor.workspace).await?;
    workspace.ok_or(Failure::SignedOut)
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
