//! The topic of the Slack channel that says who is on duty in a rotation.

use super::{
    Failure, Stop,
    duty_groups::group_of,
    meanwhile, publish_rotation,
    rights::{editable, must_edit},
    rotations::Present,
    slack_channels,
    workspace::is_allowed,
};
use crate::{
    Services,
    audit::entry_about,
    slack::{ANNOUNCEMENT, TOPIC},
    store::{ChannelTopic, NewAuditEntry, TopicSet, topic_channel, topic_target},
};
use domain::{Actor, Template, TopicFacts, topic};
use types::{
    AuditAction, ChannelFacts, RotationId, SlackCapability, SlackChannelId, TemplateProblem,
    TopicRefusal, WorkspaceId, typed_channel,
};

/// The topic of a rotation's channel.
pub struct RotationTopic {
    pub set: Option<ChannelTopic>,
    /// What the reader may know of its channel.
    pub facts: Option<ChannelFacts>,
    /// The first channel by its id in which the rotation's changes are announced, where no topic is set.
    pub offered: Option<SlackChannelId>,
    /// Of that, for whoever chooses another one.
    pub version: String,
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
        Some(template) => Some(match Template::typed(&template) {
            Ok(template) => {
                let present = Present::read(services, workspace).await?;
                Ok(filled_in(services, (workspace, &present), id, &template).await?)
            }
            Err(problem) => Err(problem),
        }),
        None => None,
    };
    let told = store.targets_told(workspace, TOPIC).await?;
    let offered = match &set {
        Some(_) => None,
        None => store.targets(id, ANNOUNCEMENT).await?.into_iter().next(),
    };
    let facts = match &set {
        Some(set) => {
            let mut known = slack_channels::known(services, actor, &[&set.channel]).await?;
            known.remove(&set.channel)
        }
        None => None,
    };
    Ok(RotationTopic {
        facts,
        offered: offered.map(SlackChannelId::new),
        may_write: is_allowed(services, workspace, SlackCapability::Topics).await?,
        waiting: set
            .as_ref()
            .is_some_and(|set| told.contains(&topic_target(&set.channel))),
        version: version(set.as_ref().map(shown)),
        set,
        preview,
    })
}

/// What a topic that a rotation sets should say at present. `None` where its template is one that
/// only another version can read.
pub async fn wanted(
    services: &Services,
    present: (&WorkspaceId, &Present),
    known: &ChannelTopic,
) -> Result<Option<String>, Failure> {
    match Template::parse(&known.template) {
        Ok(template) => {
            let filled_in = filled_in(services, present, &known.rotation, &template);
            Ok(Some(filled_in.await?))
        }
        Err(_) => Ok(None),
    }
}

/// What a template makes of a rotation at present.
async fn filled_in(
    services: &Services,
    (workspace, present): (&WorkspaceId, &Present),
    id: &RotationId,
    template: &Template,
) -> Result<String, Failure> {
    let (place, rotation) = present.rotation(id).ok_or(Failure::NotFound)?;
    let group = group_of(services, workspace, id).await?;
    let outlook = present.listed(place, rotation).outlook;
    let shared = services.store.workspace_zone(workspace).await?;
    let facts = TopicFacts {
        details: &rotation.details,
        outlook: &outlook,
        group: group.as_ref().map(|group| group.handle.as_str()),
        zone: present.time_zone(rotation).or(shared.as_deref()),
    };
    Ok(topic(template, &facts))
}

/// What a form shows of a topic.
fn shown(set: &ChannelTopic) -> (&SlackChannelId, &str) {
    (&set.channel, &set.template)
}

fn version(shown: Option<(&SlackChannelId, &str)>) -> String {
    let shown = shown.map(|(channel, template)| [channel.as_str(), template]);
    meanwhile::version(shown.into_iter().flatten())
}

/// What a topic is chosen to be, in the audit log.
pub(super) fn said(channel: &SlackChannelId, template: &str) -> String {
    format!("{channel}: {template}")
}

/// Has a rotation set the topic of the channel that somebody typed, in the place of whichever is
/// there, or, where the template is empty, none any more, unless somebody else has changed that since
/// it was `drawn`. Tells the version of the choice.
pub async fn set(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (channel, template, drawn): (&str, &str, &str),
) -> Result<String, Stop<TopicRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    editable(services, actor, id).await?;
    let template = template.trim();
    let channel = match template {
        "" => None,
        template => {
            Template::typed(template).map_err(TopicRefusal::from)?;
            Some(typed_channel(channel).ok_or(TopicRefusal::NoChannel)?)
        }
    };
    let chosen = channel.as_ref().map(|channel| (channel, template));
    let action = AuditAction::SetSlackTopic;
    let set = store
        .set_topic(workspace, id, (TOPIC, chosen), |rotation, former| {
            must_edit(rotation, actor)?;
            let present = former.map(shown);
            if present != chosen
                && let Some(meanwhile) = meanwhile::since(drawn, version(present))
            {
                return Err(TopicRefusal::EditedMeanwhile(meanwhile).into());
            }
            Ok::<_, Stop<TopicRefusal>>(NewAuditEntry {
                before: present.map(|(channel, template)| said(channel, template)),
                after: chosen.map(|(channel, template)| said(channel, template)),
                ..entry_about(actor, action, rotation)
            })
        })
        .await?;
    let set = set.ok_or(Failure::NotFound)?;
    let whose = (services, id, action);
    let set = meanwhile::naming(set, whose, |refusal| match refusal {
        TopicRefusal::EditedMeanwhile(meanwhile) => Some(meanwhile),
        _ => None,
    })
    .await?;
    if set == TopicSet::Taken {
        return Err(TopicRefusal::Taken.into());
    }
    publish_rotation(services, actor, id);
    if let Some(channel) = &channel {
        slack_channels::learn(services, workspace, channel).await;
        // By now pages can say what it is called.
        publish_rotation(services, actor, id);
    }
    Ok(version(chosen))
}

/// Has the topic of a channel brought to what a rotation wants of it, or cleared where that is none.
async fn write(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    channel: &SlackChannelId,
) -> Result<(), Failure> {
    let target = topic_target(channel);
    let telling = services
        .store
        .tell_now(&actor.workspace, id, (TOPIC, &target));
    Ok(telling.await?)
}

/// Sets the topic now.
pub async fn write_now(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<(), Stop<TopicRefusal>> {
    editable(services, actor, id).await?;
    let set = set_by(services, &actor.workspace, id).await?;
    let channel = set.ok_or(TopicRefusal::NotSet)?.channel;
    write(services, actor, id, &channel).await?;
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
