//! People as a workspace knows them: Slack decides who they are and which role
//! they have.

use crate::{PersonId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A person's standing in the Slack workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    PrimaryOwner,
    Owner,
    Admin,
    Member,
    Guest,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::PrimaryOwner,
        Self::Owner,
        Self::Admin,
        Self::Member,
        Self::Guest,
    ];

    /// May connect, edit and disconnect integrations, read the audit log and
    /// see and edit every rotation.
    pub const fn administers(self) -> bool {
        matches!(self, Self::PrimaryOwner | Self::Owner | Self::Admin)
    }

    /// The name under which the role is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PrimaryOwner => "primary_owner",
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }

    /// The inverse of [`Role::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrimaryOwner => "Primary Owner",
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
            Self::Guest => "Guest",
        })
    }
}

/// Somebody of the workspace's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    pub id: PersonId,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    /// Deactivated in Slack, or gone from the workspace.
    pub deactivated: bool,
}

/// The people whom a search finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPeople {
    /// A few active ones, by name; each with that, and with the e-mail where somebody else
    /// among them has the same.
    pub people: Vec<(PersonId, String)>,
    /// There are others.
    pub more: bool,
    /// Those who were asked for beside the search, as they are called.
    pub chosen: Vec<(PersonId, String)>,
}

/// How somebody on a rotation relates to the Slack workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// An active person of the workspace.
    Linked,
    /// An active person of the workspace whom an admin named, since no e-mail
    /// says so.
    LinkedByHand,
    /// Known to Slack, but deactivated there.
    Deactivated,
    /// PagerDuty has not told yet who they are, so whether they have an e-mail is not
    /// known.
    NotYetKnown,
    /// PagerDuty shows no e-mail for them, so there is nothing to match by.
    NoEmail,
    /// Nobody in the workspace has their e-mail.
    NoMatch,
    /// Deleted in PagerDuty, yet still in the schedule.
    DeletedInPagerDuty,
}

impl LinkState {
    const ALL: [Self; 7] = [
        Self::Linked,
        Self::LinkedByHand,
        Self::Deactivated,
        Self::NotYetKnown,
        Self::NoEmail,
        Self::NoMatch,
        Self::DeletedInPagerDuty,
    ];

    /// The name under which the state is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::LinkedByHand => "linked_by_hand",
            Self::Deactivated => "deactivated",
            Self::NotYetKnown => "not_yet_known",
            Self::NoEmail => "no_email",
            Self::NoMatch => "no_match",
            Self::DeletedInPagerDuty => "deleted_in_pagerduty",
        }
    }

    /// The inverse of [`LinkState::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Somebody who left cannot take a turn; somebody whom Slack does not know
    /// can.
    pub const fn can_be_on_duty(self) -> bool {
        !matches!(self, Self::Deactivated | Self::DeletedInPagerDuty)
    }

    pub const fn is_linked(self) -> bool {
        matches!(self, Self::Linked | Self::LinkedByHand)
    }

    /// The state in a few words, for a badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Linked => "Linked to Slack",
            Self::LinkedByHand => "Linked by hand",
            Self::Deactivated => "Deactivated in Slack",
            Self::NotYetKnown => "Not yet known",
            Self::NoEmail => "No e-mail in PagerDuty",
            Self::NoMatch => "Not found in Slack",
            Self::DeletedInPagerDuty => "Deleted in PagerDuty",
        }
    }
}

/// Who is signed in, as every page's frame shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub workspace: WorkspaceId,
    pub workspace_name: String,
    pub person: PersonView,
}
