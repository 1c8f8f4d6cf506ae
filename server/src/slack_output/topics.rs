//! Has topics of Slack channels say who is on duty: the consumer of the outbox's
//! `slack_topic`. Each write posts a line into the channel, so a topic that says what it should is
//! left alone, and so is one that somebody else has set.

use super::{FAILED, NOT_INSTALLED, attempt, failed, refused};
use crate::{
    Services,
    actions::{Failure, rotations::Present, topics},
    outbox::{Attempt, Consumer, Posting},
    slack::{self, AskError, DUTY_GROUP, Installed, TOPIC, set_topic, topic},
    store::{ChannelTopic, Delivery, TopicNote, topic_channel},
};
use async_trait::async_trait;
use domain::{TopicStep, is_ours_to_clear, topic_step};
use types::{LiveTopic, SlackChannelId, WorkspaceId};

/// The code of a template that only another version can read.
const UNREADABLE_TEMPLATE: &str = "unreadable_template";

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

    async fn deliver(&self, delivery: &Delivery, _posting: &Posting) -> Attempt {
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
        let attempt = match slack::installed(&services.slack, workspace).await? {
            None => refused(NOT_INSTALLED),
            Some(installed) => match known.ends {
                true => clear(services, &installed, &known).await?,
                false => set(services, &installed, &known).await?,
            },
        };
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

/// Reads the topic, and sets it where it is another one. Where somebody else has set that, this
/// is kept before it goes.
async fn set(
    services: &Services,
    installed: &Installed,
    known: &ChannelTopic,
) -> Result<Attempt, Failure> {
    let (slack, workspace, channel) = (&services.slack, &installed.workspace.id, &known.channel);
    let present = match topic(slack, installed, channel).await {
        Ok(present) => present,
        Err(error) => return answered(error),
    };
    let rotations = Present::read(services, workspace).await?;
    let Some(wanted) = topics::wanted(services, (workspace, &rotations), known).await? else {
        return Ok(failed(UNREADABLE_TEMPLATE));
    };
    let step = topic_step(&wanted, &present, known.last());
    if step == TopicStep::Nothing {
        note(
            services,
            workspace,
            channel,
            TopicNote::AsWanted(&wanted, &present),
        )
        .await?;
        return Ok(Attempt::Delivered);
    }
    if step == TopicStep::WriteOver {
        note(services, workspace, channel, TopicNote::Edited).await?;
    }
    // Whoever looks after this server has ended knows that it may be there.
    note(services, workspace, channel, TopicNote::Sent(Some(&wanted))).await?;
    if let Err(error) = set_topic(slack, installed, channel, &wanted).await {
        if matches!(&error, AskError::Slack(error) if !error.may_have_acted()) {
            let before = TopicNote::Sent(known.sent.as_deref());
            note(services, workspace, channel, before).await?;
        }
        return answered(error);
    }
    // It is written, also where Slack does not say what it made of it.
    let shown = topic(slack, installed, channel).await.ok();
    let written = TopicNote::Written(&wanted, shown.as_deref());
    note(services, workspace, channel, written).await?;
    Ok(Attempt::Delivered)
}

/// Clears a topic that is to be set no more, as far as it is ours, and forgets it. What Slack does
/// not let us clear is not worth trying for ever.
async fn clear(
    services: &Services,
    installed: &Installed,
    known: &ChannelTopic,
) -> Result<Attempt, Failure> {
    let (slack, workspace, channel) = (&services.slack, &installed.workspace.id, &known.channel);
    let cleared = async {
        // Of one that was never sent there is nothing to read.
        if known.written.is_some() || known.sent.is_some() {
            let present = topic(slack, installed, channel).await?;
            if is_ours_to_clear(&present, known.last()) {
                set_topic(slack, installed, channel, "").await?;
            }
        }
        Ok(Attempt::Delivered)
    };
    let attempt = cleared.await.or_else(answered)?;
    if matches!(attempt, Attempt::Delivered | Attempt::Refused { .. }) {
        services.store.forget_topic(workspace, channel).await?;
    }
    Ok(attempt)
}

/// What Slack's error means for the notice.
fn answered(error: AskError) -> Result<Attempt, Failure> {
    match error {
        AskError::Slack(error) => Ok(attempt(&error)),
        AskError::Store(error) => Err(error.into()),
    }
}

async fn note(
    services: &Services,
    workspace: &WorkspaceId,
    channel: &SlackChannelId,
    note: TopicNote<'_>,
) -> Result<(), Failure> {
    Ok(services.store.note_topic(workspace, channel, note).await?)
}
