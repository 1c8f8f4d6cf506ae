//! The right to do a task that one server of several shall do.

use crate::store::{Store, StoreError};
use std::time::Duration;
use tokio::time;
use uuid::Uuid;

/// How many signs of life a holder gives within the length of its lease.
const BEATS: u32 = 3;

/// One server's claim. Whoever has the lease keeps it from step to step; of a server that
/// dies, another takes it over when it has run out.
pub struct Lease {
    store: Store,
    task: &'static str,
    holder: String,
    length: Duration,
}

impl Lease {
    /// `length` has to be longer than the task's period, or it changes hands at each step.
    /// Nothing where no other server can be.
    pub fn new(store: &Store, task: &'static str, length: Duration) -> Option<Self> {
        store.is_shared().then(|| Self {
            store: store.clone(),
            task,
            holder: Uuid::now_v7().to_string(),
            length,
        })
    }

    /// Whether this server has it now.
    pub(super) async fn take(&self) -> Result<bool, StoreError> {
        let Self {
            store,
            task,
            holder,
            length,
        } = self;
        store.take_task_lease(task, holder, *length).await
    }

    /// Keeps it, and ends when another has it. While the database does not answer, nobody
    /// knows, and the work itself fails soon enough.
    pub(super) async fn lost(&self) {
        loop {
            time::sleep(self.length / BEATS).await;
            if matches!(self.take().await, Ok(false)) {
                return;
            }
        }
    }

    /// Lets another have it at once.
    pub(super) async fn give_back(&self) {
        let released = self.store.release_task_lease(self.task, &self.holder);
        if let Err(error) = released.await {
            tracing::warn!(task = self.task, %error, "a lease was not given back and has to run out");
        }
    }
}
