//! The server of Round Robin: HTTP, the database, Slack, PagerDuty and the sync
//! between them. The user interface and what it may ask for are in `app`.

// The views of the pages are deeply nested types.
#![recursion_limit = "512"]

mod actions;
pub mod audit;
pub mod backend;
pub mod background;
pub mod check;
pub mod clock;
pub mod config;
pub mod crypto;
mod foreign_json;
pub mod hand_offs;
pub mod housekeeping;
pub mod http;
mod ical;
pub mod integrations;
pub mod limits;
pub mod live;
pub mod metrics;
mod oauth;
pub mod outbox;
pub mod pagerduty;
pub mod reencrypt;
pub mod replicas;
pub mod rotas;
pub mod slack;
pub mod slack_input;
pub mod slack_output;
pub mod storage;
pub mod store;
pub mod sync;
mod text;

use crate::{
    background::Background,
    config::Config,
    crypto::KeyRing,
    integrations::{IntegrationServices, Renewals},
    limits::Limits,
    live::Live,
    metrics::Metrics,
    pagerduty::{Endpoints, IdentityClient, PagerDuty},
    slack::{Channels, Holds, SlackClient, SlackServices, UserGroups},
    storage::Storage,
    store::{OpenError, Store},
    sync::{RosterTurns, SyncServices, SyncSignals},
};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What every TLS client needs before it is made.
fn prepare_tls() {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What pages and callbacks may need, and what the rooms beneath them are handed: those know
/// nothing of the whole. Cloning it is cheap.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub store: Store,
    pub keys: KeyRing,
    pub slack: SlackServices,
    pub pagerduty: PagerDuty,
    pub identity: IdentityClient,
    pub integrations: IntegrationServices,
    pub live: Live,
    pub metrics: Metrics,
    /// How the work is that is done without being asked.
    pub background: Background,
    pub sync: SyncServices,
    pub limits: Limits,
    /// Work that is finished before the process ends.
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl Services {
    /// Opens the database and prepares everything else; asks nobody anything.
    pub async fn open(config: Config, storage: Storage) -> Result<Self, OpenError> {
        prepare_tls();
        let store = storage.open().await?;
        let config = Arc::new(config);
        let endpoints = Endpoints {
            us: config.pagerduty.api_url.clone(),
            eu: config.pagerduty.eu_api_url.clone(),
            identity: config.pagerduty.identity_url.clone(),
        };
        let metrics = Metrics::default();
        let background = Background::default();
        let pagerduty = PagerDuty::new(endpoints.clone(), metrics.clone());
        let identity = IdentityClient::new(endpoints);
        let live = Live::new();
        let tasks = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let integrations = IntegrationServices {
            store: store.clone(),
            keys: storage.keys.clone(),
            pagerduty: pagerduty.clone(),
            identity: identity.clone(),
            renewals: Renewals::default(),
            live: live.clone(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        let slack = SlackServices {
            client: SlackClient::new(&config.slack),
            holds: Holds::default(),
            user_groups: UserGroups::default(),
            channels: Channels::default(),
            config: config.clone(),
            store: store.clone(),
            keys: storage.keys.clone(),
            live: live.clone(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        let sync = SyncServices {
            poll_interval: config.pagerduty.poll_interval,
            store: store.clone(),
            pagerduty: pagerduty.clone(),
            integrations: integrations.clone(),
            live: live.clone(),
            metrics: metrics.clone(),
            background: background.clone(),
            signals: SyncSignals::new(),
            roster_turns: RosterTurns::default(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        Ok(Self {
            store,
            keys: storage.keys,
            slack,
            pagerduty,
            identity,
            integrations,
            live,
            metrics,
            background,
            sync,
            limits: Limits::default(),
            tasks,
            shutdown,
            config,
        })
    }
}
