//! The topic of the Slack channel that says who is on duty in a rotation.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::topics;
use app::{
    AppError,
    backend::{Answer, Caller, Topics},
};
use async_trait::async_trait;
use types::{RotationId, TopicRefusal, TopicView};

#[async_trait]
impl Topics for RoundRobin {
    async fn topic(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
    ) -> Result<TopicView, AppError> {
        let (services, actor) = (&self.services, actor(caller));
        let topic = topics::rotation_topic(services, &actor, &rotation, &template).await;
        told(caller, topic).map(views::topic)
    }

    async fn set_topic(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: String,
        template: String,
        drawn: String,
    ) -> Answer<String, TopicRefusal> {
        let (services, actor) = (&self.services, actor(caller));
        let chosen = (channel.as_str(), template.as_str(), drawn.as_str());
        let set = topics::set(services, &actor, &rotation, chosen).await;
        answer(caller, set)
    }

    async fn write_topic(&self, caller: &Caller, rotation: RotationId) -> Answer<(), TopicRefusal> {
        let asked = topics::write_now(&self.services, &actor(caller), &rotation).await;
        answer(caller, asked)
    }
}
