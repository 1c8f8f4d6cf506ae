//! What is known of channels that were chosen by their ids. A private one's name is for those alone who are
//! in it in Slack: anybody may type an id.

use super::Failure;
use crate::{
    Services,
    slack::{self, Among, AskError, Installed, Listed, SlackError},
};
use domain::Actor;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time;
use types::{ChannelFacts, SlackChannelId, WorkspaceId};

/// How long whoever chooses a channel waits for its name.
const NAME_LIMIT: Duration = Duration::from_secs(3);
/// What is kept of a channel of which Slack tells nothing: there is none, or it is private and Round
/// Robin is not in it.
const UNTOLD: ChannelFacts = ChannelFacts {
    name: None,
    is_private: true,
    is_member: false,
    is_archived: false,
};

/// Asks Slack about a channel that somebody has chosen, and keeps what it tells. What it does not tell
/// in time is asked for later, and keeps nobody from having chosen.
pub(super) async fn learn(services: &Services, workspace: &WorkspaceId, channel: &SlackChannelId) {
    let asking = time::timeout(NAME_LIMIT, ask_about(services, workspace, channel));
    if let Ok(Err(error)) = asking.await {
        tracing::warn!(%workspace, %channel, ?error, "what a channel is called could not be kept");
    }
}

/// Asks Slack about a channel, and keeps what it tells. False where it cannot be asked at present, or
/// would tell as little of any other of the workspace's.
pub async fn ask_about(
    services: &Services,
    workspace: &WorkspaceId,
    channel: &SlackChannelId,
) -> Result<bool, Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let Some(installed) = slack::installed(slack, workspace).await? else {
        return Ok(false);
    };
    if !slack.channels.may_read(&installed, &Among::Public) {
        return Ok(false);
    }
    match slack::channel(slack, &installed, channel).await {
        Ok(info) => store.note_channel(workspace, channel, &info.facts).await?,
        // What was known of it is of no use any more: it may have become private, or be gone.
        Err(AskError::Slack(SlackError::Refused { .. })) => {
            store.note_channel(workspace, channel, &UNTOLD).await?;
        }
        Err(AskError::Slack(error)) => {
            tracing::info!(%workspace, %channel, %error, "Slack does not tell of a channel");
            return Ok(!error.ails_all());
        }
        Err(AskError::Store(error)) => return Err(error.into()),
    }
    Ok(true)
}

/// What the actor may know of these channels.
pub(super) async fn known(
    services: &Services,
    actor: &Actor,
    channels: &[&SlackChannelId],
) -> Result<HashMap<SlackChannelId, ChannelFacts>, Failure> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let mut known = store.slack_channels(workspace, channels).await?;
    let is_hidden = |facts: &ChannelFacts| facts.is_private && facts.name.is_some();
    if known.values().any(is_hidden) {
        let theirs = match slack::installed(&services.slack, workspace).await? {
            Some(installed) => private_of(services, actor, &installed).await?,
            None => None,
        };
        let theirs = theirs
            .as_ref()
            .map_or(&[][..], |listed| listed.channels.as_slice());
        for (id, facts) in &mut known {
            if is_hidden(facts) && theirs.iter().all(|channel| channel.id != *id) {
                facts.name = None;
            }
        }
    }
    Ok(known)
}

/// The private channels in which both the actor and Round Robin are, where Slack tells of them in time.
/// Whoever is not known to be in one is not told what it is called.
pub(super) async fn private_of(
    services: &Services,
    actor: &Actor,
    installed: &Installed,
) -> Result<Option<Arc<Listed>>, Failure> {
    let Some(person) = actor.person() else {
        return Ok(None);
    };
    let (slack, among) = (&services.slack, Among::PrivateOf(person.clone()));
    let asking = slack.channels.of_late(slack, installed, &among);
    match time::timeout(NAME_LIMIT, asking).await {
        Ok(Ok(listed)) => Ok(listed),
        Ok(Err(AskError::Store(error))) => Err(error.into()),
        // What takes longer is there for whoever asks next.
        Ok(Err(AskError::Slack(_))) | Err(_) => Ok(None),
    }
}
