//! Why the settings cannot be used: each a sentence that names the setting.

use std::{io, net::SocketAddr};

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
