//! How this server's background work goes, and what it can do in Slack, for admins.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::{slack_settings, workspace};
use app::{
    AppError,
    backend::{Answer, Caller, Operation},
};
use async_trait::async_trait;
use types::{BackgroundTask, PermissionRefusal, SlackSettingsView};

#[async_trait]
impl Operation for RoundRobin {
    async fn background_work(&self, caller: &Caller) -> Result<Vec<BackgroundTask>, AppError> {
        let reports = workspace::background_work(&self.services, &actor(caller));
        let reports = told(caller, reports)?.into_iter();
        Ok(reports.map(views::background_task).collect())
    }

    async fn slack_settings(&self, caller: &Caller) -> Result<SlackSettingsView, AppError> {
        let state = slack_settings::state(&self.services, &actor(caller)).await;
        told(caller, state)
    }

    async fn take_back_permission(&self, caller: &Caller) -> Answer<(), PermissionRefusal> {
        let taken = slack_settings::take_back_permission(&self.services, &actor(caller)).await;
        answer(caller, taken)
    }
}
