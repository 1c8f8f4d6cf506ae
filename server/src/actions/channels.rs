//! In which Slack channels a rotation's changes of duty are announced. Each is a target of its own, so
//! one that cannot be told keeps none of the others waiting.

use super::{
    Failure, Stop,
    duty_groups::group_of,
    meanwhile, publish_rotation,
    rights::{editable, must_edit},
    rotations, slack_channels, topics,
    workspace::is_allowed,
    zones,
};
use crate::{
    Services,
    audit::entry_about,
    slack::{
        self, ANNOUNCEMENT, Among, AskError, CHANNEL_LEFT, TOPIC,
        message::{Facts, Writing, announcement, as_read, filled_in, pause, shortened},
    },
    store::{LastTold, NewAuditEntry, ToldAgain},
};
use domain::{Actor, Directory, Occasion, Template, has_every_word};
use std::sync::Arc;
use types::{
    AnnouncementRefusal, AuditAction, CHANNELS_MOST, ChannelFacts, ChannelRefusal,
    ChannelSearchTrouble, ChannelsFound, DaysWanted, RotationId, SlackCapability, SlackChannelId,
    TemplateProblem, WorkspaceId, typed_channel,
};

/// How many channels a search shows.
const SHOWN: usize = 10;
/// How much is shown of what was written last; all of it stands in the channel.
const SAID_CHARS: usize = 300;

/// What is announced of a rotation, and where.
pub struct Announced {
    /// The channels, each with what it was told last, if it was told anything of late, and what the
    /// reader may know of it.
    pub channels: Vec<(SlackChannelId, Option<LastTold>, Option<ChannelFacts>)>,
    /// Whether Slack lets Round Robin write messages.
    pub may_write: bool,
    /// What announcements say, where somebody has written that.
    pub template: Option<String>,
    /// Of that, for whoever writes something else.
    pub template_version: String,
    /// What is announced at present, as people read it.
    pub preview: Result<String, TemplateProblem>,
}

/// What is announced of a rotation, for actors who may change it, with what `asked` makes as its
/// template, or its own where that is empty.
pub async fn announced(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    asked: &str,
) -> Result<Announced, Failure> {
    let store = &services.store;
    editable(services, actor, id).await?;
    let targets = store.targets(id, ANNOUNCEMENT).await?;
    let mut last_told = store.last_told(id, ANNOUNCEMENT).await?;
    let directory = store.directory(&actor.workspace).await?;
    let targets: Vec<_> = targets.into_iter().map(SlackChannelId::new).collect();
    let ids: Vec<_> = targets.iter().collect();
    let mut known = slack_channels::known(services, actor, &ids).await?;
    let channels = targets.into_iter().map(|target| {
        let facts = known.remove(&target);
        let last = last_told.remove(target.as_str()).map(|last| LastTold {
            said: last
                .said
                .map(|said| as_read(&shortened(&said, SAID_CHARS), &directory)),
            ..last
        });
        (target, last, facts)
    });
    let channels = channels.collect();
    let template = store.announcement_template(id).await?;
    let tried = match asked.trim() {
        "" => template.as_deref(),
        asked => Some(asked),
    };
    let preview = match tried.map(checked).transpose() {
        Ok(tried) => Ok(read(services, &actor.workspace, id, tried).await?),
        Err(problem) => Err(problem),
    };
    let may_write = is_allowed(services, &actor.workspace, SlackCapability::Messages).await?;
    Ok(Announced {
        channels,
        template_version: meanwhile::version(template.as_deref()),
        may_write,
        template,
        preview,
    })
}

/// The channels whose names have every word of a search, for actors who may choose one. Without a
/// word none are shown: there may be very many.
pub async fn search(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    search: &str,
) -> Result<ChannelsFound, Failure> {
    editable(services, actor, id).await?;
    let mut told = ChannelsFound {
        found: Vec::new(),
        more: false,
        searched_all: true,
        searched_private: false,
        may_read: true,
        trouble: None,
    };
    let slack = &services.slack;
    let Some(installed) = slack::installed(slack, &actor.workspace).await? else {
        told.trouble = Some(ChannelSearchTrouble::NotInstalled.to_string());
        return Ok(told);
    };
    if search.trim().is_empty() {
        told.may_read = slack.channels.may_read(&installed, &Among::Public);
        return Ok(told);
    }
    let among = Among::Public;
    let public = slack.channels.of_late(slack, &installed, &among);
    // Public ones are found all the same where Slack does not tell of these.
    let private = slack_channels::private_of(services, actor, &installed);
    let (public, private) = tokio::join!(public, private);
    let listed = match public {
        Ok(Some(listed)) => listed,
        Ok(None) => {
            told.may_read = false;
            return Ok(told);
        }
        Err(AskError::Slack(error)) => {
            let trouble = ChannelSearchTrouble::of_word(&error.code());
            told.trouble = Some(trouble.to_string());
            return Ok(told);
        }
        Err(AskError::Store(error)) => return Err(error.into()),
    };
    let private = private?;
    told.searched_private = private.is_some();
    let private = private.as_ref();
    let whole = listed.whole && private.is_none_or(|private| private.whole);
    let search = search.trim().trim_start_matches('#');
    let private = private.iter().flat_map(|private| &private.channels);
    let mut found: Vec<_> = listed
        .channels
        .iter()
        .chain(private)
        .filter(|channel| has_every_word(search, [channel.name.as_str()]))
        .collect();
    // Of a name that is a part of many others there is no more to search for.
    let wanted = search.to_lowercase();
    found.sort_by_key(|channel| {
        let name = channel.name.as_str();
        (name != wanted, !name.starts_with(&wanted), name)
    });
    told.more = found.len() > SHOWN;
    told.found = found.into_iter().take(SHOWN).cloned().collect();
    told.searched_all = whole;
    Ok(told)
}

fn checked(template: &str) -> Result<&str, TemplateProblem> {
    Template::typed(template).map(|_| template)
}

/// What is announced of a rotation at present, as it is sent.
pub async fn said(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
) -> Result<String, Failure> {
    let template = services.store.announcement_template(id).await?;
    let (text, _) = text(services, workspace, id, template.as_deref()).await?;
    Ok(text)
}

/// The same by this template, as people read it.
async fn read(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
    template: Option<&str>,
) -> Result<String, Failure> {
    let (text, directory) = text(services, workspace, id, template).await?;
    Ok(as_read(&text, &directory))
}

async fn text(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
    template: Option<&str>,
) -> Result<(String, Arc<Directory>), Failure> {
    let (everything, now) = (Actor::system(workspace), DaysWanted::default());
    let state = rotations::state(services, &everything, id, &now).await?;
    let (details, outlook) = (&state.rotation.details, &state.outlook);
    let zone = zones::of_duty(services, &state).await?;
    let writing = Writing::new(&state.directory, zone.as_ref());
    let usual = || announcement(&details.name, outlook, writing);
    let pause = pause(&details.name, state.rotation.plan.is_paused(), outlook);
    let text = match (pause, template) {
        // Who would be on duty is of no interest then, whatever is usually said of them.
        (Some(pause), _) => pause,
        (None, None) => usual(),
        (None, Some(template)) => {
            let group = group_of(services, workspace, id).await?;
            let group = group
                .as_ref()
                .map(|group| (&group.id, group.handle.as_str()));
            let facts = Facts {
                details,
                outlook,
                writing,
                group,
            };
            // One that only another version can read says nothing here.
            filled_in(template, &facts).unwrap_or_else(|_| usual())
        }
    };
    Ok((text, state.directory))
}

/// Has a rotation's announcements say what this template makes, or, where it is empty, what they
/// usually do, unless somebody else has changed it since it was `drawn`. Tells the version of it.
pub async fn set_template(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (template, drawn): (&str, &str),
) -> Result<String, Stop<AnnouncementRefusal>> {
    let template = match template.trim() {
        "" => None,
        template => Some(template),
    };
    let action = AuditAction::SetAnnouncement;
    let set = services
        .store
        .set_announcement_template(&actor.workspace, id, template, |rotation, before| {
            must_edit(rotation, actor)?;
            if let Some(template) = template {
                checked(template).map_err(AnnouncementRefusal::from)?;
            }
            if before != template
                && let Some(meanwhile) = meanwhile::since(drawn, meanwhile::version(before))
            {
                return Err(AnnouncementRefusal::EditedMeanwhile(meanwhile).into());
            }
            Ok::<_, Stop<AnnouncementRefusal>>(NewAuditEntry {
                before: before.map(str::to_owned),
                after: template.map(str::to_owned),
                ..entry_about(actor, action, rotation)
            })
        })
        .await?;
    let set = set.ok_or(Failure::NotFound)?;
    let whose = (services, id, action);
    meanwhile::naming(set, whose, |refusal| match refusal {
        AnnouncementRefusal::EditedMeanwhile(meanwhile) => Some(meanwhile),
        AnnouncementRefusal::Template(_) => None,
    })
    .await?;
    publish_rotation(services, actor, id);
    Ok(meanwhile::version(template))
}

/// Has the changes of a rotation announced in the channel that somebody typed, too. One in which they
/// are announced already stays as it is.
pub async fn add(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    typed: &str,
) -> Result<(), Stop<ChannelRefusal>> {
    let channel = typed_channel(typed);
    let target = channel.as_ref().map_or("", SlackChannelId::as_str);
    let announced = (ANNOUNCEMENT, (target, Occasion::ChangeOfDuty));
    let added = services
        .store
        .add_target(&actor.workspace, id, announced, |rotation, told| {
            must_edit(rotation, actor)?;
            if channel.is_none() {
                return Err(ChannelRefusal::NoId.into());
            }
            let is_new = told.iter().all(|other| other != target);
            if is_new && told.len() >= CHANNELS_MOST {
                return Err(ChannelRefusal::TooMany.into());
            }
            Ok::<_, Stop<ChannelRefusal>>(NewAuditEntry {
                after: Some(target.to_owned()),
                ..entry_about(actor, AuditAction::AddedSlackChannel, rotation)
            })
        })
        .await?;
    if added.ok_or(Failure::NotFound)??
        && let Some(channel) = &channel
    {
        publish_rotation(services, actor, id);
        slack_channels::learn(services, &actor.workspace, channel).await;
        // By now pages can say what it is called.
        publish_rotation(services, actor, id);
    }
    Ok(())
}

/// Has the changes of a rotation announced in this channel no more. What waits to be announced there
/// is not, and the topic that the rotation sets there is cleared.
pub async fn remove(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    channel: &SlackChannelId,
) -> Result<(), Stop<ChannelRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let kinds = [ANNOUNCEMENT, TOPIC];
    let left = store
        .leave_channel(
            workspace,
            id,
            (channel, kinds, CHANNEL_LEFT),
            |rotation, is_told, topic| {
                must_edit(rotation, actor)?;
                if !is_told {
                    return Err(ChannelRefusal::Gone.into());
                }
                let removed = NewAuditEntry {
                    before: Some(channel.to_string()),
                    ..entry_about(actor, AuditAction::RemovedSlackChannel, rotation)
                };
                let cleared = topic.map(|topic| NewAuditEntry {
                    before: Some(topics::said(&topic.channel, &topic.template)),
                    ..entry_about(actor, AuditAction::SetSlackTopic, rotation)
                });
                Ok::<_, Stop<ChannelRefusal>>([removed].into_iter().chain(cleared).collect())
            },
        )
        .await?;
    left.ok_or(Failure::NotFound)??;
    publish_rotation(services, actor, id);
    Ok(())
}

/// Tries again now what waits to be announced in this channel, or could not be.
pub async fn write_now(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    channel: &SlackChannelId,
) -> Result<(), Stop<ChannelRefusal>> {
    editable(services, actor, id).await?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let target = channel.as_str();
    let told = store.targets(id, ANNOUNCEMENT).await?;
    if told.iter().all(|known| known != target) {
        return Err(ChannelRefusal::Gone.into());
    }
    let announced = (ANNOUNCEMENT, target);
    let again = store.tell_again((workspace, id), announced, CHANNEL_LEFT);
    match again.await? {
        ToldAgain::Now => {}
        ToldAgain::Nothing => return Err(ChannelRefusal::NothingWaits.into()),
        ToldAgain::InDoubt => return Err(ChannelRefusal::InDoubt.into()),
    }
    publish_rotation(services, actor, id);
    Ok(())
}
