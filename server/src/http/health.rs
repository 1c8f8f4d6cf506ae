//! What those who run the server ask it: is the process alive, can it do its
//! work, and if not, which part is ill and what helps.

use super::Site;
use crate::{
    Services,
    background::{Report, Run},
    hand_offs, replicas, sync,
};
use axum::{Json, extract::State, http::StatusCode};
use domain::Standing;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;
use types::{SlackProblem, TaskState, Timestamp};

/// How long the database may take to say how it is.
pub const DATABASE_TIMEOUT: Duration = Duration::from_secs(8);

/// `GET /readyz`: each part by name.
#[derive(Serialize)]
pub struct Readiness {
    ready: bool,
    /// Answers, and takes what is written.
    database: Part,
    /// Looks for connections that are due.
    sync: Part,
    /// Hands over duty when a shift begins or ends.
    hand_offs: Part,
    /// Hears from the other servers on the same database.
    live_events: Part,
    server: Part,
    /// A sentence for each part that is ill.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    causes: BTreeMap<&'static str, String>,
    /// The installations in Slack. They make nothing unready: another server could
    /// do no more about them.
    slack: Installations,
    /// The background work of this server, by its codes. Of an ill task, only what
    /// [`Readiness::sync`], [`Readiness::hand_offs`] and [`Readiness::live_events`] say makes a server unready: the
    /// others would fare no better at another one, and nobody waits for them.
    tasks: BTreeMap<&'static str, TaskHealth>,
}

/// How a task of the background work is.
#[derive(Serialize)]
struct TaskHealth {
    state: TaskState,
    /// How many runs came to nothing since the last that did not.
    failures: u32,
    restarts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastRun>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

#[derive(Serialize)]
struct LastRun {
    outcome: &'static str,
    began_at: String,
    ended_at: String,
    seconds: f64,
}

impl From<Report> for TaskHealth {
    fn from(report: Report) -> Self {
        Self {
            state: report.state,
            failures: report.failures,
            restarts: report.restarts,
            last: report.last.map(LastRun::from),
            cause: report.cause,
        }
    }
}

impl From<Run> for LastRun {
    fn from(run: Run) -> Self {
        Self {
            outcome: run.outcome.code(),
            began_at: written(run.began_at),
            ended_at: written(run.ended_at),
            seconds: run.took.as_secs_f64(),
        }
    }
}

/// In the form that people and programs read, RFC 3339.
fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| at.as_millis().to_string(), |at| at.to_string())
}

/// The worst of all workspaces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Installations {
    Ok,
    /// Slack refused a token, if only for some questions, and is being asked again.
    Doubted,
    Ended,
    /// The database does not tell.
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Ok,
    Failing,
    Stopping,
}

/// Why a part other than the database is ill.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(
        "nobody has looked for 30 seconds for schedules that are due; the log says what keeps the sync"
    )]
    SyncStuck,
    #[error(
        "nobody has looked for 30 seconds for shifts that begin or end; the log says what keeps the hand-offs"
    )]
    ClockStuck,
    #[error(
        "nothing is heard from the other servers on the same database, so open pages may be late; the connection is made anew until it hears"
    )]
    NothingHeard,
    /// Remedy: none is needed: requests go to other servers meanwhile.
    #[error("the server is about to end")]
    Stopping,
}

/// `GET /healthz`: the process answers, whatever else is broken.
pub async fn alive() -> &'static str {
    "ok"
}

pub async fn ready(State(site): State<Site>) -> (StatusCode, Json<Readiness>) {
    let readiness = Readiness::of(&site.services).await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

impl Readiness {
    pub async fn of(services: &Services) -> Self {
        let mut causes = BTreeMap::new();
        let trouble = timeout(DATABASE_TIMEOUT, services.store.trouble()).await;
        let trouble = trouble.unwrap_or_else(|_| Some(services.store.unanswered()));
        let mut part = |name, cause: Option<String>| match cause {
            None => Part::Ok,
            Some(cause) => {
                causes.insert(name, cause);
                Part::Failing
            }
        };
        let ill = |sound: bool, cause: Cause| (!sound).then(|| cause.to_string());
        let database = part("database", trouble.map(|trouble| trouble.to_string()));
        let sync = part(
            "sync",
            ill(sync::is_alive(&services.background), Cause::SyncStuck),
        );
        let hand_offs = part(
            "hand_offs",
            ill(hand_offs::is_alive(&services.background), Cause::ClockStuck),
        );
        let live_events = part(
            "live_events",
            ill(
                replicas::is_hearing(&services.background),
                Cause::NothingHeard,
            ),
        );
        let stopping = services.shutdown.is_cancelled();
        if stopping {
            causes.insert("server", Cause::Stopping.to_string());
        }
        let slack = match database {
            Part::Ok => timeout(DATABASE_TIMEOUT, installations(services))
                .await
                .unwrap_or(Installations::Unknown),
            Part::Failing | Part::Stopping => Installations::Unknown,
        };
        let tasks = services.background.reports().into_iter();
        Self {
            ready: causes.is_empty(),
            database,
            sync,
            hand_offs,
            live_events,
            server: if stopping { Part::Stopping } else { Part::Ok },
            causes,
            slack,
            tasks: tasks.map(|report| (report.code, report.into())).collect(),
        }
    }

    /// Each part by the name that it has in the answer, and whether it is well.
    pub fn parts(&self) -> [(&'static str, bool); 5] {
        [
            ("database", self.database),
            ("sync", self.sync),
            ("hand_offs", self.hand_offs),
            ("live_events", self.live_events),
            ("server", self.server),
        ]
        .map(|(name, part)| (name, part == Part::Ok))
    }
}

async fn installations(services: &Services) -> Installations {
    match services.store.workspaces().await {
        Ok(workspaces) => workspaces
            .iter()
            .map(|workspace| match workspace.standing {
                Standing::Sound => match workspace.directory_problem {
                    Some(SlackProblem::TokenRefused(_)) => Installations::Doubted,
                    _ => Installations::Ok,
                },
                Standing::Doubted(_) => Installations::Doubted,
                Standing::Ended { .. } => Installations::Ended,
            })
            .max()
            .unwrap_or(Installations::Ok),
        Err(_) => Installations::Unknown,
    }
}
