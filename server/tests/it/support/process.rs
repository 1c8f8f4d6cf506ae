//! The server as a process of its own, for what only several of them, or a kill,
//! can show.

use super::{Database, ENCRYPTION_KEYS, NOWHERE, ports::free_port};
use std::{
    fs::File,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The program, with no setting but what is given to it.
fn roundrobin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundrobin"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROUNDROBIN_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub success: bool,
    /// What it printed.
    pub printed: String,
    /// What it said besides: its log, and why it failed.
    pub said: String,
}

/// Runs a command over a database to its end.
pub async fn run(arguments: &[&str], database_url: &str, settings: &[(&str, &str)]) -> Ended {
    let mut command = roundrobin(arguments);
    command
        .env("ROUNDROBIN_DATABASE_URL", database_url)
        .envs(settings.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    Ended {
        success: output.status.success(),
        printed: String::from_utf8(output.stdout).unwrap(),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running server; it is killed when the value goes.
pub struct ServerProcess {
    pub url: String,
    child: Child,
}

impl ServerProcess {
    /// Starts one over the database, with PagerDuty and its login at `pagerduty`,
    /// and returns when it is ready.
    pub async fn start(database: &Database, pagerduty: &str) -> Self {
        Self::start_with_slack(database, pagerduty, NOWHERE).await
    }

    /// The same, with Slack at `slack`.
    pub async fn start_with_slack(database: &Database, pagerduty: &str, slack: &str) -> Self {
        Self::start_with(database, (pagerduty, slack), &[], Stdio::inherit()).await
    }

    /// One that logs all there is to log to where nothing can be written any more.
    pub async fn start_on_a_full_disk(database: &Database) -> Self {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let all = [("RUST_LOG", "trace")];
        Self::start_with(database, (NOWHERE, NOWHERE), &all, full.into()).await
    }

    /// One without PagerDuty, whose app at Slack signs what it sends with this secret.
    pub async fn start_signing(database: &Database, slack: &str, secret: &str) -> Self {
        let app = [
            ("ROUNDROBIN_SLACK_CLIENT_ID", "1.2"),
            ("ROUNDROBIN_SLACK_CLIENT_SECRET", "secret"),
            ("ROUNDROBIN_SLACK_SIGNING_SECRET", secret),
        ];
        Self::start_with(database, (NOWHERE, slack), &app, Stdio::inherit()).await
    }

    async fn start_with(
        database: &Database,
        (pagerduty, slack): (&str, &str),
        settings: &[(&str, &str)],
        log: Stdio,
    ) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let child = roundrobin(&[])
            .env("ROUNDROBIN_LISTEN", &address)
            .env("ROUNDROBIN_DATABASE_URL", &database.url)
            .env("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)
            .env("ROUNDROBIN_PAGERDUTY_API_URL", pagerduty)
            .env("ROUNDROBIN_PAGERDUTY_EU_API_URL", pagerduty)
            .env(
                "ROUNDROBIN_PAGERDUTY_IDENTITY_URL",
                format!("{pagerduty}/identity"),
            )
            .env("ROUNDROBIN_PAGERDUTY_POLL_SECONDS", "1")
            .env("ROUNDROBIN_SLACK_URL", slack)
            .envs(settings.iter().copied())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            url: format!("http://{address}"),
            child,
        };
        server.wait_until_ready().await;
        server
    }

    async fn wait_until_ready(&mut self) {
        // Every HTTP client needs it. An error says that it is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ready = format!("{}/readyz", self.url);
        let asking = async {
            while !reqwest::get(&ready)
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                let ended = self.child.try_wait().unwrap();
                assert!(ended.is_none(), "the server ended: {ended:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), asking)
            .await
            .expect("the server is ready in time");
    }

    /// Ends it as a crash would: at once, whatever it is doing.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to end in peace.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.unwrap().success());
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.end();
    }
}
