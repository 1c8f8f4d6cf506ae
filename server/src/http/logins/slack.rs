//! Signing in as browsers see it: cookies and redirects around the
//! rules in [`crate::slack::sign_in`].

use crate::{
    crypto::token_key,
    http::{
        Site, client_address,
        pages::{
            addresses::{self, HOME, ReturnPath, parameter},
            cookies::{self, OurCookie},
            refusals::Reader,
            session::LONGEST_SECONDS,
        },
        request_id::request_id,
    },
    limits::{Costly, of_address},
    slack::{
        pending,
        sign_in::{self, PENDING_SECONDS, Progress, SlackAnswer, Visit},
    },
    store::StoreError,
};
use app::AppError;
use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::{ExposeSecret, SecretString};
use types::{SignInProblem, SlackPermission};

/// A cookie has room for a place to go back to of this length.
const LONGEST_RETURN: usize = 512;

/// `GET /api/auth/slack/login?return_to=`: off to Slack; with `allow=`, the code of a
/// [`SlackPermission`], to let Round Robin do that there.
pub async fn log_in(State(site): State<Site>, request: Request) -> Response {
    let reader = Reader::of(&site, request.headers());
    let address = of_address(client_address::of_request(&site, &request));
    if let Err(too_often) = site.services.limits.take(Costly::SignIn, &address) {
        return reader.refuse(&too_often.into());
    }
    let return_to = parameter(request.uri().query(), "return_to")
        .filter(|path| path.len() <= LONGEST_RETURN)
        .and_then(|path| ReturnPath::checked(&path))
        .map_or_else(|| HOME.to_owned(), |path| path.as_str().to_owned());
    let visit = visit(&site, &request, None);
    let wanted = parameter(request.uri().query(), "allow")
        .and_then(|code| SlackPermission::from_code(&code));
    let begun = sign_in::begin(&site.services.slack, &return_to, wanted).await;
    let mut response = answer(&site, &reader, &visit, begun);
    for cookie in cookies::make_room_for_sign_in(&site, request.headers()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /api/auth/slack/callback`: back from Slack, with a code or an error.
/// The work goes on in a task of its own when the browser leaves meanwhile.
pub async fn come_back(State(site): State<Site>, request: Request) -> Response {
    let query = request.uri().query();
    let slack = SlackAnswer {
        state: parameter(query, "state").map(SecretString::from),
        code: parameter(query, "code").map(SecretString::from),
        error: parameter(query, "error"),
    };
    let cookie = slack.state.as_ref().map(|state| OurCookie::SignIn {
        id: pending::id(state),
    });
    let visit = visit(&site, &request, cookie.as_ref());
    let task = site.services.tasks.spawn({
        let (services, visit) = (site.services.clone(), visit.clone());
        async move { sign_in::resume(&services.slack, &visit, &slack).await }
    });
    let reader = Reader::of(&site, request.headers());
    match task.await {
        Ok(progress) => {
            let mut response = answer(&site, &reader, &visit, progress);
            // What was kept serves once.
            if let Some(cookie) = cookie.filter(|_| visit.kept.is_some()) {
                let used = cookie.set(&site, &pending::used(), PENDING_SECONDS);
                response.headers_mut().append(header::SET_COOKIE, used);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "a sign-in broke off");
            reader.refuse(&internal(&visit))
        }
    }
}

/// What the browser brings, with what it kept of the sign-in that goes on.
fn visit(site: &Site, request: &Request, sign_in: Option<&OurCookie>) -> Visit {
    let headers = request.headers();
    Visit {
        kept: sign_in.and_then(|cookie| cookie.read(site, headers)),
        keeps_cookies: cookies::any(site, headers),
        session_key: OurCookie::Session
            .read(site, headers)
            .map(|value| token_key(value.expose_secret())),
        request_id: request_id(request),
    }
}

fn answer(
    site: &Site,
    reader: &Reader,
    visit: &Visit,
    progress: Result<Progress, StoreError>,
) -> Response {
    match progress {
        Ok(Progress::AskSlack {
            address,
            id,
            sealed,
        }) => {
            let cookie = OurCookie::SignIn { id }.set(site, &sealed, PENDING_SECONDS);
            cookies::redirect(address.as_str(), [cookie])
        }
        Ok(Progress::SignedIn { session, return_to }) => {
            let cookie = OurCookie::Session.set(site, &session, LONGEST_SECONDS);
            cookies::redirect(&return_to, [cookie])
        }
        Ok(Progress::Refused { problem, return_to }) => refused(&problem, return_to.as_deref()),
        Err(error) => {
            tracing::error!(%error, "a sign-in failed");
            reader.refuse(&internal(visit))
        }
    }
}

fn refused(problem: &SignInProblem, return_to: Option<&str>) -> Response {
    let back = return_to.and_then(ReturnPath::checked);
    Redirect::to(&addresses::sign_in(Some(problem), back.as_ref())).into_response()
}

fn internal(visit: &Visit) -> AppError {
    AppError::Internal {
        request_id: visit.request_id.clone(),
    }
}
