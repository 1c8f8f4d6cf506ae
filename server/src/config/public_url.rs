//! The address of this server as browsers know it.

use super::{ConfigError, addresses::is_web_address};
use std::net::SocketAddr;
use url::Url;

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

    fn public_url(text: &str) -> Result<PublicUrl, ConfigError> {
        PublicUrl::checked(Some(text), "127.0.0.1:3000".parse().unwrap())
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
}
