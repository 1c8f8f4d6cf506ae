//! What a task says of itself, and what it does.

use super::{Lease, Signs};
use futures::future::BoxFuture;
use std::{error::Error, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Why a run came to nothing. The sentence of the error itself is shown to everybody who
/// asks how this server is, so it must not hold what another system said; what is behind
/// it (its source) goes to the log alone.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long a task may be silent that says nothing of it.
const LEAST_PATIENCE: Duration = Duration::from_secs(30);
/// How many periods a task may miss.
const PERIODS_MISSED: u32 = 3;

/// A piece of background work.
pub enum Task {
    Periodic(Periodic),
    Lasting(Lasting),
}

/// What is said of a task.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    /// A name that stays, for machines.
    pub code: &'static str,
    /// What it does, in a few words, for people.
    pub words: &'static str,
    /// How long it may be silent before it counts as stuck.
    pub patience: Duration,
}

type Step = Arc<dyn Fn() -> BoxFuture<'static, Result<Duration, Failure>> + Send + Sync>;

/// A task that takes a step again and again.
pub struct Periodic {
    pub(super) about: About,
    pub(super) step: Step,
    pub(super) period: Duration,
    pub(super) signal: Option<Arc<Notify>>,
    pub(super) lease: Option<Box<Lease>>,
    pub(super) retried_within: Duration,
}

impl Periodic {
    /// `step` says how long to rest until the next one, which is `period` at most.
    pub fn new<Running>(
        code: &'static str,
        words: &'static str,
        period: Duration,
        step: impl Fn() -> Running + Send + Sync + 'static,
    ) -> Self
    where
        Running: Future<Output = Result<Duration, Failure>> + Send + 'static,
    {
        Self {
            about: About {
                code,
                words,
                patience: LEAST_PATIENCE.max(period * PERIODS_MISSED),
            },
            step: Arc::new(move || Box::pin(step())),
            period,
            signal: None,
            lease: None,
            retried_within: period,
        }
    }

    /// How long it may be silent before it counts as stuck.
    #[must_use]
    pub const fn patient_for(mut self, patience: Duration) -> Self {
        self.about.patience = patience;
        self
    }

    /// Takes the next step at once when `signal` is given, unless it has to wait after a
    /// failure.
    #[must_use]
    pub fn woken_by(mut self, signal: Arc<Notify>) -> Self {
        self.signal = Some(signal);
        self
    }

    /// Has one server of several take the steps.
    #[must_use]
    pub fn under(mut self, lease: Option<Lease>) -> Self {
        self.lease = lease.map(Box::new);
        self
    }

    /// How long to wait at most after a step that failed, where the period is too long.
    #[must_use]
    pub const fn retried_within(mut self, wait: Duration) -> Self {
        self.retried_within = wait;
        self
    }
}

impl From<Periodic> for Task {
    fn from(task: Periodic) -> Self {
        Self::Periodic(task)
    }
}

type Work = Arc<dyn Fn(Signs) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// A task that goes on until the server ends.
pub struct Lasting {
    pub(super) about: About,
    pub(super) work: Work,
}

impl Lasting {
    /// `work` says by its signs how it is, at least every `patience`. It is dropped where it
    /// waits when the server ends, and started again when it ends by itself.
    pub fn new<Running>(
        code: &'static str,
        words: &'static str,
        patience: Duration,
        work: impl Fn(Signs) -> Running + Send + Sync + 'static,
    ) -> Self
    where
        Running: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self {
            about: About {
                code,
                words,
                patience,
            },
            work: Arc::new(move |signs| Box::pin(work(signs))),
        }
    }
}

impl From<Lasting> for Task {
    fn from(task: Lasting) -> Self {
        Self::Lasting(task)
    }
}

impl Task {
    pub(super) const fn about(&self) -> &About {
        match self {
            Self::Periodic(task) => &task.about,
            Self::Lasting(task) => &task.about,
        }
    }
}
