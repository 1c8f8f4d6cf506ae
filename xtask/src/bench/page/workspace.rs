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
use crate::processes::{self, Process};
use crate::product::{self, Ports, credential};

const BOUND: usize = 30;
const MANUAL: usize = 20;
/// So many of the schedules have two people on duty at a time.
const SHIFT_BASED: usize = 15;
const MEMBERS: usize = 8;
/// Everybody whom the schedules and the rotations take turns with.
const PEOPLE: usize = 60;
const INTERVAL: Duration = Duration::from_secs(60);

/// A database with everything in it, and the stand-in beside it. No server runs:
/// each measurement starts its own, always at the same port, for which the
/// visitor's cookies are.
pub struct Workspace {
    pub built: String,
    pub ports: Ports,
    pub visitor: Visitor,
    /// By number; those that follow a schedule and those that do not take turns.
    pub rotations: Vec<String>,
    sandbox: Sandbox,
    folder: TempDir,
}

impl Workspace {
    pub fn prepare(built: &str) -> Result<Self> {
        let sandbox = Sandbox::start(built)?;
        let crowd = json!({
            "users": PEOPLE,
            "schedules": BOUND,
            "shift_based": SHIFT_BASED,
            "turn_seconds": 12 * 3600,
        });
        sandbox.control("seed", &crowd)?;
        let ports = Ports {
            server: http::free_port()?,
            sandbox: sandbox.port,
        };
        let folder = tempfile::tempdir()?;
        let database = database_in(folder.path());
        let mut command = server_command(built, ports, &sandbox, &database, INTERVAL)?;
        let _server = product::start_server(&mut command, ports.server)?;
        let visitor = Visitor::sign_in(ports.server, &sandbox)?;
        let key = credential(&sandbox.credentials, "pagerduty", "api_key")?;
        visitor.call("connect_with_api_key", &[("api_key", key)])?;
        let rotations = create_rotations(&visitor)?;
        Ok(Self {
            built: built.to_owned(),
            ports,
            visitor,
            rotations,
            sandbox,
            folder,
        })
    }

    /// The server with this workspace's database.
    pub fn command(&self) -> Result<Command> {
        self.command_with(&database_in(self.folder.path()))
    }

    /// The server with another database.
    pub fn command_with(&self, database: &str) -> Result<Command> {
        server_command(&self.built, self.ports, &self.sandbox, database, INTERVAL)
    }

    pub fn start(&self) -> Result<Process> {
        product::start_server(&mut self.command()?, self.ports.server)
    }

    /// A rotation that follows a schedule.
    pub fn bound_rotation(&self) -> &str {
        &self.rotations[0]
    }
}

/// As people would, one by one.
fn create_rotations(visitor: &Visitor) -> Result<Vec<String>> {
    let mut rotations = Vec::new();
    for number in 0..BOUND + MANUAL {
        processes::stop_if_told()?;
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
        // Three of each five follow a schedule.
        if number % 5 < 3 {
            let schedule = schedule(number / 5 * 3 + number % 5);
            let binding = [
                ("id", id.as_str()),
                ("mode", "pagerduty"),
                ("schedule", &schedule),
            ];
            visitor.call("set_schedule", &binding)?;
        } else {
            for place in 0..MEMBERS {
                let person = format!("UG{:07}", (number * 3 + place) % PEOPLE + 1);
                visitor.call("add_member", &[("id", &id), ("person", &person)])?;
            }
            visitor.call("rotate", &[("id", &id)])?;
        }
        rotations.push(id);
    }
    Ok(rotations)
}
