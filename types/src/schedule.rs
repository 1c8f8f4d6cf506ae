//! PagerDuty schedules: how one is searched, previewed, bound to a rotation,
//! and what a bound rotation shows of it.

use crate::{
    LinkState, PagerDutyProblem, PagerDutyUserId, PersonId, RotaField, RotaInput, RotaPreview,
    RotaProblem, RotationRefusal, ScheduleId, Stretch, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A schedule as the search lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSummary {
    pub id: ScheduleId,
    pub name: String,
    /// As PagerDuty names it, IANA or Rails; for display only.
    pub time_zone: Option<String>,
    /// Teams, people and id, where another schedule has the same name.
    pub told_apart: Option<String>,
}

/// For how many seconds a search for schedules reads on at most.
pub const SEARCH_LIMIT_SECONDS: u32 = 30;

/// What a search for schedules found, and what it could not list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundSchedules {
    /// What was searched for.
    pub search: String,
    pub schedules: Vec<ScheduleSummary>,
    pub missing: Vec<MissingSchedules>,
}

/// The two kinds of schedules that PagerDuty keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleKind {
    LayerBased,
    ShiftBased,
}

/// Schedules that a search may have missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MissingSchedules {
    /// Listing ended at a limit of ours.
    #[error("PagerDuty has more schedules than are listed here. Type more of the name.")]
    Cut,
    #[error("{} schedules could not all be listed. {problem}", match kind {
        ScheduleKind::LayerBased => "Layer-based",
        ScheduleKind::ShiftBased => "Shift-based",
    })]
    Failed {
        kind: ScheduleKind,
        problem: PagerDutyProblem,
    },
}

/// The shifts of a schedule that made no sense. They are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many; at least one.
    pub shifts: u32,
    /// What is odd about the first one.
    pub first: ShiftOddity,
    /// When that one starts, if it tells.
    pub from: Option<Timestamp>,
}

impl LeftOut {
    /// Whether whoever had the first of them may have it at that moment: when it ends is not known.
    pub fn may_be_of(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now)
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = &self.first;
        match self.shifts {
            1 => write!(
                f,
                "PagerDuty's answer holds a shift that {first}. It is left out here, so somebody may be missing. Look at the schedule in PagerDuty."
            ),
            shifts => write!(
                f,
                "PagerDuty's answer holds {shifts} shifts that make no sense; the first one {first}. They are left out here, so somebody may be missing. Look at the schedule in PagerDuty."
            ),
        }
    }
}

/// Why a shift makes no sense.
///
/// Remedy: `LeftOut` says it, of the shift that it puts before this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ShiftOddity {
    #[error("names nobody")]
    NobodyNamed,
    #[error("names somebody of a kind that is not known here")]
    UnknownKind,
    #[error("has no start that can be read")]
    NoStart,
    #[error("has no end that can be read")]
    NoEnd,
    #[error("ends before it starts")]
    EndsBeforeItStarts,
    #[error("cannot be read")]
    Unreadable,
}

/// Somebody of a schedule that is not bound yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewPerson {
    /// As PagerDuty names them.
    pub name: String,
    /// As PagerDuty spells it.
    pub email: Option<String>,
    pub link: LinkState,
    /// The name of the person in Slack, also of a deactivated one.
    pub slack_name: Option<String>,
    pub on_duty: bool,
}

/// What a rotation has now and loses by being bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingLoss {
    /// The names of members who are not in the schedule.
    pub members: Vec<String>,
    /// The names of those who are on duty now and will not be.
    pub on_duty: Vec<String>,
    /// The name of the schedule that it is bound to now, when that is another.
    pub schedule: Option<String>,
}

/// What binding a rotation to a schedule would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchedulePreview {
    pub schedule: ScheduleSummary,
    pub people: Vec<PreviewPerson>,
    /// What it plans now and for the next 14 days, by start, with its gaps.
    pub plan: Vec<Stretch>,
    pub left_out: Option<LeftOut>,
    pub loss: BindingLoss,
    /// As of when all of that is told.
    pub read_at: Timestamp,
}

impl SchedulePreview {
    /// When duty changes, as far as the shifts tell.
    pub fn duty_changes(&self) -> Vec<Timestamp> {
        let plan = self.plan.iter();
        plan.flat_map(|stretch| [Some(stretch.starts_at), stretch.ends_at])
            .flatten()
            .filter(|at| *at > self.read_at)
            .collect()
    }
}

/// How far what is shown of a bound schedule can be trusted, the best first. The
/// server decides, by one rule for every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ScheduleHealth {
    Healthy,
    /// The last question failed; it is asked again, and what is shown is not old.
    AskingAgain,
    /// Not confirmed for longer than it takes while all is well.
    Stale,
    /// It cannot be read, time and again.
    NeedsAttention,
    /// It stays so until an admin reconnects PagerDuty.
    NeedsReconnection,
}

impl ScheduleHealth {
    /// The state in a few words, for a badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::AskingAgain => "Asking again",
            Self::Stale => "Stale",
            Self::NeedsAttention => "Needs attention",
            Self::NeedsReconnection => "Needs reconnection",
        }
    }
}

/// A rotation's bond to a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingView {
    pub schedule: ScheduleId,
    pub schedule_name: String,
    /// The schedule's page in PagerDuty.
    pub schedule_url: Option<String>,
    pub time_zone: Option<String>,
    /// Times can be told in that zone.
    pub zone_is_known: bool,
    /// When PagerDuty last confirmed what the page shows.
    pub confirmed_at: Option<Timestamp>,
    /// From when on that is too long ago.
    pub stale_at: Option<Timestamp>,
    pub health: ScheduleHealth,
    /// When PagerDuty is asked next.
    pub next_sync_at: Timestamp,
    /// Why the schedule cannot be read, once somebody has to look at it.
    pub problem: Option<PagerDutyProblem>,
    /// What of the last reading made no sense.
    pub left_out: Option<LeftOut>,
}

/// Why somebody of PagerDuty could not be linked to somebody of Slack, or the
/// link not be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum LinkRefusal {
    /// Cause: Nobody was chosen.
    #[error("Choose a person from the list.")]
    NobodyChosen,
    #[error("This person is deactivated in Slack. Choose somebody else.")]
    Deactivated,
    #[error(
        "No bound schedule names this PagerDuty user any more, so there is nothing to link. Reload to see the present list."
    )]
    UnknownUser,
    #[error("This link was undone in the meantime. Reload to see the present list.")]
    NotLinkedByHand,
}

/// Somebody of bound schedules behind whom no active person of Slack stands, or
/// only because an admin said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkView {
    pub user: PagerDutyUserId,
    /// As PagerDuty names them.
    pub name: String,
    pub email: Option<String>,
    pub link: LinkState,
    /// Whom an admin linked them to.
    pub linked_to: Option<(PersonId, String)>,
}

/// What decides who is on duty in a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleChoice {
    Manual,
    PagerDuty(ScheduleId),
    /// A schedule of its own.
    Scheduled(Box<RotaInput>),
}

/// A choice, and what whoever made it knew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleWish {
    pub choice: ScheduleChoice,
    /// The version of the rotation that the form began with; empty where nobody looked.
    pub version: String,
}

impl From<ScheduleChoice> for ScheduleWish {
    fn from(choice: ScheduleChoice) -> Self {
        let version = match &choice {
            ScheduleChoice::Scheduled(rota) => rota.version.clone(),
            ScheduleChoice::Manual | ScheduleChoice::PagerDuty(_) => String::new(),
        };
        Self { choice, version }
    }
}

/// What a choice came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleSet {
    Saved,
    /// People hand over themselves.
    MadeManual,
    /// Nothing was saved.
    Previewed(RotaPreview),
}

/// Why a schedule could not be searched, previewed or bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BindRefusal {
    #[error(transparent)]
    PagerDuty(#[from] PagerDutyProblem),
    #[error(transparent)]
    Rotation(#[from] RotationRefusal),
    #[error(
        "PagerDuty is not connected. Ask an admin to connect it under Settings → Integrations."
    )]
    NotConnected,
    #[error("The connection to PagerDuty was changed at this very moment. Save again.")]
    ConnectionChanged,
    /// Remedy: each of these fields says beside it what it needs.
    #[error("Some fields of the schedule need another look.")]
    Rota(Vec<(RotaField, RotaProblem)>),
    /// Cause: No schedule was chosen.
    #[error("Search for a schedule and choose one from the list.")]
    NothingChosen,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn duty_changes_where_a_stretch_begins_or_ends_that_was_still_to_come() {
        let stretch = |starts: i64, ends: i64| Stretch {
            holder: None,
            starts_at: at(starts),
            ends_at: Some(at(ends)),
            overrides: Vec::new(),
        };
        let preview = SchedulePreview {
            schedule: ScheduleSummary {
                id: ScheduleId::new("P1"),
                name: "Ops".to_owned(),
                time_zone: None,
                told_apart: None,
            },
            people: Vec::new(),
            plan: vec![stretch(0, 10), stretch(10, 20)],
            left_out: None,
            loss: BindingLoss {
                members: Vec::new(),
                on_duty: Vec::new(),
                schedule: None,
            },
            read_at: at(5),
        };
        assert_eq!(preview.duty_changes(), [at(10), at(10), at(20)]);
        let later = SchedulePreview {
            read_at: at(10),
            ..preview
        };
        assert_eq!(later.duty_changes(), [at(20)]);
    }
}
