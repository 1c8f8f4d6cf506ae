//! Who may read the metrics.

use super::{ConfigError, secrets::value_or_file};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Args, Debug)]
pub(super) struct MetricsSettings {
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

/// Who may read the metrics; nobody when both are absent.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    pub listen: Option<SocketAddr>,
    pub token: Option<SecretString>,
}

impl MetricsSettings {
    pub(super) fn checked(&self) -> Result<MetricsConfig, ConfigError> {
        Ok(MetricsConfig {
            listen: self.metrics_listen,
            token: self.metrics_token()?,
        })
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
}
