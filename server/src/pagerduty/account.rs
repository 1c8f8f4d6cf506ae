//! Whose PagerDuty is asked, and where. The addresses come from the settings
//! alone and never from an answer, since they decide who gets to see a credential.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use types::{PagerDutyProblem, Region};
use url::Url;
use zeroize::Zeroizing;

/// The base addresses of PagerDuty's REST API and of its login pages; a path in
/// them is kept.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub us: Url,
    pub eu: Url,
    pub identity: Url,
}

/// How PagerDuty names the regions' hosts, wherever they are reached.
const REGION_HOSTS: [(Region, &str); 2] = [
    (Region::Us, "https://api.pagerduty.com"),
    (Region::Eu, "https://api.eu.pagerduty.com"),
];

impl Endpoints {
    /// The base address of the host that knows the accounts of `region`.
    pub(super) const fn of(&self, region: Region) -> &Url {
        match region {
            Region::Us => &self.us,
            Region::Eu => &self.eu,
        }
    }

    /// The region that an address stands for: PagerDuty's own name of it or the
    /// configured one. Any other address stands for nothing and is never called.
    pub(super) fn region_at(&self, address: &str) -> Option<Region> {
        let same = |known: &str| known.trim_end_matches('/') == address.trim_end_matches('/');
        let configured = [(Region::Us, &self.us), (Region::Eu, &self.eu)];
        let configured = configured
            .into_iter()
            .map(|(region, url)| (region, url.as_str()));
        REGION_HOSTS
            .into_iter()
            .chain(configured)
            .find_map(|(region, known)| same(known).then_some(region))
    }
}

/// What proves to PagerDuty that the workspace may ask. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A general access or personal REST API key.
    ApiKey(SecretString),
    /// The access token of a login.
    AccessToken(SecretString),
}

impl Credential {
    /// The `Authorization` header, marked so that no library prints it.
    ///
    /// A text that no header can carry is no key of PagerDuty's:
    /// [`PagerDutyProblem::Unauthorized`].
    pub(super) fn authorization(&self) -> Result<HeaderValue, PagerDutyProblem> {
        let text = match self {
            Self::ApiKey(key) => Zeroizing::new(format!("Token token={}", key.expose_secret())),
            Self::AccessToken(token) => Zeroizing::new(format!("Bearer {}", token.expose_secret())),
        };
        let mut header =
            HeaderValue::from_str(&text).map_err(|_| PagerDutyProblem::Unauthorized)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// A credential together with the region that knows it.
#[derive(Clone, Debug)]
pub struct Account {
    pub region: Region,
    pub credential: Credential,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Credential {
        Credential::ApiKey(SecretString::from(text))
    }

    #[test]
    fn neither_the_credential_nor_its_header_shows_the_key_when_printed() {
        let credential = key("u+Ab_cd-efghijklmnop");
        let header = credential.authorization().expect("a sound key");
        assert_eq!(header, "Token token=u+Ab_cd-efghijklmnop");
        assert!(!format!("{header:?}").contains("efghij"));
        let account = Account {
            region: Region::Us,
            credential,
        };
        assert!(!format!("{account:?}").contains("efghij"));
    }

    #[test]
    fn an_access_token_is_a_bearer() {
        let token = Credential::AccessToken(SecretString::from("pdus+_0X"));
        assert_eq!(token.authorization().expect("sound"), "Bearer pdus+_0X");
    }

    #[test]
    fn a_region_is_known_by_pagerdutys_name_and_by_the_configured_one() {
        let endpoints = Endpoints {
            us: Url::parse("http://127.0.0.1:3900").expect("an address"),
            eu: Url::parse("http://127.0.0.1:3900/eu").expect("an address"),
            identity: Url::parse("http://127.0.0.1:3900/identity").expect("an address"),
        };
        for (address, region) in [
            ("https://api.pagerduty.com", Some(Region::Us)),
            ("https://api.eu.pagerduty.com/", Some(Region::Eu)),
            ("http://127.0.0.1:3900", Some(Region::Us)),
            ("http://127.0.0.1:3900/eu", Some(Region::Eu)),
            ("https://api.pagerduty.com.evil.example", None),
            ("", None),
        ] {
            assert_eq!(endpoints.region_at(address), region, "{address}");
        }
    }

    #[test]
    fn a_key_that_would_smuggle_in_another_header_is_refused_as_wrong() {
        let refused = key("abc\r\nX-Other: 1").authorization();
        assert_eq!(refused, Err(PagerDutyProblem::Unauthorized));
    }
}
