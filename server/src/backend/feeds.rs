//! Calendar feeds of whoever is signed in.

use super::{RoundRobin, actor, answers::told};
use crate::actions::feeds;
use app::{
    AppError,
    backend::{Caller, Feeds},
};
use async_trait::async_trait;
use types::{FeedSubject, FeedView};

#[async_trait]
impl Feeds for RoundRobin {
    async fn feeds(&self, caller: &Caller) -> Result<Vec<FeedView>, AppError> {
        let feeds = feeds::list(&self.services, &actor(caller), &caller.session).await;
        told(caller, feeds)
    }

    async fn make_feed(&self, caller: &Caller, subject: FeedSubject) -> Result<(), AppError> {
        let made = feeds::make(&self.services, &actor(caller), &caller.session, &subject).await;
        told(caller, made)
    }

    async fn revoke_feed(&self, caller: &Caller, subject: FeedSubject) -> Result<(), AppError> {
        let revoked = feeds::revoke(&self.services, &actor(caller), &subject).await;
        told(caller, revoked)
    }
}
