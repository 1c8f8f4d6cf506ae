//! People and schedules by the thousand, for measuring. They are added to the company, known to both
//! services under the same addresses, and each schedule has a handful of them taking turns.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::{
    account::{Kind, Presence, Schedule, User},
    clock::whole_second,
    company::PRIMARY_TEAM,
    rendering::{Layer, Rotation},
    slack::{Person, Role},
    world::World,
};

const PEOPLE_PER_SCHEDULE: usize = 8;
const WEEK: i64 = 604_800;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    #[serde(default)]
    users: usize,
    #[serde(default)]
    schedules: usize,
    /// How many of these schedules are shift-based; each of those has two halves taking turns side by side.
    #[serde(default)]
    shift_based: usize,
    /// A week without it. Short turns make many hand-overs, all at the same second.
    turn_seconds: Option<i64>,
}

impl Crowd {
    pub fn join(&self, world: &mut World, now: Timestamp) -> Result<(), String> {
        let turn_seconds = self.turn_seconds.unwrap_or(WEEK);
        if turn_seconds < 1 {
            return Err("turn_seconds must be at least 1".to_owned());
        }
        if self.shift_based > self.schedules {
            return Err("shift_based must not be more than schedules".to_owned());
        }
        self.hire(world);
        let crowd: Vec<String> = world
            .us
            .users
            .iter()
            .filter(|user| user.id.starts_with("PG"))
            .map(|user| user.id.clone())
            .collect();
        if self.schedules > 0 && crowd.is_empty() {
            return Err(
                "generated schedules need generated users: ask for some in users".to_owned(),
            );
        }
        let there = numbered(
            world
                .us
                .schedules
                .iter()
                .map(|schedule| schedule.id.as_str()),
            "PS",
        );
        for place in 0..self.schedules {
            let kind = if place < self.shift_based {
                Kind::ShiftBased
            } else {
                Kind::LayerBased
            };
            world.us.schedules.push(taking_turns(
                there + place + 1,
                kind,
                &crowd,
                turn_seconds,
                now,
            ));
        }
        Ok(())
    }

    fn hire(&self, world: &mut World) {
        let there = numbered(world.us.users.iter().map(|user| user.id.as_str()), "PG");
        for number in there + 1..=there + self.users {
            let name = format!("Crowd Member {number:05}");
            let email = format!("crowd.{number:05}@lighthouse-books.example");
            let person = Person::new(
                &format!("UG{number:07}"),
                &name,
                &email,
                Role::Member,
                "Europe/London",
            );
            world.us.users.push(User {
                id: format!("PG{number:05}"),
                name,
                email: Some(email),
                time_zone: "Europe/London".to_owned(),
                role: "limited_user",
                job_title: "Engineer".to_owned(),
                teams: Vec::new(),
                deleted_at: None,
            });
            if let Some(workspace) = world.slack.workspace_mut(PRIMARY_TEAM) {
                workspace.people.push(person);
            }
        }
    }
}

/// How many of the ids were generated before.
fn numbered<'a>(ids: impl Iterator<Item = &'a str>, prefix: &str) -> usize {
    ids.filter(|id| {
        id.strip_prefix(prefix)
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
    .count()
}

fn taking_turns(
    number: usize,
    kind: Kind,
    crowd: &[String],
    turn_seconds: i64,
    now: Timestamp,
) -> Schedule {
    let id = format!("PS{number:05}");
    let members: Vec<Option<String>> = crowd
        .iter()
        .cycle()
        .skip(number * PEOPLE_PER_SCHEDULE % crowd.len())
        .take(PEOPLE_PER_SCHEDULE.min(crowd.len()))
        .cloned()
        .map(Some)
        .collect();
    let side_by_side = match kind {
        Kind::LayerBased => 1,
        Kind::ShiftBased => 2,
    };
    let rotations = (1..)
        .zip(members.chunks(members.len().div_ceil(side_by_side)))
        .map(|(place, members)| Rotation {
            id: format!("{id}R{place}"),
            layers: vec![Layer::of_turns(
                &format!("PL{number:05}{place}"),
                turn_seconds,
                whole_second(now),
                members.to_vec(),
            )],
        })
        .collect();
    Schedule {
        name: format!("Crowd Schedule {number:05}"),
        description: "Generated for measuring".to_owned(),
        time_zone: "UTC".to_owned(),
        zone: TimeZone::UTC,
        teams: Vec::new(),
        kind,
        rotations,
        overrides: Vec::new(),
        presence: Presence::Shown,
        id,
    }
}
