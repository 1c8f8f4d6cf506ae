//! Connecting as a person: the customer's own app in PagerDuty, what it has to
//! be allowed, and the ways in which the login can end.

use crate::{ConnectRefusal, PagerDutyProblem};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the app in PagerDuty has to be allowed, and what every login asks for.
/// PagerDuty documents no scope of its own for shift-based schedules.
pub const OAUTH_SCOPES: [&str; 4] = ["openid", "schedules.read", "teams.read", "users.read"];

/// PagerDuty's ids are UUIDs; this is longer than any, and shorter than abuse.
const CLIENT_ID_MAX_CHARS: usize = 256;
const CLIENT_SECRET_MAX_CHARS: usize = 1024;

/// A client secret as somebody typed it. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecretInput(String);

impl fmt::Debug for ClientSecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecretInput(…)")
    }
}

impl ClientSecretInput {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret without the spaces around it, if it could be one. PagerDuty
    /// promises no alphabet, so every printable character may be in it.
    pub fn checked(&self) -> Result<&str, OauthClientProblem> {
        let secret = self.0.trim();
        if secret.is_empty() {
            Err(OauthClientProblem::SecretEmpty)
        } else if secret.chars().count() > CLIENT_SECRET_MAX_CHARS {
            Err(OauthClientProblem::SecretTooLong)
        } else if secret.chars().any(char::is_control) {
            Err(OauthClientProblem::SecretMalformed)
        } else {
            Ok(secret)
        }
    }
}

/// The client id without the spaces around it, if it could be one.
pub fn checked_client_id(text: &str) -> Result<&str, OauthClientProblem> {
    let id = text.trim();
    if id.is_empty() {
        Err(OauthClientProblem::IdEmpty)
    } else if id.chars().count() > CLIENT_ID_MAX_CHARS {
        Err(OauthClientProblem::IdTooLong)
    } else if id
        .chars()
        .any(|one| one.is_control() || one.is_whitespace())
    {
        Err(OauthClientProblem::IdMalformed)
    } else {
        Ok(id)
    }
}

/// What can be said about an app's id and secret without asking PagerDuty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OauthClientProblem {
    #[error("Paste the Client ID here. PagerDuty shows it when the app is registered.")]
    IdEmpty,
    #[error(
        "This is too long for a Client ID (at most {CLIENT_ID_MAX_CHARS} characters). Copy the id alone."
    )]
    IdTooLong,
    #[error("A Client ID has no spaces or line breaks. Copy the id alone.")]
    IdMalformed,
    #[error(
        "Paste the Client Secret here. PagerDuty shows it once, when the app is registered; a new one can be made there."
    )]
    SecretEmpty,
    #[error(
        "This is too long for a Client Secret (at most {CLIENT_SECRET_MAX_CHARS} characters). Copy the secret alone."
    )]
    SecretTooLong,
    #[error("A Client Secret has no line breaks. Copy the secret alone.")]
    SecretMalformed,
}

impl OauthClientProblem {
    /// Whether the message belongs at the field of the id, not the secret's.
    pub const fn concerns_id(self) -> bool {
        matches!(self, Self::IdEmpty | Self::IdTooLong | Self::IdMalformed)
    }
}

/// Why a login at PagerDuty did not end in a connection. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AuthorisationProblem {
    #[error(
        "Access was denied on PagerDuty's page, so nothing was changed. Start again and choose to allow it."
    )]
    Denied,
    #[error(
        "This login was already used, took longer than 10 minutes, or was begun in another browser. Nothing was changed; if PagerDuty still has to be connected, start again here."
    )]
    Unknown,
    #[error(
        "PagerDuty does not accept this Client ID together with this Client Secret. Copy both from the app in PagerDuty; a new secret can be made there."
    )]
    ClientRefused,
    #[error(
        "PagerDuty did not accept its own answer any more, as it does after 30 seconds or when the redirect URL differs from the one in the app. Start again."
    )]
    CodeRefused,
    #[error(
        "PagerDuty could not finish the login for the moment. Nothing was changed; start again in a minute."
    )]
    Unavailable,
    #[error("{}", missing_scopes(missing))]
    MissingScopes { missing: Vec<String> },
    #[error(
        "PagerDuty let you in and then did not accept the login it gave. Start again; if it stays, make a new app in PagerDuty."
    )]
    NotAccepted,
    #[error(
        "PagerDuty ended the login and gave the reason “{reason}”. Check the app in PagerDuty, its redirect URL and its scopes, then start again."
    )]
    Refused { reason: String },
    #[error(
        "The answer to this login names “{issuer}” as the one who gave it, which is not the PagerDuty that was asked, so it was not used and nothing was changed. Start again; if it stays, ask whoever runs Round Robin to check ROUNDROBIN_PAGERDUTY_IDENTITY_URL."
    )]
    ForeignIssuer { issuer: String },
    #[error(
        "PagerDuty sent the browser back without an answer that makes sense. Start again; if it stays, check that no proxy changes addresses."
    )]
    Senseless,
}

/// PagerDuty grants `openid` alone as soon as one scope is missing, so then it
/// cannot be said which.
fn missing_scopes(missing: &[String]) -> String {
    let lacking = match missing {
        [one] => format!("the scope {one}"),
        several if several.len() + 1 == OAUTH_SCOPES.len() => {
            format!("at least one of the scopes {}", several.join(", "))
        }
        several => format!("the scopes {}", several.join(", ")),
    };
    format!(
        "The app in PagerDuty lacks {lacking}. Add what it lacks under Integrations → App Registration → your app → Scoped OAuth, save, then start again."
    )
}

/// How far *Login using OAuth 2.0* has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OauthStep {
    /// The browser goes on to PagerDuty's own pages.
    AtPagerDuty { address: String },
    /// Back from there, and connected.
    Connected,
    /// Back from there with a login of another account, which the panel asks about.
    OtherAccount,
}

/// What somebody copies into PagerDuty when they register the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthSetup {
    pub redirect_url: String,
    pub scopes: Vec<String>,
}

/// A credential that PagerDuty accepted, of another account than the connected
/// one. It waits for somebody to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountQuestion {
    /// How the connected account is called in PagerDuty, if that is known.
    pub connected: String,
    pub offered: String,
}

impl AuthorisationProblem {
    /// What the first request with a new login tells.
    pub fn of_first_request(problem: PagerDutyProblem) -> ConnectRefusal {
        match problem {
            PagerDutyProblem::Unauthorized => Self::NotAccepted.into(),
            // No schedule was asked for, of which there could be none.
            PagerDutyProblem::NotFound => PagerDutyProblem::Unavailable { status: 404 }.into(),
            other => other.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_hold_every_printable_character() {
        for secret in ["a+b&c%d", "ключ é 鍵", "x"] {
            assert_eq!(ClientSecretInput::new(secret).checked(), Ok(secret));
        }
        let spaced = ClientSecretInput::new(" \ta b\n");
        assert_eq!(spaced.checked(), Ok("a b"));
    }

    #[test]
    fn what_can_be_neither_is_refused_at_its_field() {
        for (secret, problem) in [
            (String::new(), OauthClientProblem::SecretEmpty),
            ("x".repeat(1025), OauthClientProblem::SecretTooLong),
            ("a\nb".to_owned(), OauthClientProblem::SecretMalformed),
        ] {
            assert_eq!(ClientSecretInput::new(secret).checked(), Err(problem));
            assert!(!problem.concerns_id());
        }
        for (id, problem) in [
            (" ".to_owned(), OauthClientProblem::IdEmpty),
            ("x".repeat(257), OauthClientProblem::IdTooLong),
            ("a b".to_owned(), OauthClientProblem::IdMalformed),
        ] {
            assert_eq!(checked_client_id(&id), Err(problem));
            assert!(problem.concerns_id());
        }
        assert_eq!(checked_client_id(" a-1 "), Ok("a-1"));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = ClientSecretInput::new("s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn missing_scopes_are_named_with_where_to_add_them() {
        let one = AuthorisationProblem::MissingScopes {
            missing: vec!["users.read".to_owned()],
        };
        assert!(one.to_string().contains("lacks the scope users.read. Add"));
        let two = AuthorisationProblem::MissingScopes {
            missing: vec!["schedules.read".to_owned(), "users.read".to_owned()],
        };
        assert!(
            two.to_string()
                .contains("scopes schedules.read, users.read. Add")
        );
    }
}
