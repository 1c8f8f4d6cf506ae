//! Announces each change of duty in the Slack channels that were chosen for the rotation, in each by a
//! notice of its own: the consumer of the outbox's `slack_announcement`.

use super::{FAILED, GONE, NOT_INSTALLED, failed, post, publish, refused};
use crate::{
    Services,
    actions::{Failure, channels},
    outbox::{Attempt, Consumer, Posting},
    slack::{self, ANNOUNCEMENT, CHANNEL_LEFT, DUTY_GROUP, Message, TOPIC},
    store::Delivery,
};
use async_trait::async_trait;
use types::SlackChannelId;

/// Tells channels.
pub struct Announcements(pub Services);

#[async_trait]
impl Consumer for Announcements {
    fn kind(&self) -> &str {
        ANNOUNCEMENT
    }

    /// Slack takes every message for a new one.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Whoever reads the message may write to the group at once.
    fn goes_after(&self) -> &[&str] {
        &[DUTY_GROUP, TOPIC]
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        match self.announce(delivery, posting).await {
            Ok(attempt) => attempt,
            Err(Failure::NotFound) => refused(GONE),
            // Whatever has failed came before the message.
            Err(error) => {
                tracing::error!(?error, "a change of duty could not be announced");
                failed(FAILED)
            }
        }
    }

    fn ended(&self, delivery: &Delivery) {
        publish(&self.0, &delivery.workspace, delivery.rotation());
    }
}

impl Announcements {
    async fn announce(&self, delivery: &Delivery, posting: &Posting) -> Result<Attempt, Failure> {
        let Self(services) = self;
        let rotation = delivery.rotation().ok_or(Failure::NotFound)?;
        let text = channels::said(services, &delivery.workspace, rotation).await?;
        let installed = slack::installed(&services.slack, &delivery.workspace).await?;
        let Some(installed) = installed else {
            return Ok(refused(NOT_INSTALLED));
        };
        // It may have been removed while this was tried in vain.
        if !services.store.note_said(delivery, &text).await? {
            return Ok(refused(CHANNEL_LEFT));
        }
        let channel = SlackChannelId::new(&delivery.target);
        let message = Message::new(&channel, &text);
        Ok(post(services, &installed, message, posting).await?)
    }
}
