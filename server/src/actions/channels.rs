//! In which Slack channel a rotation's changes of duty are announced.

use super::{
    Failure, Stop,
    duty_groups::group_of,
    meanwhile, publish_rotation,
    rights::{editable, must_edit},
    rotations,
    workspace::is_allowed,
};
use crate::{
    Services,
    audit::entry_about,
    slack::{
        self, ANNOUNCEMENT, AskError,
        message::{Facts, announcement, as_read, filled_in, pause},
    },
    store::{NewAuditEntry, NoticeState},
};
use domain::{Actor, Directory, Occasion, Template, has_every_word};
use std::sync::Arc;
use types::{
    AnnouncementRefusal, AuditAction, ChannelRefusal, ChannelSearchTrouble, ChannelsFound,
    DaysWanted, RotationId, SlackCapability, SlackChannelId, TemplateProblem, WorkspaceId,
    typed_channel,
};

/// How many channels a search shows.
const SHOWN: usize = 10;

/// The channel of a rotation.
pub struct Channel {
    pub id: Option<SlackChannelId>,
    /// Of that, for whoever chooses another one.
    pub version: String,
    /// Whether Slack lets Round Robin write messages.
    pub may_write: bool,
    /// How far the last announcement there has come.
    pub last: Option<NoticeState>,
    /// What announcements say, where somebody has written that.
    pub template: Option<String>,
    /// Of that, for whoever writes something else.
    pub template_version: String,
    /// What is announced at present, as people read it.
    pub preview: Result<String, TemplateProblem>,
}

/// The channel of a rotation, for actors who may choose another one, with what `asked` makes as
/// its template, or its own where that is empty.
pub async fn channel(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    asked: &str,
) -> Result<Channel, Failure> {
    let store = &services.store;
    editable(services, actor, id).await?;
    let target = store.target(id, ANNOUNCEMENT).await?;
    let last = match &target {
        Some(target) => store.latest_notice(id, ANNOUNCEMENT, target).await?,
        None => None,
    };
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
    Ok(Channel {
        version: meanwhile::version(target.as_deref()),
        template_version: meanwhile::version(template.as_deref()),
        id: target.map(SlackChannelId::new),
        may_write,
        last,
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
        may_read: true,
        trouble: None,
    };
    let slack = &services.slack;
    let Some(installed) = slack::installed(slack, &actor.workspace).await? else {
        told.trouble = Some(ChannelSearchTrouble::NotInstalled.to_string());
        return Ok(told);
    };
    if search.trim().is_empty() {
        told.may_read = slack.channels.may_read(&installed);
        return Ok(told);
    }
    let listed = match slack.channels.of_late(slack, &installed).await {
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
    let search = search.trim().trim_start_matches('#');
    let mut found: Vec<_> = listed
        .channels
        .iter()
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
    told.searched_all = listed.whole;
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
    let usual = || announcement(&details.name, outlook, &state.directory);
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
                directory: &state.directory,
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
    match set.ok_or(Failure::NotFound)? {
        Ok(()) => {}
        Err(Stop::Refused(AnnouncementRefusal::EditedMeanwhile(meanwhile))) => {
            let told = meanwhile::told(services, id, action, meanwhile).await?;
            return Err(AnnouncementRefusal::EditedMeanwhile(told).into());
        }
        Err(stop) => return Err(stop),
    }
    publish_rotation(services, actor, id);
    Ok(meanwhile::version(template))
}

/// Has the changes of a rotation announced in the channel that somebody typed, or, where that is
/// nothing, in none, unless somebody else has changed it since it was `drawn`. Tells the version of
/// the choice.
pub async fn set(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (typed, drawn): (&str, &str),
) -> Result<String, Stop<ChannelRefusal>> {
    let channel = match typed.trim() {
        "" => Ok(None),
        typed => typed_channel(typed).map(Some).ok_or(ChannelRefusal::NoId),
    };
    let target = channel.as_ref().ok().and_then(Option::as_ref);
    let target = target.map(SlackChannelId::as_str);
    let announced = target.map(|target| (target, Occasion::ChangeOfDuty));
    let action = AuditAction::SetSlackChannel;
    let set = services
        .store
        .set_target(
            &actor.workspace,
            id,
            (ANNOUNCEMENT, announced),
            |rotation, before| {
                must_edit(rotation, actor)?;
                if let Err(refusal) = &channel {
                    return Err(refusal.clone().into());
                }
                let before = before.map(|(channel, _)| channel);
                if before != target
                    && let Some(meanwhile) = meanwhile::since(drawn, meanwhile::version(before))
                {
                    return Err(ChannelRefusal::EditedMeanwhile(meanwhile).into());
                }
                Ok::<_, Stop<ChannelRefusal>>(NewAuditEntry {
                    before: before.map(str::to_owned),
                    after: target.map(str::to_owned),
                    ..entry_about(actor, action, rotation)
                })
            },
        )
        .await?;
    match set.ok_or(Failure::NotFound)? {
        Ok(true) => publish_rotation(services, actor, id),
        Ok(false) => {}
        Err(Stop::Refused(ChannelRefusal::EditedMeanwhile(meanwhile))) => {
            let told = meanwhile::told(services, id, action, meanwhile).await?;
            return Err(ChannelRefusal::EditedMeanwhile(told).into());
        }
        Err(stop) => return Err(stop),
    }
    Ok(meanwhile::version(target))
}
