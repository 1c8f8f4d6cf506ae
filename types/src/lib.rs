//! What crosses the wire between the browser and the server: ids, domain
//! values, inputs with their validation, and the reasons why something was
//! refused. No I/O lives here, so the crate compiles to WebAssembly and to
//! native code alike and both sides agree by construction.

mod alerts;
mod attention;
mod audit;
mod background;
mod calendar;
mod change;
mod channel;
mod connection;
mod duty;
mod duty_group;
mod feed;
mod holiday;
mod home;
mod id;
mod list;
mod live;
mod meanwhile;
mod notification;
mod oauth;
mod outcome;
mod overrides;
mod pagerduty;
mod person;
mod proposal;
mod refusal;
mod rota;
mod rotation;
mod schedule;
mod sign_in;
mod slack;
mod takeover;
mod text;
mod theme;
mod time;
mod topic;
mod week;
mod workspace;

pub use alerts::{AlertsView, ConnectionAlert};
pub use attention::{Attention, PagerDutyNeed, RefusedBySlack, RotationNeed, SlackNeed, SlackPart};
pub use audit::{AUDIT_KEPT_DAYS, AuditAction, AuditActor, AuditEntry, AuditPage, audit_cursor};
pub use background::{BackgroundTask, TaskState};
pub use calendar::{Day, Days, DaysProblem, DaysWanted, Offset, PageZone, WEEKS, Zone};
pub use change::{Change, Changed};
pub use channel::{
    AnnouncementRefusal, AnnouncementView, CHANNELS_MOST, ChannelFacts, ChannelRefusal,
    ChannelSearchTrouble, ChannelSummary, ChannelTrouble, ChannelView, ChannelsFound,
    typed_channel,
};
pub use connection::{
    ApiKeyInput, ApiKeyProblem, ConnectRefusal, ConnectionHealth, ConnectionMethod, ConnectionView,
    Disconnected, FormerBinding, Freshness, IntegrationsView, Rebound, Replaced, RevertedRotation,
    SyncChange, SyncHistory, SyncReason, SyncReport, SyncRun, SyncRunState, UnreadableSchedule,
};
pub use duty::{
    Coverage, Gap, Holder, NextOnDuty, OnDuty, Outlook, Override, Remark, RemarkKind, Span, Stretch,
};
pub use duty_group::{
    DutyGroupView, GroupChoice, GroupHolds, GroupPreview, GroupRefusal, GroupSummary, GroupTrouble,
    KeptGroup, NobodyOnDuty, Standby, StandbyForm, StandbyRefusal, TAKEN_OUT_UNASKED, WhyLeftOut,
    typed_handle,
};
pub use feed::{FEED_ADDRESS_SHOWN_SECONDS, FeedSubject, FeedView};
pub use holiday::{
    HOLIDAY_AHEAD_YEARS, HOLIDAY_NAME_MAX_CHARS, HolidayField, HolidayInput, HolidayKind,
    HolidayPreview, HolidayProblem, HolidayRefusal, HolidaySet, HolidayView, HolidaysView,
    OWN_HOLIDAYS_MAX, holidays_known_until,
};
pub use home::{ComingShift, First, HomeView, NeedyRotation};
pub use id::{
    AbsenceId, AuditId, CoverId, MemberKey, OverrideId, PagerDutyUserId, PersonId, RotationId,
    ScheduleId, SlackChannelId, SlackGroupId, SyncRunId, UndoId, WorkspaceId,
};
pub use list::{RotationCard, RotationFilter, RotationList, Selection, SelectionCounts, SortBy};
pub use live::{LiveEvent, LiveTopic};
pub use meanwhile::EditedMeanwhile;
pub use notification::{
    DirectTrouble, Lead, MinuteOfDay, NotificationChoices, NotificationInput, NotificationRefusal,
    NotificationsView, QuietHours, ToldDirectly,
};
pub use oauth::{
    AccountQuestion, AuthorisationProblem, ClientSecretInput, OAUTH_SCOPES, OauthClientProblem,
    OauthSetup, OauthStep, checked_client_id,
};
pub use outcome::Outcome;
pub use overrides::{
    ABSENCES_KEPT_MAX, ABSENCES_MAX, AbsenceField, AbsenceInput, AbsenceProblem, AbsenceRefusal,
    AbsenceSet, AbsenceView, AbsencesView, COVERS_MAX, CoverView, MemberAbsence, NOTE_MAX_CHARS,
    OVERRIDES_KEPT_MAX, OVERRIDES_MAX, OverrideChoice, OverrideField, OverrideInput,
    OverrideProblem, OverrideRefusal, OverrideSet, OverrideView, SPAN_MAX_DAYS, ShiftEffect,
    SpanField, SpanInput, SpanProblem, WhichOne,
};
pub use pagerduty::{PagerDutyProblem, Region};
pub use person::{FoundPeople, LinkState, PersonView, Role, SessionView};
pub use proposal::{Proposal, ProposalView};
pub use refusal::{Denial, Refusal};
pub use rota::{
    DayOff, ROTA_DAYS_OFF_MAX, ROTA_EVERY_MAX, ROTA_REGIONS_MAX, ROTA_TIMES_MAX, RotaField,
    RotaInput, RotaKind, RotaPreview, RotaProblem, RotaView, Weekday, WhenAway,
};
pub use rotation::{
    CODE_MAX_CHARS, DESCRIPTION_MAX_CHARS, DUTY_SIZE_MAX, FieldProblem, MemberView, MoveDirection,
    NAME_MAX_CHARS, RotationDetails, RotationField, RotationInput, RotationMode, RotationPage,
    RotationRefusal, SlackContact, Visibility,
};
pub use schedule::{
    BindRefusal, BindingLoss, BindingView, FoundSchedules, LeftOut, LinkRefusal, LinkView,
    MissingSchedules, PreviewPerson, SEARCH_LIMIT_SECONDS, ScheduleChoice, ScheduleHealth,
    ScheduleKind, SchedulePreview, ScheduleSet, ScheduleSummary, ScheduleWish, ShiftOddity,
};
pub use sign_in::SignInProblem;
pub use slack::{
    CapabilityView, CommandsState, EndedInstallation, GROUP_WRITER_GONE, GROUP_WRITER_NO_ADMIN,
    GROUP_WRITER_SCOPE, GroupWriterView, InstallationView, LendProblem, PermissionEnd,
    PermissionRefusal, SlackCapability, SlackPermission, SlackProblem, SlackRefusal, SlackScope,
    SlackSettingsView, SlackView, SlackWord,
};
pub use takeover::TakeoverFailure;
pub use text::is_invisible;
pub use theme::Theme;
pub use time::Timestamp;
pub use topic::{TEMPLATE_MAX_CHARS, TemplateProblem, TopicRefusal, TopicTrouble, TopicView};
pub use week::{ROWS_PER_PAGE, WeekFilter, WeekRow, WeekView};
pub use workspace::{WorkspaceZoneRefusal, WorkspaceZoneView};
