//! Tells the open pages of a workspace that something changed. Each workspace
//! has a channel of its own, so that one's bustle never drops another's events.
//! Where several servers share a database, each also tells the others.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{broadcast, mpsc};
use types::{LiveEvent, LiveTopic, WorkspaceId};

/// How many events a slow page may fall behind before it is told to read
/// everything anew.
const CHANNEL_EVENTS: usize = 256;
/// How many events may wait to be told to the other servers.
const OUTBOX_EVENTS: usize = 4096;

/// The channels of this process.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    channels: Mutex<HashMap<WorkspaceId, Channel>>,
    outbox: OnceLock<mpsc::Sender<(WorkspaceId, LiveTopic)>>,
    /// More happened than the outbox could take.
    overflowed: AtomicBool,
}

#[derive(Debug)]
struct Channel {
    /// The number of the last event.
    version: u64,
    sender: broadcast::Sender<LiveEvent>,
}

impl Default for Channel {
    /// Begins somewhere: a page that comes from another server, or from before a
    /// restart, must not take our numbers for those that it knows.
    fn default() -> Self {
        Self {
            version: u64::from(getrandom::u32().unwrap_or_default()) << 16,
            sender: broadcast::Sender::new(CHANNEL_EVENTS),
        }
    }
}

impl Live {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a change to every open page of the workspace, here and at the other
    /// servers.
    pub fn publish(&self, workspace: &WorkspaceId, topic: LiveTopic) {
        if let Some(outbox) = self.0.outbox.get()
            && outbox.try_send((workspace.clone(), topic.clone())).is_err()
        {
            self.0.overflowed.store(true, Ordering::Relaxed);
        }
        self.publish_here(workspace, topic);
    }

    /// Sends a change to the pages that are open at this server.
    pub fn publish_here(&self, workspace: &WorkspaceId, topic: LiveTopic) {
        self.with_channel(workspace, |channel| {
            channel.version += 1;
            // An error only says that no page is open.
            let _ = channel.sender.send(LiveEvent {
                version: channel.version,
                topic: Some(topic),
            });
        });
    }

    /// Has every page that is open at this server read everything anew, since
    /// nobody knows what it has missed.
    pub fn start_over(&self) {
        let mut channels = self.lock();
        for channel in channels.values_mut() {
            channel.version += 2;
            let _ = channel.sender.send(LiveEvent {
                version: channel.version,
                topic: None,
            });
        }
    }

    /// What is published from now on and to be told to other servers; `None` when
    /// somebody takes it already.
    pub fn outbox(&self) -> Option<mpsc::Receiver<(WorkspaceId, LiveTopic)>> {
        let (sender, receiver) = mpsc::channel(OUTBOX_EVENTS);
        self.0.outbox.set(sender).ok().map(|()| receiver)
    }

    /// Whether more was published than the outbox could take, since this was last
    /// asked.
    pub fn take_overflow(&self) -> bool {
        self.0.overflowed.swap(false, Ordering::Relaxed)
    }

    /// The workspace's current version.
    pub fn version(&self, workspace: &WorkspaceId) -> u64 {
        self.with_channel(workspace, |channel| channel.version)
    }

    /// The workspace's current version, and all events after it.
    pub fn subscribe(&self, workspace: &WorkspaceId) -> (u64, broadcast::Receiver<LiveEvent>) {
        self.with_channel(workspace, |channel| {
            (channel.version, channel.sender.subscribe())
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

    #[test]
    fn versions_ascend_by_one_within_a_workspace() {
        let live = Live::new();
        let (ours, theirs) = (WorkspaceId::new("T1"), WorkspaceId::new("T2"));
        let (start, mut events) = live.subscribe(&ours);
        live.publish(&ours, LiveTopic::Connection);
        live.publish(&theirs, LiveTopic::Connection);
        live.publish(&ours, LiveTopic::Connection);
        for version in [start + 1, start + 2] {
            assert_eq!(
                events.try_recv().unwrap(),
                LiveEvent {
                    version,
                    topic: Some(LiveTopic::Connection)
                }
            );
        }
        assert!(events.try_recv().is_err());
    }

    #[test]
    fn who_comes_later_hears_only_what_comes_after() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let start = live.version(&workspace);
        live.publish(&workspace, LiveTopic::Connection);
        let (version, mut events) = live.subscribe(&workspace);
        assert_eq!(version, start + 1);
        assert_eq!(live.version(&workspace), version);
        assert!(events.try_recv().is_err());
    }

    #[test]
    fn pages_that_may_have_missed_something_are_told_to_start_over() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let (version, mut events) = live.subscribe(&workspace);
        live.start_over();
        let event = events.try_recv().unwrap();
        assert!(event.version > version + 1);
        assert_eq!(event.topic, None);
    }

    #[test]
    fn what_is_published_here_alone_is_not_told_to_others() {
        let live = Live::new();
        let workspace = WorkspaceId::new("T1");
        let mut outbox = live.outbox().unwrap();
        live.publish_here(&workspace, LiveTopic::Connection);
        assert!(outbox.try_recv().is_err());
        live.publish(&workspace, LiveTopic::Connection);
        assert!(outbox.try_recv().is_ok());
        assert!(!live.take_overflow());
    }
}
