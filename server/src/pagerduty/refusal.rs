//! What a status other than success means. The status decides: bodies of errors
//! come as JSON of several shapes, as HTML or not at all, so at most one detail
//! is taken from them, where it happens to be there.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::ops::RangeInclusive;
use types::PagerDutyProblem;

/// How many seconds PagerDuty may make us wait; more would be an error of its
/// own, and zero would have us ask again at once.
const RETRY_SECONDS: RangeInclusive<u32> = 1..=300;

/// The wait in seconds when PagerDuty limits us without saying for how long.
const RETRY_SECONDS_UNTOLD: u32 = 5;

/// Longer lists of scopes are not shown: they are put into a sentence.
const SCOPES_MAX_BYTES: usize = 300;

/// Why the answer is none; `None` for a success.
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<PagerDutyProblem> {
    match status.as_u16() {
        200..=299 => None,
        // No redirect is followed: it would take the credential elsewhere.
        300..=399 => Some(PagerDutyProblem::Unreadable),
        401 => Some(PagerDutyProblem::Unauthorized),
        402 => Some(PagerDutyProblem::NoApiAccess),
        403 => Some(PagerDutyProblem::Forbidden {
            missing_scopes: missing_scopes(body),
        }),
        404 => Some(PagerDutyProblem::NotFound),
        429 => Some(PagerDutyProblem::RateLimited {
            retry_after_seconds: retry_after_seconds(headers),
        }),
        status => Some(PagerDutyProblem::Unavailable { status }),
    }
}

fn retry_after_seconds(headers: &HeaderMap) -> u32 {
    headers
        .get("ratelimit-reset")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map_or(RETRY_SECONDS_UNTOLD, |seconds| {
            seconds.clamp(*RETRY_SECONDS.start(), *RETRY_SECONDS.end())
        })
}

fn missing_scopes(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let scopes = body.pointer("/error/required_scopes")?.as_str()?.trim();
    let is_list = scopes
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (is_list && (1..=SCOPES_MAX_BYTES).contains(&scopes.len())).then(|| scopes.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Option<PagerDutyProblem> {
        let status = StatusCode::from_u16(status).expect("a status");
        refusal(status, &HeaderMap::new(), body.as_bytes())
    }

    /// What a limited request is told to wait, given the header's value.
    fn wait(reset: &str) -> Option<PagerDutyProblem> {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-reset", reset.parse().expect("a header"));
        refusal(StatusCode::TOO_MANY_REQUESTS, &headers, b"")
    }

    const BODIES: [&str; 8] = [
        "",
        "<!doctype html><h1>no</h1>",
        r#"{"error":{"message":"No","code":2006}}"#,
        r#"{"error":"bare"}"#,
        r#"{"error":["listed"]}"#,
        r#"{"error":{"message":"No","code":2001,"errors":"one"}}"#,
        r#"{"error":{"message":"No","code":2001,"errors":{"name":["is long"]}}}"#,
        r#"{"error":{"mess"#,
    ];

    #[test]
    fn every_status_has_one_meaning_whatever_the_body_looks_like() {
        let forbidden = PagerDutyProblem::Forbidden {
            missing_scopes: None,
        };
        for body in BODIES {
            assert_eq!(of(200, body), None);
            assert_eq!(of(401, body), Some(PagerDutyProblem::Unauthorized));
            assert_eq!(of(402, body), Some(PagerDutyProblem::NoApiAccess));
            assert_eq!(of(403, body), Some(forbidden.clone()));
            assert_eq!(of(404, body), Some(PagerDutyProblem::NotFound));
            for status in [301, 302, 304, 307, 308] {
                assert_eq!(of(status, body), Some(PagerDutyProblem::Unreadable));
            }
            for status in [400, 408, 410, 431, 500, 502, 503, 504] {
                assert_eq!(
                    of(status, body),
                    Some(PagerDutyProblem::Unavailable { status })
                );
            }
        }
    }

    #[test]
    fn a_refusal_for_want_of_scopes_names_them_when_they_can_be_shown() {
        let missing = |scopes: &str| {
            of(
                403,
                &format!(r#"{{"error":{{"message":"No","required_scopes":{scopes}}}}}"#),
            )
        };
        let forbidden = |missing_scopes: Option<&str>| {
            Some(PagerDutyProblem::Forbidden {
                missing_scopes: missing_scopes.map(str::to_owned),
            })
        };
        let named = r#"" schedules.read users.read ""#;
        assert_eq!(missing(named), forbidden(Some("schedules.read users.read")));
        let endless = format!("{:?}", "a".repeat(SCOPES_MAX_BYTES + 1));
        for unusable in [r#""""#, "null", "[1]", r#""a\nb""#, endless.as_str()] {
            assert_eq!(missing(unusable), forbidden(None), "{unusable}");
        }
    }

    #[test]
    fn the_wait_is_what_pagerduty_says_within_bounds_and_five_seconds_otherwise() {
        let cases = [
            ("17", 17),
            (" 60 ", 60),
            ("0", 1),
            ("86400", 300),
            ("-3", 5),
            ("soon", 5),
            ("", 5),
        ];
        for (reset, retry_after_seconds) in cases {
            let limited = PagerDutyProblem::RateLimited {
                retry_after_seconds,
            };
            assert_eq!(wait(reset), Some(limited), "{reset:?}");
        }
        let untold = PagerDutyProblem::RateLimited {
            retry_after_seconds: RETRY_SECONDS_UNTOLD,
        };
        assert_eq!(of(429, ""), Some(untold));
    }
}
