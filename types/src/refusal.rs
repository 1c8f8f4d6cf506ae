//! What somebody is told who is refused something: a sentence, which may be worded better at
//! any time, and a code, which stays. Logs and whatever is no page of ours go by the code.

use crate::{
    AbsenceRefusal, AnnouncementRefusal, ApiKeyProblem, AuthorisationProblem, BindRefusal,
    ChannelRefusal, ConnectRefusal, GroupRefusal, GroupTrouble, HolidayRefusal, LinkRefusal,
    NotificationRefusal, OauthClientProblem, OverrideRefusal, PagerDutyProblem, PermissionRefusal,
    RotationRefusal, TemplateProblem, TopicRefusal, WorkspaceZoneRefusal,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something that was asked for did not happen.
pub trait Refusal: fmt::Display {
    /// The name of the reason, which never changes.
    fn code(&self) -> &'static str;
}

/// What somebody lacks who may not do what they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Denial {
    #[error(
        "Only a Primary Owner, Owner or Admin of the Slack workspace may manage integrations. Ask one of them."
    )]
    ManageIntegrations,
    #[error(
        "Only a Primary Owner, Owner or Admin of the Slack workspace may change its settings here. Ask one of them."
    )]
    ManageWorkspace,
    #[error("Only the rotation's owners and workspace admins may change it. Ask one of them.")]
    EditRotation,
    #[error("Only workspace admins may read the audit log. Ask one of them.")]
    ReadAudit,
    #[error("Only workspace admins may see how the background work goes. Ask one of them.")]
    SeeBackgroundWork,
    #[error("Only workspace admins may say who is who in Slack. Ask one of them.")]
    LinkPeople,
    #[error(
        "Guests of the Slack workspace see people and schedules only for rotations that they own. Ask a full member."
    )]
    BrowseAsGuest,
    #[error("Guests of the Slack workspace may not create rotations. Ask a full member.")]
    CreateRotation,
    #[error(
        "Guests of the Slack workspace may not have PagerDuty asked. Rotations follow it by themselves; ask a full member if it must be now."
    )]
    SyncAsGuest,
    #[error(
        "Slack says that Round Robin is not installed in the workspace any more, so nothing can be changed. An Owner or Admin of the workspace has to sign in again and add it."
    )]
    InstallationEnded,
}

/// Gives each variant its code. Those that stand for a reason of another type have its code.
macro_rules! codes {
    ($refusal:ident $(of $($within:ident),+)? { $($variant:pat => $code:literal,)+ }) => {
        impl Refusal for $refusal {
            fn code(&self) -> &'static str {
                match self {
                    $($(Self::$within(refusal) => refusal.code(),)+)?
                    $($variant => $code,)+
                }
            }
        }

        #[cfg(test)]
        impl $refusal {
            const CODES: &'static [&'static str] = &[$($code),+];
        }
    };
}

codes!(Denial {
    Self::ManageIntegrations => "denied.manage_integrations",
    Self::ManageWorkspace => "denied.manage_workspace",
    Self::EditRotation => "denied.edit_rotation",
    Self::ReadAudit => "denied.read_audit",
    Self::SeeBackgroundWork => "denied.see_background_work",
    Self::LinkPeople => "denied.link_people",
    Self::BrowseAsGuest => "denied.browse_as_guest",
    Self::CreateRotation => "denied.create_rotation",
    Self::SyncAsGuest => "denied.sync_as_guest",
    Self::InstallationEnded => "denied.installation_ended",
});

codes!(RotationRefusal {
    Self::Fields(_) => "rotation.fields",
    Self::Bound => "rotation.bound",
    Self::Scheduled => "rotation.scheduled",
    Self::UnknownMode => "rotation.unknown_mode",
    Self::NobodyToRotateTo => "rotation.nobody_to_rotate_to",
    Self::Deactivated => "rotation.deactivated",
    Self::NotAMember => "rotation.not_a_member",
    Self::AlreadyAMember => "rotation.already_a_member",
    Self::AlreadyAnOwner => "rotation.already_an_owner",
    Self::CannotRemoveYourself => "rotation.cannot_remove_yourself",
    Self::NobodyChosen => "rotation.nobody_chosen",
    Self::ChangedSince => "rotation.changed_since",
    Self::UndoGone => "rotation.undo_gone",
    Self::EditedMeanwhile { .. } => "rotation.edited_meanwhile",
});

codes!(BindRefusal of PagerDuty, Rotation {
    Self::NotConnected => "schedule.not_connected",
    Self::ConnectionChanged => "schedule.connection_changed",
    Self::Rota(_) => "schedule.fields",
    Self::NothingChosen => "schedule.nothing_chosen",
});

codes!(OverrideRefusal of Rotation {
    Self::Bound => "override.bound",
    Self::ByHand => "override.by_hand",
    Self::OnlyYourself => "override.only_yourself",
    Self::Fields(_) => "override.fields",
    Self::TooMany => "override.too_many",
    Self::TooManyLately => "override.too_many_lately",
    Self::Gone => "override.gone",
    Self::NotYourShift => "cover.not_your_shift",
    Self::TooManyRequests => "cover.too_many",
    Self::AskedAlready => "cover.asked_already",
    Self::NoShiftThen => "cover.no_shift_then",
    Self::NoShiftAnyMore(_) => "cover.no_shift_any_more",
    Self::Taken(_) => "cover.taken",
    Self::OwnRequest => "cover.own_request",
    Self::SomebodyElseIsAsked => "cover.somebody_else_is_asked",
    Self::Guest => "cover.guest",
    Self::RequestGone => "cover.gone",
    Self::RequestOver => "cover.over",
    Self::NothingToPreview => "cover.nothing_to_preview",
});

codes!(AbsenceRefusal {
    Self::Fields(_) => "absence.fields",
    Self::TooMany => "absence.too_many",
    Self::TooManyLately => "absence.too_many_lately",
    Self::NotedAlready => "absence.noted_already",
    Self::Gone => "absence.gone",
    Self::NotYourRotation => "absence.not_your_rotation",
});

codes!(HolidayRefusal {
    Self::Fields(_) => "holiday.fields",
    Self::Day(_) => "holiday.day",
    Self::TooMany => "holiday.too_many",
    Self::Gone => "holiday.gone",
});

codes!(LinkRefusal {
    Self::NobodyChosen => "link.nobody_chosen",
    Self::Deactivated => "link.deactivated",
    Self::UnknownUser => "link.unknown_user",
    Self::NotLinkedByHand => "link.not_linked_by_hand",
});

codes!(ChannelRefusal {
    Self::NoId => "slack_channel.no_id",
    Self::TooMany => "slack_channel.too_many",
    Self::Gone => "slack_channel.gone",
    Self::NothingWaits => "slack_channel.nothing_waits",
    Self::InDoubt => "slack_channel.in_doubt",
});

codes!(GroupRefusal of Slack {
    Self::NothingChosen => "slack_group.nothing_chosen",
    Self::TakesOut { .. } => "slack_group.takes_out",
    Self::TakesOutUnknown => "slack_group.takes_out_unknown",
    Self::NobodyChosen => "slack_group.nobody_chosen",
    Self::UnknownChoice => "slack_group.unknown_choice",
    Self::NotConnected => "slack_group.not_connected",
    Self::BadHandle => "slack_group.bad_handle",
    Self::HandleTaken => "slack_group.handle_taken",
    Self::MadeOrNot => "slack_group.made_or_not",
    Self::ConnectedMeanwhile => "slack_group.connected_meanwhile",
    Self::MadeMeanwhile { .. } => "slack_group.made_meanwhile",
});

codes!(GroupTrouble {
    Self::MissingScope => "slack_groups.missing_scope",
    Self::Unreadable => "slack_groups.unreadable",
    Self::AdminsOnly => "slack_groups.admins_only",
    Self::LentRefused => "slack_groups.lent_refused",
    Self::LenderDenied => "slack_groups.lender_denied",
    Self::LenderNoAdmin => "slack_groups.lender_no_admin",
    Self::FreePlan => "slack_groups.free_plan",
    Self::Gone => "slack_groups.gone",
    Self::External => "slack_groups.external",
    Self::PeopleRefused => "slack_groups.people_refused",
    Self::HalfDone => "slack_groups.half_done",
    Self::Empty => "slack_groups.empty",
    Self::TooMany => "slack_groups.too_many",
    Self::NameTaken => "slack_groups.name_taken",
    Self::TokenRefused => "slack_groups.token_refused",
    Self::NotInstalled => "slack_groups.not_installed",
    Self::Waiting => "slack_groups.waiting",
    Self::Refused(_) => "slack_groups.refused",
    Self::Unknown => "slack_groups.unknown",
});

codes!(AnnouncementRefusal of Template {
    Self::EditedMeanwhile(_) => "announcement.edited_meanwhile",
});

codes!(TopicRefusal of Template {
    Self::NoChannel => "slack_topic.no_channel",
    Self::Taken => "slack_topic.taken",
    Self::NotSet => "slack_topic.not_set",
    Self::EditedMeanwhile(_) => "slack_topic.edited_meanwhile",
});

codes!(TemplateProblem {
    Self::UnknownToken(_) => "template.unknown_token",
    Self::TooLong => "template.too_long",
});

codes!(NotificationRefusal {
    Self::HalfQuiet => "notifications.half_quiet",
    Self::NoTime => "notifications.no_time",
    Self::WholeDay => "notifications.whole_day",
});

codes!(PermissionRefusal {
    Self::StillAtSlack => "slack_permission.still_at_slack",
    Self::NotLent => "slack_permission.not_lent",
});

codes!(WorkspaceZoneRefusal {
    Self::NoZone => "workspace_zone.no_zone",
});

codes!(ConnectRefusal of Key, OauthClient, Authorisation, PagerDuty {
    Self::AlreadyConnected { .. } => "connection.already_connected",
    Self::NotConnected => "connection.not_connected",
    Self::ReplacedMeanwhile => "connection.replaced_meanwhile",
    Self::NotALogin => "connection.not_a_login",
    Self::QuestionClosed => "connection.question_closed",
    Self::StillSyncing => "connection.still_syncing",
    Self::NothingToUndo => "connection.nothing_to_undo",
});

codes!(ApiKeyProblem {
    Self::Empty => "api_key.empty",
    Self::TooLong => "api_key.too_long",
    Self::Malformed => "api_key.malformed",
});

codes!(OauthClientProblem {
    Self::IdEmpty => "oauth_client.id_empty",
    Self::IdTooLong => "oauth_client.id_too_long",
    Self::IdMalformed => "oauth_client.id_malformed",
    Self::SecretEmpty => "oauth_client.secret_empty",
    Self::SecretTooLong => "oauth_client.secret_too_long",
    Self::SecretMalformed => "oauth_client.secret_malformed",
});

codes!(AuthorisationProblem {
    Self::Denied => "login.denied",
    Self::Unknown => "login.unknown",
    Self::ClientRefused => "login.client_refused",
    Self::CodeRefused => "login.code_refused",
    Self::Unavailable => "login.unavailable",
    Self::MissingScopes { .. } => "login.missing_scopes",
    Self::NotAccepted => "login.not_accepted",
    Self::Refused { .. } => "login.refused",
    Self::ForeignIssuer { .. } => "login.foreign_issuer",
    Self::Senseless => "login.senseless",
});

codes!(PagerDutyProblem {
    Self::Unauthorized => "pagerduty.unauthorized",
    Self::KeyEnded => "pagerduty.key_ended",
    Self::LoginEnded => "pagerduty.login_ended",
    Self::ClientEnded => "pagerduty.client_ended",
    Self::Sealed => "pagerduty.sealed",
    Self::NoApiAccess => "pagerduty.no_api_access",
    Self::Forbidden { .. } => "pagerduty.forbidden",
    Self::PeopleDenied { .. } => "pagerduty.people_denied",
    Self::ScheduleDenied => "pagerduty.schedule_denied",
    Self::NotFound => "pagerduty.not_found",
    Self::RateLimited { .. } => "pagerduty.rate_limited",
    Self::ShareSpent { .. } => "pagerduty.share_spent",
    Self::Unavailable { .. } => "pagerduty.unavailable",
    Self::TimedOut { .. } => "pagerduty.timed_out",
    Self::Unreachable => "pagerduty.unreachable",
    Self::BrokenOff => "pagerduty.broken_off",
    Self::Unreadable => "pagerduty.unreadable",
    Self::Interposed { .. } => "pagerduty.interposed",
    Self::AnotherSchedule => "pagerduty.another_schedule",
    Self::UnknownMethod => "pagerduty.unknown_method",
    Self::Unknown => "pagerduty.unknown",
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that left this server. One that is in nobody's use any more stays here, so that
    /// none is given a second meaning.
    const GIVEN: &str = "
        denied.manage_integrations denied.manage_workspace denied.edit_rotation denied.read_audit
        denied.see_background_work denied.link_people denied.browse_as_guest
        denied.create_rotation denied.sync_as_guest denied.installation_ended
        rotation.fields rotation.bound rotation.scheduled rotation.unknown_mode rotation.nobody_to_rotate_to
        rotation.deactivated rotation.not_a_member rotation.already_a_member
        rotation.already_an_owner rotation.cannot_remove_yourself rotation.nobody_chosen
        rotation.changed_since rotation.undo_gone rotation.edited_meanwhile
        schedule.not_connected schedule.connection_changed schedule.fields schedule.nothing_chosen
        override.bound override.by_hand override.only_yourself override.fields
        override.too_many override.too_many_lately override.gone cover.not_your_shift cover.too_many cover.asked_already
        cover.no_shift_then cover.no_shift_any_more cover.taken
        cover.own_request cover.somebody_else_is_asked cover.guest cover.gone cover.over
        cover.nothing_to_preview absence.fields absence.too_many
        absence.too_many_lately absence.noted_already absence.gone
        absence.not_your_rotation
        holiday.fields holiday.day holiday.too_many holiday.gone
        link.nobody_chosen link.deactivated link.unknown_user link.not_linked_by_hand
        slack_channel.no_id slack_channel.too_many slack_channel.gone
        slack_channel.nothing_waits slack_channel.in_doubt
        announcement.edited_meanwhile
        slack_group.nothing_chosen slack_group.takes_out slack_group.takes_out_unknown slack_group.nobody_chosen
        slack_group.unknown_choice
        slack_group.not_connected slack_group.bad_handle slack_group.handle_taken
        slack_group.made_or_not slack_group.connected_meanwhile slack_group.made_meanwhile
        slack_groups.missing_scope slack_groups.unreadable slack_groups.admins_only slack_groups.lent_refused slack_groups.lender_denied
        slack_groups.lender_no_admin slack_groups.free_plan
        slack_groups.gone slack_groups.external slack_groups.people_refused
        slack_groups.half_done slack_groups.empty slack_groups.too_many
        slack_groups.name_taken slack_groups.token_refused slack_groups.not_installed
        slack_groups.waiting slack_groups.refused slack_groups.unknown
        slack_topic.no_channel slack_topic.taken slack_topic.not_set slack_topic.edited_meanwhile
        template.unknown_token template.too_long
        notifications.half_quiet notifications.no_time notifications.whole_day
        slack_permission.still_at_slack slack_permission.not_lent
        workspace_zone.no_zone
        connection.already_connected connection.not_connected connection.replaced_meanwhile
        connection.not_a_login connection.question_closed connection.still_syncing
        connection.nothing_to_undo
        api_key.empty api_key.too_long api_key.malformed
        oauth_client.id_empty oauth_client.id_too_long oauth_client.id_malformed
        oauth_client.secret_empty oauth_client.secret_too_long oauth_client.secret_malformed
        login.denied login.unknown login.client_refused login.code_refused login.unavailable
        login.missing_scopes login.not_accepted login.refused login.foreign_issuer
        login.senseless
        pagerduty.unauthorized pagerduty.key_ended pagerduty.login_ended pagerduty.client_ended
        pagerduty.sealed pagerduty.no_api_access pagerduty.forbidden pagerduty.people_denied
        pagerduty.schedule_denied pagerduty.not_found pagerduty.rate_limited
        pagerduty.share_spent pagerduty.unavailable pagerduty.timed_out pagerduty.unreachable
        pagerduty.broken_off
        pagerduty.unreadable pagerduty.interposed pagerduty.another_schedule
        pagerduty.unknown_method pagerduty.unknown";

    #[test]
    fn codes_stay_what_they_are_and_each_means_one_thing() {
        let codes = [
            Denial::CODES,
            RotationRefusal::CODES,
            BindRefusal::CODES,
            OverrideRefusal::CODES,
            AbsenceRefusal::CODES,
            HolidayRefusal::CODES,
            LinkRefusal::CODES,
            ChannelRefusal::CODES,
            AnnouncementRefusal::CODES,
            GroupRefusal::CODES,
            GroupTrouble::CODES,
            TopicRefusal::CODES,
            TemplateProblem::CODES,
            NotificationRefusal::CODES,
            PermissionRefusal::CODES,
            WorkspaceZoneRefusal::CODES,
            ConnectRefusal::CODES,
            ApiKeyProblem::CODES,
            OauthClientProblem::CODES,
            AuthorisationProblem::CODES,
            PagerDutyProblem::CODES,
        ]
        .concat();
        let given: Vec<_> = GIVEN.split_whitespace().collect();
        assert_eq!(codes, given);
        let mut apart = codes.clone();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), codes.len());
    }

    #[test]
    fn a_reason_within_another_keeps_its_code() {
        let within = BindRefusal::from(RotationRefusal::Bound);
        assert_eq!(within.code(), RotationRefusal::Bound.code());
    }
}
