//! The product on this machine beside its sandbox: what somebody who has just
//! cloned the project types first.

use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::processes::{self, Interrupted, Process};
use crate::product::{self, Ports, credential};
use crate::site::Profile;
use crate::{cargo, http, report, site};

/// Where cargo puts what this command builds.
const BUILT: &str = "target/debug";

#[derive(Args)]
pub struct Options {
    /// Round Robin's port
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The sandbox's port
    #[arg(long, default_value_t = 3900)]
    sandbox_port: u16,
}

pub fn run(options: &Options) -> Result<()> {
    ensure_free(options.port, "--port")?;
    ensure_free(options.sandbox_port, "--sandbox-port")?;
    site::build(Profile::Dev)?;
    report::step("Building server and sandbox");
    cargo::build_native()?;

    report::step("Starting the sandbox, which stands in for PagerDuty and Slack");
    let (mut sandbox, credentials) = product::start_sandbox(BUILT, options.sandbox_port)?;
    let people = http::get(options.sandbox_port, "/_control/people")?.body;
    let owner = primary_owner(&people).context("the sandbox names no Primary Owner")?;

    report::step("Starting Round Robin");
    fs::create_dir_all("data").context("cannot create the folder data")?;
    let ports = Ports {
        server: options.port,
        sandbox: options.sandbox_port,
    };
    let mut command = product::server_command(BUILT, ports, &credentials)?;
    command.env("ROUNDROBIN_DATABASE_URL", "sqlite://data/roundrobin.db");
    let mut server = product::start_server(&mut command, ports.server)?;
    greet(options, &credentials, &owner)?;
    stay(&mut server, &mut sandbox)
}

fn ensure_free(port: u16, option: &str) -> Result<()> {
    if http::is_free(port) {
        return Ok(());
    }
    bail!(
        "port {port} is already taken on 127.0.0.1: stop the program that listens there, or choose another with {option}"
    )
}

/// Who may do everything, as the sandbox's sign-in page names them.
fn primary_owner(people: &str) -> Option<String> {
    let people: Value = serde_json::from_str(people).ok()?;
    let owner = people["people"]
        .as_array()?
        .iter()
        .find(|person| person["role"] == "Primary Owner")?;
    Some(format!("{} – Primary Owner", owner["name"].as_str()?))
}

fn greet(options: &Options, credentials: &Value, owner: &str) -> Result<()> {
    println!(
        "
Round Robin runs at  http://127.0.0.1:{}
The sandbox is at    http://127.0.0.1:{}

  1. Open Round Robin, choose Sign in with Slack, and on the sandbox's page
     choose {owner}, then Allow.
  2. Settings, Integrations (Manage & Connect), Login using an API Key: paste
     {}
     or Login using OAuth 2.0: paste, then Allow on the sandbox's page
     Client ID      {}
     Client Secret  {}
  3. Rotations, New, then on its page Edit schedule, PagerDuty, and choose one.

Ctrl-C stops both.
",
        options.port,
        options.sandbox_port,
        credential(credentials, "pagerduty", "api_key")?,
        credential(credentials, "pagerduty", "client_id")?,
        credential(credentials, "pagerduty", "client_secret")?
    );
    Ok(())
}

fn stay(server: &mut Process, sandbox: &mut Process) -> Result<()> {
    loop {
        server.expect_running()?;
        sandbox.expect_running()?;
        match processes::pause() {
            Err(error) if error.is::<Interrupted>() => {
                println!("\nStopping Round Robin and the sandbox");
                return Ok(());
            }
            paused => paused?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_primary_owner_is_the_one_to_sign_in_as() {
        let people = r#"{"people":[
            {"name":"Priya Raman","role":"Admin"},
            {"name":"Ada Okafor","role":"Primary Owner"},
            {"name":"Yuki Mori","role":"Primary Owner"}
        ]}"#;
        assert_eq!(
            primary_owner(people).as_deref(),
            Some("Ada Okafor – Primary Owner")
        );
        assert_eq!(primary_owner("{}"), None);
    }
}
