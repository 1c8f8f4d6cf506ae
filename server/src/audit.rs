//! How a deed of a signed-in person is put into words for the audit log.

use crate::{clock, store::NewAuditEntry};
use app::backend::Caller;
use types::AuditAction;

/// An entry for what the caller does now.
pub fn entry(caller: &Caller, action: AuditAction, target: Option<&str>) -> NewAuditEntry {
    NewAuditEntry {
        workspace: caller.workspace.clone(),
        at: clock::now(),
        actor: caller.person.clone(),
        actor_name: caller.name.clone(),
        action,
        refused: false,
        target: target.map(str::to_owned),
        before: None,
        after: None,
        request_id: Some(caller.request_id.clone()),
    }
}
