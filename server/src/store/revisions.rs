//! Revisions: numbers that grow in the very transactions that change what pages show. What
//! was read is kept under its revision, and holds for as long as the revision stands,
//! whichever server wrote last.

use super::{DatabaseConnection, Result, Store};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use types::WorkspaceId;

/// How long something is kept at most. Servers of a version that knows no revisions write
/// without them, and may still run while this one takes over from them.
const LONGEST_KEPT: Duration = Duration::from_secs(10);

/// How often what pages show has changed in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Revisions {
    /// People, and who is who.
    pub(super) people: i64,
    /// Those, and rotations with all that their cards show but how well it is confirmed.
    pub(super) rotations: i64,
}

impl Store {
    pub(super) async fn revisions(&self, workspace: &WorkspaceId) -> Result<Revisions> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("select people, rotations from revisions where workspace_id = $1")
                .bind(workspace.as_str())
                .fetch_optional(&self.pool)
                .await?;
        let (people, rotations) = row.unwrap_or_default();
        Ok(Revisions { people, rotations })
    }
}

/// Notes that people changed. The last thing in a transaction: whoever else changes
/// something in the workspace waits for its end.
pub(super) async fn people_changed(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<()> {
    bump(connection, workspace, 1).await
}

/// Notes that rotations changed; see [`people_changed`].
pub(super) async fn rotations_changed(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<()> {
    bump(connection, workspace, 0).await
}

async fn bump(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    people: i64,
) -> Result<()> {
    sqlx::query(
        "insert into revisions (workspace_id, people, rotations) values ($1, $2, 1)
         on conflict (workspace_id) do update set people = revisions.people + excluded.people,
             rotations = revisions.rotations + 1",
    )
    .bind(workspace.as_str())
    .bind(people)
    .execute(connection)
    .await?;
    Ok(())
}

/// What was last read of each workspace.
#[derive(Debug)]
pub(super) struct Kept<T>(Arc<std::sync::Mutex<HashMap<WorkspaceId, Slot<T>>>>);

type Slot<T> = Arc<Mutex<Option<Reading<T>>>>;

#[derive(Debug)]
struct Reading<T> {
    revision: i64,
    read_at: Instant,
    value: Arc<T>,
}

impl<T> Reading<T> {
    /// A later one than was asked for holds as well: revisions only grow.
    fn holds(&self, revision: i64, now: Instant) -> bool {
        self.revision >= revision && now.duration_since(self.read_at) < LONGEST_KEPT
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Kept<T> {
    /// What was read at `revision`, which was looked up before this is called, or what
    /// `read` reads now. Single flight: of many who ask for a workspace at once, one reads.
    pub(super) async fn at(
        &self,
        workspace: &WorkspaceId,
        revision: i64,
        read: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        let slot = self.slot(workspace);
        let mut kept = slot.lock().await;
        let read_at = Instant::now();
        if let Some(reading) = kept.as_ref().filter(|kept| kept.holds(revision, read_at)) {
            return Ok(Arc::clone(&reading.value));
        }
        let value = Arc::new(read.await?);
        *kept = Some(Reading {
            revision,
            read_at,
            value: Arc::clone(&value),
        });
        Ok(value)
    }

    fn slot(&self, workspace: &WorkspaceId) -> Slot<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(workspace.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn many_who_ask_at_once_have_one_read() {
        let kept = Kept::<usize>::default();
        let reads = AtomicUsize::new(0);
        let read = || async {
            tokio::task::yield_now().await;
            Ok(reads.fetch_add(1, Ordering::Relaxed))
        };
        let workspace = WorkspaceId::new("T1");
        let ask = |revision| kept.at(&workspace, revision, read());
        let (one, other, third) = tokio::join!(ask(3), ask(3), ask(2));
        assert_eq!([*one.unwrap(), *other.unwrap(), *third.unwrap()], [0, 0, 0]);
        assert_eq!(*ask(4).await.unwrap(), 1);
        assert_eq!(*ask(3).await.unwrap(), 1);
    }

    #[test]
    fn what_a_version_without_revisions_writes_is_seen_soon() {
        let read_at = Instant::now();
        let reading = Reading {
            revision: 3,
            read_at,
            value: Arc::new(()),
        };
        let almost = read_at + LONGEST_KEPT - Duration::from_millis(1);
        assert!(reading.holds(3, almost));
        assert!(!reading.holds(4, almost));
        assert!(!reading.holds(3, read_at + LONGEST_KEPT));
    }

    #[tokio::test]
    async fn workspaces_are_kept_apart_and_a_failure_is_not_kept() {
        let kept = Kept::<&str>::default();
        let (ours, theirs) = (WorkspaceId::new("T1"), WorkspaceId::new("T2"));
        let failed = kept.at(&ours, 1, async {
            Err(super::super::StoreError::Unreadable { what: "it" })
        });
        assert!(failed.await.is_err());
        assert_eq!(
            *kept.at(&ours, 1, async { Ok("ours") }).await.unwrap(),
            "ours"
        );
        let read = kept.at(&theirs, 1, async { Ok("theirs") });
        assert_eq!(*read.await.unwrap(), "theirs");
    }
}
