//! The topic of the Slack channel that says who is on duty in a rotation.

use super::{Failure, Stop, publish_rotation, rights::must_edit, rotations::Present};
use crate::{
    Services,
    audit::entry_about,
    slack::{DUTY_GROUP, TOPIC, is_allowed},
    store::{ChannelTopic, NewAuditEntry},
};
use domain::{Actor, Principal, Template, TopicFacts, topic};
use types::{
    AuditAction, RotationId, SlackCapability, SlackChannelId, SlackGroupId, TEMPLATE_MAX_CHARS,
    TemplateProblem, TopicRefusal, WorkspaceId, typed_channel,
};

/// What tells the notices of a channel's topic from those for the channel itself.
const SUFFIX: &str = "/topic";

/// The topic of a rotation's channel.
pub struct RotationTopic {
    pub set: Option<ChannelTopic>,
    /// What a template makes at present.
    pub preview: Option<Result<String, TemplateProblem>>,
    pub may_write: bool,
    /// Something is to be written.
    pub waiting: bool,
}

/// By what notices about the topic of this channel are known.
pub fn target_of(channel: &SlackChannelId) -> String {
    format!("{channel}{SUFFIX}")
}

/// The inverse of [`target_of`].
pub fn channel_of(target: &str) -> Option<SlackChannelId> {
    target.strip_suffix(SUFFIX).and_then(SlackChannelId::parse)
}

/// The topic of a rotation's channel, for actors who may choose another one, with what `template`
/// makes, or its own where that is empty.
pub async fn rotation_topic(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    template: &str,
) -> Result<RotationTopic, Failure> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let rotation = store.rotation(workspace, id).await?;
    must_edit(&rotation.ok_or(Failure::NotFound)?, actor)?;
    let set = set_by(services, workspace, id).await?;
    let template = match (template.trim(), &set) {
        ("", Some(set)) => Some(set.template.clone()),
        ("", None) => None,
        (template, _) => Some(template.to_owned()),
    };
    let preview = match template {
        Some(template) => Some(match checked(&template) {
            Ok(template) => Ok(filled_in(services, workspace, id, &template).await?),
            Err(problem) => Err(problem),
        }),
        None => None,
    };
    let told = store.targets_told(workspace, TOPIC).await?;
    let installation = store.workspace(workspace).await?;
    let installation = installation.and_then(|workspace| workspace.installation);
    Ok(RotationTopic {
        waiting: set
            .as_ref()
            .is_some_and(|set| told.contains(&target_of(&set.channel))),
        set,
        preview,
        may_write: installation
            .is_some_and(|installation| is_allowed(SlackCapability::Topics, &installation.scopes)),
    })
}

/// What a topic should say now: nothing, where no rotation sets it any more.
pub async fn wanted(
    services: &Services,
    workspace: &WorkspaceId,
    known: &ChannelTopic,
) -> Result<String, Failure> {
    match Template::parse(&known.template) {
        Ok(template) if !known.ends => {
            filled_in(services, workspace, &known.rotation, &template).await
        }
        _ => Ok(String::new()),
    }
}

/// What a template makes of a rotation at present.
async fn filled_in(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
    template: &Template,
) -> Result<String, Failure> {
    let store = &services.store;
    let everything = Actor {
        workspace: workspace.clone(),
        principal: Principal::System,
        request_id: None,
    };
    let present = Present::read(services, &everything).await?;
    let mut rotations = present.seen_by(&everything);
    let (place, rotation) = rotations
        .find(|(_, rotation)| rotation.id == *id)
        .ok_or(Failure::NotFound)?;
    let group = match store.target(id, DUTY_GROUP).await? {
        Some(group) => {
            let group = SlackGroupId::new(group);
            store.duty_group(workspace, DUTY_GROUP, &group).await?
        }
        None => None,
    };
    let outlook = present.listed(place, rotation).outlook;
    let facts = TopicFacts {
        details: &rotation.details,
        outlook: &outlook,
        group: group.as_ref().map(|group| group.handle.as_str()),
        zone: present.time_zone(rotation),
    };
    Ok(topic(template, &facts))
}

fn checked(template: &str) -> Result<Template, TemplateProblem> {
    if template.chars().count() > TEMPLATE_MAX_CHARS {
        return Err(TemplateProblem::TooLong);
    }
    Template::parse(template)
}

/// Has a rotation set the topic of the channel that somebody typed, in the place of whichever is
/// there, or, where the template is empty, none any more.
pub async fn set(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (channel, template): (&str, &str),
) -> Result<(), Stop<TopicRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let rotation = store.rotation(workspace, id).await?;
    must_edit(&rotation.ok_or(Failure::NotFound)?, actor)?;
    let before = set_by(services, workspace, id).await?;
    let template = template.trim();
    let channel = match template {
        "" => None,
        template => {
            checked(template).map_err(TopicRefusal::from)?;
            Some(typed_channel(channel).ok_or(TopicRefusal::NoChannel)?)
        }
    };
    if let Some(channel) = &channel {
        let saving = store.save_topic(workspace, id, (channel, template), TOPIC);
        if !saving.await? {
            return Err(TopicRefusal::Taken.into());
        }
    }
    let target = channel.as_ref().map(target_of);
    let set = store
        .set_target(workspace, id, (TOPIC, target.as_deref()), |rotation, _| {
            must_edit(rotation, actor)?;
            let said = |topic: &ChannelTopic| format!("{}: {}", topic.channel, topic.template);
            Ok::<_, Stop<TopicRefusal>>(NewAuditEntry {
                before: before.as_ref().map(said),
                after: channel
                    .as_ref()
                    .map(|channel| format!("{channel}: {template}")),
                ..entry_about(actor, AuditAction::SetSlackTopic, rotation)
            })
        })
        .await?;
    set.ok_or(Failure::NotFound)??;
    let former = before.map(|topic| topic.channel);
    let left = former.filter(|former| channel.as_ref() != Some(former));
    for channel in left.iter().chain(&channel) {
        let target = target_of(channel);
        store.tell_now(workspace, id, (TOPIC, &target)).await?;
    }
    publish_rotation(services, actor, id);
    Ok(())
}

/// Sets the topic now, also where somebody else has set it meanwhile.
pub async fn write_now(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<(), Stop<TopicRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let rotation = store.rotation(workspace, id).await?;
    must_edit(&rotation.ok_or(Failure::NotFound)?, actor)?;
    let set = set_by(services, workspace, id).await?;
    let channel = set.ok_or(TopicRefusal::NotSet)?.channel;
    store.take_topic(workspace, &channel).await?;
    let target = target_of(&channel);
    store.tell_now(workspace, id, (TOPIC, &target)).await?;
    publish_rotation(services, actor, id);
    Ok(())
}

/// The topic that a rotation sets.
async fn set_by(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
) -> Result<Option<ChannelTopic>, Failure> {
    let target = services.store.target(id, TOPIC).await?;
    let Some(channel) = target.as_deref().and_then(channel_of) else {
        return Ok(None);
    };
    let topics = services
        .store
        .topics(workspace, TOPIC, Some(&channel))
        .await?;
    Ok(topics.into_iter().find(|topic| topic.rotation == *id))
}
