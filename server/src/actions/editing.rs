//! Making, editing and deleting rotations.

use super::{Failure, Stop, publish_rotation, rights::must_edit};
use crate::{
    Services,
    audit::entry_about,
    slack::{DUTY_GROUP, TOPIC},
    store::{NewAuditEntry, RotationChange, StoreError},
};
use domain::{Actor, Crew, Plan, Rotation};
use types::{
    AuditAction, Denial, FieldProblem, RotationField, RotationId, RotationInput, RotationRefusal,
    UndoId,
};
use uuid::Uuid;

/// Makes a rotation that whoever made it owns.
pub async fn create(
    services: &Services,
    actor: &Actor,
    input: &RotationInput,
) -> Result<RotationId, Stop<RotationRefusal>> {
    if actor.is_guest() {
        return Err(Failure::Denied(Denial::CreateRotation).into());
    }
    let rotation = Rotation {
        id: RotationId::new(Uuid::now_v7().simple().to_string()),
        workspace: actor.workspace.clone(),
        plan: Plan::Manual,
        owners: actor.person().cloned().into_iter().collect(),
        crew: Crew::default(),
        last_edit: None,
        details: input.checked().map_err(RotationRefusal::Fields)?,
    };
    let entry = NewAuditEntry {
        after: Some(described(&rotation)),
        ..entry_about(actor, AuditAction::CreatedRotation, &rotation)
    };
    let created = services.store.create_rotation(&rotation, &entry).await;
    created.map_err(code_taken)?;
    publish_rotation(services, actor, &rotation.id);
    Ok(rotation.id)
}

pub async fn edit(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &RotationInput,
) -> Result<(), Stop<RotationRefusal>> {
    let details = input.checked();
    let action = AuditAction::EditedRotation;
    let version = &input.version;
    let edited = change(services, actor, id, action, |rotation, entry| {
        let before = described(rotation);
        if let Some(edit) = rotation.edited_since(version) {
            return Err(RotationRefusal::edited_meanwhile(edit));
        }
        let mut details = details.map_err(RotationRefusal::Fields)?;
        if input.notes.is_none() {
            details.notes.clone_from(&rotation.details.notes);
        }
        rotation.details = details;
        entry.before = Some(before);
        entry.after = Some(described(rotation));
        Ok(())
    })
    .await;
    match edited {
        Err(Stop::Refused(refusal)) => Err(told_of_edit(services, actor, refusal).await?.into()),
        edited => edited,
    }
}

/// The refusal with who has edited meanwhile, and what, where it is one for that reason.
pub(super) async fn told_of_edit(
    services: &Services,
    actor: &Actor,
    refusal: RotationRefusal,
) -> Result<RotationRefusal, Failure> {
    let RotationRefusal::EditedMeanwhile { version, .. } = refusal else {
        return Ok(refusal);
    };
    let entry = services
        .store
        .audit_entry(&actor.workspace, &version)
        .await?;
    let (by, what) = match entry {
        Some(entry) => (entry.actor.to_string(), entry.after),
        None => ("Somebody".to_owned(), None),
    };
    Ok(RotationRefusal::EditedMeanwhile {
        version,
        by,
        what: what.unwrap_or_else(|| "not told by the audit log".to_owned()),
    })
}

pub async fn delete(services: &Services, actor: &Actor, id: &RotationId) -> Result<(), Failure> {
    let deleted = services
        .store
        .delete_rotation(&actor.workspace, id, &[DUTY_GROUP, TOPIC], |rotation| {
            must_edit(rotation, actor)?;
            Ok::<_, Failure>(NewAuditEntry {
                before: Some(described(rotation)),
                ..entry_about(actor, AuditAction::DeletedRotation, rotation)
            })
        })
        .await?;
    deleted.ok_or(Failure::NotFound)??;
    publish_rotation(services, actor, id);
    Ok(())
}

/// Changes a rotation by `rule`, for actors who may edit it, and tells the open pages.
pub(super) async fn change(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    action: AuditAction,
    rule: impl FnOnce(&mut Rotation, &mut NewAuditEntry) -> Result<(), RotationRefusal> + Send,
) -> Result<(), Stop<RotationRefusal>> {
    let changed = change_keeping(services, actor, id, (action, None), rule);
    changed.await.map(drop)
}

/// The same, and what takes the change back; `None` where nothing differs by it, or where the
/// people come from elsewhere.
pub(super) async fn change_undoably(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    action: AuditAction,
    rule: impl FnOnce(&mut Rotation, &mut NewAuditEntry) -> Result<(), RotationRefusal> + Send,
) -> Result<Option<UndoId>, Stop<RotationRefusal>> {
    let undo = UndoId::new(Uuid::now_v7().simple().to_string());
    change_keeping(services, actor, id, (action, Some(undo)), rule).await
}

/// Tells what takes it back, if `undo` does.
async fn change_keeping(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (action, undo): (AuditAction, Option<UndoId>),
    rule: impl FnOnce(&mut Rotation, &mut NewAuditEntry) -> Result<(), RotationRefusal> + Send,
) -> Result<Option<UndoId>, Stop<RotationRefusal>> {
    let mut kept = None;
    let changed = services
        .store
        .change_rotation(&actor.workspace, id, |rotation| {
            must_edit(rotation, actor)?;
            let mut entry = NewAuditEntry {
                // Whoever changes duty at another server goes by the same clock.
                at: services.store.time(),
                ..entry_about(actor, action, rotation)
            };
            rule(rotation, &mut entry)?;
            let undo = undo.filter(|_| rotation.plan.members_are_ours().is_ok());
            kept.clone_from(&undo);
            Ok::<_, Stop<RotationRefusal>>(RotationChange { entry, undo })
        })
        .await
        .map_err(code_taken)?;
    let differs = changed.ok_or(Failure::NotFound)??;
    if differs {
        publish_rotation(services, actor, id);
    }
    Ok(kept.filter(|_| differs))
}

/// What the field of the code is told, where that is what the store refuses.
fn code_taken(error: StoreError) -> Stop<RotationRefusal> {
    match error {
        StoreError::CodeTaken => {
            let problem = (RotationField::Code, FieldProblem::CodeTaken);
            RotationRefusal::Fields(vec![problem]).into()
        }
        error => error.into(),
    }
}

/// A rotation's details in words, for the audit log.
fn described(rotation: &Rotation) -> String {
    let details = &rotation.details;
    let code = details.code.as_deref().unwrap_or("no code");
    format!(
        "{} ({code}), {}, duty size {}",
        details.name,
        details.visibility.code(),
        details.duty_size
    )
}
