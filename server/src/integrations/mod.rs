//! The connection of a workspace to PagerDuty, between the database that keeps
//! its sealed credential and the client that uses it open: how a login's secrets
//! are kept, and how a credential is made ready, its tokens renewed in time.

mod access;
mod secrets;

pub use access::{
    AccessProblem, Renewals, access, asking, ended, login_secrets, may_be_over, renewed, term,
};
pub use secrets::{AcceptedCredential, OauthSecrets, PendingSecrets, Secrets};

use crate::{
    crypto::KeyRing,
    live::Live,
    pagerduty::{IdentityClient, PagerDuty},
    store::{Connection, Store},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::Timestamp;

/// What making credentials ready needs of the server. Cloning it is cheap.
#[derive(Clone)]
pub struct IntegrationServices {
    pub store: Store,
    pub keys: KeyRing,
    pub pagerduty: PagerDuty,
    pub identity: IdentityClient,
    pub renewals: Renewals,
    pub live: Live,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl IntegrationServices {
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
