//! The colours of the pages, which each browser chooses for itself. They are in a
//! cookie, so that the very first byte of a page knows them.

use super::{cookies::OurCookie, refusals::Reader};
use crate::http::Site;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use types::Theme;

pub const PATH: &str = "/api/theme";
/// Where somebody goes whose browser does not tell where it was.
pub const SETTINGS: &str = "/settings";
const UNKNOWN: &str = "There are no such colours. Choose one of those on the settings page.";

#[derive(Deserialize)]
pub struct Choice {
    theme: String,
}

/// Keeps the choice and goes back to where it was made.
pub async fn choose(
    State(site): State<Site>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    let reader = Reader::of(&site, &headers);
    let Some(theme) = Theme::from_code(&choice.theme) else {
        return reader.turn_away(StatusCode::BAD_REQUEST, UNKNOWN);
    };
    let code = (theme != Theme::System).then(|| theme.code());
    OurCookie::Theme.choose(&site, code, reader.back().unwrap_or(SETTINGS))
}

pub fn chosen(site: &Site, headers: &HeaderMap) -> Theme {
    OurCookie::Theme
        .read(site, headers)
        .and_then(|code| Theme::from_code(code.expose_secret()))
        .unwrap_or_default()
}
