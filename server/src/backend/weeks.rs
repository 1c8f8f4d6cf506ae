//! The week over all rotations.

use super::{RoundRobin, actor, answers::told, views};
use crate::actions::coverage;
use app::{
    AppError,
    backend::{Caller, Weeks},
};
use async_trait::async_trait;
use types::{WeekFilter, WeekView};

#[async_trait]
impl Weeks for RoundRobin {
    async fn week(&self, caller: &Caller, filter: WeekFilter) -> Result<WeekView, AppError> {
        let week = coverage::week(&self.services, &actor(caller), &filter).await;
        told(caller, week).map(views::week)
    }
}
