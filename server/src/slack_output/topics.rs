//! Has topics of Slack channels say who is on duty: the consumer of the outbox's
//! `slack_topic`. Each write posts a line into the channel, so a topic that says what it should is
//! left alone, and so is one that somebody else has set.

use super::{FAILED, NOT_INSTALLED, attempt, failed, refused};
use crate::{
    Services,
    actions::{Failure, topics},
    outbox::{Attempt, Consumer},
    slack::{self, AskError, DUTY_GROUP, TOPIC, set_topic, topic},
    store::{ChannelTopic, Delivery, TopicNote, topic_channel},
};
use async_trait::async_trait;
use domain::{TopicStep, topic_step};
use types::{LiveTopic, SlackChannelId, WorkspaceId};

/// Sets topics.
pub struct Topics(pub Services);

#[async_trait]
impl Consumer for Topics {
    fn kind(&self) -> &str {
        TOPIC
    }

    /// What a topic says is read before it is set.
    fn is_repeatable(&self) -> bool {
        true
    }

    fn goes_after(&self) -> &[&str] {
        &[DUTY_GROUP]
    }

    fn tells_everything(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery) -> Attempt {
        self.bring_right(delivery).await.unwrap_or_else(|error| {
            tracing::error!(?error, target = delivery.target, "a topic could not be set");
            failed(FAILED)
        })
    }
}

impl Topics {
    async fn bring_right(&self, delivery: &Delivery) -> Result<Attempt, Failure> {
        let Self(services) = self;
        let workspace = &delivery.workspace;
        let Some(channel) = topic_channel(&delivery.target) else {
            return Ok(Attempt::Delivered);
        };
        let known = services
            .store
            .topics(workspace, TOPIC, Some(&channel))
            .await?;
        let Some(known) = known.into_iter().next() else {
            return Ok(Attempt::Delivered);
        };
        let attempt = set(services, workspace, &known).await?;
        if let Attempt::Failed { problem, .. }
        | Attempt::Refused { problem }
        | Attempt::Unclear { problem } = &attempt
        {
            note(services, workspace, &channel, TopicNote::Problem(problem)).await?;
        }
        let topic = LiveTopic::Rotation(known.rotation);
        services.live.publish(workspace, topic);
        Ok(attempt)
    }
}

/// Reads the topic, and sets it where it differs and is ours.
async fn set(
    services: &Services,
    workspace: &WorkspaceId,
    known: &ChannelTopic,
) -> Result<Attempt, Failure> {
    let slack = &services.slack;
    let Some(installed) = slack::installed(slack, workspace).await? else {
        return Ok(refused(NOT_INSTALLED));
    };
    let channel = &known.channel;
    let present = match topic(slack, &installed, channel).await {
        Ok(present) => present,
        Err(error) => return unless_it_ends(services, workspace, known, error).await,
    };
    let wanted = topics::wanted(services, workspace, known).await?;
    let came_of_it = match topic_step(&wanted, &present, known.written.as_deref()) {
        TopicStep::Nothing => TopicNote::AsWanted(&wanted),
        TopicStep::NotOurs => TopicNote::Edited,
        TopicStep::Write => match set_topic(slack, &installed, channel, &wanted).await {
            Ok(()) => TopicNote::Written(&wanted),
            Err(error) => return unless_it_ends(services, workspace, known, error).await,
        },
    };
    match known.ends {
        true => services.store.forget_topic(workspace, channel).await?,
        false => note(services, workspace, channel, came_of_it).await?,
    }
    Ok(Attempt::Delivered)
}

/// What Slack's error means. A topic that ends, and that Slack does not let us clear, is not worth
/// trying for ever.
async fn unless_it_ends(
    services: &Services,
    workspace: &WorkspaceId,
    known: &ChannelTopic,
    error: AskError,
) -> Result<Attempt, Failure> {
    let attempt = match error {
        AskError::Slack(error) => attempt(&error),
        AskError::Store(error) => return Err(error.into()),
    };
    if known.ends && matches!(attempt, Attempt::Refused { .. }) {
        services
            .store
            .forget_topic(workspace, &known.channel)
            .await?;
    }
    Ok(attempt)
}

async fn note(
    services: &Services,
    workspace: &WorkspaceId,
    channel: &SlackChannelId,
    note: TopicNote<'_>,
) -> Result<(), Failure> {
    Ok(services.store.note_topic(workspace, channel, note).await?)
}
