//! The settings: read from the environment (or flags), checked as a whole, and
//! refused at start with a sentence instead of failing later at 3 a.m.

use clap::Args;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use types::WorkspaceId;
use url::Url;

/// Longer than people's networks take for a kilobyte. It is also how long an idle
/// connection is kept, so proxies have to let go of theirs sooner.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// The largest form, 512 KB, comes this quickly over any network that pages come over.
const BODY_LIMIT: Duration = Duration::from_secs(20);

const DEFAULT_DATABASE_URL: &str = "sqlite://data/roundrobin.db";

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

    /// The client id of your Slack app; needed to sign anyone in.
    #[arg(long, env = "ROUNDROBIN_SLACK_CLIENT_ID")]
    slack_client_id: Option<String>,

    /// The client secret of your Slack app.
    #[arg(long, env = "ROUNDROBIN_SLACK_CLIENT_SECRET", hide_env_values = true)]
    slack_client_secret: Option<SecretString>,

    /// A file that holds the client secret instead.
    #[arg(long, env = "ROUNDROBIN_SLACK_CLIENT_SECRET_FILE")]
    slack_client_secret_file: Option<PathBuf>,

    /// The signing secret of your Slack app, for what Slack will send here.
    #[arg(long, env = "ROUNDROBIN_SLACK_SIGNING_SECRET", hide_env_values = true)]
    slack_signing_secret: Option<SecretString>,

    /// A file that holds the signing secret instead.
    #[arg(long, env = "ROUNDROBIN_SLACK_SIGNING_SECRET_FILE")]
    slack_signing_secret_file: Option<PathBuf>,

    /// Which Slack workspaces are served: empty for the first one that installs
    /// Round Robin, a comma-separated list of team ids, or "any".
    #[arg(long, env = "ROUNDROBIN_SLACK_WORKSPACES", default_value = "")]
    slack_workspaces: String,

    /// Where Slack is.
    #[arg(
        long,
        env = "ROUNDROBIN_SLACK_URL",
        default_value = "https://slack.com"
    )]
    slack_url: Url,

    /// How often people and their roles are read from Slack, in seconds.
    #[arg(long, env = "ROUNDROBIN_SLACK_DIRECTORY_SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    slack_directory_seconds: u64,

    /// PagerDuty's REST API for accounts in the US region.
    #[arg(
        long,
        env = "ROUNDROBIN_PAGERDUTY_API_URL",
        default_value = "https://api.pagerduty.com"
    )]
    pagerduty_api_url: Url,

    /// PagerDuty's REST API for accounts in the EU region.
    #[arg(
        long,
        env = "ROUNDROBIN_PAGERDUTY_EU_API_URL",
        default_value = "https://api.eu.pagerduty.com"
    )]
    pagerduty_eu_api_url: Url,

    /// PagerDuty's login, for connections with OAuth 2.0.
    #[arg(
        long,
        env = "ROUNDROBIN_PAGERDUTY_IDENTITY_URL",
        default_value = "https://identity.pagerduty.com"
    )]
    pagerduty_identity_url: Url,

    /// How often each connection is synced, in seconds.
    #[arg(long, env = "ROUNDROBIN_PAGERDUTY_POLL_SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pagerduty_poll_seconds: u64,

    /// An address and port of its own for /metrics, for example 127.0.0.1:9100.
    #[arg(long, env = "ROUNDROBIN_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,

    /// The bearer token that /metrics wants; with it, /metrics is also served
    /// beside the pages.
    #[arg(long, env = "ROUNDROBIN_METRICS_TOKEN", hide_env_values = true)]
    metrics_token: Option<SecretString>,

    /// A file that holds the token instead.
    #[arg(long, env = "ROUNDROBIN_METRICS_TOKEN_FILE")]
    metrics_token_file: Option<PathBuf>,
}

/// Where the data is and which keys open it; all that `migrate` and
/// `reencrypt` need.
#[derive(Args, Debug)]
pub struct StorageSettings {
    /// sqlite://path or postgres://user:password@host/database. A SQLite file is
    /// made when absent.
    /// Defaults to sqlite://data/roundrobin.db.
    #[arg(long, env = "ROUNDROBIN_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// A file that holds the database URL instead.
    #[arg(long, env = "ROUNDROBIN_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,

    /// Keys that seal secrets in the database: id:base64 of 32 bytes, several
    /// separated by commas. The first one seals, all open. With SQLite a key is
    /// made beside the database when none is given.
    #[arg(long, env = "ROUNDROBIN_ENCRYPTION_KEYS", hide_env_values = true)]
    encryption_keys: Option<SecretString>,

    /// A file that holds the keys instead.
    #[arg(long, env = "ROUNDROBIN_ENCRYPTION_KEYS_FILE")]
    encryption_keys_file: Option<PathBuf>,

    /// Begin with an empty SQLite database although there is a key beside it.
    #[arg(long, env = "ROUNDROBIN_NEW_DATABASE")]
    new_database: bool,
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

/// Who may read the metrics; nobody when both are absent.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    pub listen: Option<SocketAddr>,
    pub token: Option<SecretString>,
}

#[derive(Clone, Debug)]
pub struct SlackConfig {
    pub url: Url,
    /// Absent: nobody can sign in, and the sign-in page says why.
    pub app: Option<SlackApp>,
    pub workspaces: ServedWorkspaces,
    pub directory_interval: Duration,
}

#[derive(Clone, Debug)]
pub struct SlackApp {
    pub client_id: String,
    pub client_secret: SecretString,
    pub signing_secret: Option<SecretString>,
}

/// Which workspaces may sign in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServedWorkspaces {
    /// The first one that installs owns the deployment.
    FirstInstalled,
    Listed(Vec<WorkspaceId>),
    Any,
}

#[derive(Clone, Debug)]
pub struct PagerDutyConfig {
    pub api_url: Url,
    pub eu_api_url: Url,
    pub identity_url: Url,
    pub poll_interval: Duration,
}

/// Where the data is, and which keys were given to open it.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// May hold a password.
    pub database_url: SecretString,
    pub encryption_keys: Option<SecretString>,
    /// An empty SQLite database is right although there is a key beside it.
    pub new_database: bool,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "ROUNDROBIN_PUBLIC_URL is needed because {listen} is no address that a browser can open; set it to the address people use, for example https://roundrobin.example.com"
    )]
    PublicUrlNeeded { listen: SocketAddr },
    /// Remedy: set it to the address that browsers use, scheme, host and port without a
    /// path, for example https://roundrobin.example.com
    #[error("ROUNDROBIN_PUBLIC_URL {url}: {problem}")]
    PublicUrl { url: String, problem: &'static str },
    #[error(
        "ROUNDROBIN_TRUSTED_PROXIES: {text} is neither an address nor a network such as 10.0.0.0/8; list those of the proxies, separated by commas"
    )]
    TrustedProxy { text: String },
    /// Remedy: remove one of the two.
    #[error("set {name} or {name}_FILE, not both")]
    SetTwice { name: &'static str },
    /// Remedy: let the user of the server read the file, or name another one.
    #[error("the file of {name}_FILE, {path}, cannot be read: {cause}")]
    SecretFile {
        name: &'static str,
        path: String,
        cause: io::Error,
    },
    #[error("ROUNDROBIN_SLACK_CLIENT_ID and ROUNDROBIN_SLACK_CLIENT_SECRET go together; set both")]
    HalfASlackApp,
    #[error(
        "ROUNDROBIN_METRICS_TOKEN is empty, so anybody would have it; set one, for example with: openssl rand -hex 32"
    )]
    EmptyMetricsToken,
    /// Remedy: write it in this form, or leave the setting out.
    #[error("{name} {url}: it must begin with http:// or https:// and name a host")]
    BaseUrl { name: &'static str, url: String },
}

impl Settings {
    /// Checks everything that can be checked without touching the network.
    pub fn checked(&self) -> Result<Config, ConfigError> {
        for (name, url) in [
            ("ROUNDROBIN_SLACK_URL", &self.slack_url),
            ("ROUNDROBIN_PAGERDUTY_API_URL", &self.pagerduty_api_url),
            (
                "ROUNDROBIN_PAGERDUTY_EU_API_URL",
                &self.pagerduty_eu_api_url,
            ),
            (
                "ROUNDROBIN_PAGERDUTY_IDENTITY_URL",
                &self.pagerduty_identity_url,
            ),
        ] {
            if !is_web_address(url) {
                let url = url.to_string();
                return Err(ConfigError::BaseUrl { name, url });
            }
        }
        Ok(Config {
            listen: self.listen,
            public_url: PublicUrl::checked(self.public_url.as_deref(), self.listen)?,
            trusted_proxies: trusted_proxies(&self.trusted_proxies)?,
            connections: ConnectionsConfig {
                most: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
                head: HEAD_LIMIT,
                body: BODY_LIMIT,
            },
            slack: SlackConfig {
                url: self.slack_url.clone(),
                app: self.slack_app()?,
                workspaces: ServedWorkspaces::parse(&self.slack_workspaces),
                directory_interval: Duration::from_secs(self.slack_directory_seconds),
            },
            pagerduty: PagerDutyConfig {
                api_url: self.pagerduty_api_url.clone(),
                eu_api_url: self.pagerduty_eu_api_url.clone(),
                identity_url: self.pagerduty_identity_url.clone(),
                poll_interval: Duration::from_secs(self.pagerduty_poll_seconds),
            },
            metrics: MetricsConfig {
                listen: self.metrics_listen,
                token: self.metrics_token()?,
            },
        })
    }

    pub fn storage(&self) -> Result<StorageConfig, ConfigError> {
        self.storage.checked()
    }

    fn metrics_token(&self) -> Result<Option<SecretString>, ConfigError> {
        let token = value_or_file(
            "ROUNDROBIN_METRICS_TOKEN",
            self.metrics_token.as_ref(),
            self.metrics_token_file.as_deref(),
        )?;
        match token {
            Some(token) if token.expose_secret().is_empty() => Err(ConfigError::EmptyMetricsToken),
            token => Ok(token),
        }
    }

    fn slack_app(&self) -> Result<Option<SlackApp>, ConfigError> {
        let client_secret = value_or_file(
            "ROUNDROBIN_SLACK_CLIENT_SECRET",
            self.slack_client_secret.as_ref(),
            self.slack_client_secret_file.as_deref(),
        )?;
        let signing_secret = value_or_file(
            "ROUNDROBIN_SLACK_SIGNING_SECRET",
            self.slack_signing_secret.as_ref(),
            self.slack_signing_secret_file.as_deref(),
        )?;
        match (&self.slack_client_id, client_secret) {
            (Some(client_id), Some(client_secret)) => Ok(Some(SlackApp {
                client_id: client_id.clone(),
                client_secret,
                signing_secret,
            })),
            (None, None) => Ok(None),
            _ => Err(ConfigError::HalfASlackApp),
        }
    }
}

impl StorageSettings {
    pub fn checked(&self) -> Result<StorageConfig, ConfigError> {
        Ok(StorageConfig {
            database_url: self.database_url()?,
            encryption_keys: value_or_file(
                "ROUNDROBIN_ENCRYPTION_KEYS",
                self.encryption_keys.as_ref(),
                self.encryption_keys_file.as_deref(),
            )?,
            new_database: self.new_database,
        })
    }

    /// Where the data is; all that copying it needs.
    pub fn database_url(&self) -> Result<SecretString, ConfigError> {
        let given = value_or_file(
            "ROUNDROBIN_DATABASE_URL",
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )?;
        Ok(given.unwrap_or_else(|| SecretString::from(DEFAULT_DATABASE_URL)))
    }
}

impl ServedWorkspaces {
    fn parse(text: &str) -> Self {
        let ids: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .collect();
        match ids.as_slice() {
            [] => Self::FirstInstalled,
            ["any"] => Self::Any,
            ids => Self::Listed(ids.iter().copied().map(WorkspaceId::new).collect()),
        }
    }
}

fn trusted_proxies(text: &str) -> Result<Vec<IpNet>, ConfigError> {
    text.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| {
            text.parse::<IpNet>()
                .or_else(|_| {
                    text.parse()
                        .map(|address: IpAddr| address.to_canonical().into())
                })
                .map_err(|_| ConfigError::TrustedProxy {
                    text: text.to_owned(),
                })
        })
        .collect()
}

fn is_web_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host().is_some()
}

fn value_or_file(
    name: &'static str,
    value: Option<&SecretString>,
    file: Option<&Path>,
) -> Result<Option<SecretString>, ConfigError> {
    match (value, file) {
        (Some(_), Some(_)) => Err(ConfigError::SetTwice { name }),
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(file)) => read_secret(name, file).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_secret(name: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(SecretString::from(text.trim())),
        Err(cause) => Err(ConfigError::SecretFile {
            name,
            path: path.display().to_string(),
            cause,
        }),
    }
}

/// The address under which browsers reach this server: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    pub(crate) fn checked(given: Option<&str>, listen: SocketAddr) -> Result<Self, ConfigError> {
        let text = match given {
            Some(text) => text.trim().to_owned(),
            None if listen.ip().is_unspecified() => {
                return Err(ConfigError::PublicUrlNeeded { listen });
            }
            None => format!("http://{listen}"),
        };
        let refuse = |problem| ConfigError::PublicUrl {
            url: text.clone(),
            problem,
        };
        let url = Url::parse(&text)
            .map_err(|_| refuse("this is no URL; expected something like https://example.com"))?;
        if !is_web_address(&url) {
            return Err(refuse(
                "it must begin with http:// or https:// and name a host",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not hold a user name or password"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(
                "it must end after the host and port; Round Robin needs a host of its own, not a path",
            ));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            https: url.scheme() == "https",
        })
    }

    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The port, where the scheme does not imply it.
    pub fn port(&self) -> Option<u16> {
        let host = self.host_and_port();
        // The colons of an IPv6 address are in brackets.
        let (_, port) = host.rsplit_once(':')?;
        port.parse().ok()
    }

    /// As browsers send it in `Origin`: no slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// As browsers send it in `Host`.
    pub fn host_and_port(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(self.origin.as_str(), |(_, host)| host)
    }

    /// The full address of a path that begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(flags: &[&str]) -> Settings {
        Command::parse_from([&["roundrobin"], flags].concat()).settings
    }

    fn public_url(text: &str) -> Result<PublicUrl, ConfigError> {
        PublicUrl::checked(Some(text), "127.0.0.1:3000".parse().unwrap())
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
    fn a_public_url_is_a_scheme_and_a_host() {
        let url = public_url("https://rr.example.com/").unwrap();
        assert_eq!(url.origin(), "https://rr.example.com");
        assert_eq!(url.host_and_port(), "rr.example.com");
        assert_eq!(url.join("/settings"), "https://rr.example.com/settings");
        assert!(url.is_https());
        assert_eq!(url.port(), None);
        assert_eq!(public_url("http://[::1]").unwrap().port(), None);
        assert_eq!(public_url("http://[::1]:81").unwrap().port(), Some(81));
        for bad in [
            "https://example.com/rr",
            "ftp://x",
            "example.com",
            "https://a:b@c",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
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

    #[test]
    fn workspaces_are_the_first_a_list_or_any() {
        assert_eq!(ServedWorkspaces::parse("any"), ServedWorkspaces::Any);
        assert_eq!(
            ServedWorkspaces::parse("T1, T2"),
            ServedWorkspaces::Listed(vec![WorkspaceId::new("T1"), WorkspaceId::new("T2")])
        );
    }
}
