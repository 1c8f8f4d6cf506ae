//! The shapes in which PagerDuty's REST API v2 answers, as far as they are read.
//! Unknown fields are ignored, and each field and each element of a list is read on its
//! own: one of another type is as good as absent. A field is required only where
//! nothing could be said without it.

use crate::foreign_json;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;
use std::fmt::Display;
use types::{PagerDutyUserId, ScheduleId};

/// `GET /schedules`, and `GET /v3/schedules` alike.
#[derive(Deserialize)]
pub struct SchedulePage {
    #[serde(deserialize_with = "each")]
    pub schedules: Vec<Option<ListedSchedule>>,
    #[serde(default, deserialize_with = "is_true")]
    pub more: bool,
}

impl SchedulePage {
    /// Whether anything in it can be read, if there is anything.
    pub fn makes_sense(&self) -> bool {
        self.schedules.is_empty() || self.schedules.iter().any(Option::is_some)
    }
}

/// `GET /schedules/{id}`.
#[derive(Deserialize)]
pub struct ScheduleAnswer {
    #[serde(deserialize_with = "object")]
    pub schedule: Schedule,
}

/// `GET /users`.
#[derive(Deserialize)]
pub struct UserPage {
    #[serde(deserialize_with = "each")]
    pub users: Vec<Option<User>>,
    #[serde(default, deserialize_with = "is_true")]
    pub more: bool,
}

/// `GET /users/{id}` and `GET /users/me`.
#[derive(Deserialize)]
pub struct UserAnswer {
    #[serde(deserialize_with = "object")]
    pub user: User,
}

/// A schedule of a list. Of its people and teams, only what tells it from another
/// one of its name is read.
#[derive(Deserialize)]
pub struct ListedSchedule {
    #[serde(deserialize_with = "id")]
    pub id: ScheduleId,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub summary: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub time_zone: Option<String>,
    #[serde(default, deserialize_with = "each_if_any")]
    pub users: Vec<Option<Named>>,
    #[serde(default, deserialize_with = "each_if_any")]
    pub teams: Vec<Option<Named>>,
}

/// What a reference is shown as.
#[derive(Deserialize)]
pub struct Named {
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub summary: Option<String>,
}

#[derive(Deserialize)]
pub struct Schedule {
    /// Absent where it is no text: whoever asked knows for what.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub summary: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub time_zone: Option<String>,
    #[serde(default, deserialize_with = "each_if_any")]
    pub users: Vec<Option<User>>,
    #[serde(default, deserialize_with = "each_if_any")]
    pub schedule_layers: Vec<Option<Layer>>,
    #[serde(default, deserialize_with = "sound")]
    pub overrides_subschedule: Option<Overrides>,
    #[serde(deserialize_with = "object")]
    pub final_schedule: Rendering,
}

#[derive(Deserialize)]
pub struct Layer {
    #[serde(default, deserialize_with = "each_if_any")]
    pub users: Vec<Option<LayerUser>>,
    /// The turns, before overrides.
    #[serde(default, deserialize_with = "each_if_any")]
    pub rendered_schedule_entries: Vec<Option<Entry>>,
}

/// What takes the place of turns. Where it cannot be read, every shift counts as a turn.
#[derive(Deserialize)]
pub struct Overrides {
    #[serde(default, deserialize_with = "each_if_any")]
    pub rendered_schedule_entries: Vec<Option<Entry>>,
}

#[derive(Deserialize)]
pub struct LayerUser {
    #[serde(default, deserialize_with = "sound")]
    pub user: Option<User>,
}

/// Required down to its list: that nobody is on call is said by an empty one, and
/// by nothing else.
#[derive(Deserialize)]
pub struct Rendering {
    #[serde(deserialize_with = "each")]
    pub rendered_schedule_entries: Vec<Option<Entry>>,
}

/// Times are ISO 8601 with any offset.
#[derive(Deserialize)]
pub struct Entry {
    #[serde(default, deserialize_with = "text")]
    pub start: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub end: Option<String>,
    #[serde(default, deserialize_with = "sound")]
    pub user: Option<User>,
}

/// A user, whole or as a reference.
#[derive(Deserialize)]
pub struct User {
    #[serde(deserialize_with = "id")]
    pub id: PagerDutyUserId,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub summary: Option<String>,
    /// Absent when it was not told whether there is one.
    #[serde(default, deserialize_with = "text_or_none")]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "text")]
    pub html_url: Option<String>,
    /// A date; only whether there is one matters.
    #[serde(default, deserialize_with = "text")]
    pub deleted_at: Option<String>,
}

/// What some programs begin their texts with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The body of an answer as a `T`, if it can be read.
pub fn answer<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    // Serde takes a list for an object with its fields in order, which it never is here.
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let read = || foreign_json::read(body).ok();
    // Serde minds a name that is there twice, which hides nothing.
    let leniently = || from_object(foreign_json::read(body).ok()?).ok();
    is_object.then(|| read().or_else(leniently))?
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

/// An [`id`], where there is one that can be read.
pub fn sound_id<'de, D, Id>(value: D) -> Result<Option<Id>, D::Error>
where
    D: Deserializer<'de>,
    Id: TryFrom<String, Error: Display>,
{
    Ok(id(Value::deserialize(value)?).ok())
}

/// Whatever is no text is absent, of whichever type.
pub fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(value)? {
        Value::String(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

/// A text, or that there is none; whatever else stands there says nothing.
fn text_or_none<'de, D>(value: D) -> Result<Option<Option<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(match Value::deserialize(value)? {
        Value::String(text) => Some(Some(text)),
        Value::Null => Some(None),
        _ => None,
    })
}

/// Whatever cannot be read as a `T` is absent.
pub fn sound<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(from_object(Value::deserialize(value)?).ok())
}

/// What nothing could be said without.
pub fn object<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    from_object(Value::deserialize(value)?).map_err(D::Error::custom)
}

/// As in [`answer`], a list is no object.
fn from_object<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    match value {
        Value::Object(_) => T::deserialize(value),
        _ => Err(serde_json::Error::custom("no object")),
    }
}

/// A list whose elements are read one by one: `None` stands for each that cannot be.
/// What is no list at all is an error.
pub fn each<'de, D, T>(value: D) -> Result<Vec<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let elements = Vec::<Value>::deserialize(value)?;
    let read = |element| from_object(element).ok();
    Ok(elements.into_iter().map(read).collect())
}

/// As [`each`], where the list may be absent: what is no list at all is an empty one.
pub fn each_if_any<'de, D, T>(value: D) -> Result<Vec<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(each(Value::deserialize(value)?).unwrap_or_default())
}

/// Whatever is not `true` is false, of whichever type.
fn is_true<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(value)? == Value::Bool(true))
}
