//! The moment from which on nobody knows any more whether something was told, unless the other side
//! says so. Whatever ends before it is told again.

use crate::store::{Beside, Delivery, Store, StoreError};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What a consumer that is not repeatable says right before it writes. Clones share it.
#[derive(Clone)]
pub struct Posting {
    store: Store,
    delivery: Delivery,
    beside: Arc<[Beside]>,
    begun: Arc<AtomicBool>,
}

impl Posting {
    pub fn new(store: &Store, delivery: &Delivery, beside: &[Beside]) -> Self {
        Self {
            store: store.clone(),
            delivery: delivery.clone(),
            beside: beside.into(),
            begun: Arc::default(),
        }
    }

    /// Notes that it is being written from now on. False when it counts as that of one who is
    /// gone: then nothing must be written.
    pub async fn begins(&self) -> Result<bool, StoreError> {
        let noting = self.store.note_posting(&self.delivery, &self.beside);
        let is_ours = noting.await?;
        self.begun.store(is_ours, Ordering::Relaxed);
        Ok(is_ours)
    }

    /// Whether it counts still, as far as is known before it is written.
    pub async fn counts(&self) -> Result<bool, StoreError> {
        self.store.is_sending(&self.delivery).await
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}
