//! What the server functions ask of the server. The trait stands between the
//! two crates so that the interface compiles and is tested without a database.
//! The caller is a parameter of each method, so none can be written that
//! forgets to ask who it is for.

use crate::{AppError, Flash};
use async_trait::async_trait;
use std::{sync::Arc, time::Instant};
use types::{
    AbsenceId, AbsenceInput, AbsenceRefusal, AbsencesView, AnnouncementRefusal, AnnouncementView,
    ApiKeyInput, AuditId, AuditPage, BackgroundTask, BindRefusal, Changed, ChannelRefusal,
    ChannelsFound, ClientSecretInput, ConnectRefusal, ConnectionAlert, CoverId, DaysWanted,
    Disconnected, DutyGroupView, FeedSubject, FeedView, FoundPeople, FoundSchedules, GroupChoice,
    GroupHolds, GroupRefusal, HolidayInput, HolidayPreview, HolidayRefusal, HolidaysView, HomeView,
    IntegrationsView, LinkRefusal, MemberKey, MoveDirection, NobodyOnDuty, NotificationInput,
    NotificationRefusal, NotificationsView, OauthStep, Outcome, OverrideId, OverrideInput,
    OverrideRefusal, PagerDutyUserId, PermissionRefusal, PersonId, Proposal, ProposalView, Rebound,
    Replaced, Role, RotaInput, RotaPreview, RotationFilter, RotationId, RotationInput,
    RotationList, RotationPage, RotationRefusal, ScheduleId, SchedulePreview, ScheduleWish,
    ShiftEffect, SlackChannelId, SlackGroupId, SlackSettingsView, Standby, SyncHistory, SyncReport,
    TopicRefusal, TopicView, UndoId, WeekFilter, WeekView, WorkspaceId, WorkspaceZoneRefusal,
    WorkspaceZoneView,
};

/// Who is asking. The session layer makes it from the cookie, with the role as
/// Slack last told it.
#[derive(Clone, Debug)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub name: String,
    pub role: Role,
    /// The session's key in the store, not the cookie's value.
    pub session: String,
    pub request_id: String,
    /// When the session was looked up, of a request that only reads: what was known to hold
    /// then is new enough for it. Absent where it has to hold when it is read.
    pub admitted_at: Option<Instant>,
}

/// What a method answers: an error of the request, or an outcome.
pub type Answer<T, R> = Result<Outcome<T, R>, AppError>;

#[async_trait]
pub trait Connections {
    async fn integrations(&self, caller: &Caller) -> Result<IntegrationsView, AppError>;
    async fn connect_with_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<(), ConnectRefusal>;
    /// Replaces whatever credential there is with this key.
    async fn edit_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<Replaced, ConnectRefusal>;
    /// Replaces the credential although it opens another account.
    async fn switch_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal>;
    /// Forgets the credential of another account.
    async fn keep_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal>;
    /// What is wrong with the connection, for those who can mend it.
    async fn pagerduty_alert(&self, caller: &Caller) -> Result<Option<ConnectionAlert>, AppError>;
    async fn disconnect_pagerduty(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal>;
    /// Everybody but guests may ask; it only reads at PagerDuty.
    async fn sync_now(&self, caller: &Caller) -> Answer<SyncReport, ConnectRefusal>;
    /// The last 50 syncs, the latest first.
    async fn sync_history(&self, caller: &Caller) -> Result<SyncHistory, AppError>;
    /// Binds back what the disconnect before reverted, on the same account.
    async fn rebind_former(&self, caller: &Caller) -> Answer<Rebound, ConnectRefusal>;
    /// Leaves those rotations Manual and offers it no more.
    async fn forget_former(&self, caller: &Caller) -> Answer<Vec<String>, ConnectRefusal>;
    /// Takes that back, for a short while.
    async fn undo_forget_former(&self, caller: &Caller) -> Answer<(), ConnectRefusal>;
}

/// Connecting as a person. Each method begins a login, which goes on at PagerDuty
/// and ends at the server's callback address.
#[async_trait]
pub trait Authorisations {
    async fn connect_with_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal>;
    /// Like connecting, for a workspace that is connected; bindings stay.
    async fn switch_to_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal>;
    /// Logs in again with the app that is stored.
    async fn reconnect_oauth(&self, caller: &Caller) -> Answer<OauthStep, ConnectRefusal>;
}

#[async_trait]
pub trait Rotations {
    async fn rotations(
        &self,
        caller: &Caller,
        filter: RotationFilter,
    ) -> Result<RotationList, AppError>;
    async fn home(&self, caller: &Caller) -> Result<HomeView, AppError>;
    async fn rotation(
        &self,
        caller: &Caller,
        id: RotationId,
        days: DaysWanted,
    ) -> Result<RotationPage, AppError>;
    async fn create_rotation(
        &self,
        caller: &Caller,
        input: RotationInput,
    ) -> Answer<RotationId, RotationRefusal>;
    async fn edit_rotation(
        &self,
        caller: &Caller,
        id: RotationId,
        input: RotationInput,
    ) -> Answer<(), RotationRefusal>;
    async fn delete_rotation(&self, caller: &Caller, id: RotationId) -> Result<(), AppError>;
    async fn rotate(&self, caller: &Caller, id: RotationId) -> Answer<Changed, RotationRefusal>;
    async fn set_on_duty(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<Changed, RotationRefusal>;
    /// Adds all of them who can be added.
    async fn add_members(
        &self,
        caller: &Caller,
        id: RotationId,
        people: Vec<PersonId>,
    ) -> Answer<Changed, RotationRefusal>;
    async fn remove_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<Changed, RotationRefusal>;
    /// Takes back what the caller changed by hand, unless something else has changed since.
    async fn undo(&self, caller: &Caller, id: UndoId) -> Answer<Changed, RotationRefusal>;
    async fn move_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
        direction: MoveDirection,
    ) -> Answer<(), RotationRefusal>;
    /// Has all of them look after it who can.
    async fn add_owners(
        &self,
        caller: &Caller,
        id: RotationId,
        people: Vec<PersonId>,
    ) -> Answer<Changed, RotationRefusal>;
    async fn remove_owner(
        &self,
        caller: &Caller,
        id: RotationId,
        person: PersonId,
    ) -> Answer<(), RotationRefusal>;
    /// The first of the workspace's active people whom `search` finds by name or e-mail, and
    /// those who are `named`; nobody for a guest who has no rotation to put them into.
    async fn people(
        &self,
        caller: &Caller,
        search: String,
        named: Vec<PersonId>,
    ) -> Result<FoundPeople, AppError>;
}

#[async_trait]
pub trait Weeks {
    /// Who has duty on which day, in all rotations that the caller may see.
    async fn week(&self, caller: &Caller, filter: WeekFilter) -> Result<WeekView, AppError>;
}

#[async_trait]
pub trait Schedules {
    async fn search_schedules(
        &self,
        caller: &Caller,
        search: String,
    ) -> Answer<FoundSchedules, BindRefusal>;
    /// The countries whose holidays are known, by name: each code, and what it is called.
    fn countries(&self) -> Vec<(String, String)>;
    /// What binding `rotation` to `schedule` would bring and cost.
    async fn preview_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        schedule: ScheduleId,
    ) -> Answer<SchedulePreview, BindRefusal>;
    async fn set_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        wish: ScheduleWish,
    ) -> Answer<(), BindRefusal>;
    /// What a schedule of its own would bring a rotation. Nothing is saved.
    async fn preview_rota(
        &self,
        caller: &Caller,
        rotation: RotationId,
        rota: RotaInput,
    ) -> Answer<RotaPreview, BindRefusal>;
}

/// Who of PagerDuty is who in Slack, where e-mails do not say so.
#[async_trait]
pub trait Links {
    async fn link_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
        person: PersonId,
    ) -> Answer<(), LinkRefusal>;
    async fn unlink_person(
        &self,
        caller: &Caller,
        user: PagerDutyUserId,
    ) -> Answer<(), LinkRefusal>;
}

/// Calendar feeds of whoever asks.
#[async_trait]
pub trait Feeds {
    async fn feeds(&self, caller: &Caller) -> Result<Vec<FeedView>, AppError>;
    /// Gives the feed another address, and makes it where there is none.
    async fn make_feed(&self, caller: &Caller, subject: FeedSubject) -> Result<(), AppError>;
    async fn revoke_feed(&self, caller: &Caller, subject: FeedSubject) -> Result<(), AppError>;
}

/// In which Slack channels a rotation's changes of duty are announced.
#[async_trait]
pub trait Channels {
    /// For those who may edit the rotation, with what `template` makes at present, or the
    /// rotation's own where that is empty.
    async fn announcements(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
    ) -> Result<AnnouncementView, AppError>;
    /// What a search for channels finds, for those who may edit the rotation.
    async fn slack_channels(
        &self,
        caller: &Caller,
        rotation: RotationId,
        search: String,
    ) -> Result<ChannelsFound, AppError>;
    /// `channel` is an id or a link. One that is among them already stays.
    async fn add_slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: String,
    ) -> Answer<(), ChannelRefusal>;
    /// What waits to be announced there is not, and the rotation's topic there is cleared.
    async fn remove_slack_channel(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: SlackChannelId,
    ) -> Answer<(), ChannelRefusal>;
    /// Tries again what waits to be announced there, or could not be; nothing twice.
    async fn write_announcement(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: SlackChannelId,
    ) -> Answer<(), ChannelRefusal>;
    /// Without a template, announcements say what they usually do. `drawn` is the version of what the
    /// form was drawn from, or empty where nobody looked; the new one is told.
    async fn set_announcement(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
        drawn: String,
    ) -> Answer<String, AnnouncementRefusal>;
}

/// The user group of Slack that holds whoever is on duty in a rotation, for those who may edit
/// the rotation.
#[async_trait]
pub trait DutyGroups {
    /// Without a group, what a search finds, and what would become of the one that is chosen.
    async fn duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        search: String,
        chosen: Option<(SlackGroupId, GroupHolds)>,
    ) -> Result<DutyGroupView, AppError>;
    /// Where more than a few people are taken out of the group, only if that is confirmed.
    async fn connect_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        choice: GroupChoice,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal>;
    /// Makes a group of this handle and connects it.
    async fn make_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
        made: (String, NobodyOnDuty),
    ) -> Answer<(), GroupRefusal>;
    /// Whoever is in the group stays in it.
    async fn leave_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
    ) -> Answer<(), GroupRefusal>;
    /// Has Slack told now.
    async fn write_duty_group(
        &self,
        caller: &Caller,
        rotation: RotationId,
    ) -> Answer<(), GroupRefusal>;
    /// Chooses whom of the rotation its group holds. Where that takes out more than a few people,
    /// only if somebody has `confirmed` it.
    async fn set_group_holds(
        &self,
        caller: &Caller,
        rotation: RotationId,
        holds: GroupHolds,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal>;
    /// The same of what becomes of it while nobody is on duty.
    async fn set_when_nobody(
        &self,
        caller: &Caller,
        rotation: RotationId,
        when_nobody: NobodyOnDuty,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal>;
    /// The same of who is in it beside those on duty, or in their place.
    async fn set_standby(
        &self,
        caller: &Caller,
        rotation: RotationId,
        whom: (Standby, PersonId),
        is_in: bool,
        confirmed: bool,
    ) -> Answer<(), GroupRefusal>;
}

/// The topic of the Slack channel that says who is on duty in a rotation, for those who may edit
/// the rotation.
#[async_trait]
pub trait Topics {
    /// With what `template` makes at present, or the rotation's own where that is empty.
    async fn topic(
        &self,
        caller: &Caller,
        rotation: RotationId,
        template: String,
    ) -> Result<TopicView, AppError>;
    /// `channel` is an id or a link; without a template, none is set any more. `drawn` is the version
    /// of what the form was drawn from, or empty where nobody looked; the new one is told.
    async fn set_topic(
        &self,
        caller: &Caller,
        rotation: RotationId,
        channel: String,
        template: String,
        drawn: String,
    ) -> Answer<String, TopicRefusal>;
    /// Has it set now, also where somebody else has set it meanwhile.
    async fn write_topic(&self, caller: &Caller, rotation: RotationId) -> Answer<(), TopicRefusal>;
}

/// What whoever asks is told themselves, by direct messages in Slack.
#[async_trait]
pub trait Notifications {
    async fn notifications(&self, caller: &Caller) -> Result<NotificationsView, AppError>;
    async fn save_notifications(
        &self,
        caller: &Caller,
        choices: NotificationInput,
    ) -> Answer<(), NotificationRefusal>;
}

/// The time zone of the workspace, for admins.
#[async_trait]
pub trait Zones {
    async fn workspace_zone(&self, caller: &Caller) -> Result<WorkspaceZoneView, AppError>;
    /// `zone` is a name, or empty for none.
    async fn set_workspace_zone(
        &self,
        caller: &Caller,
        zone: String,
    ) -> Answer<(), WorkspaceZoneRefusal>;
}

/// The holidays of the workspace, for admins.
#[async_trait]
pub trait Holidays {
    /// With those of countries in `year`, or in this one where it is none of which they are known.
    async fn holidays(&self, caller: &Caller, year: String) -> Result<HolidaysView, AppError>;
    async fn preview_holiday(
        &self,
        caller: &Caller,
        input: HolidayInput,
    ) -> Answer<HolidayPreview, HolidayRefusal>;
    async fn change_holidays(
        &self,
        caller: &Caller,
        input: HolidayInput,
    ) -> Answer<(), HolidayRefusal>;
}

/// Overrides of a rotation's own schedule: for those who may edit the rotation, and for members
/// who take a place over themselves.
#[async_trait]
pub trait Overrides {
    /// What an override would bring.
    async fn preview_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<RotaPreview, OverrideRefusal>;
    async fn make_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<(), OverrideRefusal>;
    /// Asks others to take somebody's place: the caller's own, where none is named.
    async fn ask_for_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        input: OverrideInput,
    ) -> Answer<(), OverrideRefusal>;
    async fn take_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: CoverId,
    ) -> Answer<(), OverrideRefusal>;
    async fn withdraw_cover(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: CoverId,
    ) -> Answer<(), OverrideRefusal>;
    /// What a change would bring that has no form of its own.
    async fn preview_proposal(
        &self,
        caller: &Caller,
        rotation: RotationId,
        proposal: Proposal,
    ) -> Answer<ProposalView, OverrideRefusal>;
    /// Ends one that runs, or removes one that is to come.
    async fn end_override(
        &self,
        caller: &Caller,
        rotation: RotationId,
        id: OverrideId,
    ) -> Answer<(), OverrideRefusal>;
}

/// When the caller is away.
#[async_trait]
pub trait Absences {
    async fn absences(&self, caller: &Caller) -> Result<AbsencesView, AppError>;
    /// What an absence would bring, in those rotations in which it changes anything.
    async fn preview_absence(
        &self,
        caller: &Caller,
        input: AbsenceInput,
    ) -> Answer<Vec<ShiftEffect>, AbsenceRefusal>;
    async fn note_absence(
        &self,
        caller: &Caller,
        input: AbsenceInput,
    ) -> Answer<(), AbsenceRefusal>;
    /// What it would bring to end one that runs, or to remove one that is to come.
    async fn preview_removal(
        &self,
        caller: &Caller,
        id: AbsenceId,
    ) -> Answer<Vec<ShiftEffect>, AbsenceRefusal>;
    /// Ends one that runs, or removes one that is to come.
    async fn remove_absence(&self, caller: &Caller, id: AbsenceId) -> Answer<(), AbsenceRefusal>;
}

#[async_trait]
pub trait Audit {
    /// Newest first; `older_than` continues an earlier page.
    async fn audit(
        &self,
        caller: &Caller,
        older_than: Option<AuditId>,
    ) -> Result<AuditPage, AppError>;
}

#[async_trait]
pub trait Operation {
    /// The background work of the server that answers.
    async fn background_work(&self, caller: &Caller) -> Result<Vec<BackgroundTask>, AppError>;
    /// What Round Robin can do in Slack, and the app that it takes.
    async fn slack_settings(&self, caller: &Caller) -> Result<SlackSettingsView, AppError>;
    /// Gives back the permission to edit user groups that an admin has lent.
    async fn take_back_permission(&self, caller: &Caller) -> Answer<(), PermissionRefusal>;
}

#[async_trait]
pub trait Flashes {
    /// Keeps what a form came to until the session's next page shows it.
    async fn keep_flash(&self, caller: &Caller, flash: Flash) -> Result<(), AppError>;
}

/// A hash of everything that a form said, the id of the change among it: the same
/// form sent again is the same change. The HTTP layer leaves it in the request's
/// extensions.
#[derive(Clone, Debug)]
pub struct SentChange(pub String);

/// Where the outcome of a change that was begun is kept.
#[derive(Clone, Debug)]
pub struct ChangeKey(pub String);

/// What became of a change that somebody sends.
#[derive(Clone, Debug)]
pub enum Begun {
    /// It is for whoever asked to do it, and to say how it ended.
    Now(ChangeKey),
    /// It was done before, with this outcome in JSON.
    Before(String),
}

/// How a change ended.
#[derive(Clone, Debug)]
pub enum ChangeEnd {
    /// With this outcome in JSON, to be answered whenever the change is sent again.
    With(String),
    /// In such a way that it may be done anew when it is sent again.
    Forgotten,
    /// In the middle; nobody knows how much of it was done.
    Unknown,
}

/// Changes are done once, however often they are sent.
#[async_trait]
pub trait Changes {
    /// Begins a change by the server function at `path`, or finds out what became of
    /// it when the same person sent it before.
    ///
    /// # Errors
    /// [`AppError::Unanswered`] while it is still being done, and
    /// [`AppError::Unfinished`] when nobody knows whether it was.
    async fn begin_change(
        &self,
        caller: &Caller,
        path: &str,
        sent: &SentChange,
    ) -> Result<Begun, AppError>;
    /// Keeps how it ended. If that fails, nobody knows.
    async fn end_change(&self, caller: &Caller, key: ChangeKey, end: ChangeEnd);
}

/// Everything together, as it travels in Leptos' context.
pub trait Backend:
    Connections
    + Authorisations
    + Rotations
    + Weeks
    + Schedules
    + Links
    + Feeds
    + Channels
    + DutyGroups
    + Topics
    + Notifications
    + Zones
    + Holidays
    + Overrides
    + Absences
    + Audit
    + Operation
    + Flashes
    + Changes
    + Send
    + Sync
{
}

impl<T> Backend for T where
    T: Connections
        + Authorisations
        + Rotations
        + Weeks
        + Schedules
        + Links
        + Feeds
        + Channels
        + DutyGroups
        + Topics
        + Notifications
        + Zones
        + Holidays
        + Overrides
        + Absences
        + Audit
        + Operation
        + Flashes
        + Changes
        + Send
        + Sync
{
}

pub type SharedBackend = Arc<dyn Backend>;
