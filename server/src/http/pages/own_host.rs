//! One address for everybody: cookies belong to it, and so does what Slack and PagerDuty know.

use super::{is_safe, refusals::Reader};
use crate::{config::PublicUrl, http::Site};
use axum::{
    extract::{Request, State},
    http::{StatusCode, header, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

const WRONG_HOST: &str = "This request was sent to another address than the one that this server is reached under. Open Round Robin under its own address and try again.";

/// Marks an address to which somebody was led from another host.
const LED: &str = "led=here";

/// Sends those who came under another name to the public one, where the cookies
/// are. A proxy in front has to pass the `Host` that it was asked for: who was led here
/// and is still under another name would be led round and round.
pub async fn lead(State(site): State<Site>, request: Request, next: Next) -> Response {
    let public_url = &site.services.config.public_url;
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(header::HOST)?.to_str().ok());
    let is_own = host
        .is_some_and(|host| is_own_host(host, public_url.host_and_port(), public_url.is_https()));
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let led = without_mark(path).filter(|_| is_safe(request.method()));
    match (is_own, led) {
        (true, None) => next.run(request).await,
        (true, Some(path)) => lead_to(path),
        (false, _) if !is_safe(request.method()) => {
            let reader = Reader::of(&site, request.headers());
            reader.turn_away(StatusCode::MISDIRECTED_REQUEST, WRONG_HOST)
        }
        (false, None) => lead_to(&public_url.join(&with_mark(path))),
        (false, Some(path)) => {
            let host = host.unwrap_or("no host at all");
            tracing::error!(
                host,
                own = public_url.host_and_port(),
                "leading to the public URL does not end: does a proxy in front replace the Host header, or is ROUNDROBIN_PUBLIC_URL wrong?"
            );
            Reader::of(&site, request.headers()).turn_away_to(
                StatusCode::MISDIRECTED_REQUEST,
                &came_back(host, public_url),
                &public_url.join(path),
            )
        }
    }
}

/// Not for good: browsers would go on being led after a proxy was mended.
fn lead_to(address: &str) -> Response {
    Redirect::temporary(address).into_response()
}

fn with_mark(path: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{LED}")
}

/// The address as it was before it was marked; `None` if it was not.
fn without_mark(path: &str) -> Option<&str> {
    path.strip_suffix(LED)?.strip_suffix(['?', '&'])
}

fn came_back(host: &str, public_url: &PublicUrl) -> String {
    let own = public_url.origin();
    format!(
        "Round Robin is reached under {own}, but this request arrived for “{host}”, also after it was led to {own}. If that is the address that you opened, the proxy in front of Round Robin replaces the Host header: ask whoever runs it to pass the original one on (in nginx: proxy_set_header Host $http_host) or to correct ROUNDROBIN_PUBLIC_URL."
    )
}

/// Some clients name the port even where it goes without saying.
fn is_own_host(sent: &str, own: &str, https: bool) -> bool {
    let implied = if https { ":443" } else { ":80" };
    sent.strip_suffix(implied)
        .unwrap_or(sent)
        .eq_ignore_ascii_case(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_as_it_was_once_its_mark_is_taken_off() {
        for path in ["/", "/rotations?mode=manual", "/a?led=here&b=1"] {
            assert_eq!(without_mark(&with_mark(path)), Some(path));
            assert_eq!(without_mark(path), None, "{path}");
        }
    }

    #[test]
    fn a_host_is_ours_with_and_without_the_port_that_its_scheme_implies() {
        for (sent, own, https) in [
            ("RR.example.com", "rr.example.com", true),
            ("rr.example.com:443", "rr.example.com", true),
            ("rr.example.com:80", "rr.example.com", false),
            ("127.0.0.1:3000", "127.0.0.1:3000", false),
            ("[::1]:80", "[::1]", false),
        ] {
            assert!(is_own_host(sent, own, https), "{sent}");
        }
        for (sent, own, https) in [
            ("rr.example.com:80", "rr.example.com", true),
            ("rr.example.com:443", "rr.example.com", false),
            ("127.0.0.1", "127.0.0.1:3000", false),
        ] {
            assert!(!is_own_host(sent, own, https), "{sent}");
        }
    }
}
