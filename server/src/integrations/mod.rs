//! The connection of a workspace to PagerDuty, between the database that keeps
//! its sealed credential and the client that uses it open: how a login's secrets
//! are kept, and how a credential is made ready, its tokens renewed in time.

mod access;
mod secrets;

pub use access::{
    AccessProblem, Renewals, access, asking, ended, login_secrets, may_be_over, renewed, term,
};
pub use secrets::{AcceptedCredential, OauthSecrets, PendingSecrets, Secrets};
