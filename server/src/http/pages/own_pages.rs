//! What changes something has to come from our own pages: no other site may have a browser do
//! it with our cookies.
//!
//! Scripts of other people's making that change something have to say that they
//! come from us, for example `curl -H "Origin: <public URL>"`.

use super::{is_safe, refusals::Reader};
use crate::http::Site;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};

const FOREIGN: &str = "This request did not come from a page of Round Robin, so nothing was changed. Open Round Robin and try again there.";

/// Turns away what another site has a browser send with our cookies.
pub async fn alone(State(site): State<Site>, request: Request, next: Next) -> Response {
    let origin = site.services.config.public_url.origin();
    if is_safe(request.method()) || comes_from_us(request.headers(), origin) {
        return next.run(request).await;
    }
    tracing::warn!("a request that would change something came from elsewhere");
    Reader::of(&site, request.headers()).turn_away(StatusCode::FORBIDDEN, FOREIGN)
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
