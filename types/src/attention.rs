//! What somebody has to look after, so that duty can be relied on: in a rotation, and in what
//! rotations depend on.

use crate::{Gap, PagerDutyProblem, ScheduleHealth, SlackProblem, SlackWord, Timestamp};
use serde::{Deserialize, Serialize};

/// What a rotation needs somebody for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RotationNeed {
    /// Nobody is on duty.
    Nobody,
    /// Something decides about it that only another version knows.
    UnknownMode,
    /// What its schedule says cannot be confirmed at present.
    Unconfirmed(Attention),
    /// Nobody will be on duty, soon.
    Gap(Gap),
    /// So many of its people are not linked to Slack.
    Unlinked { people: u32 },
    /// So many shifts of its schedule make no sense, and are left out: somebody may be missing.
    LeftOut { shifts: u32 },
}

/// Why what a card shows cannot be confirmed, and how old it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// [`ScheduleHealth::Stale`] or worse.
    pub health: ScheduleHealth,
    pub confirmed_at: Option<Timestamp>,
}

/// What the connection to PagerDuty needs somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagerDutyNeed {
    /// What PagerDuty answered, if one problem explains it all.
    pub problem: Option<PagerDutyProblem>,
    /// It stays so until an admin reconnects.
    pub needs_reconnection: bool,
    /// The rotations that the reader may see and whose schedules cannot be confirmed.
    pub rotations: u32,
}

/// What Slack needs somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlackNeed {
    /// Round Robin is not installed any more, as every page says.
    Ended,
    /// Slack refused the token with this word, and is being asked again.
    Doubted(SlackWord),
    /// People were not read to the end for a long time, or will not be by themselves.
    PeopleUnread {
        problem: SlackProblem,
        read_at: Option<Timestamp>,
    },
}
