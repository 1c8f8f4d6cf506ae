//! What is known of channels that were chosen by their ids. A private one's name is for those alone who are
//! in it in Slack: anybody may type an id.

use super::Failure;
use crate::{
    Services,
    slack::{self, Among, AskError, SlackError},
};
use domain::Actor;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
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

/// Asks Slack about a channel, and keeps what it tells. False where it cannot be asked at present, of
/// whichever of the workspace's.
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
        Err(AskError::Slack(SlackError::RateLimited { .. })) => return Ok(false),
        Err(AskError::Slack(error)) => {
            tracing::info!(%workspace, %channel, %error, "Slack does not tell of a channel");
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
        let theirs = private_of(services, actor).await?;
        for (id, facts) in &mut known {
            if is_hidden(facts) && !theirs.contains(id) {
                facts.name = None;
            }
        }
    }
    Ok(known)
}

/// The private channels in which both the actor and Round Robin are, as far as Slack tells.
async fn private_of(
    services: &Services,
    actor: &Actor,
) -> Result<HashSet<SlackChannelId>, Failure> {
    let slack = &services.slack;
    let (Some(person), Some(installed)) = (
        actor.person(),
        slack::installed(slack, &actor.workspace).await?,
    ) else {
        return Ok(HashSet::new());
    };
    let among = Among::PrivateOf(person.clone());
    let asking = slack.channels.of_late(slack, &installed, &among);
    match time::timeout(NAME_LIMIT, asking).await {
        Ok(Ok(Some(listed))) => {
            let channels = listed.channels.iter();
            Ok(channels.map(|channel| channel.id.clone()).collect())
        }
        Ok(Err(AskError::Store(error))) => Err(error.into()),
        // Whoever is not known to be in one is not told what it is called.
        Ok(Ok(None) | Err(AskError::Slack(_))) | Err(_) => Ok(HashSet::new()),
    }
}
