//! What somebody may do in a workspace, one file per area: the service layer. Each action asks
//! whether its actor may do it, applies a rule, writes what differs together with the audit
//! entry, and tells the open pages. It answers in the domain's terms, and knows nothing of
//! pages, forms and cookies.

pub mod absences;
pub mod account_questions;
pub mod authorisations;
pub mod channels;
pub mod connections;
pub mod coverage;
pub mod credentials;
pub mod duty_groups;
pub mod editing;
mod failure;
pub mod feeds;
pub mod former;
pub mod holidays;
pub mod home;
pub mod links;
mod meanwhile;
pub mod members;
pub mod notifications;
pub mod overrides;
pub mod proposals;
mod rights;
pub mod rotations;
pub mod schedules;
pub mod slack_channels;
pub mod slack_needs;
pub mod slack_settings;
pub mod topics;
pub mod turns;
pub mod undo;
mod visible;
pub mod workspace;
pub mod zones;

pub use failure::{Failure, Stop, outcome};

use crate::Services;
use domain::Actor;
use std::time::Instant;
use types::{LiveTopic, RotationId};

/// When what the actor reads has to hold, at the least.
fn reads_since(actor: &Actor) -> Instant {
    actor.admitted_at.unwrap_or_else(Instant::now)
}

fn publish_rotation(services: &Services, actor: &Actor, rotation: &RotationId) {
    let topic = LiveTopic::Rotation(rotation.clone());
    services.live.publish_here(&actor.workspace, topic);
}

fn publish_connection(services: &Services, actor: &Actor) {
    let topic = LiveTopic::Connection;
    services.live.publish(&actor.workspace, topic);
}
