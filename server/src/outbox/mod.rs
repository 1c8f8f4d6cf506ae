//! Delivers what the outbox holds: to each target in its order, each notice once. What a notice
//! says, and how it gets there, is for the consumer of its kind to know.

mod attempts;
mod posting;

pub use attempts::Attempt;
pub use posting::Posting;

use crate::{
    background::{Background, Lease, Periodic, Task, jitter},
    store::{Beside, Claimable, Delivery, DeliveryEnd, Precedence, Single, Store, StoreError},
};
use async_trait::async_trait;
use attempts::end_of;
use posting::Turns;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// What the background work calls this.
const TASK: &str = "outbox";

/// How long the deliverer rests at most.
const LONGEST_REST: Duration = Duration::from_secs(3);
/// How long it rests at least, where the clocks differ as to whether something is due.
const SHORTEST_REST: Duration = Duration::from_millis(20);
/// A server that dies is replaced after so long.
const LEASE: Duration = Duration::from_secs(10);
/// What is sent at once, to as many targets.
const AT_ONCE: usize = 32;
/// How long a consumer may take. Whether it has told by then, nobody knows, once it has begun to.
const DELIVERY_LIMIT: Duration = Duration::from_secs(20);
/// How long whoever sends keeps others away: longer than a consumer may take, and as long as it
/// may be tried to write what came of it.
const CLAIM: Duration = Duration::from_secs(30);
/// How long to rest after the database has failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Codes of what went wrong here, and not at the other side.
const TIMED_OUT: &str = "timed_out";
const BROKE_OFF: &str = "broke_off";
const SERVER_ENDED: &str = "server_ended";

/// Whoever tells notices of one kind.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The kind, as it is stored.
    fn kind(&self) -> &str;

    /// Whether telling the same thing twice does no harm. Otherwise what may have been told is
    /// said to be in doubt, and not told again, and of all that is so one is being written at a
    /// time in each workspace, so that a server that dies leaves one in doubt there at most.
    fn is_repeatable(&self) -> bool;

    /// With which others of those that are not repeatable it is told one after the other, in each
    /// workspace. What is in another lane is made ready beside it.
    fn lane(&self) -> &str {
        ""
    }

    /// The kinds that go first: of the same rotation, each notice of them that is due is tried
    /// before one of this kind.
    fn goes_after(&self) -> &[&str] {
        &[]
    }

    /// Whether telling a target how things are tells whatever waits for it, also of other
    /// rotations.
    fn tells_everything(&self) -> bool {
        false
    }

    /// Tells a notice, by what is true now, in less than 20 seconds. Who is not repeatable says so
    /// right before it is written.
    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt;

    /// The same, where it matters of what else is told with it: what ends together with this one.
    async fn deliver_with(
        &self,
        delivery: &Delivery,
        _beside: &[Beside],
        posting: &Posting,
    ) -> Attempt {
        self.deliver(delivery, posting).await
    }

    /// What came of it is written by now: whoever shows that may look.
    fn ended(&self, _delivery: &Delivery) {}
}

/// Why the deliverer did not look.
#[derive(Debug, thiserror::Error)]
#[error(
    "what is to be told outside could not be looked for; it is tried again, and the log says why"
)]
struct NotLooked(#[from] StoreError);

/// Delivering, by one server of several, until the shutdown; nothing where nobody consumes.
/// Kinds that no consumer knows are left alone. What is being sent then is among `tasks`.
pub fn task(
    store: &Store,
    (tasks, background): (&TaskTracker, &Background),
    consumers: Vec<Arc<dyn Consumer>>,
) -> Option<Task> {
    if consumers.is_empty() {
        return None;
    }
    let deliverer = Deliverer::new(store, background, consumers);
    let tasks = tasks.clone();
    let step = move || {
        let (deliverer, tasks) = (deliverer.clone(), tasks.clone());
        async move { Ok(deliverer.look(&tasks).await.map_err(NotLooked)?) }
    };
    let about = "Tells outside what becomes of duty";
    let task = Periodic::new(TASK, about, LONGEST_REST, step)
        .woken_by(store.outbox_signal())
        .retried_within(REST_AFTER_FAILURE)
        .under(Lease::new(store, TASK, LEASE));
    Some(task.into())
}

/// Claims and sends. Clones share how much is sent at once, and who writes.
#[derive(Clone)]
pub struct Deliverer {
    store: Store,
    background: Background,
    consumers: Arc<[Arc<dyn Consumer>]>,
    places: Arc<Semaphore>,
    turns: Turns,
}

impl Deliverer {
    pub fn new(store: &Store, background: &Background, consumers: Vec<Arc<dyn Consumer>>) -> Self {
        Self {
            store: store.clone(),
            background: background.clone(),
            consumers: consumers.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            turns: Turns::default(),
        }
    }

    /// Claims what is due of what may be sent now.
    pub async fn claim(&self) -> Result<Vec<Delivery>, StoreError> {
        let most = self.places.available_permits();
        let claimable = Claimable {
            kinds: &self.kinds_that(|_| true),
            singly: &self.singly(),
            precedences: &self.precedences(),
        };
        self.store.claim_notices(claimable, most, CLAIM).await
    }

    /// Takes back what servers that are gone were sending.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let kinds = self.kinds_that(|_| true);
        let repeatable = self.kinds_that(|consumer| consumer.is_repeatable());
        let recovering = self
            .store
            .recover_deliveries(&kinds, &repeatable, SERVER_ENDED);
        let in_doubt = recovering.await?;
        if in_doubt > 0 {
            tracing::warn!(
                in_doubt,
                "a server ended while it told something outside; nobody knows whether it was told, and it is not told again"
            );
        }
        Ok(())
    }

    /// Sends what was claimed, and writes what came of it.
    pub async fn deliver(&self, delivery: Delivery) {
        let began = Instant::now();
        let Some(consumer) = self.consumer(&delivery.kind) else {
            return;
        };
        let beside = match consumer.tells_everything() {
            true => self.beside(&delivery).await,
            false => Vec::new(),
        };
        // Until it is written what came of it, nobody else in the workspace begins to write.
        let posting = Posting::new(&self.store, &delivery, &beside, &self.turns);
        let mut sending = AbortOnDropHandle::new(tokio::spawn({
            let (consumer, delivery) = (Arc::clone(consumer), delivery.clone());
            let (beside, posting) = (beside.clone(), posting.clone());
            async move { consumer.deliver_with(&delivery, &beside, &posting).await }
        }));
        let broken_off = |problem: &str| {
            let problem = problem.to_owned();
            match posting.has_begun() {
                true => Attempt::Unclear { problem },
                false => Attempt::Failed {
                    problem,
                    wait: None,
                },
            }
        };
        let sent = match time::timeout(DELIVERY_LIMIT, &mut sending).await {
            Ok(sent) => sent,
            Err(_) => {
                sending.abort();
                // As long as it goes on, it may begin to write.
                sending.await
            }
        };
        let attempt = match sent {
            Ok(attempt) => attempt,
            Err(error) if error.is_cancelled() => broken_off(TIMED_OUT),
            Err(error) => {
                tracing::error!(kind = delivery.kind, %error, "telling something outside broke off");
                self.background.broke_off(TASK);
                broken_off(BROKE_OFF)
            }
        };
        let (repeatable, jitter) = (consumer.is_repeatable(), jitter());
        let number = (delivery.attempt, delivery.late);
        let end = end_of(attempt.clone(), repeatable, number, jitter);
        // What is told beside it may not have been due for as long, and is given up by itself.
        let number = (delivery.attempt, Duration::ZERO);
        let end_beside = end_of(attempt, repeatable, number, jitter);
        log(&delivery, &end);
        self.write((&delivery, &end), (&beside, &end_beside), began)
            .await;
        drop(posting);
        consumer.ended(&delivery);
    }

    /// What is told together with it, since it is claimed before anybody reads how things are.
    async fn beside(&self, delivery: &Delivery) -> Vec<Beside> {
        let beside = self.store.claim_beside(delivery, CLAIM).await;
        beside.unwrap_or_else(|error| {
            tracing::warn!(%error, "what waits for the same target is not known, so it is told by itself");
            Vec::new()
        })
    }

    /// Writes what came of it, for as long as nobody else may have it.
    async fn write(
        &self,
        (delivery, end): (&Delivery, &DeliveryEnd),
        (beside, end_beside): (&[Beside], &DeliveryEnd),
        began: Instant,
    ) {
        loop {
            let ended = match self.store.end_delivery(delivery, end).await {
                Ok(true) => self.store.end_beside(beside, end_beside).await,
                ended => ended.map(drop),
            };
            match ended {
                Ok(()) => return,
                Err(error) if began.elapsed() < CLAIM => {
                    tracing::warn!(%error, "what was told outside could not be written; it is tried again");
                    time::sleep(REST_AFTER_FAILURE).await;
                }
                Err(error) => {
                    tracing::error!(id = delivery.id, %error, "what was told outside was not written");
                    return;
                }
            }
        }
    }

    /// Begins to send what is due, and says how long nothing else will be.
    async fn look(&self, tasks: &TaskTracker) -> Result<Duration, StoreError> {
        let due = self.store.due_notices(&self.kinds_that(|_| true)).await?;
        if due.any {
            self.recover().await?;
            for delivery in self.claim().await? {
                let place = Arc::clone(&self.places).try_acquire_owned().ok();
                let deliverer = self.clone();
                tasks.spawn(async move { deliverer.deliver_in(place, delivery).await });
            }
        }
        let next = due.next_in.unwrap_or(LONGEST_REST);
        Ok(next.clamp(SHORTEST_REST, LONGEST_REST))
    }

    /// Delivers, and has the deliverer look for what waited for that.
    async fn deliver_in(&self, place: Option<OwnedSemaphorePermit>, delivery: Delivery) {
        self.deliver(delivery).await;
        drop(place);
        self.store.outbox_signal().notify_one();
    }

    fn consumer(&self, kind: &str) -> Option<&Arc<dyn Consumer>> {
        self.consumers
            .iter()
            .find(|consumer| consumer.kind() == kind)
    }

    fn singly(&self) -> Vec<Single<'_>> {
        let consumers = self.consumers.iter();
        let consumers = consumers.filter(|consumer| !consumer.is_repeatable());
        let singly = consumers.map(|consumer| Single {
            kind: consumer.kind(),
            lane: consumer.lane(),
        });
        singly.collect()
    }

    fn precedences(&self) -> Vec<Precedence<'_>> {
        let consumers = self.consumers.iter();
        let precedences = consumers.flat_map(|consumer| {
            let kind = consumer.kind();
            let first = consumer.goes_after().iter();
            first.map(move |after| Precedence { kind, after })
        });
        precedences.collect()
    }

    /// The kinds of the consumers for which that holds.
    fn kinds_that(&self, holds: impl Fn(&dyn Consumer) -> bool) -> Vec<&str> {
        let consumers = self.consumers.iter().map(Arc::as_ref);
        let consumers = consumers.filter(|consumer| holds(*consumer));
        consumers.map(Consumer::kind).collect()
    }
}

fn log(delivery: &Delivery, end: &DeliveryEnd) {
    let Delivery {
        kind,
        subject,
        attempt,
        ..
    } = delivery;
    match end {
        DeliveryEnd::Delivered => {
            tracing::debug!(kind, %subject, attempt, "told outside");
        }
        DeliveryEnd::Later { wait, reason } => {
            let wait = wait.as_secs();
            tracing::debug!(kind, %subject, reason, wait, "waits to be told outside");
        }
        DeliveryEnd::Again { wait, problem } => {
            let wait = wait.as_secs();
            tracing::warn!(kind, %subject, attempt, problem, wait, "could not be told outside; it is tried again after so many seconds");
        }
        DeliveryEnd::InDoubt { problem } => {
            tracing::warn!(kind, %subject, attempt, problem, "nobody knows whether it was told outside; it is not told again");
        }
        DeliveryEnd::GivenUp { problem } => {
            tracing::warn!(kind, %subject, attempt, problem, "will not be told outside");
        }
    }
}
