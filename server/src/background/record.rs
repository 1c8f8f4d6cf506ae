//! What became of each task: written by the driver, read by whoever asks how this server
//! is. The rules take the time as a parameter.

use super::{Failure, task::About};
use crate::clock;
use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use types::{TaskState, Timestamp};

/// How the tasks of this process are. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Background(Arc<Mutex<Vec<Signs>>>);

impl Background {
    /// How each task is, in the order in which they were given to the driver.
    pub fn reports(&self) -> Vec<Report> {
        let now = Instant::now();
        let records = lock(&self.0);
        records
            .iter()
            .map(|signs| lock(&signs.0).report(now))
            .collect()
    }

    /// How a task is; nothing where there is none of this code.
    pub fn report(&self, code: &str) -> Option<Report> {
        let mut reports = self.reports().into_iter();
        reports.find(|report| report.code == code)
    }

    /// Whether a task has done its work of late: within the time that it may be silent.
    pub fn is_served(&self, code: &str) -> bool {
        let now = Instant::now();
        let records = lock(&self.0);
        records
            .iter()
            .any(|signs| lock(&signs.0).is_served(code, now))
    }

    /// Counts something that a task started, and that broke off and is started again.
    pub fn broke_off(&self, code: &str) {
        for signs in lock(&self.0).iter() {
            let mut record = lock(&signs.0);
            if record.about.code == code {
                record.restarts += 1;
            }
        }
    }

    /// Begins to keep a record of a task.
    pub(super) fn begin(&self, about: About) -> Signs {
        let signs = Signs(Arc::new(Mutex::new(Record::new(about, Instant::now()))));
        let mut records = lock(&self.0);
        records.retain(|known| lock(&known.0).about.code != about.code);
        records.push(signs.clone());
        signs
    }
}

/// What a task is heard by.
#[derive(Clone, Debug)]
pub struct Signs(Arc<Mutex<Record>>);

impl Signs {
    /// The task is well; a sign of life.
    pub fn well(&self) {
        lock(&self.0).well(Instant::now());
    }

    /// The task goes on, but is not well.
    pub fn ill(&self, failure: impl Into<Failure>) {
        let failure = failure.into();
        let mut record = lock(&self.0);
        let (task, cause) = (record.about.code, whole(&*failure));
        tracing::warn!(task, cause, "a task of the background work is ill");
        let outcome = Outcome::Failed(failure.to_string());
        record.ends(&Moment::now(), outcome, Duration::ZERO);
        record.begins(&Moment::now());
    }

    pub(super) fn begins(&self) {
        lock(&self.0).begins(&Moment::now());
    }

    /// A run has ended, and nothing is expected for the time of the `rest`.
    pub(super) fn ends(&self, outcome: Outcome, rest: Duration) {
        lock(&self.0).ends(&Moment::now(), outcome, rest);
    }
}

/// How a run of a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// Another server has the lease of it.
    Elsewhere,
    /// With a sentence for everybody.
    Failed(String),
    /// The task broke off and has to be started again, with a sentence for everybody.
    BrokeOff(String),
}

impl Outcome {
    /// All codes, in the order of [`Report::runs`].
    pub const CODES: [&str; 4] = ["succeeded", "elsewhere", "failed", "broke_off"];

    const fn index(&self) -> usize {
        match self {
            Self::Succeeded => 0,
            Self::Elsewhere => 1,
            Self::Failed(_) => 2,
            Self::BrokeOff(_) => 3,
        }
    }

    pub const fn code(&self) -> &'static str {
        Self::CODES[self.index()]
    }
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// By the server's clock.
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    pub took: Duration,
    pub outcome: Outcome,
}

/// How a task is.
#[derive(Clone, Debug)]
pub struct Report {
    pub code: &'static str,
    /// What it does, in a few words.
    pub words: &'static str,
    pub state: TaskState,
    /// A sentence for everybody where it is ill.
    pub cause: Option<String>,
    pub last: Option<Run>,
    /// When the run began that goes on.
    pub running_since: Option<Timestamp>,
    /// How many runs came to nothing since the last that did not.
    pub failures: u32,
    /// How often it, or something that it had started, broke off since the server started.
    pub restarts: u64,
    /// How many runs ended in each way, as in [`Outcome::CODES`].
    pub runs: [u64; 4],
}

/// Why a task is ill that does not say so itself.
#[derive(Debug, thiserror::Error)]
enum Ailment {
    #[error(
        "it has given no sign of life for {seconds} seconds; see in the log what it waits for, and restart this server if it goes on"
    )]
    Silent { seconds: u64 },
}

/// One moment, for people and for measuring.
struct Moment {
    at: Timestamp,
    instant: Instant,
}

impl Moment {
    fn now() -> Self {
        Self {
            at: clock::now(),
            instant: Instant::now(),
        }
    }
}

#[derive(Debug)]
struct Record {
    about: About,
    /// How it is by what it said itself.
    said: TaskState,
    /// When something of it is expected next.
    due: Instant,
    /// When it last did its work.
    served: Option<Instant>,
    running: Option<(Timestamp, Instant)>,
    last: Option<Run>,
    failures: u32,
    restarts: u64,
    runs: [u64; 4],
}

impl Record {
    const fn new(about: About, now: Instant) -> Self {
        Self {
            about,
            said: TaskState::Starting,
            due: now,
            served: None,
            running: None,
            last: None,
            failures: 0,
            restarts: 0,
            runs: [0; 4],
        }
    }

    const fn begins(&mut self, now: &Moment) {
        self.running = Some((now.at, now.instant));
        self.due = now.instant;
    }

    fn ends(&mut self, now: &Moment, outcome: Outcome, rest: Duration) {
        self.said = match outcome {
            Outcome::Succeeded => TaskState::Ok,
            Outcome::Elsewhere => TaskState::Elsewhere,
            Outcome::Failed(_) => TaskState::Failing,
            Outcome::BrokeOff(_) => TaskState::Restarting,
        };
        if self.said.is_ill() {
            self.failures = self.failures.saturating_add(1);
        } else {
            self.failures = 0;
            self.served = Some(now.instant);
        }
        self.restarts += u64::from(self.said == TaskState::Restarting);
        self.runs[outcome.index()] += 1;
        self.due = now.instant + rest;
        let (began_at, began) = self.running.take().unwrap_or((now.at, now.instant));
        self.last = Some(Run {
            began_at,
            ended_at: now.at,
            took: now.instant.duration_since(began),
            outcome,
        });
    }

    const fn well(&mut self, now: Instant) {
        self.said = TaskState::Ok;
        self.failures = 0;
        self.due = now;
        self.served = Some(now);
    }

    fn is_served(&self, code: &str, now: Instant) -> bool {
        let lately = |served| now.duration_since(served) < self.about.patience;
        self.about.code == code && self.served.is_some_and(lately)
    }

    fn report(&self, now: Instant) -> Report {
        let silence = now.saturating_duration_since(self.due);
        let (state, cause) = if silence >= self.about.patience {
            let seconds = silence.as_secs();
            let cause = Ailment::Silent { seconds }.to_string();
            (TaskState::Stuck, Some(cause))
        } else {
            let cause = match self.last.as_ref().map(|run| &run.outcome) {
                Some(Outcome::Failed(cause) | Outcome::BrokeOff(cause)) => Some(cause.clone()),
                _ => None,
            };
            (self.said, cause.filter(|_| self.said.is_ill()))
        };
        Report {
            code: self.about.code,
            words: self.about.words,
            state,
            cause,
            last: self.last.clone(),
            running_since: self.running.map(|(at, _)| at),
            failures: self.failures,
            restarts: self.restarts,
            runs: self.runs,
        }
    }
}

/// An error with everything behind it, for the log.
pub(super) fn whole(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        words = format!("{words}: {error}");
        behind = error.source();
    }
    words
}

/// No rule here can leave a record half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    fn new(now: Instant) -> Record {
        let about = About {
            code: "test",
            words: "Tests",
            patience: PATIENCE,
        };
        Record::new(about, now)
    }

    fn moment(instant: Instant) -> Moment {
        let at = Timestamp::from_millis(0);
        Moment { at, instant }
    }

    /// A run that takes a second, and when it has ended.
    fn run(record: &mut Record, began: Instant, outcome: Outcome, rest: Duration) -> Instant {
        record.begins(&moment(began));
        let ended = began + SECOND;
        record.ends(&moment(ended), outcome, rest);
        ended
    }

    fn failed() -> Outcome {
        Outcome::Failed("it failed".to_owned())
    }

    #[test]
    fn a_task_that_rests_is_well_and_one_that_is_overdue_is_stuck() {
        let now = Instant::now();
        let mut record = new(now);
        assert_eq!(record.report(now).state, TaskState::Starting);
        let rest = Duration::from_secs(3600);
        let ended = run(&mut record, now, Outcome::Succeeded, rest);
        for (at, state) in [
            (ended, TaskState::Ok),
            (ended + rest, TaskState::Ok),
            (ended + rest + PATIENCE - SECOND, TaskState::Ok),
            (ended + rest + PATIENCE, TaskState::Stuck),
        ] {
            let report = record.report(at);
            assert_eq!(report.state, state, "{:?} after its run", at - ended);
            assert_eq!(report.cause.is_some(), state == TaskState::Stuck);
        }
        record.begins(&moment(ended + rest + PATIENCE));
        let late = record.report(ended + rest + PATIENCE);
        assert_eq!(late.state, TaskState::Ok, "it runs at last");
    }

    #[test]
    fn a_task_that_never_runs_is_stuck_in_time() {
        let now = Instant::now();
        let record = new(now);
        assert_eq!(record.report(now + PATIENCE).state, TaskState::Stuck);
        assert!(!record.is_served("test", now));
    }

    #[test]
    fn failures_are_counted_until_a_run_succeeds_and_serve_nobody() {
        let now = Instant::now();
        let mut record = new(now);
        let served = run(&mut record, now, Outcome::Succeeded, SECOND);
        let mut at = served;
        for failures in 1..=3 {
            at = run(&mut record, at, failed(), SECOND);
            let report = record.report(at);
            assert_eq!(
                (report.state, report.failures),
                (TaskState::Failing, failures)
            );
            assert_eq!(report.cause.as_deref(), Some("it failed"));
        }
        assert!(record.is_served("test", served + PATIENCE - SECOND));
        assert!(!record.is_served("test", served + PATIENCE));
        assert!(!record.is_served("another", served));
        at = run(&mut record, at, Outcome::Succeeded, SECOND);
        let report = record.report(at);
        assert_eq!((report.state, report.failures), (TaskState::Ok, 0));
        assert_eq!(report.cause, None);
        assert_eq!(report.runs, [2, 0, 3, 0]);
        assert_eq!(report.last.unwrap().took, SECOND);
    }

    #[test]
    fn what_broke_off_is_restarting_until_it_has_run_well() {
        let now = Instant::now();
        let mut record = new(now);
        let outcome = Outcome::BrokeOff("it broke off".to_owned());
        // Longer than it may be silent.
        let rest = PATIENCE * 2;
        let ended = run(&mut record, now, outcome, rest);
        let report = record.report(ended + rest);
        assert_eq!((report.state, report.restarts), (TaskState::Restarting, 1));
        record.begins(&moment(ended + rest));
        assert_eq!(record.report(ended + rest).state, TaskState::Restarting);
        record.well(ended + rest + SECOND);
        let report = record.report(ended + rest + SECOND);
        assert_eq!((report.state, report.restarts), (TaskState::Ok, 1));
        assert_eq!(report.cause, None);
    }

    #[test]
    fn what_another_server_does_is_well_here() {
        let now = Instant::now();
        let mut record = new(now);
        let ended = run(&mut record, now, Outcome::Elsewhere, SECOND);
        assert_eq!(record.report(ended).state, TaskState::Elsewhere);
        assert!(record.is_served("test", ended));
    }
}
