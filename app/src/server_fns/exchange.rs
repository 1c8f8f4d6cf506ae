//! The browser's side of every server function. Leptos would compile all of it
//! anew for each function, which the browser then has to load; here only the
//! types of what is asked and answered differ.

use crate::{AppError, data::Json};
use futures::{
    channel::oneshot,
    future::{Either, select},
};
use http::Method;
use leptos::{
    prelude::set_timeout,
    server_fn::{
        ContentType,
        client::{Client, browser::BrowserClient},
        codec::{self, PostUrl},
        redirect::call_redirect_hook,
        request::{ClientReq, browser::BrowserRequest},
        response::ClientRes,
    },
};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{future::Future, pin::Pin, time::Duration};
use types::Outcome;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same for what the server has to ask PagerDuty first, page by page.
const PATIENCE_WITH_PAGERDUTY: Duration = Duration::from_secs(45);
/// The functions that do.
const WITH_PAGERDUTY: [&str; 7] = [
    "/rpc/sync_now",
    "/rpc/search_schedules",
    "/rpc/preview_schedule",
    "/rpc/set_schedule",
    "/rpc/rebind_former",
    "/rpc/connect_with_api_key",
    "/rpc/edit_api_key",
];

fn patience(path: &str) -> Duration {
    match WITH_PAGERDUTY.contains(&path) {
        true => PATIENCE_WITH_PAGERDUTY,
        false => PATIENCE,
    }
}

/// Asks the server function at `path`.
///
/// # Errors
/// [`AppError::Offline`] if what comes, if anything, is not from the server.
#[cfg(not(feature = "ssr"))]
pub(crate) async fn read(path: &'static str, query: &str) -> Result<Json, AppError> {
    let request = BrowserRequest::try_new_get(
        path,
        codec::GetUrl::CONTENT_TYPE,
        codec::Json::CONTENT_TYPE,
        query,
    )?;
    let json = answer(request, patience(path)).await?;
    Json::parse(&json).map_err(|_| AppError::Offline)
}

/// Posts a form's fields, URL-encoded, to the server function at `path`, and
/// returns the JSON of its answer.
///
/// # Errors
/// [`AppError::Unanswered`] unless the server itself said what came of it.
pub(crate) async fn post(path: &'static str, fields: String) -> Result<String, AppError> {
    let request = BrowserRequest::try_new_req_text(
        path,
        PostUrl::CONTENT_TYPE,
        codec::Json::CONTENT_TYPE,
        fields,
        Method::POST,
    )?;
    match answer(request, patience(path)).await {
        // Every change comes to an outcome; other JSON is somebody else's.
        Ok(json) if decoded::<Outcome<IgnoredAny, IgnoredAny>>(&json).is_ok() => Ok(json),
        Ok(_) | Err(AppError::Offline) => Err(AppError::Unanswered),
        refused => refused,
    }
}

/// What a server function, or a form before it, was answered in JSON.
pub(crate) fn decoded<T: DeserializeOwned>(json: &str) -> Result<T, AppError> {
    Json::parse(json)?.read()
}

type Answer = Pin<Box<dyn Future<Output = Result<String, AppError>> + Send>>;

/// The JSON that is answered to `request` within `patience`; [`AppError::Offline`] if
/// nothing is.
///
/// Boxed, so that it is no part of the futures of those who wait for it.
fn answer(request: BrowserRequest, patience: Duration) -> Answer {
    Box::pin(async move {
        let (waiting, no_longer) = oneshot::channel::<()>();
        set_timeout(move || drop(waiting), patience);
        match select(whole_answer(request), no_longer).await {
            Either::Left((answer, _)) => answer,
            // The request is given up together with its future.
            Either::Right(_) => Err(AppError::Offline),
        }
    })
}

fn whole_answer(request: BrowserRequest) -> Answer {
    Box::pin(async {
        let response = <BrowserClient as Client<AppError>>::send(request).await?;
        let status = ClientRes::<AppError>::status(&response);
        let location = ClientRes::<AppError>::location(&response);
        let redirects = ClientRes::<AppError>::has_redirect(&response);
        let body: String = response.try_into_string().await?;
        if status >= 400 {
            // What a proxy says in its own words is no answer of the server's.
            return Err(decoded(&body).unwrap_or(AppError::Offline));
        }
        if redirects {
            call_redirect_hook(&location);
        }
        Ok(body)
    })
}
