//! The colours of the pages, which each browser chooses for itself. They are in a
//! cookie, so that the very first byte of a page knows them.

use super::{cookies::OurCookie, refusals::Reader};
use crate::http::Site;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use types::Theme;

pub const PATH: &str = "/api/theme";
/// Where somebody goes whose browser does not tell where it was.
const SETTINGS: &str = "/settings";
const UNKNOWN: &str = "There are no such colours. Choose one of those on the settings page.";
const ONE_YEAR: i64 = 365 * 24 * 3600;

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
    let cookies = match Theme::from_code(&choice.theme) {
        Some(Theme::System) => OurCookie::Theme.clear(&site),
        Some(theme) => {
            let code = SecretString::from(theme.code());
            vec![OurCookie::Theme.set(&site, &code, ONE_YEAR)]
        }
        None => return reader.turn_away(StatusCode::BAD_REQUEST, UNKNOWN),
    };
    let back = reader.back().unwrap_or(SETTINGS);
    let cookies = cookies.into_iter().map(|cookie| (SET_COOKIE, cookie));
    (AppendHeaders(cookies), Redirect::to(back)).into_response()
}

pub fn chosen(site: &Site, headers: &HeaderMap) -> Theme {
    OurCookie::Theme
        .read(site, headers)
        .and_then(|code| Theme::from_code(code.expose_secret()))
        .unwrap_or_default()
}
