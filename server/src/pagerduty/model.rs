//! PagerDuty's people and schedules as the product sees them, freed from the
//! shapes in which they travel.

use domain::{Directory, Member, SchedulePerson, Shift, members_of, planned};
use types::{LeftOut, PagerDutyUserId, Region, ScheduleId, Stretch, Timestamp};

/// Which account it is, as far as PagerDuty has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountIdentity {
    /// The first part of the account's web address, in lower case.
    pub subdomain: Option<String>,
    /// The account's id, which only ID tokens tell.
    pub account_id: Option<String>,
}

impl AccountIdentity {
    /// Whether the two are certainly not the same account. Ids decide, since a
    /// subdomain can be renamed; where neither is known of both, nobody can tell.
    pub fn differs_from(&self, other: &Self) -> bool {
        match (&self.account_id, &other.account_id) {
            (Some(one), Some(two)) => one != two,
            _ => match (&self.subdomain, &other.subdomain) {
                (Some(one), Some(two)) => one != two,
                _ => false,
            },
        }
    }

    /// Whether the two are certainly the same account; where neither id nor
    /// subdomain is known of both, nobody can tell.
    pub fn is_certainly(&self, other: &Self) -> bool {
        let comparable = (self.account_id.is_some() && other.account_id.is_some())
            || (self.subdomain.is_some() && other.subdomain.is_some());
        comparable && !self.differs_from(other)
    }

    /// What is known of both together, this one's word first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            subdomain: self.subdomain.or(other.subdomain),
            account_id: self.account_id.or(other.account_id),
        }
    }
}

/// What a working credential opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub region: Region,
    pub account: AccountIdentity,
    /// Whether it shows any schedule; `None` when that could not be found out.
    pub sees_schedules: Option<bool>,
}

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
    /// The members that it makes at the time `now`, in its order.
    pub fn members(&self, directory: &Directory, now: Timestamp) -> Vec<Member> {
        members_of(&self.people, &self.shifts, directory, now)
    }

    /// The stretches that it plans, by start.
    pub fn plan(&self, directory: &Directory) -> Vec<Stretch> {
        planned(&self.people, &self.shifts, directory)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn account(subdomain: Option<&str>, id: Option<&str>) -> AccountIdentity {
        AccountIdentity {
            subdomain: subdomain.map(str::to_owned),
            account_id: id.map(str::to_owned),
        }
    }

    #[test]
    fn another_account_is_noticed_by_its_id_or_else_by_its_subdomain() {
        let (acme, books) = (Some("acme"), Some("books"));
        for (one, other, differs) in [
            (account(acme, Some("A1")), account(acme, Some("A2")), true),
            // Renamed.
            (account(acme, Some("A1")), account(books, Some("A1")), false),
            (account(acme, None), account(books, Some("A1")), true),
            (account(acme, None), account(acme, Some("A1")), false),
            (account(None, Some("A1")), account(acme, None), false),
            (account(None, None), account(acme, None), false),
        ] {
            assert_eq!(one.differs_from(&other), differs, "{one:?} {other:?}");
            assert_eq!(other.differs_from(&one), differs, "{other:?} {one:?}");
        }
    }

    #[test]
    fn the_same_account_is_recognised_only_by_what_is_known_of_both() {
        let (acme, books) = (Some("acme"), Some("books"));
        for (one, other, same) in [
            (account(acme, Some("A1")), account(books, Some("A1")), true),
            (account(acme, Some("A1")), account(acme, Some("A2")), false),
            (account(acme, None), account(acme, Some("A1")), true),
            (account(acme, None), account(books, None), false),
            (account(None, Some("A1")), account(acme, None), false),
            (account(None, None), account(None, None), false),
        ] {
            assert_eq!(one.is_certainly(&other), same, "{one:?} {other:?}");
        }
    }
}
