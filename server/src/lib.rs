//! The server of Round Robin: HTTP, the database, Slack, PagerDuty and the sync
//! between them. The user interface and what it may ask for are in `app`.

// The views of the pages are deeply nested types.
#![recursion_limit = "512"]

pub mod audit;
pub mod backend;
pub mod background;
pub mod check;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod housekeeping;
pub mod http;
pub mod integrations;
pub mod limits;
pub mod live;
pub mod metrics;
mod oauth;
pub mod pagerduty;
pub mod reencrypt;
pub mod replicas;
pub mod slack;
pub mod storage;
pub mod store;
pub mod sync;
mod text;

use crate::{
    background::Background,
    config::Config,
    crypto::KeyRing,
    integrations::Renewals,
    limits::Limits,
    live::Live,
    metrics::Metrics,
    pagerduty::{Endpoints, IdentityClient, PagerDuty},
    slack::SlackClient,
    storage::Storage,
    store::{Connection, OpenError, Store},
    sync::{RosterTurns, SyncSignals},
};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::Timestamp;

/// What every TLS client needs before it is made.
fn prepare_tls() {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What every part of the server may need. Cloning it is cheap.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub store: Store,
    pub keys: KeyRing,
    pub slack: SlackClient,
    pub pagerduty: PagerDuty,
    pub identity: IdentityClient,
    pub renewals: Renewals,
    pub live: Live,
    pub metrics: Metrics,
    /// How the work is that is done without being asked.
    pub background: Background,
    pub sync: SyncSignals,
    pub limits: Limits,
    pub roster_turns: RosterTurns,
    /// Work that is finished before the process ends.
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl Services {
    /// Opens the database and prepares everything else; asks nobody anything.
    pub async fn open(config: Config, storage: Storage) -> Result<Self, OpenError> {
        prepare_tls();
        let store = storage.open().await?;
        let endpoints = Endpoints {
            us: config.pagerduty.api_url.clone(),
            eu: config.pagerduty.eu_api_url.clone(),
            identity: config.pagerduty.identity_url.clone(),
        };
        let metrics = Metrics::default();
        Ok(Self {
            store,
            keys: storage.keys,
            slack: SlackClient::new(&config.slack),
            pagerduty: PagerDuty::new(endpoints.clone(), metrics.clone()),
            identity: IdentityClient::new(endpoints),
            renewals: Renewals::default(),
            live: Live::new(),
            metrics,
            background: Background::default(),
            sync: SyncSignals::new(),
            limits: Limits::default(),
            roster_turns: RosterTurns::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            config: Arc::new(config),
        })
    }

    /// What time it is at PagerDuty. Until this process has had an answer, what
    /// another one knew holds.
    pub fn pagerduty_now(&self, connection: &Connection) -> Timestamp {
        let region = connection.credential.region;
        self.pagerduty
            .clock(region)
            .assume(connection.clock_ahead_millis + connection.database_ahead_millis);
        self.pagerduty.now(region)
    }
}
