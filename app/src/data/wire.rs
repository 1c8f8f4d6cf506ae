//! Every type on the wire is written as the server does and read as the browser does. The
//! server functions register themselves, so that one which is not named here is found out; how
//! their answers are made, and that each variant is among them, see `samples`.

use super::{Json, page, positional, samples::samples};
use crate::{
    AppError,
    server_fns::{
        Absences, AddMembers, AddOwners, AddSlackChannel, Alerts, Announcements, Audit,
        BackgroundWork, ChangeHolidays, CheckSession, ConnectDutyGroup, ConnectWithApiKey,
        ConnectWithOauth, Countries, CreateRotation, DeleteRotation, DisconnectPagerduty,
        DutyGroup, EditApiKey, EditRotation, EndOverride, Feeds, ForgetFormer, Holidays, Home,
        Integrations, KeepAccount, LeaveDutyGroup, LinkPerson, MakeDutyGroup, MakeFeed,
        MakeOverride, MoveMember, NoteAbsence, Notifications, People, PreviewChange,
        PreviewSchedule, RebindFormer, ReconnectOauth, RemoveAbsence, RemoveMember, RemoveOwner,
        RemoveSlackChannel, RevokeFeed, Rotate, Rotation, Rotations, SaveNotifications,
        SearchSchedules, SetAnnouncement, SetGroupHolds, SetOnDuty, SetSchedule, SetStandby,
        SetTopic, SetWhenNobody, SetWorkspaceZone, SlackChannels, SlackSettings, SwitchAccount,
        SwitchToOauth, SyncNow, SyncRuns, TakeBackPermission, TakeCover, Topic, Undo,
        UndoForgetFormer, UnlinkPerson, Week, WithdrawCover, WorkspaceZone, WriteAnnouncement,
        WriteDutyGroup, WriteTopic,
    },
};
use leptos::server_fn::{ServerFn, axum::server_fn_paths};
use serde::{Serialize, de::DeserializeOwned};
use std::{any::type_name, collections::BTreeMap, fmt::Debug};
use types::{AbsenceInput, HolidayInput, LiveEvent, OverrideInput, RotationInput};

/// By answers to the browser, and as pages carry it.
pub(super) fn is_read_back<T: Debug + PartialEq + Serialize + DeserializeOwned>() {
    for value in samples::<T>() {
        for text in [serde_json::to_string(&value), positional::to_string(&value)] {
            let text = text.unwrap();
            let read = Json::parse(&text).and_then(|json| json.read::<T>());
            assert_eq!(
                read.as_ref().ok(),
                Some(&value),
                "{} in {text}",
                type_name::<T>()
            );
        }
    }
}

macro_rules! answers {
    ($($function:ty),+ $(,)?) => {
        BTreeMap::from([$((
            <$function as ServerFn>::PATH,
            is_read_back::<<$function as ServerFn>::Output> as fn(),
        )),+])
    };
}

#[test]
fn what_server_functions_answer_is_read_back() {
    let answers = answers![
        Absences,
        AddMembers,
        AddOwners,
        AddSlackChannel,
        Alerts,
        Announcements,
        Audit,
        BackgroundWork,
        ChangeHolidays,
        CheckSession,
        ConnectDutyGroup,
        ConnectWithApiKey,
        ConnectWithOauth,
        Countries,
        CreateRotation,
        DeleteRotation,
        DisconnectPagerduty,
        DutyGroup,
        EditApiKey,
        EditRotation,
        EndOverride,
        Feeds,
        ForgetFormer,
        Holidays,
        Home,
        Integrations,
        KeepAccount,
        LeaveDutyGroup,
        LinkPerson,
        MakeDutyGroup,
        MakeFeed,
        MakeOverride,
        MoveMember,
        Notifications,
        NoteAbsence,
        People,
        PreviewChange,
        PreviewSchedule,
        RebindFormer,
        ReconnectOauth,
        RemoveAbsence,
        RemoveMember,
        RemoveOwner,
        RemoveSlackChannel,
        RevokeFeed,
        Rotate,
        Rotation,
        Rotations,
        SaveNotifications,
        SearchSchedules,
        SetAnnouncement,
        SetGroupHolds,
        SetOnDuty,
        SetSchedule,
        SetStandby,
        SetTopic,
        SetWhenNobody,
        SetWorkspaceZone,
        SlackChannels,
        SlackSettings,
        SwitchAccount,
        SwitchToOauth,
        SyncRuns,
        SyncNow,
        TakeBackPermission,
        TakeCover,
        Topic,
        Undo,
        UndoForgetFormer,
        UnlinkPerson,
        Week,
        WithdrawCover,
        WorkspaceZone,
        WriteAnnouncement,
        WriteDutyGroup,
        WriteTopic,
    ];
    let mut registered: Vec<_> = server_fn_paths().map(|(path, _)| path).collect();
    registered.sort_unstable();
    let named: Vec<_> = answers.keys().copied().collect();
    assert_eq!(named, registered, "every server function has to be named");
    for is_read_back in answers.values() {
        is_read_back();
    }
}

#[test]
fn what_pages_carry_is_read_back() {
    for is_read_back in page::READ_BACK {
        is_read_back();
    }
}

#[test]
fn refusals_events_and_what_was_typed_are_read_back() {
    is_read_back::<AppError>();
    is_read_back::<LiveEvent>();
    // What forms keep of what was typed, beside the client's id, which is a text.
    is_read_back::<RotationInput>();
    is_read_back::<OverrideInput>();
    is_read_back::<AbsenceInput>();
    is_read_back::<HolidayInput>();
    is_read_back::<String>();
}
