//! The user group of Slack that holds whoever is on duty in a rotation, so that they are reached
//! by one handle.

use crate::{PersonId, SlackGroupId, SlackWord, Timestamp, slack::Hindrance};
use serde::{Deserialize, Serialize};

/// How many may be taken out of a group without being asked about.
pub const TAKEN_OUT_UNASKED: usize = 5;
/// The most characters that Slack takes for a handle.
const HANDLE_MAX_CHARS: usize = 21;

/// What becomes of a group while nobody is on duty who can be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NobodyOnDuty {
    /// Whoever was in it last stays.
    #[default]
    Keep,
    /// Other people are in it.
    Fallback,
    /// The handle reaches nobody.
    Disable,
}

impl NobodyOnDuty {
    pub const ALL: [Self; 3] = [Self::Keep, Self::Fallback, Self::Disable];

    /// As it is stored and sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Fallback => "fallback",
            Self::Disable => "disable",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// Whom of a rotation its group holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupHolds {
    /// Whoever is on duty.
    #[default]
    OnDuty,
    /// All who take turns, and whoever is on duty without that.
    Members,
}

impl GroupHolds {
    pub const ALL: [Self; 2] = [Self::OnDuty, Self::Members];

    /// As it is sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OnDuty => "on_duty",
            Self::Members => "members",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// When somebody is in a group without being on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standby {
    /// Always.
    Permanent,
    /// While nobody is on duty, where that is what was chosen.
    Fallback,
}

impl Standby {
    /// As it is sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Fallback => "fallback",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Permanent, Self::Fallback]
            .into_iter()
            .find(|one| one.code() == code)
    }
}

/// A group that is chosen for a rotation, and how it is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChoice {
    pub group: SlackGroupId,
    pub holds: GroupHolds,
    pub when_nobody: NobodyOnDuty,
}

/// Why somebody who belongs in the group is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WhyLeftOut {
    NotLinked,
    Deactivated,
    /// Slack did not take them, as it may not take guests.
    NotTaken,
}

/// A group that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSummary {
    pub id: SlackGroupId,
    /// Without the `@`.
    pub handle: String,
    pub name: String,
    pub disabled: bool,
}

/// The group of a rotation, or the search for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyGroupView {
    /// The rotation's name.
    pub rotation: String,
    pub kept: Option<KeptGroup>,
    /// Whether Slack lets Round Robin read and write groups at all.
    pub may_write: bool,
    /// The name of whoever lends Round Robin their permission to edit groups, while that is of use.
    pub lent_by: Option<String>,
    /// Whether Slack tells of any group that could be chosen.
    pub has_groups: bool,
    /// What the search finds; nothing without a word.
    pub found: Vec<GroupSummary>,
    /// Whether it finds more than that.
    pub more: bool,
    pub chosen: Option<GroupPreview>,
    /// Why Slack's groups are not shown, in a sentence.
    pub trouble: Option<String>,
}

/// What would become of a group that is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPreview {
    pub group: GroupSummary,
    pub holds: GroupHolds,
    /// Names, as the others. Absent where Slack does not say who is in it.
    pub now: Option<Vec<String>>,
    /// Absent where it stays as it is, or whoever is in it stays who is not known.
    pub then: Option<Vec<String>>,
    /// Absent where it is not known.
    pub taken_out: Option<Vec<String>>,
    /// Its members are made to join channels.
    pub joins_channels: bool,
    /// Other rotations feed it too. How many is not for everybody to know.
    pub is_shared: bool,
}

/// A group that is kept, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptGroup {
    pub id: SlackGroupId,
    /// Without the `@`.
    pub handle: String,
    /// Whom of this rotation it holds.
    pub holds: GroupHolds,
    pub when_nobody: NobodyOnDuty,
    pub permanent: Vec<(PersonId, String)>,
    pub fallback: Vec<(PersonId, String)>,
    /// Who is in it, by name; absent until it is known.
    pub members: Option<Vec<String>>,
    pub disabled: bool,
    pub written_at: Option<Timestamp>,
    /// When somebody last changed it by hand, and who, where Slack tells.
    pub edited: Option<(Timestamp, Option<String>)>,
    /// Who belongs in it and is not.
    pub left_out: Vec<(String, WhyLeftOut)>,
    /// What is wrong, in a sentence.
    pub trouble: Option<String>,
    /// Since when nothing that was tried has come to anything.
    pub trouble_since: Option<Timestamp>,
    /// Something is to be written.
    pub waiting: bool,
    /// Other rotations feed it too. How many is not for everybody to know.
    pub is_shared: bool,
}

/// Why a group was not chosen, made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GroupRefusal {
    #[error("No user group was chosen. Search for one and choose it from the list.")]
    NothingChosen,
    #[error(
        "This takes {count} people out of the group. Look at who they are, then tick the box and choose it again."
    )]
    TakesOut { count: u32 },
    #[error(
        "Slack does not say who is in the group now, so it is not known how many people this takes out. Try again in a minute, or tick the box and choose it all the same."
    )]
    TakesOutUnknown,
    #[error("Nobody was chosen. Choose a person from the list.")]
    NobodyChosen,
    #[error(
        "Nothing was chosen, or something that this version of Round Robin does not know, so nothing has changed. Reload the page, then choose again."
    )]
    UnknownChoice,
    #[error("The rotation has no group any more. Reload the page to choose one.")]
    NotConnected,
    #[error(
        "A handle has up to {HANDLE_MAX_CHARS} small letters, digits, hyphens, underscores and dots, with at least one letter. Leave out the @ and spaces."
    )]
    BadHandle,
    #[error(
        "Somebody, a channel or another group has this handle already. Think of another one, or search for the group and connect it."
    )]
    HandleTaken,
    #[error(
        "Slack did not say whether it made the group. Search for the handle, and connect the group if it is there; else make it again."
    )]
    MadeOrNot,
    #[error(
        "Somebody has connected another group while you were at it, so nothing of yours was done. Reload the page to see it; disconnect it first to have yours in its place."
    )]
    ConnectedMeanwhile,
    #[error(
        "The user group @{handle} was made in Slack, but somebody has connected another group while you were at it, so Round Robin puts nobody into yours. Reload the page to see theirs; disconnect it, then search for @{handle} and connect it, or disable @{handle} in Slack."
    )]
    MadeMeanwhile { handle: String },
    #[error("{0}")]
    Slack(#[from] GroupTrouble),
}

/// Why somebody was not put into a group beside those on duty, or taken out. There are many such forms on
/// one page, so it tells which of them is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{refusal}")]
pub struct StandbyRefusal {
    pub refusal: GroupRefusal,
    pub form: StandbyForm,
}

/// A form that takes this person out, or, without one, that puts somebody in. The people are those of a
/// [`Standby::code`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandbyForm {
    pub standby: String,
    pub person: Option<String>,
}

/// Why a group is not as it should be, or Slack does not tell of groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GroupTrouble {
    #[error(
        "When it was last tried, Slack said that Round Robin lacks a permission to change user groups. It is tried again by itself, or at once with Write now; if it stays so, an Owner or Admin of the workspace has to install it anew, under Settings → Slack."
    )]
    MissingScope,
    #[error(
        "Slack does not tell who is in this user group, so it is left alone. It is looked at again by itself; if it stays so, choose another group."
    )]
    Unreadable,
    #[error(
        "Only some people may edit user groups in this Slack workspace, and Round Robin is not among them. An Owner or Admin either lets everybody edit them, in Slack's workspace settings under Permissions → User groups, or lets Round Robin edit them in their own name, here under Settings → Slack."
    )]
    AdminsOnly,
    #[error(
        "Slack refuses the permission that an admin has lent Round Robin for user groups. It is asked again by itself; if this lasts, an Owner or Admin gives it anew, here under Settings → Slack."
    )]
    LentRefused,
    #[error(
        "Slack lets neither whoever lends Round Robin their permission edit this user group, nor Round Robin itself. Another Owner or Admin lets Round Robin edit groups in their own name, here under Settings → Slack, or lets everybody edit them, in Slack's workspace settings under Permissions → User groups."
    )]
    LenderDenied,
    #[error(
        "Whoever let Round Robin edit user groups in their own name is no active Owner or Admin any more, so that is not used, and Round Robin itself may not edit them. Another Owner or Admin allows it, here under Settings → Slack."
    )]
    LenderNoAdmin,
    #[error(
        "Slack has user groups in its paid plans only, and this workspace is on a free one. Announcements and topics do without; for a group, the workspace needs another plan."
    )]
    FreePlan,
    #[error(
        "Slack does not know this user group any more. Disconnect it, then choose another one."
    )]
    Gone,
    #[error(
        "The user group belongs to another organisation, so Round Robin cannot change it. Disconnect it, then choose another one."
    )]
    External,
    #[error(
        "Slack refuses somebody who should be in the group and does not say whom, so nobody was changed. Look whether everybody below is an active member in Slack; it is tried again every few minutes."
    )]
    PeopleRefused,
    #[error("Slack took only some of the people. The rest is tried again by itself.")]
    HalfDone,
    #[error(
        "Slack does not let a user group be empty. Choose people for the time in which nobody is on duty, or disable the handle."
    )]
    Empty,
    #[error(
        "These are more people than Slack takes into a user group. Take out some who are always in it, or let fewer rotations feed it."
    )]
    TooMany,
    #[error(
        "Another user group has this name already. Think of another handle, or search for the group and connect it."
    )]
    NameTaken,
    #[error(
        "Slack refuses Round Robin's token. It is asked again by itself; if this lasts, an Owner or Admin signs in and adds Round Robin again."
    )]
    TokenRefused,
    #[error(
        "Round Robin is not installed in Slack any more. An Owner or Admin signs in and adds it."
    )]
    NotInstalled,
    #[error(
        "Slack did not answer, or asked to wait. It is tried again by itself, and nothing has to be done."
    )]
    Waiting,
    #[error(
        "Slack refused the change: {0}. Slack's documentation of user groups tells what it means."
    )]
    Refused(SlackWord),
    #[error("The last attempt came to nothing. The log says why; it is tried again by itself.")]
    Unknown,
}

impl GroupRefusal {
    /// Whether it is done once somebody says that many may be taken out.
    pub const fn asks(&self) -> bool {
        matches!(self, Self::TakesOut { .. } | Self::TakesOutUnknown)
    }
}

impl GroupTrouble {
    /// What a word of Slack's means where groups are read or written, or one of our own codes for
    /// what has no word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "missing_scope" => Self::MissingScope,
            "permission_denied" => Self::AdminsOnly,
            "lent_refused" => Self::LentRefused,
            "lender_denied" => Self::LenderDenied,
            "lender_no_admin" => Self::LenderNoAdmin,
            "plan_upgrade_required" | "paid_teams_only" => Self::FreePlan,
            "no_such_subteam" | "subteam_not_found" => Self::Gone,
            "external_group" => Self::External,
            "invalid_users" => Self::PeopleRefused,
            "failed_for_some_users" => Self::HalfDone,
            "no_users_provided" => Self::Empty,
            "subteam_max_users_exceeded" => Self::TooMany,
            "name_already_exists" => Self::NameTaken,
            "not_yet_so" => Self::Waiting,
            "unreadable_group" => Self::Unreadable,
            word => match Hindrance::of_word(word) {
                Hindrance::NotInstalled => Self::NotInstalled,
                Hindrance::TokenRefused => Self::TokenRefused,
                Hindrance::Passing => Self::Waiting,
                Hindrance::Unknown => Self::Unknown,
                Hindrance::Word(word) => Self::Refused(word),
            },
        }
    }
}

/// The handle that somebody typed, as Slack takes it.
pub fn typed_handle(text: &str) -> Option<String> {
    let handle = text.trim().trim_start_matches('@');
    let is_plain = |char: char| {
        (char.is_alphanumeric() && !char.is_uppercase()) || matches!(char, '-' | '_' | '.')
    };
    let is_one = handle.chars().all(is_plain)
        && handle.chars().any(char::is_alphabetic)
        && handle.chars().count() <= HANDLE_MAX_CHARS
        && !matches!(handle, "here" | "channel" | "everyone");
    is_one.then(|| handle.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_may_be_typed_with_its_sign() {
        for text in ["payments-oncall", " @payments-oncall "] {
            assert_eq!(typed_handle(text).as_deref(), Some("payments-oncall"));
        }
        for text in [
            "",
            "@",
            "-",
            "123",
            "On-Call",
            "on call",
            "here",
            "<!channel>",
            "a-handle-of-22-letters",
        ] {
            assert_eq!(typed_handle(text), None, "{text:?}");
        }
    }

    #[test]
    fn each_word_that_somebody_can_do_something_about_has_a_sentence_of_its_own() {
        for (word, trouble) in [
            ("permission_denied", GroupTrouble::AdminsOnly),
            ("lent_refused", GroupTrouble::LentRefused),
            ("lender_denied", GroupTrouble::LenderDenied),
            ("lender_no_admin", GroupTrouble::LenderNoAdmin),
            ("plan_upgrade_required", GroupTrouble::FreePlan),
            ("paid_teams_only", GroupTrouble::FreePlan),
            ("no_such_subteam", GroupTrouble::Gone),
            ("missing_scope", GroupTrouble::MissingScope),
            ("no_users_provided", GroupTrouble::Empty),
            ("invalid_users", GroupTrouble::PeopleRefused),
            ("failed_for_some_users", GroupTrouble::HalfDone),
            ("subteam_max_users_exceeded", GroupTrouble::TooMany),
            ("name_already_exists", GroupTrouble::NameTaken),
            ("token_expired", GroupTrouble::TokenRefused),
            ("status_503", GroupTrouble::Waiting),
        ] {
            assert_eq!(GroupTrouble::of_word(word), trouble, "{word}");
        }
        let unknown = GroupTrouble::of_word("a_word_of_tomorrow").to_string();
        assert!(unknown.contains("a_word_of_tomorrow"));
        assert_eq!(GroupTrouble::of_word("<b>"), GroupTrouble::Unknown);
    }

    #[test]
    fn codes_of_what_becomes_of_a_group_are_read_back() {
        for one in NobodyOnDuty::ALL {
            assert_eq!(NobodyOnDuty::from_code(one.code()), Some(one));
        }
        for one in GroupHolds::ALL {
            assert_eq!(GroupHolds::from_code(one.code()), Some(one));
        }
    }
}
