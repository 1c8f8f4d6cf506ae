//! The two programs that commands start beside each other: the server, and the
//! sandbox that stands in for PagerDuty and Slack.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;

use crate::http;
use crate::processes::{self, Process};

const START_LIMIT: Duration = Duration::from_secs(60);

/// Where both listen, on this machine.
#[derive(Clone, Copy)]
pub struct Ports {
    pub server: u16,
    pub sandbox: u16,
}

/// A program that takes no settings but those given here, and reaches the other
/// one directly whatever proxy there is.
pub fn local_command(program: &str) -> Command {
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

/// Starts the sandbox that was built into `folder`, and gives its credentials.
pub fn start_sandbox(folder: &str, port: u16) -> Result<(Process, Value)> {
    let mut command = local_command(&format!("{folder}/sandbox"));
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    let mut sandbox = Process::start("the sandbox", &mut command, Signal::TERM)?;
    let credentials = wait_for(&mut sandbox, port, "/_control/credentials")?;
    let credentials =
        serde_json::from_str(&credentials).context("the sandbox's credentials are not JSON")?;
    Ok((sandbox, credentials))
}

/// The server that was built into `folder`, with settings that lead to the sandbox.
pub fn server_command(folder: &str, ports: Ports, credentials: &Value) -> Result<Command> {
    let listen = format!("127.0.0.1:{}", ports.server);
    let sandbox = format!("http://127.0.0.1:{}", ports.sandbox);
    let mut command = local_command(&format!("{folder}/roundrobin"));
    command
        .env("ROUNDROBIN_PUBLIC_URL", format!("http://{listen}"))
        .env("ROUNDROBIN_LISTEN", listen)
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
    Ok(command)
}

/// Starts the server and waits until it is ready.
pub fn start_server(command: &mut Command, port: u16) -> Result<Process> {
    let mut server = Process::start("Round Robin", command, Signal::TERM)?;
    wait_for(&mut server, port, "/readyz")?;
    Ok(server)
}

pub fn credential<'a>(credentials: &'a Value, of: &str, name: &str) -> Result<&'a str> {
    credentials[of][name]
        .as_str()
        .with_context(|| format!("the sandbox names no {name} for {of}"))
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
