//! People and schedules by the thousand, for measuring. They are added to the company, known to both
//! services under the same addresses, and each schedule has a handful of them taking turns.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::{
    account::{Presence, Schedule, User},
    company::PRIMARY_TEAM,
    rendering::Layer,
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
    /// A week without it. Short turns make many hand-overs, all at the same second.
    turn_seconds: Option<i64>,
}

impl Crowd {
    pub fn join(&self, world: &mut World, now: Timestamp) -> Result<(), String> {
        let turn_seconds = self.turn_seconds.unwrap_or(WEEK);
        if turn_seconds < 1 {
            return Err("turn_seconds must be at least 1".to_owned());
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
        for number in there + 1..=there + self.schedules {
            world
                .us
                .schedules
                .push(taking_turns(number, &crowd, turn_seconds, now));
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
                email,
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

fn taking_turns(number: usize, crowd: &[String], turn_seconds: i64, now: Timestamp) -> Schedule {
    let start = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let long_ago = start
        .saturating_sub(SignedDuration::from_secs(WEEK))
        .unwrap_or(start);
    let users = crowd
        .iter()
        .cycle()
        .skip(number * PEOPLE_PER_SCHEDULE % crowd.len())
        .take(PEOPLE_PER_SCHEDULE.min(crowd.len()))
        .cloned()
        .collect();
    Schedule {
        id: format!("PS{number:05}"),
        name: format!("Crowd Schedule {number:05}"),
        description: "Generated for measuring".to_owned(),
        time_zone: "UTC".to_owned(),
        zone: TimeZone::UTC,
        teams: Vec::new(),
        layers: vec![Layer {
            id: format!("PL{number:05}"),
            name: "Layer 1".to_owned(),
            start: long_ago,
            end: None,
            rotation_virtual_start: start,
            turn_length_seconds: turn_seconds,
            users,
            restrictions: Vec::new(),
        }],
        overrides: Vec::new(),
        presence: Presence::Shown,
    }
}
