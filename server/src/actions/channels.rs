//! In which Slack channel a rotation's changes of duty are announced.

use super::{
    Failure, Stop, publish_rotation,
    rights::{editable, must_edit},
};
use crate::{
    Services,
    audit::entry_about,
    slack::{ANNOUNCEMENT, is_allowed},
    store::{NewAuditEntry, NoticeState},
};
use domain::Actor;
use types::{
    AuditAction, ChannelRefusal, RotationId, SlackCapability, SlackChannelId, typed_channel,
};

/// The channel of a rotation.
pub struct Channel {
    pub id: Option<SlackChannelId>,
    /// Whether Slack lets Round Robin write messages.
    pub may_write: bool,
    /// How far the last announcement there has come.
    pub last: Option<NoticeState>,
}

/// The channel of a rotation, for actors who may choose another one.
pub async fn channel(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Channel, Failure> {
    let store = &services.store;
    editable(services, actor, id).await?;
    let target = store.target(id, ANNOUNCEMENT).await?;
    let last = match &target {
        Some(target) => store.latest_notice(id, ANNOUNCEMENT, target).await?,
        None => None,
    };
    let workspace = store.workspace(&actor.workspace).await?;
    let installation = workspace.and_then(|workspace| workspace.installation);
    Ok(Channel {
        id: target.map(SlackChannelId::new),
        may_write: installation.is_some_and(|installation| {
            is_allowed(SlackCapability::Messages, &installation.scopes)
        }),
        last,
    })
}

/// Has the changes of a rotation announced in the channel that somebody typed, or, where that is
/// nothing, in none.
pub async fn set(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    typed: &str,
) -> Result<(), Stop<ChannelRefusal>> {
    let channel = match typed.trim() {
        "" => Ok(None),
        typed => typed_channel(typed).map(Some).ok_or(ChannelRefusal::NoId),
    };
    let target = channel.as_ref().ok().and_then(Option::as_ref);
    let target = target.map(SlackChannelId::as_str);
    let kept = (ANNOUNCEMENT, target);
    let set = services
        .store
        .set_target(&actor.workspace, id, kept, |rotation, before| {
            must_edit(rotation, actor)?;
            channel.as_ref().map_err(|refusal| *refusal)?;
            let action = AuditAction::SetSlackChannel;
            Ok::<_, Stop<ChannelRefusal>>(NewAuditEntry {
                before: before.map(str::to_owned),
                after: target.map(str::to_owned),
                ..entry_about(actor, action, rotation)
            })
        })
        .await?;
    if set.ok_or(Failure::NotFound)?? {
        publish_rotation(services, actor, id);
    }
    Ok(())
}
