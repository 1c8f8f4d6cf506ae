//! The clock of every rotation: hands over duty when it is time, whether or not anything else
//! works. What a rotation's plan says at that moment is for its source to know; PagerDuty's
//! schedules are one, and a workspace without PagerDuty has a clock all the same.

use crate::{
    background::{Background, Periodic, Task},
    store::{NextHandOff, Store, StoreError},
};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use types::WorkspaceId;

/// What the background work calls the clock.
const TASK: &str = "hand_offs";

/// How long the clock rests at most, for plans that another server has changed.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// A clock that has not looked for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);
/// How long to rest after the database has failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Workspaces in which duty changes hands at once.
const AT_ONCE: usize = 8;
/// Two clocks may differ by a hair as to whether it is time; nobody asks more often than this.
const SHORTEST_REST: Duration = Duration::from_millis(20);

/// What plans of one kind make of the rotations that have them.
#[async_trait]
pub trait Source: Send + Sync {
    /// The kind of plan, as it is stored.
    fn kind(&self) -> &str;

    /// Hands over what is due in a workspace by the plans' clock, and says how long until
    /// something is next, if anything is. Doing it twice, or on two servers, is doing it once.
    async fn hand_over(&self, workspace: &WorkspaceId) -> Result<Option<Duration>, StoreError>;
}

/// Tells the clock that a plan has changed.
#[derive(Clone, Debug, Default)]
pub struct ClockSignal(Arc<Notify>);

impl ClockSignal {
    /// Has the clock look at once for what is due.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Why nothing, or not everything, was handed over.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("what is due could not be looked for; it is tried again, and the log says why")]
    NotLooked(#[source] StoreError),
    #[error("duty could not be handed over everywhere; it is tried again, and the log says why")]
    NotHandedOver(#[source] StoreError),
}

/// The clock. Rotations whose plan is of no kind that a source knows are left alone.
pub fn task(store: &Store, signal: &ClockSignal, sources: Vec<Arc<dyn Source>>) -> Task {
    let (store, sources) = (store.clone(), Arc::new(sources));
    let step = move || {
        let (store, sources) = (store.clone(), Arc::clone(&sources));
        async move { Ok(hand_over_due(&store, &sources).await?) }
    };
    let about = "Hands over duty when a shift begins or ends";
    Periodic::new(TASK, about, LONGEST_REST, step)
        .woken_by(Arc::clone(&signal.0))
        .retried_within(REST_AFTER_FAILURE)
        .patient_for(STUCK_AFTER)
        .into()
}

/// Whether this server's clock looks for what is due, as it does every few seconds.
pub fn is_alive(background: &Background) -> bool {
    background.is_served(TASK)
}

/// Hands over what is due and says how long nothing else will be. A workspace that fails keeps
/// no other one waiting.
async fn hand_over_due(store: &Store, sources: &[Arc<dyn Source>]) -> Result<Duration, Failed> {
    let next = store.next_hand_offs(LONGEST_REST).await;
    let next = next.map_err(Failed::NotLooked)?;
    let known = next.into_iter().filter_map(|next| {
        let source = sources.iter().find(|source| source.kind() == next.kind)?;
        Some(hand_over(Arc::clone(source), next).boxed())
    });
    let handing_over = stream::iter(known.collect::<Vec<_>>());
    let ends: Vec<_> = handing_over.buffer_unordered(AT_ONCE).collect().await;
    let mut rest = LONGEST_REST;
    for end in ends {
        rest = rest.min(end.map_err(Failed::NotHandedOver)?);
    }
    Ok(rest.max(SHORTEST_REST))
}

/// How long until there is something to hand over, after what is due has been.
async fn hand_over(source: Arc<dyn Source>, next: NextHandOff) -> Result<Duration, StoreError> {
    if !next.due_in.is_zero() {
        return Ok(next.due_in);
    }
    let handed_over = source.hand_over(&next.workspace).await;
    if let Err(error) = &handed_over {
        tracing::error!(workspace = %next.workspace, %error, "duty could not be handed over");
    }
    Ok(handed_over?.unwrap_or(LONGEST_REST))
}
