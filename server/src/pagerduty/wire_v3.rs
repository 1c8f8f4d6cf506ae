//! The shapes of shift-based schedules, which only version 3 of PagerDuty's API
//! shows. They name people by id alone, several may be on call at once, and a
//! slot may be empty. What cannot be read is as absent as in version 2.

use super::wire::{each, each_if_any, object, sound, sound_id, text};
use serde::Deserialize;
use types::PagerDutyUserId;

/// `GET /v3/schedules/{id}`.
#[derive(Deserialize)]
pub struct ScheduleAnswer {
    #[serde(deserialize_with = "object")]
    pub schedule: Schedule,
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
    pub rotations: Vec<Option<Rotation>>,
    #[serde(deserialize_with = "object")]
    pub final_schedule: Rendering,
}

#[derive(Deserialize)]
pub struct Rotation {
    #[serde(default, deserialize_with = "each_if_any")]
    pub events: Vec<Option<Event>>,
}

#[derive(Deserialize)]
pub struct Event {
    #[serde(default, deserialize_with = "sound")]
    pub assignment_strategy: Option<Strategy>,
}

#[derive(Deserialize)]
pub struct Strategy {
    #[serde(default, deserialize_with = "each_if_any")]
    pub members: Vec<Option<Member>>,
}

/// Required down to its list: that nobody is on call is said by an empty one, and
/// by nothing else.
#[derive(Deserialize)]
pub struct Rendering {
    #[serde(deserialize_with = "each")]
    pub computed_shift_assignments: Vec<Option<Assignment>>,
}

/// Times are ISO 8601 with any offset.
#[derive(Deserialize)]
pub struct Assignment {
    #[serde(default, deserialize_with = "text")]
    pub start_time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub end_time: Option<String>,
    #[serde(default, deserialize_with = "sound")]
    pub member: Option<Member>,
    #[serde(default, deserialize_with = "sound")]
    pub source: Option<Source>,
}

/// What an assignment comes from, by a word for its kind.
#[derive(Deserialize)]
pub struct Source {
    #[serde(default, rename = "type", deserialize_with = "text")]
    kind: Option<String>,
}

impl Source {
    /// Overrides are of several kinds, by what they take the place of.
    pub fn is_override(&self) -> bool {
        let kind = self.kind.as_deref();
        kind.is_some_and(|kind| kind.contains("override"))
    }
}

/// Whom a slot names, by a word for its kind.
#[derive(Deserialize)]
pub struct Member {
    #[serde(default, rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "sound_id")]
    user_id: Option<PagerDutyUserId>,
}

/// Whom a member means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meant {
    User(PagerDutyUserId),
    /// An empty slot: nobody is on call in it.
    Nobody,
    /// Of a kind that is not known, or without the id that its kind has.
    Unclear,
}

impl Member {
    pub fn meant(self) -> Meant {
        match (self.kind.as_deref(), self.user_id) {
            (Some("user_member"), Some(user)) => Meant::User(user),
            (Some("empty_member"), _) => Meant::Nobody,
            _ => Meant::Unclear,
        }
    }

    /// The user, if it means one.
    pub fn user(self) -> Option<PagerDutyUserId> {
        match self.meant() {
            Meant::User(user) => Some(user),
            Meant::Nobody | Meant::Unclear => None,
        }
    }
}
