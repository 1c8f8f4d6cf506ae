//! Who is on duty by hand: *Rotate* and *Set on duty*.

use super::{Stop, editing::change};
use crate::Services;
use domain::Actor;
use types::{AuditAction, MemberKey, RotationId, RotationRefusal};

pub async fn rotate(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::Rotated;
    change(services, actor, id, action, |rotation, entry| {
        entry.before = Some(rotation.on_duty_names());
        domain::rotate(rotation, entry.at)?;
        entry.after = Some(rotation.on_duty_names());
        Ok(())
    })
    .await
}

pub async fn set_on_duty(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    member: &MemberKey,
) -> Result<(), Stop<RotationRefusal>> {
    let action = AuditAction::SetOnDuty;
    change(services, actor, id, action, |rotation, entry| {
        entry.before = Some(rotation.on_duty_names());
        domain::set_on_duty(rotation, member, entry.at)?;
        entry.after = Some(rotation.on_duty_names());
        Ok(())
    })
    .await
}
