//! Looks at the topics that rotations set: whether somebody else has set one meanwhile, whether
//! what one should say has changed without a change of duty, and whether one is left of a rotation
//! that is gone.

use super::{allowed, publish, watch};
use crate::{
    Services,
    actions::{Failure, topics},
    background::Task,
    slack::{AskError, TOPIC, topic},
    store::{StoreError, TopicNote, topic_target},
};
use domain::{TopicStep, topic_step};
use std::time::Duration;
use types::{SlackCapability, WorkspaceId};

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

/// Looking at the start and at each interval, by one server of several.
pub fn task(services: &Services) -> Task {
    let about = "Looks at the topics of channels in Slack";
    watch(
        services,
        (TASK, about),
        (INTERVAL, LEASE),
        async |services| look_at_topics(&services).await.map_err(NotLooked),
    )
}

/// Looks at the topics of all workspaces.
pub async fn look_at_topics(services: &Services) -> Result<(), StoreError> {
    for workspace in services.store.workspaces_with_topics().await? {
        if let Err(error) = look(services, &workspace).await {
            tracing::warn!(%workspace, ?error, "topics were not looked at");
        }
    }
    Ok(())
}

async fn look(services: &Services, workspace: &WorkspaceId) -> Result<(), Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let Some(installed) = allowed(services, workspace, SlackCapability::Topics).await? else {
        return Ok(());
    };
    let told = store.targets_told(workspace, TOPIC).await?;
    for known in store.topics(workspace, TOPIC, None).await? {
        let target = topic_target(&known.channel);
        if told.contains(&target) {
            continue;
        }
        let step = match known.ends {
            true => TopicStep::Write,
            false => match topic(slack, &installed, &known.channel).await {
                Ok(present) => {
                    let wanted = topics::wanted(services, workspace, &known).await?;
                    topic_step(&wanted, &present, known.written.as_deref())
                }
                Err(AskError::Store(error)) => return Err(error.into()),
                Err(AskError::Slack(error)) => {
                    tracing::info!(%workspace, channel = %known.channel, %error, "Slack does not tell a topic");
                    continue;
                }
            },
        };
        match step {
            TopicStep::Nothing => {}
            TopicStep::Write => {
                let target = (TOPIC, target.as_str());
                store.tell_now(workspace, &known.rotation, target).await?;
            }
            TopicStep::NotOurs if known.edited_at.is_some() => {}
            TopicStep::NotOurs => {
                let note = TopicNote::Edited;
                store.note_topic(workspace, &known.channel, note).await?;
                publish(services, workspace, &[known.rotation]);
            }
        }
    }
    Ok(())
}
