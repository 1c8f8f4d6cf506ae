//! Where PagerDuty is, and how often it is asked.

use super::{ConfigError, addresses::web_address};
use clap::Args;
use std::time::Duration;
use url::Url;

#[derive(Args, Debug)]
pub(super) struct PagerDutySettings {
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
}

#[derive(Clone, Debug)]
pub struct PagerDutyConfig {
    pub api_url: Url,
    pub eu_api_url: Url,
    pub identity_url: Url,
    pub poll_interval: Duration,
}

impl PagerDutySettings {
    pub(super) fn checked(&self) -> Result<PagerDutyConfig, ConfigError> {
        let (us, eu) = (&self.pagerduty_api_url, &self.pagerduty_eu_api_url);
        let identity = &self.pagerduty_identity_url;
        Ok(PagerDutyConfig {
            api_url: web_address("ROUNDROBIN_PAGERDUTY_API_URL", us)?,
            eu_api_url: web_address("ROUNDROBIN_PAGERDUTY_EU_API_URL", eu)?,
            identity_url: web_address("ROUNDROBIN_PAGERDUTY_IDENTITY_URL", identity)?,
            poll_interval: Duration::from_secs(self.pagerduty_poll_seconds),
        })
    }
}
