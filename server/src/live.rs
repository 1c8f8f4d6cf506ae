//! Tells the open pages of a workspace that something changed. Each workspace
//! has a channel of its own, so that one's bustle never drops another's events.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;
use types::{LiveEvent, LiveTopic, WorkspaceId};

/// How many events a slow page may fall behind before it is told to read
/// everything anew.
const CHANNEL_EVENTS: usize = 256;

/// The channels of this process.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<HashMap<WorkspaceId, Channel>>>);

#[derive(Debug)]
struct Channel {
    /// The number of the last event, 0 before the first.
    version: u64,
    sender: broadcast::Sender<LiveEvent>,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            version: 0,
            sender: broadcast::Sender::new(CHANNEL_EVENTS),
        }
    }
}

impl Live {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a change to every open page of the workspace.
    pub fn publish(&self, workspace: &WorkspaceId, topic: LiveTopic) {
        self.with_channel(workspace, |channel| {
            channel.version += 1;
            // An error only says that no page is open.
            let _ = channel.sender.send(LiveEvent {
                version: channel.version,
                topic: Some(topic),
            });
        });
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
        // A panic elsewhere cannot leave a channel half changed.
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(channels.entry(workspace.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ascend_by_one_within_a_workspace() {
        let live = Live::new();
        let (ours, theirs) = (WorkspaceId::new("T1"), WorkspaceId::new("T2"));
        let (version, mut events) = live.subscribe(&ours);
        assert_eq!(version, 0);
        live.publish(&ours, LiveTopic::Connection);
        live.publish(&theirs, LiveTopic::Connection);
        live.publish(&ours, LiveTopic::Connection);
        for version in [1, 2] {
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
        live.publish(&workspace, LiveTopic::Connection);
        let (version, mut events) = live.subscribe(&workspace);
        assert_eq!(version, 1);
        assert_eq!(live.version(&workspace), 1);
        assert!(events.try_recv().is_err());
    }
}
