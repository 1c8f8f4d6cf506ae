//! By which the app knows that a request is Slack's.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::slack::app::Signing;

/// Older than an app may believe.
const OLD_SECONDS: i64 = 360;

/// The headers that go along with the body.
pub fn headers(
    secret: &str,
    body: &str,
    now: Timestamp,
    signing: Signing,
) -> Vec<(&'static str, String)> {
    let moment = match signing {
        Signing::Old => now.as_second() - OLD_SECONDS,
        _ => now.as_second(),
    };
    let secret = match signing {
        Signing::Wrong => "somebody else's secret",
        _ => secret,
    };
    if signing == Signing::Missing {
        return Vec::new();
    }
    vec![
        ("x-slack-request-timestamp", moment.to_string()),
        ("x-slack-signature", signature(secret, moment, body)),
    ]
}

fn signature(secret: &str, moment: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(format!("v0:{moment}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    digest.iter().fold("v0=".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_moment_and_body() {
        // Computed by openssl over the same text.
        assert_eq!(
            signature("secret", 1_531_420_618, "token=x&text=a"),
            "v0=4dbe9d64834f38f82dadc3403cf120d29308b8c146ab53b7ccbf95f96d2ff22d"
        );
    }
}
