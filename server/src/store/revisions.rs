//! Revisions: numbers that grow in the very transactions that change what pages show. What
//! was read is kept under its revision, and holds for as long as the revision stands,
//! whichever server wrote last.

use super::{DatabaseConnection, Result, Store, StoreError};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use types::{RotationId, WorkspaceId};

/// How long something is kept at most. Servers of a version that knows no revisions write
/// without them, and may still run while this one takes over from them.
pub(super) const LONGEST_KEPT: Duration = Duration::from_secs(10);

/// How often what pages show has changed in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Revisions {
    /// People, and who is who.
    pub(super) people: i64,
    /// Those, and rotations with all that their cards show but how well it is confirmed.
    pub(super) rotations: i64,
}

impl Store {
    /// Notes that what pages show of rotations changed, and has the other servers told which
    /// changed themselves; see [`people_changed`].
    pub(super) async fn rotations_changed(
        &self,
        connection: &mut DatabaseConnection,
        workspace: &WorkspaceId,
        rotations: impl IntoIterator<Item = &RotationId>,
    ) -> Result<()> {
        self.announce_rotations(connection, workspace, rotations)
            .await?;
        bump(connection, workspace, 0).await
    }

    pub(super) async fn revisions(&self, workspace: &WorkspaceId) -> Result<Revisions> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("select people, rotations from revisions where workspace_id = $1")
                .bind(workspace.as_str())
                .fetch_optional(&self.pool)
                .await?;
        let (people, rotations) = row.unwrap_or_default();
        Ok(Revisions { people, rotations })
    }

    /// Notes the revisions that somebody has looked up with something else.
    pub(super) fn revisions_were(
        &self,
        workspace: &WorkspaceId,
        Revisions { people, rotations }: Revisions,
        at: Instant,
    ) {
        self.directories.was_at(workspace, people, at);
        self.overviews.was_at(workspace, rotations, at);
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
pub(super) struct Kept<T>(Arc<std::sync::Mutex<Slots<T>>>);

type Slots<T> = HashMap<WorkspaceId, Arc<Mutex<Slot<T>>>>;

#[derive(Debug)]
struct Slot<T> {
    reading: Option<Reading<T>>,
    /// When the last attempt that failed began, and why it did.
    failure: Option<(Instant, Arc<StoreError>)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            reading: None,
            failure: None,
        }
    }
}

#[derive(Debug)]
struct Reading<T> {
    revision: i64,
    read_at: Instant,
    /// When the revision was looked up last, and still was this one.
    holds_at: Instant,
    value: Arc<T>,
}

impl<T> Reading<T> {
    fn is_kept(&self, now: Instant) -> bool {
        now.duration_since(self.read_at) < LONGEST_KEPT
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
    /// What holds at `since` or later: what is kept, if that is certain by what `revision`
    /// looks up, or what `read` reads now. Single flight: of many who ask for a workspace at
    /// once, one looks and reads, and a failure is that of all who waited for it.
    pub(super) async fn since(
        &self,
        workspace: &WorkspaceId,
        since: Instant,
        revision: impl Future<Output = Result<i64>>,
        read: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        self.renewed_since(workspace, since, revision, |_| read)
            .await
    }

    /// The same where `read` makes use of what was read before, if that is still at hand.
    pub(super) async fn renewed_since<F: Future<Output = Result<T>>>(
        &self,
        workspace: &WorkspaceId,
        since: Instant,
        revision: impl Future<Output = Result<i64>>,
        read: impl FnOnce(Option<Arc<T>>) -> F,
    ) -> Result<Arc<T>> {
        let slot = self.slot(workspace);
        let mut slot = slot.lock().await;
        let now = Instant::now();
        if let Some(kept) = &slot.reading
            && kept.is_kept(now)
            && kept.holds_at >= since
        {
            return Ok(Arc::clone(&kept.value));
        }
        if let Some((began, failure)) = &slot.failure
            && *began >= since
        {
            return Err(StoreError::Shared(Arc::clone(failure)));
        }
        slot.bring_up_to_date(now, revision, read)
            .await
            .map_err(|error| {
                let error = Arc::new(error);
                slot.failure = Some((now, Arc::clone(&error)));
                StoreError::Shared(error)
            })
    }

    /// Notes that at `at` the workspace's revision was `revision`, which somebody has looked up
    /// with something else: what is kept under it holds then.
    pub(super) fn was_at(&self, workspace: &WorkspaceId, revision: i64, at: Instant) {
        let slot = {
            let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.get(workspace).map(Arc::clone)
        };
        // Whoever has locked it is looking the revision up just now.
        let Some(Ok(mut slot)) = slot.as_ref().map(|slot| slot.try_lock()) else {
            return;
        };
        if let Some(kept) = &mut slot.reading
            && kept.revision == revision
        {
            kept.holds_at = kept.holds_at.max(at);
        }
    }

    /// When one more workspace comes, those leave of which nothing is kept that still holds.
    fn slot(&self, workspace: &WorkspaceId) -> Arc<Mutex<Slot<T>>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(workspace) {
            return Arc::clone(slot);
        }
        let now = Instant::now();
        slots.retain(|_, slot| {
            // Whoever has locked it is about to read.
            let kept = |slot: &Slot<T>| slot.reading.as_ref().is_some_and(|kept| kept.is_kept(now));
            slot.try_lock().map_or(true, |slot| kept(&slot))
        });
        Arc::clone(slots.entry(workspace.clone()).or_default())
    }
}

impl<T> Slot<T> {
    async fn bring_up_to_date<F: Future<Output = Result<T>>>(
        &mut self,
        now: Instant,
        revision: impl Future<Output = Result<i64>>,
        read: impl FnOnce(Option<Arc<T>>) -> F,
    ) -> Result<Arc<T>> {
        // Before anything else is read: what is written in between makes the next who asks
        // read again, and nobody sees less than there was.
        let revision = revision.await?;
        if let Some(kept) = &mut self.reading
            && kept.is_kept(now)
            && kept.revision == revision
        {
            kept.holds_at = kept.holds_at.max(now);
            return Ok(Arc::clone(&kept.value));
        }
        let before = self.reading.as_ref();
        let before = before.map(|kept| Arc::clone(&kept.value));
        let value = Arc::new(read(before).await?);
        self.reading = Some(Reading {
            revision,
            read_at: now,
            holds_at: now,
            value: Arc::clone(&value),
        });
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    const OURS: &str = "T1";

    #[derive(Default)]
    struct Database {
        revision: AtomicI64,
        looks: AtomicUsize,
        reads: AtomicUsize,
    }

    impl Database {
        async fn ask(&self, kept: &Kept<usize>, since: Instant) -> usize {
            let look = async {
                tokio::task::yield_now().await;
                self.looks.fetch_add(1, Ordering::Relaxed);
                Ok(self.revision.load(Ordering::Relaxed))
            };
            let read = async { Ok(self.reads.fetch_add(1, Ordering::Relaxed)) };
            let workspace = WorkspaceId::new(OURS);
            *kept.since(&workspace, since, look, read).await.unwrap()
        }
    }

    #[tokio::test]
    async fn many_who_ask_at_once_have_one_look_and_read() {
        let (kept, database) = (Kept::default(), Database::default());
        let now = Instant::now();
        let ask = || database.ask(&kept, now);
        assert_eq!(tokio::join!(ask(), ask(), ask()), (0, 0, 0));
        assert_eq!(database.looks.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_kept_is_read_anew_only_under_another_revision() {
        let (kept, database) = (Kept::default(), Database::default());
        assert_eq!(database.ask(&kept, Instant::now()).await, 0);
        assert_eq!(database.ask(&kept, Instant::now()).await, 0);
        database.revision.fetch_add(1, Ordering::Relaxed);
        let before = Instant::now();
        assert_eq!(database.ask(&kept, before).await, 1);
        // Whoever is content with what was at that time does not even look.
        assert_eq!(database.ask(&kept, before).await, 1);
        assert_eq!(database.looks.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_revision_that_was_looked_up_with_something_else_spares_a_look_if_it_is_the_same() {
        let (kept, database) = (Kept::default(), Database::default());
        let workspace = WorkspaceId::new(OURS);
        let looks = || database.looks.load(Ordering::Relaxed);
        kept.was_at(&workspace, 0, Instant::now());
        assert_eq!(database.ask(&kept, Instant::now()).await, 0);
        let at = Instant::now();
        kept.was_at(&workspace, 0, at);
        assert_eq!((database.ask(&kept, at).await, looks()), (0, 1));
        // Of a time before does not take anything back.
        kept.was_at(&workspace, 0, at - Duration::from_millis(1));
        assert_eq!((database.ask(&kept, at).await, looks()), (0, 1));
        database.revision.fetch_add(1, Ordering::Relaxed);
        let at = Instant::now();
        kept.was_at(&workspace, 1, at);
        assert_eq!((database.ask(&kept, at).await, looks()), (1, 2));
    }

    #[test]
    fn what_a_version_without_revisions_writes_is_seen_soon() {
        let read_at = Instant::now();
        let reading = Reading {
            revision: 3,
            read_at,
            holds_at: read_at,
            value: Arc::new(()),
        };
        assert!(reading.is_kept(read_at + LONGEST_KEPT - Duration::from_millis(1)));
        assert!(!reading.is_kept(read_at + LONGEST_KEPT));
    }

    #[tokio::test]
    async fn a_failure_is_told_to_those_who_waited_and_to_nobody_later() {
        let (kept, database) = (Kept::default(), Database::default());
        let workspace = WorkspaceId::new(OURS);
        let (began, looks) = (Instant::now(), AtomicUsize::new(0));
        let fail = || async {
            let look = async {
                looks.fetch_add(1, Ordering::Relaxed);
                Err(StoreError::Unreadable { what: "it" })
            };
            kept.since(&workspace, began, look, async { Ok(0) }).await
        };
        let (one, other) = tokio::join!(fail(), fail());
        assert!(one.is_err() && other.is_err());
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        assert_eq!(database.ask(&kept, Instant::now()).await, 0);
    }

    #[tokio::test]
    async fn of_workspaces_that_nobody_asks_about_nothing_stays() {
        let kept = Kept::<()>::default();
        let ask = async |workspace: &str| {
            let id = WorkspaceId::new(workspace);
            let read = kept.since(&id, Instant::now(), async { Ok(1) }, async { Ok(()) });
            read.await.unwrap();
        };
        ask("T1").await;
        ask("T2").await;
        assert_eq!(kept.0.lock().unwrap().len(), 2);
        let Some(long_ago) = Instant::now().checked_sub(LONGEST_KEPT) else {
            return;
        };
        let idle = kept.slot(&WorkspaceId::new("T1"));
        idle.lock().await.reading.as_mut().unwrap().read_at = long_ago;
        drop(idle);
        ask("T3").await;
        let slots = kept.0.lock().unwrap();
        assert_eq!(slots.len(), 2);
        assert!(!slots.contains_key(&WorkspaceId::new("T1")));
    }

    #[tokio::test]
    async fn workspaces_are_kept_apart() {
        let kept = Kept::<&str>::default();
        for workspace in [OURS, "T2"] {
            let id = WorkspaceId::new(workspace);
            let look = async { Ok(1) };
            let read = kept.since(&id, Instant::now(), look, async { Ok(workspace) });
            assert_eq!(*read.await.unwrap(), workspace);
        }
    }
}
