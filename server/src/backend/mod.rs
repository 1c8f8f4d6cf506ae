//! What the server functions do: the implementation of [`app::backend::Backend`] for the pages.
//! Who asks through a browser becomes an actor, the actions do what is asked (`actions/`), and
//! what came of it becomes a view (`views/`) or an answer (`answers.rs`). One file per trait.

mod absences;
mod answers;
mod audit;
mod authorisations;
mod changes;
mod channels;
mod connections;
mod duty_groups;
mod feeds;
mod flashes;
mod holidays;
mod links;
mod notifications;
mod operation;
mod overrides;
mod rotations;
mod schedules;
mod topics;
mod views;
mod weeks;
mod zones;

pub use crate::actions::authorisations::{CALLBACK_PATH, LoginAnswer, LoginEnd};

use crate::Services;
use app::backend::Caller;
use domain::{Actor, Principal, Through};

/// The implementation of [`app::backend::Backend`].
pub struct RoundRobin {
    services: Services,
}

impl RoundRobin {
    pub fn new(services: Services) -> Self {
        Self { services }
    }
}

/// Whoever asks through a browser, apart from what is their session's.
pub fn actor(caller: &Caller) -> Actor {
    Actor {
        workspace: caller.workspace.clone(),
        principal: Principal::Person {
            person: caller.person.clone(),
            name: caller.name.clone(),
            role: caller.role,
            through: Through::Session,
        },
        request_id: Some(caller.request_id.clone()),
        admitted_at: caller.admitted_at,
    }
}
