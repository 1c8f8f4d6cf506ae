//! The settings: read from the environment (or flags), checked as a whole, and
//! refused at start with a sentence instead of failing later at 3 a.m. Each area has a
//! file with what is given, what it means once checked, and the check.

mod addresses;
mod error;
mod metrics;
mod pagerduty;
mod public_url;
mod secrets;
mod slack;
mod storage;

pub use error::ConfigError;
pub use metrics::MetricsConfig;
pub use pagerduty::PagerDutyConfig;
pub use public_url::PublicUrl;
pub use slack::{ServedWorkspaces, SlackApp, SlackConfig};
pub use storage::{StorageConfig, StorageSettings};

use addresses::trusted_proxies;
use clap::Args;
use ipnet::IpNet;
use metrics::MetricsSettings;
use pagerduty::PagerDutySettings;
use slack::SlackSettings;
use std::{net::SocketAddr, time::Duration};

/// Longer than people's networks take for a kilobyte. It is also how long an idle
/// connection is kept, so proxies have to let go of theirs sooner.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// The largest form, 512 KB, comes this quickly over any network that pages come over.
const BODY_LIMIT: Duration = Duration::from_secs(20);

/// The settings as given. `--help` shows these lines.
#[derive(Args, Debug)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, env = "ROUNDROBIN_LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,

    /// The address under which browsers reach this server, for example
    /// https://roundrobin.example.com. Defaults to http:// and the listen address.
    #[arg(long, env = "ROUNDROBIN_PUBLIC_URL")]
    public_url: Option<String>,

    /// Addresses and networks of the proxies in front of this server, separated by
    /// commas, for example 10.0.0.0/8,::1. X-Forwarded-For counts only as far as
    /// they wrote it; without any, an address is that of the connection.
    #[arg(long, env = "ROUNDROBIN_TRUSTED_PROXIES", default_value = "")]
    trusted_proxies: String,

    /// How many connections of browsers and proxies may be open at once. Those
    /// beyond are answered with 503. Each open page keeps one.
    #[arg(long, env = "ROUNDROBIN_MAX_CONNECTIONS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u32).range(8..=1_000_000))]
    max_connections: u32,

    #[command(flatten)]
    storage: StorageSettings,

    #[command(flatten)]
    slack: SlackSettings,

    #[command(flatten)]
    pagerduty: PagerDutySettings,

    #[command(flatten)]
    metrics: MetricsSettings,
}

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    /// Those whose word on where a request comes from counts.
    pub trusted_proxies: Vec<IpNet>,
    pub connections: ConnectionsConfig,
    pub slack: SlackConfig,
    pub pagerduty: PagerDutyConfig,
    pub metrics: MetricsConfig,
}

/// What connections of browsers and proxies may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionsConfig {
    /// Open at once.
    pub most: usize,
    /// Until the head of a request is there whole, also the next one on a connection
    /// that stays open.
    pub head: Duration,
    /// From there until its body is there whole.
    pub body: Duration,
}

impl Settings {
    /// Checks everything that can be checked without touching the network.
    pub fn checked(&self) -> Result<Config, ConfigError> {
        Ok(Config {
            listen: self.listen,
            public_url: PublicUrl::checked(self.public_url.as_deref(), self.listen)?,
            trusted_proxies: trusted_proxies(&self.trusted_proxies)?,
            connections: ConnectionsConfig {
                most: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
                head: HEAD_LIMIT,
                body: BODY_LIMIT,
            },
            slack: self.slack.checked()?,
            pagerduty: self.pagerduty.checked()?,
            metrics: self.metrics.checked()?,
        })
    }

    pub fn storage(&self) -> Result<StorageConfig, ConfigError> {
        self.storage.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use ipnet::IpNet;
    use secrecy::ExposeSecret as _;
    use std::fs;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(flags: &[&str]) -> Settings {
        Command::parse_from([&["roundrobin"], flags].concat()).settings
    }

    #[test]
    fn without_settings_it_listens_on_this_machine_only() {
        let config = settings(&[]).checked().unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.public_url.origin(), "http://127.0.0.1:3000");
        assert_eq!(config.slack.workspaces, ServedWorkspaces::FirstInstalled);
        assert!(config.slack.app.is_none());
    }

    #[test]
    fn an_address_that_no_browser_can_open_needs_a_public_url() {
        let error = settings(&["--listen", "0.0.0.0:3000"])
            .checked()
            .unwrap_err();
        assert!(matches!(error, ConfigError::PublicUrlNeeded { .. }));
    }

    #[test]
    fn proxies_are_trusted_by_address_and_by_network_and_by_default_none() {
        let trusted = |text: &str| settings(&["--trusted-proxies", text]).checked();
        assert!(settings(&[]).checked().unwrap().trusted_proxies.is_empty());
        let config = trusted("10.0.0.0/8, 192.0.2.1 ,::1,").unwrap();
        let shown: Vec<_> = config
            .trusted_proxies
            .iter()
            .map(IpNet::to_string)
            .collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]);
        for bad in ["proxy.example.com", "10.0.0.0/33", "*"] {
            let error = trusted(bad).unwrap_err();
            assert!(matches!(error, ConfigError::TrustedProxy { .. }), "{bad}");
        }
    }

    #[test]
    fn a_slack_app_is_whole_or_absent() {
        let error = settings(&["--slack-client-id", "1.2"])
            .checked()
            .unwrap_err();
        assert!(matches!(error, ConfigError::HalfASlackApp));
    }

    #[test]
    fn secrets_can_come_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "s3cret\n").unwrap();
        let file = file.to_str().unwrap();
        let given = settings(&[
            "--slack-client-id",
            "1.2",
            "--slack-client-secret-file",
            file,
        ]);
        let app = given.checked().unwrap().slack.app.unwrap();
        assert_eq!(app.client_secret.expose_secret(), "s3cret");
        assert!(!format!("{app:?}").contains("s3cret"));

        let both = settings(&[
            "--slack-client-id",
            "1.2",
            "--slack-client-secret",
            "x",
            "--slack-client-secret-file",
            file,
        ]);
        assert!(matches!(
            both.checked().unwrap_err(),
            ConfigError::SetTwice { .. }
        ));
    }

    #[test]
    fn other_services_are_reached_over_http() {
        let error = settings(&["--slack-url", "mailto:x@example.com"])
            .checked()
            .unwrap_err();
        assert!(matches!(error, ConfigError::BaseUrl { .. }));
    }
}
