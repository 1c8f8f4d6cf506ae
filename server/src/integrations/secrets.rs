//! The secrets of a credential as one value, which is sealed and opened whole: a
//! pair of tokens is saved completely or not at all.

use crate::{
    crypto::KeyRing,
    pagerduty::Credential,
    store::{StoredCredential, StoredMethod},
};
use domain::AccountIdentity;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use types::Region;

/// What a connected login needs.
#[derive(Clone, Debug)]
pub struct OauthSecrets {
    pub client_secret: SecretString,
    pub access_token: SecretString,
    /// Without one the login ends with its access token.
    pub refresh_token: Option<SecretString>,
}

/// A credential that PagerDuty has accepted, its secrets still open.
#[derive(Clone, Debug)]
pub struct AcceptedCredential {
    pub secrets: Secrets,
    pub method: StoredMethod,
    pub region: Region,
    pub account: AccountIdentity,
}

/// What is sealed of a credential.
#[derive(Clone, Debug)]
pub enum Secrets {
    ApiKey(SecretString),
    Oauth(OauthSecrets),
}

impl Secrets {
    /// What goes along with a request to PagerDuty.
    pub fn credential(&self) -> Credential {
        match self {
            Self::ApiKey(key) => Credential::ApiKey(key.clone()),
            Self::Oauth(secrets) => Credential::AccessToken(secrets.access_token.clone()),
        }
    }
}

impl AcceptedCredential {
    /// The credential sealed for the row that `row` names.
    pub fn sealed(self, keys: &KeyRing, row: &str) -> StoredCredential {
        StoredCredential {
            sealed: match &self.secrets {
                Secrets::ApiKey(key) => keys.seal(key, row),
                Secrets::Oauth(secrets) => secrets.seal(keys, row),
            },
            method: self.method,
            region: self.region,
            account: self.account,
        }
    }

    /// Whether it certainly opens another account than the stored credential. An
    /// account lives in one region.
    pub fn is_of_another_account(&self, stored: &StoredCredential) -> bool {
        self.region != stored.region || self.account.differs_from(&stored.account)
    }

    /// The inverse of [`AcceptedCredential::sealed`]; `None` when it cannot be
    /// opened with any key, which is logged.
    pub fn open(keys: &KeyRing, stored: &StoredCredential, row: &str) -> Option<Self> {
        let secrets = match &stored.method {
            StoredMethod::ApiKey { .. } => keys
                .open(&stored.sealed, row)
                .inspect_err(|error| tracing::error!(row, %error, "a key cannot be opened"))
                .ok()
                .map(Secrets::ApiKey),
            StoredMethod::Unknown => None,
            StoredMethod::Oauth(_) => {
                OauthSecrets::open(keys, &stored.sealed, row).map(Secrets::Oauth)
            }
        };
        Some(Self {
            secrets: secrets?,
            method: stored.method.clone(),
            region: stored.region,
            account: stored.account.clone(),
        })
    }
}

/// What a login needs while the browser is at PagerDuty.
#[derive(Clone, Debug)]
pub struct PendingSecrets {
    pub client_secret: SecretString,
    pub verifier: SecretString,
}

#[derive(Serialize, Deserialize)]
struct OauthText<T> {
    client_secret: T,
    access_token: T,
    refresh_token: Option<T>,
}

#[derive(Serialize, Deserialize)]
struct PendingText<T> {
    client_secret: T,
    verifier: T,
}

impl OauthSecrets {
    pub fn seal(&self, keys: &KeyRing, row: &str) -> String {
        let text = OauthText {
            client_secret: self.client_secret.expose_secret(),
            access_token: self.access_token.expose_secret(),
            refresh_token: self.refresh_token.as_ref().map(ExposeSecret::expose_secret),
        };
        seal(keys, &text, row)
    }

    /// `None` when it cannot be opened with any key, which is logged.
    pub fn open(keys: &KeyRing, sealed: &str, row: &str) -> Option<Self> {
        let text: OauthText<String> = open(keys, sealed, row)?;
        Some(Self {
            client_secret: SecretString::from(text.client_secret),
            access_token: SecretString::from(text.access_token),
            refresh_token: text.refresh_token.map(SecretString::from),
        })
    }
}

impl PendingSecrets {
    pub fn seal(&self, keys: &KeyRing, row: &str) -> String {
        let text = PendingText {
            client_secret: self.client_secret.expose_secret(),
            verifier: self.verifier.expose_secret(),
        };
        seal(keys, &text, row)
    }

    /// `None` when it cannot be opened with any key, which is logged.
    pub fn open(keys: &KeyRing, sealed: &str, row: &str) -> Option<Self> {
        let text: PendingText<String> = open(keys, sealed, row)?;
        Some(Self {
            client_secret: SecretString::from(text.client_secret),
            verifier: SecretString::from(text.verifier),
        })
    }
}

fn seal(keys: &KeyRing, text: &impl Serialize, row: &str) -> String {
    let json = serde_json::to_string(text).expect("texts are plain JSON");
    keys.seal(&SecretString::from(json), row)
}

fn open<T: DeserializeOwned>(keys: &KeyRing, sealed: &str, row: &str) -> Option<T> {
    let json = match keys.open(sealed, row) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!(row, %error, "a login's secrets cannot be opened");
            return None;
        }
    };
    let opened = serde_json::from_str(json.expose_secret());
    if opened.is_err() {
        // The library's message could hold a part of the text.
        tracing::error!(row, "a login's secrets are of no form that is known");
    }
    opened.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> KeyRing {
        KeyRing::parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
    }

    #[test]
    fn a_login_comes_back_as_it_was_sealed_and_for_its_row_only() {
        let secrets = OauthSecrets {
            client_secret: SecretString::from("Sx+&%é\"\\"),
            access_token: SecretString::from("pdus+_0"),
            refresh_token: Some(SecretString::from("pdus+_1")),
        };
        let sealed = secrets.seal(&keys(), "row");
        assert!(!sealed.contains("pdus"));
        let opened = OauthSecrets::open(&keys(), &sealed, "row").unwrap();
        assert_eq!(opened.client_secret.expose_secret(), "Sx+&%é\"\\");
        assert_eq!(opened.access_token.expose_secret(), "pdus+_0");
        assert_eq!(opened.refresh_token.unwrap().expose_secret(), "pdus+_1");
        assert!(OauthSecrets::open(&keys(), &sealed, "another row").is_none());
    }

    #[test]
    fn what_is_no_login_does_not_open() {
        let sealed = keys().seal(&SecretString::from("an-api-key"), "row");
        assert!(OauthSecrets::open(&keys(), &sealed, "row").is_none());
        assert!(PendingSecrets::open(&keys(), &sealed, "row").is_none());
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let secrets = PendingSecrets {
            client_secret: SecretString::from("s3cret"),
            verifier: SecretString::from("v3rifier"),
        };
        let printed = format!("{secrets:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("v3rifier"));
    }
}
