//! The browser's side of every server function. Leptos would compile all of it
//! anew for each function, which the browser then has to load; here only the
//! types of what is asked and answered differ.

use crate::AppError;
use http::Method;
use leptos::server_fn::{
    ContentType, Http, Protocol,
    client::{Client, browser::BrowserClient},
    codec::{GetUrl, IntoReq, Json, PostUrl},
    error::{FromServerFnError, ServerFnErrorErr},
    redirect::call_redirect_hook,
    request::{ClientReq, browser::BrowserRequest},
    response::ClientRes,
    server::Server,
};
use serde::de::DeserializeOwned;
use std::{future::Future, pin::Pin};

/// The protocol of what is only read: asked by GET, answered in JSON. On the wire
/// and on the server it is Leptos' own.
pub struct Read;

impl<Input, Output, S> Protocol<Input, Output, BrowserClient, S, AppError> for Read
where
    Input: IntoReq<GetUrl, BrowserRequest, AppError> + Send,
    Output: DeserializeOwned + Send,
    S: Server<AppError>,
    Http<GetUrl, Json>: Protocol<Input, Output, BrowserClient, S, AppError>,
{
    const METHOD: Method = Method::GET;

    fn run_server<F, Fut>(
        request: S::Request,
        server_fn: F,
    ) -> impl Future<Output = Result<S::Response, AppError>> + Send
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, AppError>> + Send,
    {
        Http::<GetUrl, Json>::run_server(request, server_fn)
    }

    async fn run_client(path: &str, input: Input) -> Result<Output, AppError> {
        let request = input.into_req(path, Json::CONTENT_TYPE)?;
        decoded(&answer(request).await?)
    }
}

/// Posts a form's fields, URL-encoded, to the server function at `path`, and
/// returns the JSON of its answer.
pub(crate) async fn post(path: &'static str, fields: String) -> Result<String, AppError> {
    let request = BrowserRequest::try_new_req_text(
        path,
        PostUrl::CONTENT_TYPE,
        Json::CONTENT_TYPE,
        fields,
        Method::POST,
    )?;
    answer(request).await
}

/// What a server function, or a form before it, was answered in JSON.
pub(crate) fn decoded<T: DeserializeOwned>(json: &str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(|error| {
        AppError::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string()))
    })
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
