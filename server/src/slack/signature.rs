//! Whether something that claims to come from Slack does: Slack signs what it sends with a secret
//! of the app. Pure: the time is a parameter.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use types::Timestamp;

/// What is older, or from further ahead, may be a recording.
const BELIEVED_SECONDS: i64 = 5 * 60;
const VERSION: &str = "v0";

/// Why it is not believed to come from Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Remedy: only Slack has anything to say there. If it was Slack, see whether a proxy drops
    /// the headers that begin with X-Slack.
    #[error("it has no signature of Slack's")]
    Missing,
    /// Remedy: see whether this server's clock is right.
    #[error("it was signed more than five minutes ago, or this server's clock is wrong")]
    Stale,
    /// Remedy: compare ROUNDROBIN_SLACK_SIGNING_SECRET with the app's settings at Slack.
    #[error("its signature is wrong")]
    Wrong,
}

/// Checks what Slack says beside a `body`: when it was signed, and the signature.
pub fn verify(
    secret: &SecretString,
    (signed_at, signature): (Option<&str>, Option<&str>),
    body: &[u8],
    now: Timestamp,
) -> Result<(), Unsigned> {
    let (signed_at, signature) = signed_at.zip(signature).ok_or(Unsigned::Missing)?;
    let seconds: i64 = signed_at.parse().map_err(|_| Unsigned::Missing)?;
    let age = now.as_millis().div_euclid(1000).saturating_sub(seconds);
    if age.saturating_abs() > BELIEVED_SECONDS {
        return Err(Unsigned::Stale);
    }
    let signature = signature.strip_prefix(VERSION);
    let signature = signature.and_then(|signature| signature.strip_prefix('='));
    let signature = signature.and_then(bytes_of_hex).ok_or(Unsigned::Wrong)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("a key may have any length");
    mac.update(format!("{VERSION}:{signed_at}:").as_bytes());
    mac.update(body);
    // In the same time, whatever differs.
    mac.verify_slice(&signature).map_err(|_| Unsigned::Wrong)
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let is_hex = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        let pair = std::str::from_utf8(pair).ok().filter(|_| is_hex)?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const SIGNED_AT: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn told(signed_at: Option<&str>, signature: Option<&str>, later: i64) -> Result<(), Unsigned> {
        let now = Timestamp::from_millis(1_531_420_618_000).plus_seconds(later);
        let secret = SecretString::from(SECRET);
        verify(&secret, (signed_at, signature), BODY.as_bytes(), now)
    }

    #[test]
    fn what_slack_signed_is_believed_for_five_minutes() {
        let both = (Some(SIGNED_AT), Some(SIGNATURE));
        for (later, expected) in [
            (0, Ok(())),
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Unsigned::Stale)),
            (-301, Err(Unsigned::Stale)),
        ] {
            assert_eq!(told(both.0, both.1, later), expected, "{later}");
        }
    }

    #[test]
    fn whatever_differs_is_not_believed() {
        let other = SIGNATURE.replace("a2", "a3");
        let (short, long) = (&SIGNATURE[..40], format!("{SIGNATURE}00"));
        let unversioned = SIGNATURE.replace("v0", "v1");
        for odd in [
            &other,
            short,
            &long,
            &unversioned,
            "",
            "v0=",
            "v0=zz",
            "v0=é",
        ] {
            assert_eq!(
                told(Some(SIGNED_AT), Some(odd), 0),
                Err(Unsigned::Wrong),
                "{odd}"
            );
        }
        for (signed_at, signature) in [
            (None, Some(SIGNATURE)),
            (Some(SIGNED_AT), None),
            (Some("now"), Some(SIGNATURE)),
        ] {
            assert_eq!(told(signed_at, signature, 0), Err(Unsigned::Missing));
        }
        assert_eq!(
            told(Some("1531420619"), Some(SIGNATURE), 0),
            Err(Unsigned::Wrong)
        );
    }
}
