//! What pages show of what the actions answer. Nothing is decided here.

mod background;
mod channel;
mod connection;
mod people;
mod rotation;
mod schedule;
mod slack;

pub(super) use background::background_task;
pub(super) use channel::slack_channel;
pub(super) use connection::{connection, disconnected, question};
pub(super) use people::found_people;
pub(super) use rotation::{card, rotation_page};
pub(super) use schedule::preview;
pub(super) use slack::slack;
