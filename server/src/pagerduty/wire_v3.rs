//! The shapes of shift-based schedules, which only version 3 of PagerDuty's API
//! shows. They name people by id alone, several may be on call at once, and a
//! slot may be empty.

use super::wire::id;
use serde::Deserialize;
use types::{PagerDutyUserId, ScheduleId};

/// `GET /v3/schedules/{id}`.
#[derive(Deserialize)]
pub struct ScheduleAnswer {
    pub schedule: Schedule,
}

#[derive(Deserialize)]
pub struct Schedule {
    #[serde(deserialize_with = "id")]
    pub id: ScheduleId,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub html_url: Option<String>,
    pub time_zone: Option<String>,
    pub rotations: Option<Vec<Option<Rotation>>>,
    pub final_schedule: Rendering,
}

#[derive(Deserialize)]
pub struct Rotation {
    pub events: Option<Vec<Option<Event>>>,
}

#[derive(Deserialize)]
pub struct Event {
    pub assignment_strategy: Option<Strategy>,
}

#[derive(Deserialize)]
pub struct Strategy {
    pub members: Option<Vec<Option<Member>>>,
}

/// Required down to its list: that nobody is on call is said by an empty one, and
/// by nothing else.
#[derive(Deserialize)]
pub struct Rendering {
    pub computed_shift_assignments: Vec<Assignment>,
}

/// Times are ISO 8601 with any offset.
#[derive(Deserialize)]
pub struct Assignment {
    pub start_time: String,
    pub end_time: String,
    pub member: Member,
}

/// Somebody, or nobody.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub enum Member {
    #[serde(rename = "user_member")]
    User {
        #[serde(deserialize_with = "id")]
        user_id: PagerDutyUserId,
    },
    #[serde(rename = "empty_member")]
    Empty,
}

impl Member {
    pub fn user(self) -> Option<PagerDutyUserId> {
        match self {
            Self::User { user_id } => Some(user_id),
            Self::Empty => None,
        }
    }
}
