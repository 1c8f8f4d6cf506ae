//! The time zone in which a browser is told times: the one that was chosen in it, or else its own,
//! which a script in every page notes in a cookie. So the very first byte of a page has the days
//! of the right zone, which only the server knows how to work out.

use super::{cookies::OurCookie, refusals::Reader, theme::SETTINGS};
use crate::{clock, http::Site};
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use types::{PageZone, Zone};

pub const PATH: &str = "/api/zone";
const UNKNOWN: &str = "There is no time zone of that name. Write one like Europe/Berlin or America/New_York: \
                       the nearest large city usually has one.";
/// The zone that the browser has, in JavaScript.
const OWN: &str = "Intl.DateTimeFormat().resolvedOptions().timeZone";

#[derive(Deserialize)]
pub struct Choice {
    /// Empty for the browser's own.
    zone: String,
}

/// Keeps the choice and goes back to where it was made.
pub async fn choose(
    State(site): State<Site>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    let reader = Reader::of(&site, &headers);
    let name = choice.zone.trim();
    let zone = domain::zone(name, clock::now());
    if zone.is_none() && !name.is_empty() {
        return reader.turn_away(StatusCode::BAD_REQUEST, UNKNOWN);
    }
    let name = zone.map(|zone| zone.name);
    OurCookie::Zone.choose(&site, name.as_deref(), reader.back().unwrap_or(SETTINGS))
}

/// The zone in which a page tells its times.
pub fn of_page(site: &Site, headers: &HeaderMap) -> PageZone {
    let now = clock::now();
    let read = |cookie: OurCookie| {
        let name = cookie.read(site, headers)?;
        domain::zone(name.expose_secret(), now)
    };
    match read(OurCookie::Zone) {
        Some(zone) => PageZone { zone, chosen: true },
        None => PageZone {
            zone: read(OurCookie::OwnZone).unwrap_or_else(Zone::utc),
            chosen: false,
        },
    }
}

/// A script that notes the browser's own zone.
pub fn noting_script(site: &Site) -> String {
    OurCookie::OwnZone.written_by_script(site, OWN)
}
