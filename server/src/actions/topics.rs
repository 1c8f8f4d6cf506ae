//! The topic of the Slack channel that says who is on duty in a rotation.

use super::{
    Failure, Stop,
    duty_groups::group_of,
    publish_rotation,
    rights::{editable, must_edit},
    rotations::Present,
};
use crate::{
    Services,
    audit::entry_about,
    slack::{TOPIC, is_allowed},
    store::{ChannelTopic, NewAuditEntry, topic_channel, topic_target},
};
use domain::{Actor, Template, TopicFacts, topic};
use types::{
    AuditAction, RotationId, SlackCapability, TEMPLATE_MAX_CHARS, TemplateProblem, TopicRefusal,
    WorkspaceId, typed_channel,
};

/// The topic of a rotation's channel.
pub struct RotationTopic {
    pub set: Option<ChannelTopic>,
    /// What a template makes at present.
    pub preview: Option<Result<String, TemplateProblem>>,
    pub may_write: bool,
    /// Something is to be written.
    pub waiting: bool,
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
    editable(services, actor, id).await?;
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
            .is_some_and(|set| told.contains(&topic_target(&set.channel))),
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
    let everything = Actor::system(workspace);
    let present = Present::read(services, &everything).await?;
    let mut rotations = present.seen_by(&everything);
    let (place, rotation) = rotations
        .find(|(_, rotation)| rotation.id == *id)
        .ok_or(Failure::NotFound)?;
    let group = group_of(services, workspace, id).await?;
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
    editable(services, actor, id).await?;
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
    let target = channel.as_ref().map(topic_target);
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
        let target = topic_target(channel);
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
    editable(services, actor, id).await?;
    let set = set_by(services, workspace, id).await?;
    let channel = set.ok_or(TopicRefusal::NotSet)?.channel;
    store.take_topic(workspace, &channel).await?;
    let target = topic_target(&channel);
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
    let Some(channel) = target.as_deref().and_then(topic_channel) else {
        return Ok(None);
    };
    let topics = services
        .store
        .topics(workspace, TOPIC, Some(&channel))
        .await?;
    Ok(topics.into_iter().find(|topic| topic.rotation == *id))
}
