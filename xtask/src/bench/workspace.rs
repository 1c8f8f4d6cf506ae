//! A workspace whose pages are measured: rotations that follow schedules with one
//! or two people on duty at a time, and rotations that people move on by hand.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;

use crate::bench::sandbox::Sandbox;
use crate::bench::scale::schedule;
use crate::bench::visitor::Visitor;
use crate::bench::{database_in, server_command};
use crate::http;
use crate::postgres::Cluster;
use crate::processes::{self, Process};
use crate::product::{self, Ports, credential};

const MEMBERS: usize = 8;
const INTERVAL: Duration = Duration::from_secs(60);
const TURN_SECONDS: u32 = 12 * 3600;
/// On Postgres the server wants to be told what to seal with; nothing here is secret.
const ENCRYPTION_KEYS: &str = "bench:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// As many as one session may bind without a pause.
const BOUND_BY_ONE: usize = 40;

/// How much there is in a workspace.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Everybody whom the schedules and the rotations take turns with.
    pub people: usize,
    pub schedules: usize,
    /// So many of the schedules have two people on duty at a time.
    pub shift_based: usize,
    pub rotations: usize,
    /// Of each five rotations so many follow a schedule, the others are moved on by hand.
    pub bound_of_five: usize,
}

impl Layout {
    /// A workspace as teams of some size have it.
    pub const USUAL: Self = Self {
        people: 60,
        schedules: 30,
        shift_based: 15,
        rotations: 50,
        bound_of_five: 3,
    };

    /// The place of the schedule that a rotation follows, by the rotation's number.
    fn schedule_of(self, rotation: usize) -> Option<usize> {
        let (five, place) = (rotation / 5, rotation % 5);
        let follows = place < self.bound_of_five;
        follows.then(|| (five * self.bound_of_five + place) % self.schedules)
    }
}

/// Where a workspace is kept.
pub enum Database {
    /// In a file in this folder.
    Sqlite(TempDir),
    Postgres(Cluster),
}

impl Database {
    pub fn sqlite() -> Result<Self> {
        Ok(Self::Sqlite(tempfile::tempdir()?))
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => database_in(folder.path()),
            Self::Postgres(cluster) => cluster.url().to_owned(),
        }
    }

    /// The server makes them itself beside a file.
    fn add_keys(&self, command: &mut Command) {
        if matches!(self, Self::Postgres(_)) {
            command.env("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS);
        }
    }
}

/// A database with everything in it, and the stand-in beside it. No server runs:
/// each measurement starts its own, always at the same port, for which the
/// visitor's cookies are.
pub struct Workspace {
    pub built: String,
    pub ports: Ports,
    pub visitor: Visitor,
    /// By number; those that follow a schedule and those that do not take turns.
    pub rotations: Vec<String>,
    pub sandbox: Sandbox,
    layout: Layout,
    database: Database,
}

impl Workspace {
    pub fn prepare(built: &str, layout: Layout, database: Database) -> Result<Self> {
        let sandbox = Sandbox::start(built)?;
        let crowd = json!({
            "users": layout.people,
            "schedules": layout.schedules,
            "shift_based": layout.shift_based,
            "turn_seconds": TURN_SECONDS,
        });
        sandbox.control("seed", &crowd)?;
        sandbox.limit_requests(false)?;
        let ports = Ports {
            server: http::free_port()?,
            sandbox: sandbox.port,
        };
        let mut command = server_command(built, ports, &sandbox, &database.url(), INTERVAL)?;
        database.add_keys(&mut command);
        let _server = product::start_server(&mut command, ports.server)?;
        let visitor = Visitor::sign_in(ports.server, &sandbox)?;
        let key = credential(&sandbox.credentials, "pagerduty", "api_key")?;
        visitor.call("connect_with_api_key", &[("api_key", key)])?;
        let rotations = create_rotations(ports.server, &sandbox, layout)?;
        Ok(Self {
            built: built.to_owned(),
            ports,
            visitor,
            rotations,
            sandbox,
            layout,
            database,
        })
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The server with this workspace's database.
    pub fn command(&self) -> Result<Command> {
        self.command_with(&self.database.url())
    }

    /// The server with another database.
    pub fn command_with(&self, database: &str) -> Result<Command> {
        self.command_with_interval(database, INTERVAL)
    }

    /// The server with another database and another pace of the sync.
    pub fn command_with_interval(&self, database: &str, interval: Duration) -> Result<Command> {
        let (built, ports) = (&self.built, self.ports);
        let mut command = server_command(built, ports, &self.sandbox, database, interval)?;
        self.database.add_keys(&mut command);
        Ok(command)
    }

    pub fn start(&self) -> Result<Process> {
        product::start_server(&mut self.command()?, self.ports.server)
    }

    /// A rotation that follows a schedule.
    pub fn bound_rotation(&self) -> &str {
        &self.rotations[0]
    }

    /// A rotation that people move on by hand, if there is one.
    pub fn manual_rotation(&self) -> Option<&str> {
        let mut numbered = self.rotations.iter().enumerate();
        let manual = numbered.find(|(number, _)| self.layout.schedule_of(*number).is_none());
        manual.map(|(_, rotation)| rotation.as_str())
    }

    pub fn schedules(&self) -> usize {
        self.layout.schedules
    }

    /// The place of the schedule that a rotation follows, by the rotation's number.
    pub fn schedule_of(&self, rotation: usize) -> Option<usize> {
        self.layout.schedule_of(rotation)
    }
}

/// As people would, one by one.
fn create_rotations(port: u16, sandbox: &Sandbox, layout: Layout) -> Result<Vec<String>> {
    let mut rotations = Vec::new();
    let mut visitor = Visitor::sign_in(port, sandbox)?;
    for number in 0..layout.rotations {
        processes::stop_if_told()?;
        if number % BOUND_BY_ONE == BOUND_BY_ONE - 1 {
            visitor = Visitor::sign_in(port, sandbox)?;
        }
        let name = format!("Rotation {number:02}");
        let description = format!("Looks after service {number:02} and whatever it depends on");
        let (code, duty_size) = (format!("R-{number}"), (1 + number % 2).to_string());
        let input = [
            ("input[name]", name.as_str()),
            ("input[description]", &description),
            ("input[code]", &code),
            ("input[duty_size]", &duty_size),
        ];
        let id = visitor.call("create_rotation", &input)?;
        let id = id.as_str().context("a new rotation has no id")?.to_owned();
        if let Some(place) = layout.schedule_of(number) {
            let schedule = schedule(place);
            let binding = [
                ("id", id.as_str()),
                ("mode", "pagerduty"),
                ("schedule", &schedule),
            ];
            visitor.call("set_schedule", &binding)?;
        } else {
            for place in 0..MEMBERS {
                let person = format!("UG{:07}", (number * 3 + place) % layout.people + 1);
                visitor.call("add_members", &[("id", &id), ("people[0]", &person)])?;
            }
            visitor.call("rotate", &[("id", &id)])?;
        }
        rotations.push(id);
    }
    Ok(rotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_shared_evenly_by_the_rotations_that_follow_one() {
        let places = |layout: Layout| -> Vec<_> {
            (0..layout.rotations)
                .map(|number| layout.schedule_of(number))
                .collect()
        };
        let few = Layout {
            rotations: 7,
            ..Layout::USUAL
        };
        let expected = [Some(0), Some(1), Some(2), None, None, Some(3), Some(4)];
        assert_eq!(places(few), expected);
        let all = Layout {
            schedules: 3,
            bound_of_five: 5,
            ..few
        };
        let expected = [0, 1, 2, 0, 1, 2, 0].map(Some);
        assert_eq!(places(all), expected);
    }
}
