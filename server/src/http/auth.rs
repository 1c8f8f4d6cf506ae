//! Signing in and out as browsers see it: cookies and redirects around the
//! rules in [`crate::slack::sign_in`].

use super::{
    Site,
    addresses::{self, HOME, ReturnPath, parameter},
    cookies::OurCookie,
    refusals::Reader,
    session::{self, LONGEST_SECONDS},
};
use crate::{
    audit,
    crypto::{random_token, token_key},
    slack::sign_in::{self, PENDING_SECONDS, Progress, SlackAnswer, Visit},
    store::StoreError,
};
use app::{AppError, backend::Caller};
use axum::{
    Extension,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::{ExposeSecret, SecretString};
use types::{AuditAction, SignInProblem};
use url::form_urlencoded;

/// A token of ours is this long: 256 bits in hexadecimal digits.
const TOKEN_CHARS: usize = 64;

/// `GET /api/auth/slack/login?return_to=`: off to Slack.
pub async fn log_in(State(site): State<Site>, request: Request) -> Response {
    let return_to = parameter(request.uri().query(), "return_to")
        .and_then(|path| ReturnPath::checked(&path))
        .map_or_else(|| HOME.to_owned(), |path| path.as_str().to_owned());
    let visit = visit(&site, &request);
    let begun = sign_in::begin(&site.services, &visit, &return_to).await;
    answer(&site, &Reader::of(&site, request.headers()), &visit, begun)
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
    let visit = visit(&site, &request);
    let task = site.services.tasks.spawn({
        let (services, visit) = (site.services.clone(), visit.clone());
        async move { sign_in::resume(&services, &visit, &slack).await }
    });
    let reader = Reader::of(&site, request.headers());
    match task.await {
        Ok(progress) => answer(&site, &reader, &visit, progress),
        Err(error) => {
            tracing::error!(%error, "a sign-in broke off");
            reader.refuse(&internal(&visit))
        }
    }
}

/// `POST /api/auth/slack/logout`, with `everywhere=true` for all of the
/// person's sessions.
pub async fn log_out(
    State(site): State<Site>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let everywhere =
        form_urlencoded::parse(&body).any(|(name, value)| name == "everywhere" && value == "true");
    if let Some(Extension(caller)) = caller
        && let Err(error) = end_sessions(&site, &caller, everywhere).await
    {
        tracing::error!(%error, "somebody could not be signed out");
        let request_id = caller.request_id;
        return Reader::of(&site, &headers).refuse(&AppError::Internal { request_id });
    }
    let cookie = [(header::SET_COOKIE, OurCookie::Session.clear(&site))];
    (cookie, Redirect::to(addresses::SIGN_IN)).into_response()
}

async fn end_sessions(site: &Site, caller: &Caller, everywhere: bool) -> Result<(), StoreError> {
    let store = &site.services.store;
    if everywhere {
        let entry = audit::entry(caller, AuditAction::SignedOutEverywhere, None);
        store.sign_out_everywhere(&entry).await
    } else {
        let entry = audit::entry(caller, AuditAction::SignedOut, None);
        store.sign_out(&caller.session, &entry).await
    }
}

/// What the browser brings. A sign-in that goes on in another tab keeps its
/// cookie, so that both come to an end.
fn visit(site: &Site, request: &Request) -> Visit {
    let headers = request.headers();
    Visit {
        browser: OurCookie::SignIn
            .read(site, headers)
            .filter(|value| value.expose_secret().len() == TOKEN_CHARS)
            .unwrap_or_else(random_token),
        session_key: OurCookie::Session
            .read(site, headers)
            .map(|value| token_key(value.expose_secret())),
        request_id: session::request_id(request),
    }
}

fn answer(
    site: &Site,
    reader: &Reader,
    visit: &Visit,
    progress: Result<Progress, StoreError>,
) -> Response {
    match progress {
        Ok(Progress::AskSlack(url)) => {
            let cookie = OurCookie::SignIn.set(site, &visit.browser, PENDING_SECONDS);
            redirect(url.as_str(), [cookie])
        }
        Ok(Progress::SignedIn { session, return_to }) => {
            let cookies = [
                OurCookie::Session.set(site, &session, LONGEST_SECONDS),
                OurCookie::SignIn.clear(site),
            ];
            redirect(&return_to, cookies)
        }
        Ok(Progress::Refused { problem, return_to }) => refused(problem, return_to.as_deref()),
        Err(error) => {
            tracing::error!(%error, "a sign-in failed");
            reader.refuse(&internal(visit))
        }
    }
}

fn refused(problem: SignInProblem, return_to: Option<&str>) -> Response {
    let back = return_to.and_then(ReturnPath::checked);
    Redirect::to(&addresses::sign_in(Some(problem), back.as_ref())).into_response()
}

fn redirect<const N: usize>(address: &str, cookies: [HeaderValue; N]) -> Response {
    let mut response = Redirect::to(address).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn internal(visit: &Visit) -> AppError {
    AppError::Internal {
        request_id: visit.request_id.clone(),
    }
}
