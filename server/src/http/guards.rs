//! What a request has to be before anything looks at it: sent to our own
//! address, sent by our own pages when it changes something, and not too large.
//!
//! Scripts of other people's making that change something have to say that they
//! come from us, for example `curl -H "Origin: <public URL>"`.

use super::{Site, refusals::Reader};
use axum::{
    RequestExt as _,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The longest body that any request of ours has, with much room.
pub const LONGEST_BODY: usize = 512 * 1024;

const WRONG_HOST: &str = "This request was sent to another address than the one that this server is reached under. Open Round Robin under its own address and try again.";
const FOREIGN: &str = "This request did not come from a page of Round Robin, so nothing was changed. Open Round Robin and try again there.";
const TOO_LARGE: &str =
    "What was sent is larger than 512 KB, so nothing was changed. Shorten it and try again.";

/// Sends those who came under another name to the public one, where the cookies
/// are. A proxy in front has to pass the `Host` that it was asked for.
pub async fn own_host(State(site): State<Site>, request: Request, next: Next) -> Response {
    let public_url = &site.services.config.public_url;
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(header::HOST)?.to_str().ok());
    if host.is_some_and(|host| is_own_host(host, public_url.host_and_port(), public_url.is_https()))
    {
        return next.run(request).await;
    }
    if !is_safe(request.method()) {
        let reader = Reader::of(&site, request.headers());
        return reader.turn_away(StatusCode::MISDIRECTED_REQUEST, WRONG_HOST);
    }
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let location = [(header::LOCATION, public_url.join(path))];
    (StatusCode::PERMANENT_REDIRECT, location).into_response()
}

/// Some clients name the port even where it goes without saying.
fn is_own_host(sent: &str, own: &str, https: bool) -> bool {
    let implied = if https { ":443" } else { ":80" };
    sent.strip_suffix(implied)
        .unwrap_or(sent)
        .eq_ignore_ascii_case(own)
}

/// Turns away what another site has a browser send with our cookies.
pub async fn own_pages(State(site): State<Site>, request: Request, next: Next) -> Response {
    let origin = site.services.config.public_url.origin();
    if is_safe(request.method()) || comes_from_us(request.headers(), origin) {
        return next.run(request).await;
    }
    tracing::warn!("a request that would change something came from elsewhere");
    Reader::of(&site, request.headers()).turn_away(StatusCode::FORBIDDEN, FOREIGN)
}

/// Says so when a body is announced as too large. One that is not announced is
/// cut off while it is read.
pub async fn small_bodies(State(site): State<Site>, request: Request, next: Next) -> Response {
    let announced: Option<usize> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY) {
        let reader = Reader::of(&site, request.headers());
        return reader.turn_away(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE);
    }
    next.run(request.with_limited_body()).await
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers write both headers themselves; no page can forge them. Over plain
/// http they send `Sec-Fetch-Site` to this machine only, hence `Origin` too.
fn comes_from_us(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers
            .get(header::ORIGIN)
            .is_some_and(|sent| sent == origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const ORIGIN: &str = "https://rr.example.com";

    fn judged(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        comes_from_us(&headers, ORIGIN)
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

    #[test]
    fn our_own_pages_get_through() {
        assert!(judged(&[("sec-fetch-site", "same-origin")]));
        assert!(judged(&[("origin", ORIGIN)]));
    }

    #[test]
    fn other_sites_and_those_who_do_not_say_are_turned_away() {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://rr.example.com.evil.example")],
            &[("origin", "http://rr.example.com")],
            &[("origin", "null")],
        ] {
            assert!(!judged(headers), "{headers:?}");
        }
    }
}
