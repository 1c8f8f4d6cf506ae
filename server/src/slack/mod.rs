//! Slack: signing people in, the app's installation in a workspace, and the
//! directory of its people with their roles.

mod client;
pub mod directory;
mod error;
mod id_token;
mod installation;
mod listing;
pub mod pending;
mod shapes;
pub mod sign_in;

pub use client::{Granted, NewInstallation, SlackClient};
pub use error::SlackError;
pub use installation::{NEEDED_SCOPES, admits, ask, bot_token, may_write, scopes_in_words};

use crate::{config::Config, crypto::KeyRing, live::Live, store::Store};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The kind of notice that tells a channel of a change of duty.
pub const ANNOUNCEMENT: &str = "slack_announcement";

/// What signing in and the directory need of the server. Cloning it is cheap.
#[derive(Clone)]
pub struct SlackServices {
    pub config: Arc<Config>,
    pub store: Store,
    pub keys: KeyRing,
    pub client: SlackClient,
    pub live: Live,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}
