//! The Slack app, and the workspaces that may use it.

use super::{ConfigError, addresses::web_address, secrets::value_or_file};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::{path::PathBuf, time::Duration};
use types::WorkspaceId;
use url::Url;

#[derive(Args, Debug)]
pub(super) struct SlackSettings {
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

impl SlackSettings {
    pub(super) fn checked(&self) -> Result<SlackConfig, ConfigError> {
        Ok(SlackConfig {
            url: web_address("ROUNDROBIN_SLACK_URL", &self.slack_url)?,
            app: self.slack_app()?,
            workspaces: ServedWorkspaces::parse(&self.slack_workspaces),
            directory_interval: Duration::from_secs(self.slack_directory_seconds),
        })
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
        // Whoever likes could sign with nothing.
        let signing_secret =
            signing_secret.filter(|secret| !secret.expose_secret().trim().is_empty());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspaces_are_the_first_a_list_or_any() {
        assert_eq!(ServedWorkspaces::parse("any"), ServedWorkspaces::Any);
        assert_eq!(
            ServedWorkspaces::parse("T1, T2"),
            ServedWorkspaces::Listed(vec![WorkspaceId::new("T1"), WorkspaceId::new("T2")])
        );
    }
}
