//! What pages show of what the actions answer. Nothing is decided here.

mod absences;
mod background;
mod channel;
mod connection;
mod duty_group;
mod holidays;
mod home;
mod people;
mod rotation;
mod schedule;
mod slack;
mod topic;
mod week;

pub(super) use absences::absences;
pub(super) use background::background_task;
pub(super) use channel::announcements;
pub(super) use connection::{connection, disconnected, question};
pub(super) use duty_group::duty_group;
pub(super) use holidays::{holiday_preview, holidays};
pub(super) use home::home;
pub(super) use people::found_people;
pub(super) use rotation::{card, proposal, rotation_list, rotation_page};
pub(super) use schedule::preview;
pub(super) use slack::slack;
pub(super) use topic::topic;
pub(super) use week::week;

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
