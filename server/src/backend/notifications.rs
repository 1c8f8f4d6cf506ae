//! What whoever is signed in is told themselves.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
};
use crate::actions::notifications;
use app::{
    AppError,
    backend::{Answer, Caller, Notifications},
};
use async_trait::async_trait;
use types::{NotificationInput, NotificationRefusal, NotificationsView};

#[async_trait]
impl Notifications for RoundRobin {
    async fn notifications(&self, caller: &Caller) -> Result<NotificationsView, AppError> {
        let mine = notifications::mine(&self.services, &actor(caller)).await;
        told(caller, mine)
    }

    async fn save_notifications(
        &self,
        caller: &Caller,
        choices: NotificationInput,
    ) -> Answer<(), NotificationRefusal> {
        let chosen = notifications::choose(&self.services, &actor(caller), &choices).await;
        answer(caller, chosen)
    }
}
