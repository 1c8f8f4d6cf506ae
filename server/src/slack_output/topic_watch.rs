//! Looks at the topics that rotations set: whether somebody else has set one meanwhile, whether
//! what one should say has changed without a change of duty, and whether one is left of a rotation
//! that is gone.

use super::{allowed, may_be_tried, publish, watch};
use crate::{
    Services,
    actions::{Failure, rotations::Present, topics},
    background::Task,
    slack::{AskError, SlackError, TOPIC, topic},
    store::{ChannelTopic, StoreError, TopicNote, topic_target},
};
use domain::{TopicStep, topic_step};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use types::{SlackCapability, SlackChannelId, WorkspaceId};

/// What the background work calls this.
const TASK: &str = "slack_topics";
/// Each topic takes a question.
const INTERVAL: Duration = Duration::from_secs(5 * 60);
/// A server that dies is replaced after so long.
const LEASE: Duration = Duration::from_secs(10 * 60);

/// Why topics were not looked at.
#[derive(Debug, thiserror::Error)]
#[error("the topics that are set in Slack are not known; it is tried again, and the log says why")]
struct NotLooked(#[from] StoreError);

/// Where a round through the topics of a workspace ended, because Slack wanted to be left alone:
/// the next begins there, so that each has its turn. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Arc<Mutex<HashMap<WorkspaceId, SlackChannelId>>>);

impl Rounds {
    /// The topics of a workspace in the order of this round.
    fn begin(&self, workspace: &WorkspaceId, mut topics: Vec<ChannelTopic>) -> Vec<ChannelTopic> {
        let mut ended_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = ended_at.remove(workspace) {
            let passed = topics.partition_point(|topic| topic.channel < first);
            topics.rotate_left(passed);
        }
        topics
    }

    fn end_at(&self, workspace: &WorkspaceId, channel: &SlackChannelId) {
        let mut ended_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended_at.insert(workspace.clone(), channel.clone());
    }
}

/// Looking at the start and at each interval, by one server of several.
pub fn task(services: &Services) -> Task {
    let about = "Looks at the topics of channels in Slack";
    let rounds = Rounds::default();
    watch(
        services,
        (TASK, about),
        (INTERVAL, LEASE),
        move |services| {
            let rounds = rounds.clone();
            async move { look_at_topics(&services, &rounds).await.map_err(NotLooked) }
        },
    )
}

/// Looks at the topics of all workspaces.
pub async fn look_at_topics(services: &Services, rounds: &Rounds) -> Result<(), StoreError> {
    for workspace in services.store.workspaces_with_topics().await? {
        if let Err(error) = look(services, rounds, &workspace).await {
            tracing::warn!(%workspace, ?error, "topics were not looked at");
        }
    }
    Ok(())
}

async fn look(
    services: &Services,
    rounds: &Rounds,
    workspace: &WorkspaceId,
) -> Result<(), Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let Some(installed) = allowed(services, workspace, SlackCapability::Topics).await? else {
        return Ok(());
    };
    let told = store.targets_told(workspace, TOPIC).await?;
    let now = store.now().await?;
    let rotations = Present::read(services, workspace).await?;
    for known in rounds.begin(workspace, store.topics(workspace, TOPIC, None).await?) {
        let (channel, target) = (&known.channel, topic_target(&known.channel));
        if told.contains(&target) {
            continue;
        }
        let tell = || store.tell_now(workspace, &known.rotation, (TOPIC, &target));
        if known.ends {
            tell().await?;
            continue;
        }
        let present = match topic(slack, &installed, channel).await {
            Ok(present) => present,
            Err(AskError::Store(error)) => return Err(error.into()),
            Err(AskError::Slack(SlackError::RateLimited { .. })) => {
                rounds.end_at(workspace, channel);
                break;
            }
            Err(AskError::Slack(error)) => {
                tracing::info!(%workspace, %channel, %error, "Slack does not tell a topic");
                continue;
            }
        };
        let wanted = match topics::wanted(services, (workspace, &rotations), &known).await {
            Ok(Some(wanted)) => wanted,
            Ok(None) | Err(Failure::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let step = topic_step(&wanted, &present, known.last());
        let note = match step {
            TopicStep::Nothing if known.problem.is_some() || known.is_edited() => {
                Some(TopicNote::AsWanted(&wanted, &present))
            }
            TopicStep::WriteOver if !known.is_edited() => Some(TopicNote::Edited),
            _ => None,
        };
        if let Some(note) = note {
            store.note_topic(workspace, channel, note).await?;
            publish(services, workspace, [&known.rotation]);
        }
        if step != TopicStep::Nothing && may_be_tried(known.problem.as_ref(), now) {
            tell().await?;
        }
    }
    Ok(())
}
