//! What those who run the server ask it: is the process alive, can it do its
//! work, and if not, which part is ill and what helps.

use super::Site;
use crate::{Services, slack::Standing};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;
use types::SlackProblem;

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
    /// Hears from the other servers on the same database.
    live_events: Part,
    server: Part,
    /// A sentence for each part that is ill.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    causes: BTreeMap<&'static str, String>,
    /// The installations in Slack. They make nothing unready: another server could
    /// do no more about them.
    slack: Installations,
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
        let sync = part("sync", ill(services.sync.is_alive(), Cause::SyncStuck));
        let live_events = part(
            "live_events",
            ill(services.hearing.is_sound(), Cause::NothingHeard),
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
        Self {
            ready: causes.is_empty(),
            database,
            sync,
            live_events,
            server: if stopping { Part::Stopping } else { Part::Ok },
            causes,
            slack,
        }
    }

    /// Each part by the name that it has in the answer, and whether it is well.
    pub fn parts(&self) -> [(&'static str, bool); 4] {
        [
            ("database", self.database),
            ("sync", self.sync),
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
