//! What a request has to be before anything looks at it: sent to our own
//! address, sent by our own pages when it changes something, there whole in good time,
//! not too large, text, and meant by somebody rather than made ahead of time.
//!
//! Scripts of other people's making that change something have to say that they
//! come from us, for example `curl -H "Origin: <public URL>"`.

use super::{Site, refusals::Reader};
use crate::config::PublicUrl;
use app::backend::Caller;
use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode;
use tokio::time::timeout;

/// The longest body that any request of ours has, in bytes, with much room.
pub const LONGEST_BODY: usize = 512 * 1024;
/// Who is not signed in has nothing longer to say.
const LONGEST_BODY_OF_STRANGERS: usize = 16 * 1024;

/// What browsers say of a request that nobody has asked for yet.
const AHEAD_OF_TIME: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

const WRONG_HOST: &str = "This request was sent to another address than the one that this server is reached under. Open Round Robin under its own address and try again.";
const FOREIGN: &str = "This request did not come from a page of Round Robin, so nothing was changed. Open Round Robin and try again there.";
const TOO_SLOW: &str = "What was sent did not arrive whole in time, so nothing was changed. Check your connection, then try again.";
const BROKEN_OFF: &str = "What was sent broke off on the way, so nothing was changed. Try again.";
const NO_TEXT: &str =
    "What was sent is not text in UTF-8, so nothing was changed. Send it as UTF-8.";
/// Remedy: open the address itself; browsers do so when somebody goes there.
const NOT_ASKED_FOR: &str = "This address works once, so it is not loaded ahead of time.";

/// Marks an address to which somebody was led from another host.
const LED: &str = "led=here";

/// Sends those who came under another name to the public one, where the cookies
/// are. A proxy in front has to pass the `Host` that it was asked for: who was led here
/// and is still under another name would be led round and round.
pub async fn own_host(State(site): State<Site>, request: Request, next: Next) -> Response {
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
        (true, Some(path)) => lead(path),
        (false, _) if !is_safe(request.method()) => {
            let reader = Reader::of(&site, request.headers());
            reader.turn_away(StatusCode::MISDIRECTED_REQUEST, WRONG_HOST)
        }
        (false, None) => lead(&public_url.join(&with_mark(path))),
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
fn lead(address: &str) -> Response {
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

/// Turns away what another site has a browser send with our cookies.
pub async fn own_pages(State(site): State<Site>, request: Request, next: Next) -> Response {
    let origin = site.services.config.public_url.origin();
    if is_safe(request.method()) || comes_from_us(request.headers(), origin) {
        return next.run(request).await;
    }
    tracing::warn!("a request that would change something came from elsewhere");
    Reader::of(&site, request.headers()).turn_away(StatusCode::FORBIDDEN, FOREIGN)
}

/// Waits until the body is there, so that whatever comes after has it whole: nobody
/// holds a task, or more memory than they may, by sending slowly.
pub async fn whole_bodies(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let reader = Reader::of(&site, request.headers());
    let longest = match request.extensions().get::<Caller>() {
        Some(_) => LONGEST_BODY,
        None => LONGEST_BODY_OF_STRANGERS,
    };
    let announced: Option<usize> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > longest) {
        return too_large(&reader, longest);
    }
    let (parts, body) = request.into_parts();
    match timeout(
        site.services.config.connections.body,
        to_bytes(body, longest),
    )
    .await
    {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(error)) => match error.into_inner().downcast::<LengthLimitError>() {
            Ok(_) => too_large(&reader, longest),
            Err(_) => last_answer(reader.turn_away(StatusCode::BAD_REQUEST, BROKEN_OFF)),
        },
        Err(_) => last_answer(reader.turn_away(StatusCode::REQUEST_TIMEOUT, TOO_SLOW)),
    }
}

fn too_large(reader: &Reader, longest: usize) -> Response {
    let longest = longest / 1024;
    let sentence = format!(
        "What was sent is larger than {longest} KB, so nothing was changed. Shorten it and try again."
    );
    last_answer(reader.turn_away(StatusCode::PAYLOAD_TOO_LARGE, &sentence))
}

/// What comes after a body that was not read is nothing that could be answered.
fn last_answer(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Refuses fields that are not text: they would be kept with replacement characters in
/// the place of what somebody wrote.
pub async fn only_text(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reader = Reader::of(&site, request.headers());
    let (parts, body) = request.into_parts();
    // It is there whole, see above.
    let body = to_bytes(body, LONGEST_BODY)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let query = parts.uri.query().unwrap_or_default();
    if !is_text(query.as_bytes()) || !is_text(&body) {
        return reader.turn_away(StatusCode::BAD_REQUEST, NO_TEXT);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn is_text(url_encoded: &[u8]) -> bool {
    percent_decode(url_encoded).decode_utf8().is_ok()
}

/// For addresses that use something up: lets nobody see what is behind them without
/// being there.
pub async fn meant(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reader = Reader::of(&site, request.headers());
    if *request.method() == Method::HEAD {
        let mut response = reader.turn_away(StatusCode::METHOD_NOT_ALLOWED, NOT_ASKED_FOR);
        let get = HeaderValue::from_static("GET");
        response.headers_mut().insert(header::ALLOW, get);
        return response;
    }
    if is_ahead_of_time(request.headers()) {
        // Browsers keep no such answer, and ask again when somebody goes there.
        return reader.turn_away(StatusCode::SERVICE_UNAVAILABLE, NOT_ASKED_FOR);
    }
    next.run(request).await
}

/// Whether a browser loads something that somebody may go to later.
pub fn is_ahead_of_time(headers: &HeaderMap) -> bool {
    AHEAD_OF_TIME.iter().any(|name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("prefetch") || value.contains("prerender") || value == "preview"
        })
    })
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

    #[test]
    fn fields_are_text_raw_and_encoded() {
        for text in ["", "a=1&b=%C3%A9", "a=\u{e9}", "a=%EF%BF%BD", "a=100%"] {
            assert!(is_text(text.as_bytes()), "{text}");
        }
        for bytes in [&b"a=%FF"[..], b"a=\xff", b"a=%C3&b=%A9", b"a=%ED%A0%80"] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn what_browsers_load_ahead_of_time_is_known_by_its_purpose() {
        let ahead = |name: &'static str, value: &'static str| {
            let name = HeaderName::from_static(name);
            is_ahead_of_time(&HeaderMap::from_iter([(
                name,
                HeaderValue::from_static(value),
            )]))
        };
        assert!(ahead("sec-purpose", "prefetch"));
        assert!(ahead("sec-purpose", "prefetch;prerender"));
        assert!(ahead("purpose", "Prefetch"));
        assert!(ahead("x-moz", "prefetch"));
        assert!(ahead("purpose", "preview"));
        assert!(!ahead("sec-purpose", ""));
        assert!(!ahead("sec-fetch-mode", "prefetch"));
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
