//! Overrides of rotations' own schedules. Owners and admins make them for anybody; a member takes
//! over somebody's place themselves.

use super::{Failure, Stop, publish_rotation, rotations::visible, schedules::directory};
use crate::{
    Services,
    audit::entry_about,
    clock,
    store::{NewAuditEntry, OverrideWrite, StoredOverride},
};
use domain::{
    Actor, Directory, Rotation,
    rota::{Override, OverrideKind, preview_override, typed_override},
};
use types::{
    AuditAction, Denial, OVERRIDES_MAX, OverrideId, OverrideInput, OverrideRefusal, RotaPreview,
    RotationId, Timestamp,
};
use uuid::Uuid;

/// What an override would bring a rotation.
pub async fn preview(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &OverrideInput,
) -> Result<RotaPreview, Stop<OverrideRefusal>> {
    let rotation = visible(services, actor, id).await?;
    let directory = directory(services, actor).await?;
    let now = clock::now();
    let made = wanted(actor, input, &rotation, &directory, now)?;
    let words = made.in_words(&rotation);
    Ok(preview_override(made, words, &rotation, now))
}

pub async fn make(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &OverrideInput,
) -> Result<(), Stop<OverrideRefusal>> {
    let directory = directory(services, actor).await?;
    let made = services
        .store
        .change_overrides(
            &actor.workspace,
            id,
            &clock::now,
            |rotation, present, now| {
                if !domain::may_see(rotation, actor) {
                    return Err(Failure::NotFound.into());
                }
                let made = wanted(actor, input, rotation, &directory, now)?;
                if present.len() >= OVERRIDES_MAX {
                    return Err(OverrideRefusal::TooMany.into());
                }
                let entry = NewAuditEntry {
                    after: Some(made.in_words(rotation)),
                    ..entry_about(actor, AuditAction::MadeOverride, rotation)
                };
                let write = OverrideWrite::Make {
                    id: OverrideId::new(Uuid::now_v7().simple().to_string()),
                    relieved_name: made.relieved_name(rotation),
                    made,
                };
                Ok::<_, Stop<OverrideRefusal>>((write, entry))
            },
        )
        .await?;
    made.ok_or(Failure::NotFound)??;
    tell(services, actor, id);
    Ok(())
}

/// Ends an override that runs, or removes one that is to come.
pub async fn end(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    one: &OverrideId,
) -> Result<(), Stop<OverrideRefusal>> {
    let ended = services
        .store
        .change_overrides(&actor.workspace, id, &clock::now, |rotation, present, _| {
            if !domain::may_see(rotation, actor) {
                return Err(Failure::NotFound.into());
            }
            let mut present = present.iter();
            let present = present.find(|present| present.id == *one);
            let present = present.ok_or(OverrideRefusal::Gone)?;
            if !may_end(actor, rotation, present) {
                return Err(OverrideRefusal::OnlyYourself.into());
            }
            let entry = NewAuditEntry {
                before: Some(present.made.in_words(rotation)),
                ..entry_about(actor, AuditAction::EndedOverride, rotation)
            };
            let write = OverrideWrite::End(present.id.clone());
            Ok::<_, Stop<OverrideRefusal>>((write, entry))
        })
        .await?;
    ended.ok_or(Failure::NotFound)??;
    tell(services, actor, id);
    Ok(())
}

/// Whoever made an override, or is on duty by it, can end it; and whoever may edit the rotation.
pub fn may_end(actor: &Actor, rotation: &Rotation, one: &StoredOverride) -> bool {
    let made = one.made_by.as_ref().is_some_and(|by| actor.is(by));
    made || is_by(actor, &one.made) || domain::may_edit(rotation, actor)
}

/// Whether the actor may put at least themselves in the place of a member.
pub fn may_take_over(actor: &Actor, rotation: &Rotation) -> bool {
    let is_in = |person| rotation.crew.includes(person);
    rotation.plan.rota().is_some()
        && (domain::may_edit(rotation, actor) || actor.person().is_some_and(is_in))
}

/// What was filled in, if this actor may have it.
fn wanted(
    actor: &Actor,
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<Override, Stop<OverrideRefusal>> {
    let edits = domain::may_edit(rotation, actor);
    if !edits && rotation.plan.rota().is_some() && !may_take_over(actor, rotation) {
        return Err(Failure::Denied(Denial::EditRotation).into());
    }
    let made = typed_override(input, rotation, directory, now)?;
    let takes_over = matches!(made.kind, OverrideKind::Replace { .. }) && is_by(actor, &made);
    match edits || takes_over {
        true => Ok(made),
        false => Err(OverrideRefusal::OnlyYourself.into()),
    }
}

fn is_by(actor: &Actor, one: &Override) -> bool {
    let by = one.by().and_then(|by| by.key.person());
    by.is_some_and(|by| actor.is(&by))
}

/// The clock looks when duty changes hands by it.
fn tell(services: &Services, actor: &Actor, id: &RotationId) {
    publish_rotation(services, actor, id);
    services.sync.signals.clock.wake();
}
