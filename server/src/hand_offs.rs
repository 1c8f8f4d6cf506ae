//! The clock of every rotation: hands over duty when it is time, whether or not anything else
//! works. What a rotation's plan says at that moment is for its source to know; PagerDuty's
//! schedules are one, and a workspace without PagerDuty has a clock all the same.

use crate::{
    background::{Background, Periodic, Task},
    store::{Store, StoreError},
};
use async_trait::async_trait;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time};
use tokio_util::task::TaskTracker;
use types::WorkspaceId;

/// What the background work calls the clock.
const TASK: &str = "hand_offs";

/// How long the clock rests at most, for plans that another server has changed.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// A clock that has not looked for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);
/// How long to rest after the database has failed, and where a workspace could not hand over.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Two clocks may differ as to whether it is time. Nobody asks more often than this, and nobody
/// waits longer than after a failure.
const SHORTEST_REST: Duration = Duration::from_millis(20);

/// What plans of one kind make of the rotations that have them.
#[async_trait]
pub trait Source: Send + Sync {
    /// The kind of plan, as it is stored.
    fn kind(&self) -> &str;

    /// Hands over what is due in a workspace by the plans' clock. Doing it twice, or on two
    /// servers, is doing it once.
    async fn hand_over(&self, workspace: &WorkspaceId) -> Result<Due, StoreError>;
}

/// What there was to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Now,
    /// Nothing yet, by the plans' own clock.
    In(Duration),
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

/// Why the clock did not look.
#[derive(Debug, thiserror::Error)]
#[error("what is due could not be looked for; it is tried again, and the log says why")]
struct NotLooked(#[from] StoreError);

/// The clock. Rotations whose plan is of no kind that a source knows are left alone. Each
/// workspace hands over by itself, among `tasks`, so that none keeps another one waiting.
pub fn task(
    store: &Store,
    signal: &ClockSignal,
    (tasks, background): (&TaskTracker, &Background),
    sources: Vec<Arc<dyn Source>>,
) -> Task {
    let clock = Clock {
        store: store.clone(),
        signal: signal.clone(),
        tasks: tasks.clone(),
        background: background.clone(),
        sources: sources.into(),
        handing_over: Arc::default(),
    };
    let step = move || {
        let clock = clock.clone();
        async move { Ok(clock.look().await.map_err(NotLooked)?) }
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

/// A workspace, and the place of a source.
type Place = (WorkspaceId, usize);

#[derive(Clone)]
struct Clock {
    store: Store,
    signal: ClockSignal,
    tasks: TaskTracker,
    background: Background,
    sources: Arc<[Arc<dyn Source>]>,
    handing_over: Arc<Mutex<HashSet<Place>>>,
}

impl Clock {
    /// Has handed over what is due, and says how long nothing else will be.
    async fn look(&self) -> Result<Duration, StoreError> {
        let mut rest = LONGEST_REST;
        for next in self.store.next_hand_offs(LONGEST_REST).await? {
            let known = |source: &Arc<dyn Source>| source.kind() == next.kind;
            let Some(source) = self.sources.iter().position(known) else {
                continue;
            };
            if !next.due_in.is_zero() {
                rest = rest.min(next.due_in);
            } else {
                self.begin((next.workspace, source));
            }
        }
        if rest == LONGEST_REST {
            // Whoever tells the time on pages goes by what the database told last.
            self.store.now().await?;
        }
        Ok(rest.max(SHORTEST_REST))
    }

    /// Has a workspace hand over, unless it does so already.
    fn begin(&self, place: Place) {
        if self.busy(|busy| busy.insert(place.clone())) {
            let handing_over = HandingOver {
                clock: self.clone(),
                place,
            };
            self.tasks.spawn(async move {
                handing_over.clock.hand_over(&handing_over.place).await;
            });
        }
    }

    /// Hands over, and rests where that would be asked for again at once.
    async fn hand_over(&self, (workspace, source): &Place) {
        let source = Arc::clone(&self.sources[*source]);
        let handing_over = tokio::spawn({
            let workspace = workspace.clone();
            async move { source.hand_over(&workspace).await }
        });
        let rest = match handing_over.await {
            Ok(Ok(Due::Now)) => return,
            Ok(Ok(Due::In(wait))) => wait.clamp(SHORTEST_REST, REST_AFTER_FAILURE),
            Ok(Err(error)) => {
                tracing::error!(%workspace, %error, "duty could not be handed over");
                REST_AFTER_FAILURE
            }
            Err(error) => {
                tracing::error!(%workspace, %error, "handing over broke off");
                self.background.broke_off(TASK);
                REST_AFTER_FAILURE
            }
        };
        time::sleep(rest).await;
    }

    fn busy<T>(&self, change: impl FnOnce(&mut HashSet<Place>) -> T) -> T {
        let busy = self.handing_over.lock();
        change(&mut busy.unwrap_or_else(PoisonError::into_inner))
    }
}

/// A place that is busy, however that ends.
struct HandingOver {
    clock: Clock,
    place: Place,
}

impl Drop for HandingOver {
    fn drop(&mut self) {
        self.clock.busy(|busy| busy.remove(&self.place));
        self.clock.signal.wake();
    }
}
