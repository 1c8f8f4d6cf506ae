//! What browsers load before anybody goes there.

use axum::http::{HeaderMap, HeaderName};

/// What browsers say of a request that nobody has asked for yet.
const AHEAD_OF_TIME: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

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
}
