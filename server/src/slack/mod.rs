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
pub use installation::{NEEDED_SCOPES, is_served, scopes_in_words};
