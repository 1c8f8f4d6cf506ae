//! Reads Slack's ID token. It came straight from Slack's token endpoint over
//! TLS, so its signature adds nothing; every claim is checked all the same.

use super::shapes::is_id;
use crate::{crypto::token_key, oauth};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use types::{PersonId, Timestamp, WorkspaceId};

/// How far our clock may run ahead of Slack's, in seconds. The token has come
/// straight from Slack a moment ago, for a code that serves once, so its age hardly
/// matters; that people can sign in to a server whose clock is wrong does.
const LEEWAY_SECONDS: i64 = 15 * 60;

/// Who Slack says is signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub workspace: WorkspaceId,
    pub person: PersonId,
}

/// What an ID token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuers: &'a [String],
    pub client_id: &'a str,
    /// The hash of the nonce that this sign-in began with.
    pub nonce_key: &'a str,
}

/// What is wrong with an ID token. Shows nothing of it.
///
/// Remedy: the person signs in again; if it stays, see whether ROUNDROBIN_SLACK_URL and the
/// client id are those of the Slack app, and whether this server's clock is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("the ID token is no JWT with the claims that Slack documents")]
    Form,
    #[error("the ID token was not issued by Slack")]
    Issuer,
    #[error("the ID token is for another app")]
    Audience,
    #[error("the ID token has expired")]
    Expired,
    #[error("the ID token belongs to another sign-in")]
    Nonce,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    #[serde(deserialize_with = "whole_seconds")]
    exp: i64,
    nonce: Option<String>,
    #[serde(rename = "https://slack.com/team_id")]
    team: String,
    #[serde(rename = "https://slack.com/user_id")]
    user: String,
}

/// A time may have a fraction, and some write it as a text.
fn whole_seconds<'de, D: Deserializer<'de>>(time: D) -> Result<i64, D::Error> {
    let seconds = match Value::deserialize(time)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds: f64 = seconds.ok_or_else(|| D::Error::custom("no time"))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is no i64 is as far as one reaches"
    )]
    Ok(seconds.floor() as i64)
}

/// OpenID allows one audience or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// A token for us and for others too is not for us alone, so it is refused.
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Several(several) => matches!(several.as_slice(), [one] if one == client_id),
        }
    }
}

/// The person behind `token`, if all of it holds at `now`.
pub fn check(
    token: &str,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Identity, IdTokenError> {
    let claims: Claims = oauth::claims(token).ok_or(IdTokenError::Form)?;
    if !expected.issuers.contains(&claims.iss) {
        return Err(IdTokenError::Issuer);
    }
    if !claims.aud.is_only(expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    if now.as_millis() / 1000 >= claims.exp.saturating_add(LEEWAY_SECONDS) {
        return Err(IdTokenError::Expired);
    }
    if claims.nonce.as_deref().map(token_key).as_deref() != Some(expected.nonce_key) {
        return Err(IdTokenError::Nonce);
    }
    // Slack would be asked for what is no workspace.
    if !is_id(&claims.team, &['T', 'E']) || !is_id(&claims.user, &['U', 'W']) {
        return Err(IdTokenError::Form);
    }
    Ok(Identity {
        workspace: WorkspaceId::parse(&claims.team).ok_or(IdTokenError::Form)?,
        person: PersonId::parse(&claims.user).ok_or(IdTokenError::Form)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn claims() -> Value {
        json!({
            "iss": "https://slack.com",
            "aud": "app",
            "exp": 1_780_000_300,
            "nonce": "n0nce",
            "sub": "U1",
            "https://slack.com/team_id": "T1",
            "https://slack.com/user_id": "U1",
        })
    }

    fn checked(claims: &Value) -> Result<Identity, IdTokenError> {
        let encoded = URL_SAFE_NO_PAD.encode(claims.to_string());
        check_raw(&format!("e30.{encoded}.c2ln"))
    }

    fn check_raw(token: &str) -> Result<Identity, IdTokenError> {
        let expected = Expected {
            issuers: &[
                "https://slack.com".to_owned(),
                "http://127.0.0.1:3900/slack".to_owned(),
            ],
            client_id: "app",
            nonce_key: &token_key("n0nce"),
        };
        check(token, &expected, NOW)
    }

    fn checked_with(name: &str, value: Value) -> Result<Identity, IdTokenError> {
        let mut claims = claims();
        claims[name] = value;
        checked(&claims)
    }

    #[test]
    fn a_good_token_tells_the_person_and_the_workspace() {
        assert_eq!(
            checked(&claims()).unwrap(),
            Identity {
                workspace: WorkspaceId::new("T1"),
                person: PersonId::new("U1")
            }
        );
    }

    #[test]
    fn another_issuer_is_refused() {
        for issuer in [
            "https://evil.example",
            "http://slack.com",
            "https://slack.com/",
            "http://127.0.0.1:3900/slack/",
            "http://127.0.0.1:3900",
        ] {
            assert_eq!(
                checked_with("iss", json!(issuer)).unwrap_err(),
                IdTokenError::Issuer
            );
        }
        assert!(checked_with("iss", json!("http://127.0.0.1:3900/slack")).is_ok());
    }

    #[test]
    fn a_token_for_another_app_is_refused() {
        for audience in [json!("other"), json!(["app", "other"]), json!([])] {
            assert_eq!(
                checked_with("aud", audience).unwrap_err(),
                IdTokenError::Audience
            );
        }
        assert!(checked_with("aud", json!(["app"])).is_ok());
    }

    #[test]
    fn an_expired_token_is_refused_once_clocks_cannot_explain_it() {
        assert!(checked_with("exp", json!(1_780_000_000 - 899)).is_ok());
        assert_eq!(
            checked_with("exp", json!(1_780_000_000 - 900)).unwrap_err(),
            IdTokenError::Expired
        );
    }

    #[test]
    fn a_time_may_have_a_fraction_and_be_written_as_a_text() {
        for time in [json!(1_780_000_000.5), json!("1780000000"), json!(1e300)] {
            assert!(checked_with("exp", time).is_ok());
        }
        for time in [json!(1_779_990_000.5), json!("1779990000.9")] {
            let expired = checked_with("exp", time).unwrap_err();
            assert_eq!(expired, IdTokenError::Expired);
        }
        for time in [json!("soon"), json!(null), json!([])] {
            assert_eq!(checked_with("exp", time).unwrap_err(), IdTokenError::Form);
        }
    }

    #[test]
    fn another_or_no_nonce_is_refused() {
        for nonce in [json!("other"), Value::Null] {
            assert_eq!(
                checked_with("nonce", nonce).unwrap_err(),
                IdTokenError::Nonce
            );
        }
    }

    #[test]
    fn without_a_workspace_or_person_there_is_no_identity() {
        for claim in ["https://slack.com/team_id", "https://slack.com/user_id"] {
            for missing in [Value::Null, json!(""), json!("unknown-word")] {
                assert_eq!(
                    checked_with(claim, missing).unwrap_err(),
                    IdTokenError::Form
                );
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["", "a.b", "e30.!!!.c2ln", "e30.e30.c2ln"] {
            assert_eq!(check_raw(token).unwrap_err(), IdTokenError::Form);
        }
    }
}
