//! What is known of a schedule, and what it makes of a rotation.

use crate::{Cause, Crew, Directory, SchedulePerson, Shift, crew_of, planned};
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

    /// Adds those of `known` whom a shift names and who are missing: who is on call in some
    /// weeks is not told by a reading that ends before.
    pub fn name_all(&mut self, known: &[SchedulePerson]) {
        for person in known {
            let is_them = |other: &SchedulePerson| other.id == person.id;
            let named = self.shifts.iter().any(|shift| shift.names(&person.id));
            if named && !self.people.iter().any(is_them) {
                self.people.push(person.clone());
            }
        }
    }

    /// Whether somebody has duty by an override.
    pub fn has_override_at(&self, now: Timestamp) -> bool {
        let mut running = self.shifts.iter();
        running.any(|shift| {
            shift.cause != Cause::Turn && shift.starts_at <= now && now < shift.ends_at
        })
    }

    /// The stretches that it plans, by start.
    pub fn plan(&self, directory: &Directory) -> Vec<Stretch> {
        planned(&self.people, &self.shifts, directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        people::examples::user,
        shifts::examples::{at, shift},
    };

    #[test]
    fn whoever_has_a_shift_beyond_a_reading_is_in_the_schedule_all_the_same() {
        let mut schedule = ScheduleSnapshot {
            id: ScheduleId::new("PS"),
            name: "Support".to_owned(),
            url: None,
            version: ScheduleVersion::V2,
            time_zone: None,
            people: vec![user("P1", None)],
            shifts: vec![shift("P1", 0, 10), shift("P2", 50, 60)],
            left_out: None,
        };
        schedule.name_all(&[user("P1", None), user("P2", None), user("P3", None)]);
        let ids: Vec<_> = schedule
            .people
            .iter()
            .map(|person| person.id.as_str())
            .collect();
        assert_eq!(ids, ["P1", "P2"]);
        assert_eq!(schedule.plan(&Directory::default())[1].starts_at, at(50));
    }
}
