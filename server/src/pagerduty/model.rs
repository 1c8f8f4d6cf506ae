//! PagerDuty's people and schedules as the product sees them, freed from the
//! shapes in which they travel.

use types::{PagerDutyUserId, ScheduleId, Timestamp};

/// A schedule with everybody it names and its shifts in the window asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub name: String,
    /// The schedule's page in PagerDuty; always http or https.
    pub url: Option<String>,
    /// As PagerDuty names it, IANA or Rails; for display only.
    pub time_zone: Option<String>,
    /// Each once: the schedule's own people in its order, then those of its
    /// layers, then those whom only a shift names (an override may bring an outsider).
    pub people: Vec<UserReference>,
    /// By start, as PagerDuty renders them after overrides, with their real
    /// starts and ends even where these lie outside the window. A gap is the
    /// absence of a shift. Shifts of one person that adjoin stay apart: merged,
    /// a running shift would begin elsewhere each time the window moves on.
    pub shifts: Vec<Shift>,
}

/// Somebody as a schedule names them: without an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReference {
    pub id: PagerDutyUserId,
    /// The id, when PagerDuty gives no name.
    pub name: String,
    /// No longer a user of the PagerDuty account, though still in the schedule.
    pub deleted: bool,
}

/// A stretch of time for which one person is on call: `[starts_at, ends_at)`,
/// never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    // The order of the fields is the order of shifts.
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub user: PagerDutyUserId,
}

/// Somebody of the PagerDuty account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: PagerDutyUserId,
    /// The id, when PagerDuty gives no name.
    pub name: String,
    /// As written in PagerDuty: compare without regard to case.
    pub email: Option<String>,
    pub deleted: bool,
}
