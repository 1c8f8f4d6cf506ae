//! What a status other than success means. The status decides: bodies of errors
//! come as JSON of several shapes or not at all, so at most one detail is taken from
//! them, where it happens to be there. A web page, or the short text of a firewall, is
//! nobody's word on a credential, a person or a schedule, and a 404 without a word says of
//! nobody that they are gone.

use crate::foreign_json;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use serde_json::Value;
use std::ops::RangeInclusive;
use types::PagerDutyProblem;
use url::Url;

/// How many seconds PagerDuty may make us wait; more would be an error of its
/// own, and zero would have us ask again at once.
const RETRY_SECONDS: RangeInclusive<u32> = 1..=300;

/// Where the wait may be told, the better known first. PagerDuty documents only
/// its own header; what stands between us and it tends to send the other.
const RETRY_HEADERS: [&str; 2] = ["ratelimit-reset", "retry-after"];

/// The wait in seconds when PagerDuty limits us without saying for how long.
const RETRY_SECONDS_UNTOLD: u32 = 5;

/// Longer lists of scopes are not shown: they are put into a sentence.
const SCOPES_MAX_BYTES: usize = 300;

/// Why the answer of `host` is none; `None` for a success.
pub fn refusal(
    host: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<PagerDutyProblem> {
    match status.as_u16() {
        200..=299 => None,
        // No redirect is followed: it would take the credential elsewhere. Only a
        // network in between wants to be authenticated to.
        300..=399 | 407 | 511 => Some(interposed(host, status, headers)),
        401..=404 if is_page(headers, body) => Some(interposed(host, status, headers)),
        402..=404 if is_text(body) => Some(interposed(host, status, headers)),
        401 => Some(PagerDutyProblem::Unauthorized),
        402 => Some(PagerDutyProblem::NoApiAccess),
        403 => Some(PagerDutyProblem::Forbidden {
            missing_scopes: missing_scopes(body),
        }),
        404 if body.trim_ascii().is_empty() => Some(PagerDutyProblem::Unavailable { status: 404 }),
        404 => Some(PagerDutyProblem::NotFound),
        429 => Some(PagerDutyProblem::RateLimited {
            retry_after_seconds: retry_after_seconds(headers),
        }),
        status => Some(PagerDutyProblem::Unavailable { status }),
    }
}

/// What came from `host` was sent by something in front of PagerDuty.
pub fn interposed(host: &str, status: StatusCode, headers: &HeaderMap) -> PagerDutyProblem {
    let leads_to = headers
        .get(LOCATION)
        .filter(|_| status.is_redirection())
        .and_then(|location| Url::parse(location.to_str().ok()?).ok())
        .and_then(|location| location.host_str().map(str::to_owned));
    PagerDutyProblem::Interposed {
        host: host.to_owned(),
        status: status.as_u16(),
        leads_to,
    }
}

/// Whether this is for people to look at: the API itself answers in JSON.
pub fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default()
        .to_ascii_lowercase();
    kind.starts_with(b"text/html")
        || kind.starts_with(b"application/xhtml")
        || body.trim_ascii_start().starts_with(b"<")
}

/// Whether this is something, yet no JSON, not even the beginning of it. With status 401
/// PagerDuty itself may have answered so.
fn is_text(body: &[u8]) -> bool {
    let first = body.trim_ascii_start().first();
    first.is_some_and(|first| !matches!(first, b'{' | b'[' | b'"'))
}

fn retry_after_seconds(headers: &HeaderMap) -> u32 {
    let (least, most) = RETRY_SECONDS.into_inner();
    RETRY_HEADERS
        .iter()
        .find_map(|name| seconds(headers.get(*name)?))
        // Within these bounds nothing is lost in the cast.
        .map_or(RETRY_SECONDS_UNTOLD, |seconds| {
            seconds.ceil().clamp(least.into(), most.into()) as u32
        })
}

/// A number of seconds, maybe with a fraction, maybe in the past.
fn seconds(value: &HeaderValue) -> Option<f64> {
    let seconds: f64 = value.to_str().ok()?.trim().parse().ok()?;
    seconds.is_finite().then_some(seconds)
}

fn missing_scopes(body: &[u8]) -> Option<String> {
    let body: Value = foreign_json::read(body).ok()?;
    let scopes = body.pointer("/error/required_scopes")?.as_str()?.trim();
    let is_list = scopes
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (is_list && (1..=SCOPES_MAX_BYTES).contains(&scopes.len())).then(|| scopes.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    const HOST: &str = "api.pagerduty.com";

    /// What a page or a redirect of this status means.
    fn in_between(status: u16, leads_to: Option<&str>) -> Option<PagerDutyProblem> {
        Some(PagerDutyProblem::Interposed {
            host: HOST.to_owned(),
            status,
            leads_to: leads_to.map(str::to_owned),
        })
    }

    fn of(status: u16, body: &str) -> Option<PagerDutyProblem> {
        let status = StatusCode::from_u16(status).expect("a status");
        refusal(HOST, status, &HeaderMap::new(), body.as_bytes())
    }

    /// How many seconds a limited request is told to wait, given these headers.
    fn wait(sent: &[(&str, &str)]) -> u32 {
        let headers = sent
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().expect("a name");
                (name, value.parse().expect("a value"))
            })
            .collect();
        match refusal(HOST, StatusCode::TOO_MANY_REQUESTS, &headers, b"") {
            Some(PagerDutyProblem::RateLimited {
                retry_after_seconds,
            }) => retry_after_seconds,
            other => panic!("limited, yet {other:?}"),
        }
    }

    const BODIES: [&str; 7] = [
        "",
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
            for status in [301, 302, 304, 307, 308] {
                assert_eq!(of(status, body), in_between(status, None));
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
    fn a_404_says_that_there_is_none_where_it_says_anything() {
        let mute = Some(PagerDutyProblem::Unavailable { status: 404 });
        for nothing in ["", " \n"] {
            assert_eq!(of(404, nothing), mute);
        }
        for body in BODIES.into_iter().filter(|body| !body.is_empty()) {
            assert_eq!(of(404, body), Some(PagerDutyProblem::NotFound), "{body}");
        }
    }

    #[test]
    fn a_page_is_nobodys_word_on_a_key_a_right_or_a_schedule() {
        for page in [
            "<!doctype html><h1>no</h1>",
            " \n<html>",
            "<?xml version=\"1.0\"?>",
        ] {
            for status in [401, 402, 403, 404] {
                assert_eq!(of(status, page), in_between(status, None), "{page}");
            }
            for status in [400, 408, 500, 502, 503, 504, 599] {
                let unavailable = PagerDutyProblem::Unavailable { status };
                assert_eq!(of(status, page), Some(unavailable), "{page}");
            }
        }
        let headers = HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("Text/HTML; charset=utf-8"),
        )]);
        let cut_off = refusal(HOST, StatusCode::FORBIDDEN, &headers, b"");
        assert_eq!(cut_off, in_between(403, None));
    }

    #[test]
    fn the_short_text_of_a_firewall_is_nobodys_word_either() {
        for text in ["error code: 1020", "Access denied", "forbidden"] {
            for status in [402, 403, 404] {
                assert_eq!(of(status, text), in_between(status, None), "{text}");
            }
            assert_eq!(of(401, text), Some(PagerDutyProblem::Unauthorized));
        }
    }

    #[test]
    fn a_redirect_and_a_network_that_wants_a_login_stand_in_between() {
        for status in [407, 511] {
            assert_eq!(of(status, ""), in_between(status, None));
        }
        for (location, leads_to) in [
            (
                "https://login.corp.example/?to=x",
                Some("login.corp.example"),
            ),
            ("/login", None),
        ] {
            let location = HeaderValue::from_str(location).expect("an address");
            let headers = HeaderMap::from_iter([(LOCATION, location)]);
            let redirect = refusal(HOST, StatusCode::FOUND, &headers, b"");
            assert_eq!(redirect, in_between(302, leads_to));
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
            ("0.2", 1),
            ("16.01", 17),
            ("-3", 1),
            ("86400", 300),
            ("300.5", 300),
            ("99999999999999999999", 300),
            ("inf", 5),
            ("NaN", 5),
            ("soon", 5),
            ("", 5),
        ];
        for (reset, expected) in cases {
            assert_eq!(wait(&[("ratelimit-reset", reset)]), expected, "{reset:?}");
        }
        assert_eq!(wait(&[("RateLimit-Reset", "17")]), 17);
        assert_eq!(wait(&[]), RETRY_SECONDS_UNTOLD);
    }

    #[test]
    fn without_a_reset_that_can_be_read_the_wait_is_the_one_to_retry_after() {
        assert_eq!(wait(&[("Retry-After", "30")]), 30);
        let both = [("retry-after", "30"), ("ratelimit-reset", "2")];
        assert_eq!(wait(&both), 2);
        let unreadable = [("retry-after", "30"), ("ratelimit-reset", "soon")];
        assert_eq!(wait(&unreadable), 30);
        let date = [("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")];
        assert_eq!(wait(&date), RETRY_SECONDS_UNTOLD);
    }
}
