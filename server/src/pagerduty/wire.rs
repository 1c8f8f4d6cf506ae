//! The shapes in which PagerDuty's REST API v2 answers, as far as they are read.
//! Unknown fields are ignored. A field is required only where nothing could be
//! said without it; everything else may be absent or null.

use serde::{Deserialize, de::IgnoredAny};
use types::{PagerDutyUserId, ScheduleId};

/// `GET /schedules`.
#[derive(Deserialize)]
pub struct SchedulePage {
    pub schedules: Vec<Schedule>,
}

/// `GET /schedules/{id}`.
#[derive(Deserialize)]
pub struct ScheduleAnswer {
    pub schedule: Schedule,
}

/// `GET /users`.
#[derive(Deserialize)]
pub struct UserPage {
    pub users: Vec<User>,
    pub more: Option<bool>,
}

/// `GET /users/{id}`.
#[derive(Deserialize)]
pub struct UserAnswer {
    pub user: User,
}

/// A schedule; lists leave out its layers and what they come to.
#[derive(Deserialize)]
pub struct Schedule {
    pub id: ScheduleId,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub html_url: Option<String>,
    pub time_zone: Option<String>,
    pub users: Option<Vec<User>>,
    pub schedule_layers: Option<Vec<Layer>>,
    pub final_schedule: Option<Rendering>,
}

#[derive(Deserialize)]
pub struct Layer {
    pub users: Option<Vec<LayerUser>>,
}

#[derive(Deserialize)]
pub struct LayerUser {
    pub user: User,
}

#[derive(Deserialize)]
pub struct Rendering {
    pub rendered_schedule_entries: Option<Vec<Entry>>,
}

/// Times are ISO 8601 with any offset.
#[derive(Deserialize)]
pub struct Entry {
    pub start: String,
    pub end: String,
    pub user: User,
}

/// A user, whole or as a reference: which one, `kind` tells.
#[derive(Deserialize)]
pub struct User {
    pub id: PagerDutyUserId,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub email: Option<String>,
    #[serde(rename = "self")]
    pub api_url: Option<String>,
    pub html_url: Option<String>,
    /// Only whether it is there matters.
    pub deleted_at: Option<IgnoredAny>,
}
