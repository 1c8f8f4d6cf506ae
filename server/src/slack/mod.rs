//! Slack: signing people in, the app's installation in a workspace, and the
//! directory of its people with their roles.

mod channels;
mod client;
mod command;
mod direct;
pub mod directory;
mod error;
mod group_writer;
mod holds;
mod id_token;
mod installation;
mod listing;
mod manifest;
mod mention;
pub mod message;
pub mod pending;
mod posting;
mod press;
mod replying;
mod shapes;
pub mod sign_in;
mod signature;
mod topics;
mod user_groups;

pub use channels::{Among, ChannelInfo, Channels, Listed, channel};
pub use client::{Granted, NewInstallation, SlackClient};
pub use command::{Command, CoverWish, Invocation, Request};
pub use direct::open_direct;
pub use error::{LentTrouble, SlackError};
pub use group_writer::token_of as lent_token;
pub use holds::Holds;
pub use installation::{
    AskError, Installed, NEEDED_SCOPES, admits, ask, bot_token, installed, is_allowed,
    scopes_in_words,
};
pub use manifest::{Inbound, creation_address, is_reachable, manifest};
pub use mention::{Event, Mention};
pub use posting::{Message, post_message, update_message, whisper};
pub use press::{Action, Interaction, Press, Pressed};
pub use replying::ReplyAddress;
pub use signature::verify;
pub use topics::{set_topic, topic};
pub use user_groups::{FRESH, SEARCHED, UserGroup, UserGroups};

use crate::{config::Config, crypto::KeyRing, live::Live, store::Store};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The kind of notice that tells a channel of a change of duty.
pub const ANNOUNCEMENT: &str = "slack_announcement";
/// What is wrong with an announcement for a channel in which nothing is announced any more.
pub const CHANNEL_LEFT: &str = "channel_left";
/// The kind of notice that has a user group hold whoever is on duty.
pub const DUTY_GROUP: &str = "slack_duty_group";
/// The kind of notice that has the topic of a channel say who is on duty.
pub const TOPIC: &str = "slack_topic";

/// The kind of notice that answers a mention of the app in its thread.
pub const MENTION: &str = "slack_mention";
/// The kind of notice that answers, late, what somebody did in Slack.
pub const ANSWER: &str = "slack_answer";
/// The kind of notice that has the answers to a mention say what has become of it.
pub const CALL: &str = "slack_call";

/// What signing in and the directory need of the server. Cloning it is cheap.
#[derive(Clone)]
pub struct SlackServices {
    pub config: Arc<Config>,
    pub store: Store,
    pub keys: KeyRing,
    pub client: SlackClient,
    pub holds: Holds,
    pub user_groups: UserGroups,
    pub channels: Channels,
    pub live: Live,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}
