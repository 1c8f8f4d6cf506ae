//! In which Slack channels a rotation's changes of duty are announced.

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
use types::{
    AnnouncementRefusal, AnnouncementView, ChannelRefusal, ChannelsFound, RotationId,
    SlackChannelId,
};

#[async_trait]
impl Channels for RoundRobin {
    async fn announcements(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
    ) -> Result<AnnouncementView, AppError> {
        let (services, actor) = (&self.services, actor(caller));
        let announced = channels::announced(services, &actor, &rotation, &template).await;
        told(caller, announced).map(views::announcements)
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

    async fn add_slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: String,
    ) -> Answer<(), ChannelRefusal> {
        let added = channels::add(&self.services, &actor(caller), &rotation, &channel).await;
        answer(caller, added)
    }

    async fn remove_slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: SlackChannelId,
    ) -> Answer<(), ChannelRefusal> {
        let removed = channels::remove(&self.services, &actor(caller), &rotation, &channel).await;
        answer(caller, removed)
    }

    async fn write_announcement(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: SlackChannelId,
    ) -> Answer<(), ChannelRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let asked = channels::write_now(services, &actor, &rotation, &channel).await;
        answer(caller, asked)
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
