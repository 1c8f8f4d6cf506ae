//! One file or folder per page, and what they share.

mod absences;
mod addition;
mod address;
mod allow;
mod audit;
mod background;
mod calendars;
mod changed;
mod current_schedule;
mod days_controls;
#[cfg(any(debug_assertions, feature = "design"))]
mod design;
mod edit_rotation;
mod edit_schedule;
mod first_steps;
mod holidays;
mod home;
mod integrations;
mod links;
mod new_rotation;
mod not_found;
mod notifications;
mod owner_list;
mod person_select;
mod proposal_form;
mod rotation;
mod rotation_card;
mod rotation_form;
mod rotation_slack;
mod rotations;
mod settings;
mod sign_in;
mod slack_settings;
mod span_fields;
mod stretches;
mod typing;
mod version;
mod week;
mod wording;
mod workspace_zone;

pub(crate) use absences::AbsencesPage;
pub(crate) use address::{parameter, use_here, use_leaving_query};
pub(crate) use audit::AuditLogPage;
pub(crate) use background::BackgroundWorkPage;
pub(crate) use calendars::CalendarsPage;
#[cfg(any(debug_assertions, feature = "design"))]
pub(crate) use design::DesignPage;
pub(crate) use edit_rotation::EditRotationPage;
pub(crate) use edit_schedule::{EditSchedulePage, OverridePage, ProposalPage};
pub(crate) use holidays::HolidaysPage;
pub(crate) use home::HomePage;
pub(crate) use integrations::{IntegrationsPage, SyncHistoryPage};
pub(crate) use new_rotation::NewRotationPage;
pub(crate) use not_found::NotFoundPage;
// A release has nothing at that address.
#[cfg(not(any(debug_assertions, feature = "design")))]
pub(crate) use not_found::NotFoundPage as DesignPage;
pub(crate) use notifications::NotificationsPage;
pub(crate) use rotation::RotationPage;
pub(crate) use rotation_slack::RotationSlackPage;
pub(crate) use rotations::{ADDRESS as ROTATIONS, RotationsPage};
pub(crate) use settings::SettingsPage;
pub(crate) use sign_in::{SignInPage, sign_in_address};
pub(crate) use slack_settings::SlackSettingsPage;
pub(crate) use week::WeekPage;
