//! Who is on duty by hand: *Rotate* and *Set on duty*.

use super::{Stop, editing::change_undoably};
use crate::Services;
use domain::{Actor, Rotation};
use types::{AuditAction, Change, Changed, MemberKey, RotationId, RotationRefusal, Timestamp};

pub async fn rotate(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Changed, Stop<RotationRefusal>> {
    hand_over(services, actor, id, AuditAction::Rotated, domain::rotate).await
}

pub async fn set_on_duty(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    member: &MemberKey,
) -> Result<Changed, Stop<RotationRefusal>> {
    let action = AuditAction::SetOnDuty;
    hand_over(services, actor, id, action, |rotation, now| {
        domain::set_on_duty(rotation, member, now)
    })
    .await
}

/// Puts others on duty by `rule`, from when nobody else can change the rotation any more.
async fn hand_over(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    action: AuditAction,
    rule: impl FnOnce(&mut Rotation, Timestamp) -> Result<(), RotationRefusal> + Send,
) -> Result<Changed, Stop<RotationRefusal>> {
    let mut names = Vec::new();
    let undo = change_undoably(services, actor, id, action, |rotation, entry| {
        entry.before = Some(rotation.on_duty_names());
        rule(rotation, entry.at)?;
        entry.after = Some(rotation.on_duty_names());
        names = names_on_duty(rotation);
        Ok(())
    })
    .await?;
    Ok(Changed {
        what: Change::OnDuty(names),
        undo,
    })
}

pub(super) fn names_on_duty(rotation: &Rotation) -> Vec<String> {
    let names = rotation.crew.names_on_duty().into_iter();
    names.map(str::to_owned).collect()
}
