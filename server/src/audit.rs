//! How a deed becomes an entry of the audit log.

use crate::{clock, store::NewAuditEntry};
use domain::{Actor, Rotation};
use types::AuditAction;

/// An entry for what the actor does to a rotation now.
pub fn entry_about(actor: &Actor, action: AuditAction, rotation: &Rotation) -> NewAuditEntry {
    NewAuditEntry {
        rotation: Some(rotation.id.clone()),
        ..entry(actor, action, Some(&rotation.details.name))
    }
}

/// An entry for what the actor does now.
pub fn entry(actor: &Actor, action: AuditAction, target: Option<&str>) -> NewAuditEntry {
    NewAuditEntry {
        target: target.map(str::to_owned),
        ..NewAuditEntry::new(actor.clone(), action, clock::now())
    }
}
