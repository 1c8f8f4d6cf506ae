//! The browser's side of every server function. Leptos would compile all of it
//! anew for each function, which the browser then has to load; here only the
//! types of what is asked and answered differ.

use crate::{AppError, data::Json};
use http::Method;
use leptos::server_fn::{
    ContentType,
    client::{Client, browser::BrowserClient},
    codec::{self, PostUrl},
    redirect::call_redirect_hook,
    request::{ClientReq, browser::BrowserRequest},
    response::ClientRes,
};
use serde::de::DeserializeOwned;
use std::{future::Future, pin::Pin};

/// Asks the server function at `path`, and returns the JSON of its answer.
#[cfg(not(feature = "ssr"))]
pub(crate) async fn read(path: &'static str, query: &str) -> Result<String, AppError> {
    let request = BrowserRequest::try_new_get(
        path,
        codec::GetUrl::CONTENT_TYPE,
        codec::Json::CONTENT_TYPE,
        query,
    )?;
    answer(request).await
}

/// Posts a form's fields, URL-encoded, to the server function at `path`, and
/// returns the JSON of its answer.
pub(crate) async fn post(path: &'static str, fields: String) -> Result<String, AppError> {
    let request = BrowserRequest::try_new_req_text(
        path,
        PostUrl::CONTENT_TYPE,
        codec::Json::CONTENT_TYPE,
        fields,
        Method::POST,
    )?;
    answer(request).await
}

/// What a server function, or a form before it, was answered in JSON.
pub(crate) fn decoded<T: DeserializeOwned>(json: &str) -> Result<T, AppError> {
    Json::parse(json)?.read()
}

type Answer = Pin<Box<dyn Future<Output = Result<String, AppError>> + Send>>;

/// Boxed, so that it is no part of the futures of those who wait for it.
fn answer(request: BrowserRequest) -> Answer {
    Box::pin(async {
        let response = <BrowserClient as Client<AppError>>::send(request).await?;
        let status = ClientRes::<AppError>::status(&response);
        let location = ClientRes::<AppError>::location(&response);
        let redirects = ClientRes::<AppError>::has_redirect(&response);
        let body: String = response.try_into_string().await?;
        if status >= 400 {
            return Err(decoded(&body).unwrap_or_else(|unreadable| unreadable));
        }
        if redirects {
            call_redirect_hook(&location);
        }
        Ok(body)
    })
}
