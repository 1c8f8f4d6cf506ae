//! What was done, and by whom, for those who have to answer for it.

use crate::{AuditId, RotationId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that was done, or tried and refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuditAction {
    SignedIn,
    SignedOut,
    SignedOutEverywhere,
    InstalledInSlack,
    /// A key that PagerDuty did not accept.
    TriedApiKey,
    /// A login that did not end in a connection.
    TriedLogin,
    ConnectedPagerDuty,
    ReplacedApiKey,
    SwitchedToApiKey,
    SwitchedToOauth,
    ReconnectedPagerDuty,
    DisconnectedPagerDuty,
    CreatedRotation,
    EditedRotation,
    DeletedRotation,
    Rotated,
    SetOnDuty,
    AddedMember,
    RemovedMember,
    MovedMember,
    AddedOwner,
    RemovedOwner,
    BoundSchedule,
    UnboundSchedule,
    SetRota,
    RevertedToManual,
    ReboundSchedules,
    LeftManual,
    LinkedPerson,
    UnlinkedPerson,
    MadeFeed,
    RevokedFeed,
    /// Chose the Slack channel in which a rotation's changes are announced, or gave it up, as long
    /// as there was one.
    SetSlackChannel,
    AddedSlackChannel,
    RemovedSlackChannel,
    SetAnnouncement,
    /// Chose the user group that holds those on duty, or gave it up.
    SetDutyGroup,
    /// Changed who is in that group beside them.
    ChangedDutyGroup,
    /// Let Round Robin edit user groups in one's own name.
    LentGroupPermission,
    TookBackGroupPermission,
    /// Chose the topic of a Slack channel, or gave it up.
    SetSlackTopic,
    MadeOverride,
    EndedOverride,
    SetWorkspaceZone,
    AskedForCover,
    WithdrewCover,
    TookCover,
    NotedAbsence,
    RemovedAbsence,
    AddedHoliday,
    RemovedHoliday,
    UndidChange,
    /// What another version wrote and this one does not know.
    Unknown,
}

impl AuditAction {
    pub const ALL: [Self; 52] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::InstalledInSlack,
        Self::TriedApiKey,
        Self::TriedLogin,
        Self::ConnectedPagerDuty,
        Self::ReplacedApiKey,
        Self::SwitchedToApiKey,
        Self::SwitchedToOauth,
        Self::ReconnectedPagerDuty,
        Self::DisconnectedPagerDuty,
        Self::CreatedRotation,
        Self::EditedRotation,
        Self::DeletedRotation,
        Self::Rotated,
        Self::SetOnDuty,
        Self::AddedMember,
        Self::RemovedMember,
        Self::MovedMember,
        Self::AddedOwner,
        Self::RemovedOwner,
        Self::BoundSchedule,
        Self::UnboundSchedule,
        Self::SetRota,
        Self::RevertedToManual,
        Self::ReboundSchedules,
        Self::LeftManual,
        Self::LinkedPerson,
        Self::UnlinkedPerson,
        Self::MadeFeed,
        Self::RevokedFeed,
        Self::SetSlackChannel,
        Self::AddedSlackChannel,
        Self::RemovedSlackChannel,
        Self::SetAnnouncement,
        Self::SetDutyGroup,
        Self::ChangedDutyGroup,
        Self::LentGroupPermission,
        Self::TookBackGroupPermission,
        Self::SetSlackTopic,
        Self::MadeOverride,
        Self::EndedOverride,
        Self::SetWorkspaceZone,
        Self::AskedForCover,
        Self::WithdrewCover,
        Self::TookCover,
        Self::NotedAbsence,
        Self::RemovedAbsence,
        Self::AddedHoliday,
        Self::RemovedHoliday,
        Self::UndidChange,
    ];

    /// The name under which the action is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::InstalledInSlack => "installed_in_slack",
            Self::TriedApiKey => "tried_api_key",
            Self::TriedLogin => "tried_login",
            Self::ConnectedPagerDuty => "connected_pagerduty",
            Self::ReplacedApiKey => "replaced_api_key",
            Self::SwitchedToApiKey => "switched_to_api_key",
            Self::SwitchedToOauth => "switched_to_oauth",
            Self::ReconnectedPagerDuty => "reconnected_pagerduty",
            Self::DisconnectedPagerDuty => "disconnected_pagerduty",
            Self::CreatedRotation => "created_rotation",
            Self::EditedRotation => "edited_rotation",
            Self::DeletedRotation => "deleted_rotation",
            Self::Rotated => "rotated",
            Self::SetOnDuty => "set_on_duty",
            Self::AddedMember => "added_member",
            Self::RemovedMember => "removed_member",
            Self::MovedMember => "moved_member",
            Self::AddedOwner => "added_owner",
            Self::RemovedOwner => "removed_owner",
            Self::BoundSchedule => "bound_schedule",
            Self::UnboundSchedule => "unbound_schedule",
            Self::SetRota => "set_rota",
            Self::RevertedToManual => "reverted_to_manual",
            Self::ReboundSchedules => "rebound_schedules",
            Self::LeftManual => "left_manual",
            Self::LinkedPerson => "linked_person",
            Self::UnlinkedPerson => "unlinked_person",
            Self::MadeFeed => "made_feed",
            Self::RevokedFeed => "revoked_feed",
            Self::SetSlackChannel => "set_slack_channel",
            Self::AddedSlackChannel => "added_slack_channel",
            Self::RemovedSlackChannel => "removed_slack_channel",
            Self::SetAnnouncement => "set_announcement",
            Self::SetDutyGroup => "set_duty_group",
            Self::ChangedDutyGroup => "changed_duty_group",
            Self::LentGroupPermission => "lent_group_permission",
            Self::TookBackGroupPermission => "took_back_group_permission",
            Self::SetSlackTopic => "set_slack_topic",
            Self::MadeOverride => "made_override",
            Self::EndedOverride => "ended_override",
            Self::SetWorkspaceZone => "set_workspace_zone",
            Self::AskedForCover => "asked_for_cover",
            Self::WithdrewCover => "withdrew_cover",
            Self::TookCover => "took_cover",
            Self::NotedAbsence => "noted_absence",
            Self::RemovedAbsence => "removed_absence",
            Self::AddedHoliday => "added_holiday",
            Self::RemovedHoliday => "removed_holiday",
            Self::UndidChange => "undid_change",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`AuditAction::code`].
    pub fn from_code(code: &str) -> Self {
        let mut known = Self::ALL.into_iter();
        known
            .find(|action| action.code() == code)
            .unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedIn => "Signed in",
            Self::SignedOut => "Signed out",
            Self::SignedOutEverywhere => "Signed out everywhere",
            Self::InstalledInSlack => "Added Round Robin to Slack",
            Self::TriedApiKey => "Tried a PagerDuty API key",
            Self::TriedLogin => "Tried to log in at PagerDuty",
            Self::ConnectedPagerDuty => "Connected PagerDuty",
            Self::ReplacedApiKey => "Replaced the PagerDuty API key",
            Self::SwitchedToApiKey => "Switched PagerDuty to an API key",
            Self::SwitchedToOauth => "Switched PagerDuty to OAuth 2.0",
            Self::ReconnectedPagerDuty => "Reconnected PagerDuty",
            Self::DisconnectedPagerDuty => "Disconnected PagerDuty",
            Self::CreatedRotation => "Created a rotation",
            Self::EditedRotation => "Edited a rotation",
            Self::DeletedRotation => "Deleted a rotation",
            Self::Rotated => "Rotated",
            Self::SetOnDuty => "Set on duty",
            Self::AddedMember => "Added a member",
            Self::RemovedMember => "Removed a member",
            Self::MovedMember => "Moved a member",
            Self::AddedOwner => "Added an owner",
            Self::RemovedOwner => "Removed an owner",
            Self::BoundSchedule => "Bound a schedule",
            Self::UnboundSchedule => "Unbound a schedule",
            Self::SetRota => "Set a rotation's own schedule",
            Self::RevertedToManual => "Reverted a rotation to Manual",
            Self::ReboundSchedules => "Bound rotations back to PagerDuty",
            Self::LeftManual => "Left reverted rotations Manual",
            Self::LinkedPerson => "Linked a PagerDuty user to Slack",
            Self::UnlinkedPerson => "Undid a link to Slack",
            Self::MadeFeed => "Made the address of a calendar feed",
            Self::RevokedFeed => "Revoked a calendar feed",
            Self::SetSlackChannel => "Set the Slack channel",
            Self::AddedSlackChannel => "Added a Slack channel",
            Self::RemovedSlackChannel => "Removed a Slack channel",
            Self::SetAnnouncement => "Set the text of announcements",
            Self::SetDutyGroup => "Set the on-duty group",
            Self::ChangedDutyGroup => "Changed the on-duty group",
            Self::LentGroupPermission => "Let user groups be edited in their own name",
            Self::TookBackGroupPermission => {
                "Took back that user groups are edited in an admin's name"
            }
            Self::SetSlackTopic => "Set the topic of a Slack channel",
            Self::MadeOverride => "Made an override",
            Self::EndedOverride => "Ended an override",
            Self::SetWorkspaceZone => "Chose the workspace's time zone",
            Self::AskedForCover => "Asked for cover",
            Self::WithdrewCover => "Withdrew a request for cover",
            Self::TookCover => "Took over by a request for cover",
            Self::NotedAbsence => "Noted an absence",
            Self::RemovedAbsence => "Removed an absence",
            Self::AddedHoliday => "Added a holiday",
            Self::RemovedHoliday => "Removed a holiday",
            Self::UndidChange => "Undid a change",
            Self::Unknown => "Did what this version does not know",
        })
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditActor {
    /// A person of this name, by a session of the pages.
    Session(String),
    /// A person of this name, by the address of a calendar feed.
    Feed(String),
    /// A person of this name, by a command in Slack.
    Command(String),
    /// Round Robin itself.
    System,
    /// Somebody of this name, in a way that another version wrote and this one does not know.
    Unknown(String),
}

impl fmt::Display for AuditActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(name) => f.write_str(name),
            Self::Feed(name) => write!(f, "{name}, by a calendar feed"),
            Self::Command(name) => write!(f, "{name}, by a command in Slack"),
            Self::System => f.write_str("Round Robin itself"),
            Self::Unknown(name) => write!(f, "{name}, in a way that this version does not know"),
        }
    }
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: AuditActor,
    pub action: AuditAction,
    /// The attempt was refused: the actor had no right to it, or PagerDuty did not accept
    /// what they brought.
    pub refused: bool,
    /// What it was done to, by name.
    pub target: Option<String>,
    /// The rotation that it was done to, where it is one that there still is.
    pub rotation: Option<RotationId>,
    /// What changed, in words and without secrets.
    pub before: Option<String>,
    pub after: Option<String>,
    pub request_id: Option<String>,
}

/// How long an entry is kept, in days: a little more than a year.
pub const AUDIT_KEPT_DAYS: i64 = 400;

/// Where a stretch of the log begins, as the address of its page tells: after the entry of
/// this id. Anything else than an id as the server makes them, which somebody may have typed,
/// is no place in the log, and its page is the first.
pub fn audit_cursor(text: &str) -> Option<AuditId> {
    let is_part = |(place, byte)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let is_id = text.len() == 36 && text.bytes().enumerate().all(is_part);
    is_id.then(|| AuditId::new(text))
}

/// A stretch of the audit log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// Where the next older stretch begins, when there is one.
    pub older_than: Option<AuditId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_makes_is_a_place_in_the_log() {
        let id = "019368a4-7c00-7000-8000-5bb1c0ffee01";
        assert_eq!(audit_cursor(id), Some(AuditId::new(id)));
        for odd in [
            "",
            "1",
            "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz",
            "------------------------------------",
            "019368A4-7C00-7000-8000-5BB1C0FFEE01",
            "019368a47c0070008000-5bb1c0ffee01aaaa",
            "019368a4-7c00-7000-8000-5bb1c0ffee0é",
            "' or true --",
        ] {
            assert_eq!(audit_cursor(odd), None, "{odd:?}");
        }
    }
}
