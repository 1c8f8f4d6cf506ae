//! Tells the open pages of a workspace that something changed. Each workspace
//! has a channel of its own, so that one's bustle never drops another's events.
//! Where several servers share a database, each also tells the others.
//!
//! A page hears of a rotation only where its reader may see it, and the version that a page
//! knows counts only what its reader may see: of a private rotation nobody else learns even
//! that it changed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::sync::{self, OwnedMutexGuard, broadcast, mpsc};
use types::{LiveTopic, RotationId, WorkspaceId};

/// How many events a slow page may fall behind before it is told to read
/// everything anew.
const CHANNEL_EVENTS: usize = 256;
/// How many events may wait to be told to the other servers.
const OUTBOX_EVENTS: usize = 4096;

/// How many rotations that are no more are remembered in any case.
const GONE_KEPT: usize = 64;

/// The channels of this process.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    channels: Mutex<HashMap<WorkspaceId, Channel>>,
    outbox: OnceLock<Outbox>,
    /// More happened than the outbox could take.
    overflowed: AtomicBool,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Published {
    /// Absent where nobody knows what was missed.
    pub topic: Option<LiveTopic>,
    /// What is read from then on shows it.
    pub at: Instant,
}

/// What the other servers are still to be told.
#[derive(Debug)]
struct Outbox {
    sender: mpsc::Sender<(WorkspaceId, LiveTopic)>,
    receiver: Arc<sync::Mutex<mpsc::Receiver<(WorkspaceId, LiveTopic)>>>,
}

#[derive(Debug)]
struct Channel {
    /// How much happened that concerns everybody.
    common: u64,
    /// How often each rotation changed.
    by_rotation: HashMap<RotationId, u64>,
    sender: broadcast::Sender<Published>,
}

impl Default for Channel {
    /// Begins somewhere: a page that comes from another server, or from before a
    /// restart, must not take our numbers for those that it knows.
    fn default() -> Self {
        Self {
            common: u64::from(getrandom::u32().unwrap_or_default()) << 16,
            by_rotation: HashMap::new(),
            sender: broadcast::Sender::new(CHANNEL_EVENTS),
        }
    }
}

impl Channel {
    fn version(&self, sees: impl Fn(&RotationId) -> bool) -> u64 {
        let seen = self.by_rotation.iter().filter(|(id, _)| sees(id));
        self.common + seen.map(|(_, changes)| changes).sum::<u64>()
    }

    fn publish(&mut self, topic: Option<LiveTopic>) {
        match &topic {
            Some(LiveTopic::Rotation(id)) => {
                *self.by_rotation.entry(id.clone()).or_default() += 1;
            }
            Some(LiveTopic::Connection) => self.common += 1,
            // No page takes it for the one change that follows.
            None => self.common += 2,
        }
        // An error only says that no page is open.
        let _ = self.sender.send(Published {
            topic,
            at: Instant::now(),
        });
    }
}

impl Live {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a change to every open page of the workspace that may hear of it, here and at
    /// the other servers. Of rotations those are told in the transaction that changes them.
    pub fn publish(&self, workspace: &WorkspaceId, topic: LiveTopic) {
        if let Some(outbox) = self.0.outbox.get()
            && outbox
                .sender
                .try_send((workspace.clone(), topic.clone()))
                .is_err()
        {
            self.0.overflowed.store(true, Ordering::Relaxed);
        }
        self.publish_here(workspace, topic);
    }

    /// Sends a change to the pages that are open at this server.
    pub fn publish_here(&self, workspace: &WorkspaceId, topic: LiveTopic) {
        self.with_channel(workspace, |channel| channel.publish(Some(topic)));
    }

    /// Has every page that is open at this server read everything anew, since
    /// nobody knows what it has missed.
    pub fn start_over(&self) {
        for channel in self.lock().values_mut() {
            channel.publish(None);
        }
    }

    /// What is published from the first call on and to be told to other servers. One at a
    /// time has it; whoever takes it up where another has left it goes by an overflow, since
    /// what the other had in hand is lost.
    pub async fn outbox(&self) -> OwnedMutexGuard<mpsc::Receiver<(WorkspaceId, LiveTopic)>> {
        let mut is_new = false;
        let outbox = self.0.outbox.get_or_init(|| {
            is_new = true;
            let (sender, receiver) = mpsc::channel(OUTBOX_EVENTS);
            let receiver = Arc::new(sync::Mutex::new(receiver));
            Outbox { sender, receiver }
        });
        let receiver = Arc::clone(&outbox.receiver).lock_owned().await;
        if !is_new {
            self.0.overflowed.store(true, Ordering::Relaxed);
        }
        receiver
    }

    /// Whether more was published than the outbox could take, since this was last
    /// asked.
    pub fn take_overflow(&self) -> bool {
        self.0.overflowed.swap(false, Ordering::Relaxed)
    }

    /// The version of the workspace for somebody who sees these rotations.
    pub fn version(&self, workspace: &WorkspaceId, sees: impl Fn(&RotationId) -> bool) -> u64 {
        self.with_channel(workspace, |channel| channel.version(sees))
    }

    /// Forgets rotations that are no more once there are more of them than others: nobody sees
    /// them, so no version counts them.
    pub fn forget_gone(
        &self,
        workspace: &WorkspaceId,
        known: usize,
        exists: impl Fn(&RotationId) -> bool,
    ) {
        self.with_channel(workspace, |channel| {
            if channel.by_rotation.len() > 2 * known + GONE_KEPT {
                channel.by_rotation.retain(|id, _| exists(id));
            }
        });
    }

    /// The same, and all that happens after it.
    pub fn subscribe(
        &self,
        workspace: &WorkspaceId,
        sees: impl Fn(&RotationId) -> bool,
    ) -> (u64, broadcast::Receiver<Published>) {
        self.with_channel(workspace, |channel| {
            (channel.version(sees), channel.sender.subscribe())
        })
    }

    fn with_channel<T>(&self, workspace: &WorkspaceId, act: impl FnOnce(&mut Channel) -> T) -> T {
        act(self.lock().entry(workspace.clone()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Channel>> {
        // A panic elsewhere cannot leave a channel half changed.
        let channels = &self.0.channels;
        channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything(_: &RotationId) -> bool {
        true
    }

    #[test]
    fn versions_ascend_by_one_within_a_workspace() {
        let live = Live::new();
        let (ours, theirs) = (WorkspaceId::new("T1"), WorkspaceId::new("T2"));
        let (start, mut events) = live.subscribe(&ours, everything);
        live.publish(&ours, LiveTopic::Connection);
        live.publish(&theirs, LiveTopic::Connection);
        assert_eq!(live.version(&ours, everything), start + 1);
        live.publish(&ours, LiveTopic::Connection);
        assert_eq!(live.version(&ours, everything), start + 2);
        for _ in 0..2 {
            let topic = events.try_recv().unwrap().topic;
            assert_eq!(topic, Some(LiveTopic::Connection));
        }
        assert!(events.try_recv().is_err());
    }

    #[test]
    fn a_version_counts_only_what_somebody_sees() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let [public, private] = ["public", "private"].map(RotationId::new);
        let sees_public = |id: &RotationId| *id == public;
        let start = live.version(&workspace, sees_public);
        let start_of_all = live.version(&workspace, everything);
        for id in [&private, &public, &private] {
            live.publish(&workspace, LiveTopic::Rotation(id.clone()));
        }
        assert_eq!(live.version(&workspace, sees_public), start + 1);
        assert_eq!(live.version(&workspace, everything), start_of_all + 3);
    }

    #[test]
    fn rotations_that_are_no_more_are_forgotten_without_anybody_hearing() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let kept = RotationId::new("kept");
        let sees = |id: &RotationId| *id == kept;
        live.publish(&workspace, LiveTopic::Rotation(kept.clone()));
        for number in 0..2 * GONE_KEPT {
            let gone = RotationId::new(number.to_string());
            live.publish(&workspace, LiveTopic::Rotation(gone));
        }
        let version = live.version(&workspace, sees);
        live.forget_gone(&workspace, 1, sees);
        assert_eq!(live.version(&workspace, sees), version);
        assert_eq!(live.version(&workspace, everything), version);
    }

    #[test]
    fn who_comes_later_hears_only_what_comes_after() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let start = live.version(&workspace, everything);
        live.publish(&workspace, LiveTopic::Connection);
        let (version, mut events) = live.subscribe(&workspace, everything);
        assert_eq!(version, start + 1);
        assert!(events.try_recv().is_err());
    }

    #[test]
    fn pages_that_may_have_missed_something_are_told_to_start_over() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let (version, mut events) = live.subscribe(&workspace, everything);
        live.start_over();
        assert_eq!(events.try_recv().unwrap().topic, None);
        assert!(live.version(&workspace, everything) > version + 1);
    }

    #[tokio::test]
    async fn what_is_published_here_alone_is_not_told_to_others() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let mut outbox = live.outbox().await;
        live.publish_here(&workspace, LiveTopic::Connection);
        assert!(outbox.try_recv().is_err());
        live.publish(&workspace, LiveTopic::Connection);
        assert!(outbox.try_recv().is_ok());
        assert!(!live.take_overflow());
    }

    #[tokio::test]
    async fn what_waits_to_be_told_outlasts_whoever_told_it() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let before = live.outbox().await;
        live.publish(&workspace, LiveTopic::Connection);
        drop(before);
        let mut after = live.outbox().await;
        assert!(after.try_recv().is_ok());
        assert!(live.take_overflow());
    }
}
