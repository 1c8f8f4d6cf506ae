//! In which Slack channel a rotation's changes of duty are announced.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::channels;
use app::{
    AppError,
    backend::{Answer, Caller, Channels},
};
use async_trait::async_trait;
use types::{AnnouncementRefusal, ChannelRefusal, ChannelView, ChannelsFound, RotationId};

#[async_trait]
impl Channels for RoundRobin {
    async fn slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
    ) -> Result<ChannelView, AppError> {
        let (services, actor) = (&self.services, actor(caller));
        let channel = channels::channel(services, &actor, &rotation, &template).await;
        told(caller, channel).map(views::slack_channel)
    }

    async fn slack_channels(
        &self,
        caller: &Caller,
        rotation: RotationId,
        search: String,
    ) -> Result<ChannelsFound, AppError> {
        let (services, actor) = (&self.services, actor(caller));
        let found = channels::search(services, &actor, &rotation, &search).await;
        told(caller, found)
    }

    async fn set_slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: String,
        drawn: String,
    ) -> Answer<String, ChannelRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let set = channels::set(services, &actor, &rotation, (&channel, &drawn)).await;
        answer(caller, set)
    }

    async fn set_announcement(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
        drawn: String,
    ) -> Answer<String, AnnouncementRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let written = (template.as_str(), drawn.as_str());
        let set = channels::set_template(services, &actor, &rotation, written).await;
        answer(caller, set)
    }
}
