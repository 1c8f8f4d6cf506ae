//! The moment from which on nobody knows any more whether something was told, unless the other side
//! says so. Whatever ends before it is told again. In each workspace one thing at most is past that
//! moment and not yet kept as told, so a server that dies leaves one in doubt there.

use crate::store::{Beside, Delivery, Store, StoreError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::WorkspaceId;

/// Whose turn it is, in each workspace, to write what cannot be written twice: one after the other,
/// in the order in which they came. What waits for Slack to be asked again does not have it, so that
/// costs nothing that Slack would give: it takes some hundred messages a minute in a workspace, and
/// one after the other they are as many. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>>);

impl Turns {
    /// Waits until nobody else has it. It is over when what comes back goes.
    async fn take(&self, workspace: &WorkspaceId) -> Option<OwnedSemaphorePermit> {
        let of_workspace = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let one = all.entry(workspace.clone());
            Arc::clone(one.or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        // It is never closed.
        of_workspace.acquire_owned().await.ok()
    }
}

/// What a consumer that is not repeatable says right before it writes. Clones share it, and when
/// the last of them goes, the next in the workspace may write.
#[derive(Clone)]
pub struct Posting {
    store: Store,
    delivery: Delivery,
    beside: Arc<[Beside]>,
    turns: Turns,
    /// Since it was noted that this is being written.
    turn: Arc<OnceLock<Option<OwnedSemaphorePermit>>>,
}

impl Posting {
    pub(super) fn new(
        store: &Store,
        delivery: &Delivery,
        beside: &[Beside],
        turns: &Turns,
    ) -> Self {
        Self {
            store: store.clone(),
            delivery: delivery.clone(),
            beside: beside.into(),
            turns: turns.clone(),
            turn: Arc::default(),
        }
    }

    /// Waits until nothing else is being written in the workspace that cannot be written twice, and
    /// notes that this is from now on. False when it counts as that of one who is gone: then nothing
    /// must be written.
    pub async fn begins(&self) -> Result<bool, StoreError> {
        if self.has_begun() {
            return self.counts().await;
        }
        let turn = self.turns.take(&self.delivery.workspace).await;
        let noting = self.store.note_posting(&self.delivery, &self.beside);
        let is_ours = noting.await?;
        if is_ours {
            let _ = self.turn.set(turn);
        }
        Ok(is_ours)
    }

    /// Whether it counts still, as far as is known before it is written.
    pub async fn counts(&self) -> Result<bool, StoreError> {
        self.store.is_sending(&self.delivery).await
    }

    pub(super) fn has_begun(&self) -> bool {
        self.turn.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use std::pin::pin;

    #[tokio::test]
    async fn each_waits_for_those_alone_who_came_before_in_the_same_workspace() {
        let turns = Turns::default();
        let (workspace, other) = (WorkspaceId::new("T1"), WorkspaceId::new("T2"));
        let first = turns.take(&workspace).await;
        let (mut second, mut third) = (pin!(turns.take(&workspace)), pin!(turns.take(&workspace)));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        assert!(turns.take(&other).now_or_never().is_some());
        drop(first);
        assert!(third.as_mut().now_or_never().is_none());
        let second = second.as_mut().now_or_never();
        assert!(second.is_some());
        drop(second);
        assert!(third.as_mut().now_or_never().is_some());
    }
}
