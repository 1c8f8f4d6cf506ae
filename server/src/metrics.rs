//! What those who run the server watch: how the syncs go, what PagerDuty is asked
//! and answers, and how late hand-offs are. In the text format of OpenMetrics.

use http::StatusCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use types::{SyncReason, TakeoverFailure, WorkspaceId};

/// The counters and gauges of this process. Clones are the same ones.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    runs: Family<RunLabels, Counter>,
    run_seconds: Histogram,
    requests: Family<RequestLabels, Counter>,
    hand_off_seconds: Histogram,
    budget_left: Family<WorkspaceLabels, Gauge>,
    takeover_failures: Family<TakeoverLabels, Counter>,
    data_age_seconds: Family<WorkspaceLabels, Gauge<f64, AtomicU64>>,
    directory_age_seconds: Family<WorkspaceLabels, Gauge<f64, AtomicU64>>,
    part_ready: Family<PartLabels, Gauge>,
    database_renewals: Counter,
    task_runs: Family<TaskRunLabels, Counter>,
    task_restarts: Family<TaskLabels, Counter>,
    task_last_run_seconds: Family<TaskLabels, Gauge<f64, AtomicU64>>,
    task_well: Family<TaskLabels, Gauge>,
    /// Scraping replaces what is read as a whole, one scrape at a time.
    scraping: Mutex<()>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    reason: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// The status, or `none` when no answer came.
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkspaceLabels {
    workspace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TakeoverLabels {
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    task: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskRunLabels {
    task: &'static str,
    outcome: &'static str,
}

/// What is not counted but looked up when somebody scrapes.
pub struct Reading<'a> {
    /// How long ago PagerDuty confirmed the oldest bound schedule of each workspace.
    pub ages: &'a [(WorkspaceId, Duration)],
    /// How long ago the people of each workspace were read completely.
    pub directories: &'a [(WorkspaceId, Duration)],
    /// The parts of `/readyz`, and whether each is well.
    pub parts: &'a [(&'static str, bool)],
    /// How often all connections to the database were made anew.
    pub database_renewals: u64,
    pub tasks: &'a [TaskReading],
}

/// How a task of the background work is, since the server started.
pub struct TaskReading {
    pub task: &'static str,
    /// How many runs ended in each way.
    pub runs: Vec<(&'static str, u64)>,
    pub restarts: u64,
    pub last_run: Option<Duration>,
    pub is_well: bool,
}

/// How a run ended, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    Succeeded,
    /// Some schedules could not be read.
    Partial,
    Failed,
    /// The connection was replaced or ended, or the server stopped.
    Abandoned,
}

impl RunEnd {
    const fn label(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("roundrobin");
        let runs = Family::default();
        registry.register(
            "sync_runs",
            "Runs of the sync, by reason and outcome",
            runs.clone(),
        );
        let run_seconds = Histogram::new(exponential_buckets(0.01, 2.0, 14));
        registry.register_with_unit(
            "sync_run_duration",
            "How long runs took",
            Unit::Seconds,
            run_seconds.clone(),
        );
        let requests = Family::default();
        registry.register(
            "pagerduty_requests",
            "Requests to PagerDuty's API, by the status of the answer",
            requests.clone(),
        );
        let hand_off_seconds = Histogram::new(exponential_buckets(0.01, 2.0, 16));
        registry.register_with_unit(
            "hand_off_delay",
            "From the end or start of a shift until it was stored",
            Unit::Seconds,
            hand_off_seconds.clone(),
        );
        let budget_left = Family::default();
        registry.register(
            "pagerduty_budget_left",
            "Requests that the sync may still make within the minute, at the last run",
            budget_left.clone(),
        );
        let takeover_failures = Family::default();
        registry.register(
            "takeover_failures",
            "Pages in browsers that their code did not take over, by cause, as they report it",
            takeover_failures.clone(),
        );
        let data_age_seconds = Family::default();
        registry.register_with_unit(
            "data_age",
            "Since PagerDuty confirmed the bound schedule that was confirmed the longest ago",
            Unit::Seconds,
            data_age_seconds.clone(),
        );
        let part_ready = Family::default();
        registry.register(
            "part_ready",
            "Whether a part of /readyz is well (1) or ill (0)",
            part_ready.clone(),
        );
        let database_renewals = Counter::default();
        registry.register(
            "database_renewals",
            "How often all connections to the database were made anew, since one was deaf, lost or read-only",
            database_renewals.clone(),
        );
        let directory_age_seconds = Family::default();
        registry.register_with_unit(
            "directory_age",
            "Since the people of the Slack workspace were last read completely",
            Unit::Seconds,
            directory_age_seconds.clone(),
        );
        let task_runs = Family::default();
        registry.register(
            "task_runs",
            "Runs of the background work, by task and outcome",
            task_runs.clone(),
        );
        let task_restarts = Family::default();
        registry.register(
            "task_restarts",
            "How often a task of the background work broke off and was started again",
            task_restarts.clone(),
        );
        let task_last_run_seconds = Family::default();
        registry.register_with_unit(
            "task_last_run",
            "How long the last run of a task of the background work took",
            Unit::Seconds,
            task_last_run_seconds.clone(),
        );
        let task_well = Family::default();
        registry.register(
            "task_well",
            "Whether a task of the background work is well (1) or ill (0)",
            task_well.clone(),
        );
        Self(Arc::new(Inner {
            registry,
            runs,
            run_seconds,
            requests,
            hand_off_seconds,
            budget_left,
            takeover_failures,
            data_age_seconds,
            directory_age_seconds,
            part_ready,
            database_renewals,
            task_runs,
            task_restarts,
            task_last_run_seconds,
            task_well,
            scraping: Mutex::default(),
        }))
    }
}

impl Metrics {
    /// PagerDuty answered a request.
    pub fn answered(&self, status: StatusCode) {
        self.count_request(status.as_str());
    }

    /// No answer came to a request.
    pub fn unanswered(&self) {
        self.count_request("none");
    }

    fn count_request(&self, status: &str) {
        let labels = RequestLabels {
            status: status.to_owned(),
        };
        self.0.requests.get_or_create(&labels).inc();
    }

    /// A run ended after `took`.
    pub fn run_ended(&self, reason: SyncReason, end: RunEnd, took: Duration) {
        let labels = RunLabels {
            reason: reason.code(),
            outcome: end.label(),
        };
        self.0.runs.get_or_create(&labels).inc();
        self.0.run_seconds.observe(took.as_secs_f64());
    }

    /// Who is on duty was changed so long after the shift's end or start.
    pub fn handed_off(&self, delay: Duration) {
        self.0.hand_off_seconds.observe(delay.as_secs_f64());
    }

    /// What the sync of a workspace may still ask within the minute.
    pub fn budget_left(&self, workspace: &WorkspaceId, requests: u32) {
        let gauge = self.0.budget_left.get_or_create(&of(workspace));
        gauge.set(requests.into());
    }

    /// A page said that it is not live.
    pub fn not_taken_over(&self, failure: TakeoverFailure) {
        let labels = TakeoverLabels {
            cause: failure.code(),
        };
        self.0.takeover_failures.get_or_create(&labels).inc();
    }

    /// Everything as text, with what was looked up just now.
    pub fn scraped(&self, reading: &Reading<'_>) -> Result<String, fmt::Error> {
        let _one_at_a_time = self
            .0
            .scraping
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.0.data_age_seconds.clear();
        for (workspace, age) in reading.ages {
            let gauge = self.0.data_age_seconds.get_or_create(&of(workspace));
            gauge.set(age.as_secs_f64());
        }
        self.0.directory_age_seconds.clear();
        for (workspace, age) in reading.directories {
            let gauge = self.0.directory_age_seconds.get_or_create(&of(workspace));
            gauge.set(age.as_secs_f64());
        }
        for &(part, well) in reading.parts {
            let gauge = self.0.part_ready.get_or_create(&PartLabels { part });
            gauge.set(i64::from(well));
        }
        copy(reading.database_renewals, &self.0.database_renewals);
        for task in reading.tasks {
            self.tell_of(task);
        }
        let mut text = String::new();
        text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    fn tell_of(&self, reading: &TaskReading) {
        let task = reading.task;
        for &(outcome, count) in &reading.runs {
            let labels = TaskRunLabels { task, outcome };
            copy(count, &self.0.task_runs.get_or_create(&labels));
        }
        let labels = TaskLabels { task };
        copy(
            reading.restarts,
            &self.0.task_restarts.get_or_create(&labels),
        );
        if let Some(took) = reading.last_run {
            let gauge = self.0.task_last_run_seconds.get_or_create(&labels);
            gauge.set(took.as_secs_f64());
        }
        let well = self.0.task_well.get_or_create(&labels);
        well.set(i64::from(reading.is_well));
    }
}

/// Has a counter say what somebody else has counted.
fn copy(counted: u64, counter: &Counter) {
    counter.inner().store(counted, Ordering::Relaxed);
}

fn of(workspace: &WorkspaceId) -> WorkspaceLabels {
    WorkspaceLabels {
        workspace: workspace.to_string(),
    }
}
