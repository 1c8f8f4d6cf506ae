//! Calendar feeds, for programs that know an address and nothing else. No cookie counts here and
//! nothing is changed, so this wing has none of the guards of the pages.

use super::{Site, client_address};
use crate::{
    actions::{
        Failure,
        feeds::{self, ToldFeed},
    },
    ical,
    limits::{Costly, of_address},
    store::FoundFeed,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

/// What every path of the wing begins with; the rest of it is as good as a password.
pub const PREFIX: &str = "/ical/";
const DESCRIPTION: &str = "Round Robin tells who is on duty. PagerDuty's schedules are known for \
    35 days ahead, all rotations together are told for three months, and of more than 5,000 shifts \
    those of the days around today. Calendars ask for changes when they like: some every hour, some once a day.";
const NOT_FOUND: &str = "There is no calendar at this address, or none any more. Make a new \
    address in Round Robin under Settings → Calendars.";
const FAILED: &str = "The calendar could not be read just now. Ask again in a minute.";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Every path of the wing.
pub fn routes() -> Router<Site> {
    Router::new().route("/ical/{file}", get(read))
}

async fn read(State(site): State<Site>, request: Request) -> Response {
    let services = &site.services;
    let found = match token(request.uri().path()) {
        Some(token) => feeds::find(services, token).await,
        None => Ok(None),
    };
    let found = match found {
        Ok(found) => found,
        Err(failure) => return failed(&failure),
    };
    // Each feed has a share of its own, since one calendar service reads those of many from few
    // addresses; whoever guesses shares what their address has.
    let whose = match &found {
        Some(feed) => feed.id.clone(),
        None => of_address(client_address::of_request(&site, &request)),
    };
    if let Err(too_often) = services.limits.take(Costly::Feed, &whose) {
        let wait = [(header::RETRY_AFTER, too_often.wait_seconds.to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, wait).into_response();
    }
    let Some(feed) = found else {
        return not_found();
    };
    match feeds::tell(services, &feed).await {
        Ok(told) => answer(&site, &feed, &told, request.headers()),
        Err(failure) => failed(&failure),
    }
}

/// The token in a path: 256 bits as the server writes them.
fn token(path: &str) -> Option<&str> {
    let token = path.strip_prefix(PREFIX)?.strip_suffix(".ics")?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (token.len() == 64 && token.bytes().all(is_hex)).then_some(token)
}

fn answer(site: &Site, feed: &FoundFeed, told: &ToldFeed, asked: &HeaderMap) -> Response {
    let text = ical::Feed {
        name: &told.name,
        description: DESCRIPTION,
        host: site.services.config.public_url.host_and_port(),
        events: &told.events,
    }
    .written();
    let digest = Sha256::digest(text.as_bytes());
    let tag: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let unchanged = known.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    });
    tracing::debug!(feed = %feed.id, unchanged, "a calendar feed was read");
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => text.into_response(),
    };
    let headers = response.headers_mut();
    let calendar = HeaderValue::from_static("text/calendar; charset=utf-8");
    if !unchanged {
        headers.insert(header::CONTENT_TYPE, calendar);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn not_found() -> Response {
    let noindex = [(ROBOTS, "noindex")];
    (StatusCode::NOT_FOUND, noindex, NOT_FOUND).into_response()
}

fn failed(failure: &Failure) -> Response {
    match failure {
        Failure::NotFound | Failure::Denied(_) | Failure::SignedOut => not_found(),
        Failure::Stopping | Failure::Store(_) => {
            tracing::error!(
                code = failure.code(),
                ?failure,
                "a calendar feed could not be read"
            );
            let later = [(header::RETRY_AFTER, "60")];
            (StatusCode::SERVICE_UNAVAILABLE, later, FAILED).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_makes_is_a_token() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(token(&format!("/ical/{good}.ics")), Some(good.as_str()));
        for odd in [
            "/ical/.ics".to_owned(),
            format!("/ical/{good}"),
            format!("/ical/{good}0.ics"),
            format!("/ical/{}.ics", good.to_uppercase()),
            format!("/ical/%30{}.ics", &good[1..]),
        ] {
            assert_eq!(token(&odd), None, "{odd}");
        }
    }
}
