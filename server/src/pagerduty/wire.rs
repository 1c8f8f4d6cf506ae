//! The shapes in which PagerDuty's REST API v2 answers, as far as they are read.
//! Unknown fields are ignored. A field is required only where nothing could be
//! said without it; everything else may be absent or null.

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};
use serde_json::Value;
use std::fmt::Display;
use types::{PagerDutyUserId, ScheduleId};

/// `GET /schedules`, and `GET /v3/schedules` alike.
#[derive(Deserialize)]
pub struct SchedulePage {
    pub schedules: Vec<Option<ListedSchedule>>,
    #[serde(default, deserialize_with = "is_true")]
    pub more: bool,
}

/// `GET /schedules/{id}`.
#[derive(Deserialize)]
pub struct ScheduleAnswer {
    pub schedule: Schedule,
}

/// `GET /users`.
#[derive(Deserialize)]
pub struct UserPage {
    pub users: Vec<Option<User>>,
    #[serde(default, deserialize_with = "is_true")]
    pub more: bool,
}

/// `GET /users/{id}` and `GET /users/me`.
#[derive(Deserialize)]
pub struct UserAnswer {
    pub user: User,
}

/// A schedule of a list. Whatever else the list tells of it is not looked at, so
/// that one odd schedule does not hide the others.
#[derive(Deserialize)]
pub struct ListedSchedule {
    #[serde(deserialize_with = "id")]
    pub id: ScheduleId,
    pub name: Option<String>,
    pub summary: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub html_url: Option<String>,
    pub time_zone: Option<String>,
}

#[derive(Deserialize)]
pub struct Schedule {
    #[serde(deserialize_with = "id")]
    pub id: ScheduleId,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub html_url: Option<String>,
    pub time_zone: Option<String>,
    pub users: Option<Vec<Option<User>>>,
    pub schedule_layers: Option<Vec<Option<Layer>>>,
    pub final_schedule: Rendering,
}

#[derive(Deserialize)]
pub struct Layer {
    pub users: Option<Vec<Option<LayerUser>>>,
}

#[derive(Deserialize)]
pub struct LayerUser {
    pub user: Option<User>,
}

/// Required down to its list: that nobody is on call is said by an empty one, and
/// by nothing else.
#[derive(Deserialize)]
pub struct Rendering {
    pub rendered_schedule_entries: Vec<Entry>,
}

/// Times are ISO 8601 with any offset.
#[derive(Deserialize)]
pub struct Entry {
    pub start: String,
    pub end: String,
    pub user: User,
}

/// A user, whole or as a reference.
#[derive(Deserialize)]
pub struct User {
    #[serde(deserialize_with = "id")]
    pub id: PagerDutyUserId,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub email: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub html_url: Option<String>,
    /// Only whether it is there matters.
    pub deleted_at: Option<IgnoredAny>,
}

/// A number is taken as its digits: to us, every id is a text.
pub fn id<'de, D, Id>(value: D) -> Result<Id, D::Error>
where
    D: Deserializer<'de>,
    Id: TryFrom<String, Error: Display>,
{
    let id = match Value::deserialize(value)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Err(D::Error::custom("an id of another type")),
    };
    id.try_into().map_err(D::Error::custom)
}

/// Whatever is no text is absent, of whichever type.
fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(value)? {
        Value::String(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

/// Whatever is not `true` is false, of whichever type.
fn is_true<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(value)? == Value::Bool(true))
}
