//! Deletes what has outlived its use, so that nothing secret lies about longer
//! than it has to and no table grows for ever.

use crate::{
    background::{Lease, Periodic, Task},
    http::LONGEST_SESSION_SECONDS,
    slack::sign_in::IDLE_SECONDS,
    store::{HISTORY_KEPT_SECONDS, LATE_ANSWERS_KEPT_SECONDS, Store, StoreError},
};
use domain::READABLE_SECONDS;
use std::time::Duration;
use types::AUDIT_KEPT_DAYS;

/// What the background work calls this.
const TASK: &str = "housekeeping";
const INTERVAL: Duration = Duration::from_secs(60);
/// How long the server that cleans up keeps the others from it after its last turn.
const LEASE: Duration = Duration::from_secs(3 * 60);
/// How long the syncs of late are kept.
const RUNS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a change that is sent again is answered with what came of it.
const CHANGES_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long it is kept what was told outside, in seconds.
const OUTBOX_KEPT_SECONDS: i64 = 7 * 24 * 3600;
/// What is in use is told again every day.
const CHANNELS_KEPT_SECONDS: i64 = 30 * 24 * 3600;
const AUDIT_KEPT_SECONDS: i64 = AUDIT_KEPT_DAYS * 24 * 3600;

/// Why a turn of cleaning up came to nothing.
#[derive(Debug, thiserror::Error)]
#[error("what has outlived its use could not be deleted; it is tried again, and the log says why")]
struct NotCleanedUp(#[from] StoreError);

/// Cleaning up at the start and then every minute, by one server of several.
pub fn task(store: &Store) -> Task {
    let lease = Lease::new(store, TASK, LEASE);
    let store = store.clone();
    let step = move || {
        let store = store.clone();
        async move {
            clean_up(&store).await.map_err(NotCleanedUp)?;
            Ok(INTERVAL)
        }
    };
    let about = "Deletes what has outlived its use";
    Periodic::new(TASK, about, INTERVAL, step)
        .under(lease)
        .into()
}

/// Deletes everything whose time is over.
pub async fn clean_up(store: &Store) -> Result<(), StoreError> {
    let now = store.now().await?;
    store.purge_authorisations(now).await?;
    let idle_since = now.plus_seconds(-IDLE_SECONDS);
    let created_before = now.plus_seconds(-LONGEST_SESSION_SECONDS);
    store.purge_sessions(idle_since, created_before).await?;
    store
        .forget_ended_installations(now.plus_seconds(-READABLE_SECONDS))
        .await?;
    store.purge_runs(RUNS_KEPT).await?;
    store.purge_changes(CHANGES_KEPT).await?;
    store.purge_undos().await?;
    store.purge_overrides().await?;
    store.purge_former_bindings().await?;
    store.purge_feed_addresses(now).await?;
    store
        .purge_audit(now.plus_seconds(-AUDIT_KEPT_SECONDS))
        .await?;
    store
        .purge_late_answers(now.plus_seconds(-LATE_ANSWERS_KEPT_SECONDS))
        .await?;
    store
        .purge_mentions(now.plus_seconds(-OUTBOX_KEPT_SECONDS))
        .await?;
    store
        .purge_outbox(now.plus_seconds(-OUTBOX_KEPT_SECONDS))
        .await?;
    store
        .purge_channels(now.plus_seconds(-CHANNELS_KEPT_SECONDS))
        .await?;
    store
        .purge_history(now.plus_seconds(-HISTORY_KEPT_SECONDS))
        .await
}
