//! What is known of a schedule, and what it makes of a rotation.

use crate::{Crew, Directory, SchedulePerson, Shift, crew_of, planned};
use types::{LeftOut, ScheduleId, Stretch, Timestamp};

/// Which of PagerDuty's two kinds of schedules one is, and so the version of the
/// API that knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScheduleVersion {
    /// Layer-based.
    #[default]
    V2,
    /// Shift-based; an upgrade keeps the schedule's id.
    V3,
}

impl ScheduleVersion {
    /// The name under which the version is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// The inverse of [`ScheduleVersion::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::V2, Self::V3]
            .into_iter()
            .find(|version| version.code() == code)
    }

    pub const fn other(self) -> Self {
        match self {
            Self::V2 => Self::V3,
            Self::V3 => Self::V2,
        }
    }
}

/// A schedule as last read, its people resolved to names and e-mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSnapshot {
    pub id: ScheduleId,
    pub name: String,
    pub url: Option<String>,
    pub version: ScheduleVersion,
    pub time_zone: Option<String>,
    pub people: Vec<SchedulePerson>,
    /// By start. Several may overlap.
    pub shifts: Vec<Shift>,
    /// What of the answer made no sense.
    pub left_out: Option<LeftOut>,
}

impl ScheduleSnapshot {
    /// The people that it makes of a rotation at the time `now`, members in its order.
    pub fn crew(&self, directory: &Directory, now: Timestamp) -> Crew {
        crew_of(&self.people, &self.shifts, directory, now)
    }

    /// The stretches that it plans, by start.
    pub fn plan(&self, directory: &Directory) -> Vec<Stretch> {
        planned(&self.people, &self.shifts, directory)
    }
}
