//! The product on this machine beside its sandbox: what somebody who has just
//! cloned the project types first.

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::process::Signal;
use serde_json::Value;

use crate::processes::{self, Interrupted, Process};
use crate::site::Profile;
use crate::{cargo, http, report, site};

const START_LIMIT: Duration = Duration::from_secs(60);

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
    let mut sandbox = start_sandbox(options.sandbox_port)?;
    let credentials = wait_for(&mut sandbox, options.sandbox_port, "/_control/credentials")?;
    let credentials =
        serde_json::from_str(&credentials).context("the sandbox's credentials are not JSON")?;
    let people = wait_for(&mut sandbox, options.sandbox_port, "/_control/people")?;
    let owner = primary_owner(&people).context("the sandbox names no Primary Owner")?;

    report::step("Starting Round Robin");
    let mut server = start_server(options, &credentials)?;
    wait_for(&mut server, options.port, "/readyz")?;
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

/// A program that takes no settings but those given here, and reaches the other
/// one directly whatever proxy there is.
fn local_command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("ROUNDROBIN_") {
            command.env_remove(name);
        }
    }
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, "127.0.0.1,localhost");
    }
    command
}

fn start_sandbox(port: u16) -> Result<Process> {
    let mut command = local_command("target/debug/sandbox");
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    Process::start("the sandbox", &mut command, Signal::TERM)
}

fn start_server(options: &Options, credentials: &Value) -> Result<Process> {
    fs::create_dir_all("data").context("cannot create the folder data")?;
    let listen = format!("127.0.0.1:{}", options.port);
    let sandbox = format!("http://127.0.0.1:{}", options.sandbox_port);
    let mut command = local_command("target/debug/roundrobin");
    command
        .env("ROUNDROBIN_PUBLIC_URL", format!("http://{listen}"))
        .env("ROUNDROBIN_LISTEN", listen)
        .env("ROUNDROBIN_DATABASE_URL", "sqlite://data/roundrobin.db")
        .env("ROUNDROBIN_SLACK_URL", format!("{sandbox}/slack"))
        .env("ROUNDROBIN_PAGERDUTY_EU_API_URL", format!("{sandbox}/eu"))
        .env(
            "ROUNDROBIN_PAGERDUTY_IDENTITY_URL",
            format!("{sandbox}/identity"),
        )
        .env("ROUNDROBIN_PAGERDUTY_API_URL", sandbox);
    for name in ["client_id", "client_secret", "signing_secret"] {
        let setting = format!("ROUNDROBIN_SLACK_{}", name.to_uppercase());
        command.env(setting, credential(credentials, "slack", name)?);
    }
    Process::start("Round Robin", &mut command, Signal::TERM)
}

fn credential<'a>(credentials: &'a Value, of: &str, name: &str) -> Result<&'a str> {
    credentials[of][name]
        .as_str()
        .with_context(|| format!("the sandbox names no {name} for {of}"))
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

/// Asks until the answer is 200, and gives its body.
fn wait_for(process: &mut Process, port: u16, path: &str) -> Result<String> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let answer = http::get(port, path);
        match answer {
            Ok(response) if response.status == 200 => return Ok(response.body),
            _ => process.expect_running()?,
        }
        if Instant::now() > deadline {
            let last = answer.map_or_else(|error| error.to_string(), |response| response.body);
            bail!(
                "http://127.0.0.1:{port}{path} did not answer 200 within {} s: {last}",
                START_LIMIT.as_secs()
            );
        }
        processes::pause()?;
    }
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
