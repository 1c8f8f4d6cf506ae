//! Whose PagerDuty is asked, and where. The addresses come from the settings
//! alone and never from an answer, since they decide who gets to see a credential.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use types::{PagerDutyProblem, Region};
use url::Url;
use zeroize::Zeroizing;

/// The base addresses of PagerDuty's REST API; a path in them is kept.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub us: Url,
    pub eu: Url,
}

impl Endpoints {
    /// The base address of the host that knows the accounts of `region`.
    pub(super) const fn of(&self, region: Region) -> &Url {
        match region {
            Region::Us => &self.us,
            Region::Eu => &self.eu,
        }
    }
}

/// What proves to PagerDuty that the workspace may ask. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A general access or personal REST API key.
    ApiKey(SecretString),
}

impl Credential {
    /// The `Authorization` header, marked so that no library prints it.
    ///
    /// A text that no header can carry is no key of PagerDuty's:
    /// [`PagerDutyProblem::Unauthorized`].
    pub(super) fn authorization(&self) -> Result<HeaderValue, PagerDutyProblem> {
        let text = match self {
            Self::ApiKey(key) => Zeroizing::new(format!("Token token={}", key.expose_secret())),
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
    fn a_key_that_would_smuggle_in_another_header_is_refused_as_wrong() {
        let refused = key("abc\r\nX-Other: 1").authorization();
        assert_eq!(refused, Err(PagerDutyProblem::Unauthorized));
    }
}
