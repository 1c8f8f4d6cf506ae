//! PagerDuty schedules: how one is searched, previewed, bound to a rotation,
//! and what a bound rotation shows of it.

use crate::{LinkState, MemberKey, PagerDutyProblem, RotationRefusal, ScheduleId, Timestamp};
use serde::{Deserialize, Serialize};

/// A schedule as the search lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSummary {
    pub id: ScheduleId,
    pub name: String,
    /// As PagerDuty names it, IANA or Rails; for display only.
    pub time_zone: Option<String>,
}

/// Somebody of a schedule that is not bound yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewPerson {
    pub name: String,
    pub email: Option<String>,
    pub link: LinkState,
    pub on_duty: bool,
}

/// What binding a rotation to a schedule would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchedulePreview {
    pub schedule: ScheduleSummary,
    pub people: Vec<PreviewPerson>,
    /// Current and coming shifts, by start.
    pub shifts: Vec<ShiftView>,
}

/// A stretch of time for which one person is on duty: `[starts_at, ends_at)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftView {
    pub member: MemberKey,
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// A rotation's bond to a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingView {
    pub schedule: ScheduleId,
    pub schedule_name: String,
    /// The schedule's page in PagerDuty.
    pub schedule_url: Option<String>,
    pub time_zone: Option<String>,
    /// When PagerDuty last confirmed what the page shows.
    pub confirmed_at: Option<Timestamp>,
    /// Why the last attempt to read the schedule failed.
    pub problem: Option<PagerDutyProblem>,
}

/// What decides who is on duty in a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleChoice {
    Manual,
    PagerDuty(ScheduleId),
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
    #[error("Search for a schedule and choose one from the list.")]
    NothingChosen,
}
