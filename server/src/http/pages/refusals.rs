//! How a request is refused: a page for a browser that shows what it gets, the
//! error itself for our scripts, a sentence for everybody else.

use super::{
    addresses::{self, HOME, ReturnPath},
    error_page::{self, Look},
    theme,
};
use crate::http::{Site, assets};
use app::AppError;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use leptos::server_fn::error::FromServerFnError;
use types::SignInProblem;
use url::Url;

/// Who is going to read the answer, taken from the request beforehand.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The browser shows the answer as a page.
    wants_html: bool,
    back: Option<ReturnPath>,
    look: Look,
}

impl Reader {
    pub fn of(site: &Site, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            wants_html: text(header::ACCEPT).is_some_and(|accept| accept.contains("text/html")),
            back: text(header::REFERER).and_then(|referer| {
                ReturnPath::of_referer(referer, site.services.config.public_url.origin())
            }),
            look: Look {
                stylesheet: assets::stylesheet(&site.leptos),
                theme: theme::chosen(site, headers),
            },
        }
    }

    /// The same reader, who wants to get back to another place.
    #[must_use]
    pub fn returning_to(self, back: Option<ReturnPath>) -> Self {
        Self { back, ..self }
    }

    /// Where the reader comes from, if it is a page of ours.
    pub fn back(&self) -> Option<&str> {
        self.back.as_ref().map(ReturnPath::as_str)
    }

    /// Refuses with an error of the app. Somebody whose session ended is taken
    /// to the sign-in page and from there back.
    pub fn refuse(&self, error: &AppError) -> Response {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match error {
            AppError::Unauthenticated if self.wants_html => {
                let problem = Some(&SignInProblem::SessionEnded);
                Redirect::to(&addresses::sign_in(problem, self.back.as_ref())).into_response()
            }
            AppError::TooOften { wait_seconds } => {
                let mut response = self.told(status, error);
                let wait = HeaderValue::from(*wait_seconds);
                response.headers_mut().insert(header::RETRY_AFTER, wait);
                response
            }
            error => self.told(status, error),
        }
    }

    fn told(&self, status: StatusCode, error: &AppError) -> Response {
        if self.wants_html {
            return self.turn_away(status, &error.to_string());
        }
        let json = HeaderValue::from_static("application/json");
        (status, [(header::CONTENT_TYPE, json)], error.ser()).into_response()
    }

    /// Refuses before the app was asked.
    pub fn turn_away(&self, status: StatusCode, sentence: &str) -> Response {
        self.turn_away_to(status, sentence, self.back().unwrap_or(HOME))
    }

    /// The same where the reader has to go on somewhere else.
    pub fn turn_away_to(&self, status: StatusCode, sentence: &str, address: &str) -> Response {
        if self.wants_html {
            let page = error_page::html(sentence, &self.look, address);
            shown(status, page)
        } else {
            (status, sentence.to_owned()).into_response()
        }
    }

    /// Goes on to another site, from a page of ours.
    pub fn lead_to(&self, address: &Url) -> Response {
        let host = address.host_str().unwrap_or_default();
        let page = error_page::leading_to(address.as_str(), host, &self.look);
        shown(StatusCode::OK, page)
    }
}

fn shown(status: StatusCode, page: String) -> Response {
    let policy = HeaderValue::from_static(error_page::POLICY);
    let headers = [(header::CONTENT_SECURITY_POLICY, policy)];
    (status, headers, Html(page)).into_response()
}
