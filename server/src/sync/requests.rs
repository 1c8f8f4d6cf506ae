//! *Sync now*, pressed by many at once or by one impatiently: whoever asks for a sync
//! that was asked for and has not ended joins it, so that a press costs nothing more.

use super::Synced;
use crate::store::StoreError;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::task::TaskTracker;
use types::{ConnectRefusal, WorkspaceId};

/// What a requested sync came to.
type Report = Result<Result<Synced, ConnectRefusal>, Arc<StoreError>>;

type Request = Shared<BoxFuture<'static, Report>>;

/// The requested syncs of this process that have not ended.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Mutex<HashMap<WorkspaceId, Request>>>);

impl Requests {
    /// Joins the workspace's sync that was asked for, or begins `run` in a task of its
    /// own: it goes on when those who wait for it leave.
    pub fn join<Run>(
        &self,
        workspace: &WorkspaceId,
        tasks: &TaskTracker,
        run: impl FnOnce() -> Run,
    ) -> Request
    where
        Run: Future<Output = Result<Result<Synced, ConnectRefusal>, StoreError>> + Send + 'static,
    {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(request) = requests.get(workspace) {
            return request.clone();
        }
        let until_ended = UnderWay {
            requests: self.clone(),
            workspace: workspace.clone(),
        };
        let run = run();
        let task = tasks.spawn(async move {
            let report = run.await.map_err(Arc::new);
            drop(until_ended);
            report
        });
        let request = async move {
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a sync on request broke off");
                Ok(Err(ConnectRefusal::StillSyncing))
            })
        };
        let request = request.boxed().shared();
        requests.insert(workspace.clone(), request.clone());
        request
    }
}

/// Takes a sync off the list when it ends, in whichever way.
struct UnderWay {
    requests: Requests,
    workspace: WorkspaceId,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let requests = &self.requests.0;
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.remove(&self.workspace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;
    use types::SyncReport;

    const SYNCED: Synced = Synced {
        report: SyncReport {
            changed: 0,
            confirmed: 1,
            unreadable: 0,
            postponed: 0,
            awaited: 0,
        },
        changed: Vec::new(),
        unreadable: Vec::new(),
    };

    #[tokio::test]
    async fn whoever_asks_before_the_end_joins_and_whoever_asks_after_it_does_not() {
        let (requests, tasks) = (Requests::default(), TaskTracker::new());
        let (begun, go_on) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let press = || {
            requests.join(&WorkspaceId::new("T1"), &tasks, || {
                let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
                async move {
                    begun.fetch_add(1, Ordering::Relaxed);
                    go_on.notified().await;
                    Ok(Ok(SYNCED))
                }
            })
        };
        for runs in 1..=2 {
            let pressed: Vec<Request> = (0..100).map(|_| press()).collect();
            go_on.notify_one();
            for press in pressed {
                assert_eq!(press.await.unwrap(), Ok(SYNCED));
            }
            assert_eq!(begun.load(Ordering::Relaxed), runs);
        }
    }
}
