//! PagerDuty's people and schedules as the product sees them, freed from the
//! shapes in which they travel.

use domain::{AccountIdentity, ScheduleVersion, Shift};
use types::{LeftOut, PagerDutyUserId, Region, ScheduleId};

/// What a working credential opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub region: Region,
    pub account: AccountIdentity,
    /// Whether it shows any schedule; `None` when that could not be found out.
    pub sees_schedules: Option<bool>,
}

/// A schedule with everybody it names and its shifts in the window asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub version: ScheduleVersion,
    pub name: String,
    /// The schedule's page in PagerDuty; always http or https.
    pub url: Option<String>,
    /// As PagerDuty names it, IANA or Rails; for display only.
    pub time_zone: Option<String>,
    /// Each once: the schedule's own people in its order, then those of its
    /// layers or rotations, then those whom only a shift names (an override may bring an outsider).
    pub people: Vec<UserReference>,
    /// By start, as PagerDuty renders them after overrides, with their real
    /// starts and ends even where these lie outside the window. A gap is the
    /// absence of a shift. Shifts of one person that adjoin stay apart: merged,
    /// a running shift would begin elsewhere each time the window moves on.
    pub shifts: Vec<Shift>,
    /// The shifts of the answer that made no sense.
    pub left_out: Option<LeftOut>,
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

/// Somebody of the PagerDuty account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: PagerDutyUserId,
    /// The id, when PagerDuty gives no name.
    pub name: String,
    /// As written in PagerDuty: compare without regard to case.
    pub email: Option<String>,
    /// PagerDuty has said what their e-mail is, or that there is none.
    pub email_told: bool,
    pub deleted: bool,
}
