//! Server functions. Leptos answers every failure with 500 and, to a form
//! without JavaScript, with a redirect that carries the error in the address;
//! here a failure gets its own status and its own page.

use super::{Site, refusals::Reader, session::request_id};
use app::{AppError, server_fns::REFUSED_HEADER};
use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use leptos::{
    context::provide_context,
    server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
};

/// No error is longer.
const LONGEST_ERROR: usize = 64 * 1024;

/// Runs a server function to its end, in a task of its own: a browser that
/// leaves in the middle must not leave half of the work behind.
pub async fn call(State(site): State<Site>, request: Request) -> Response {
    let reader = Reader::of(&site, request.headers());
    let request_id = request_id(&request);
    let backend = site.backend.clone();
    let context = move || provide_context(backend.clone());
    let function = site.services.tasks.spawn(async move {
        leptos_axum::handle_server_fns_with_context(context, request)
            .await
            .into_response()
    });
    match function.await {
        Ok(response) => settled(response, &reader).await,
        Err(error) => {
            tracing::error!(%request_id, %error, "a server function broke off");
            reader.refuse(&AppError::Internal { request_id })
        }
    }
}

async fn settled(response: Response, reader: &Reader) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(REFUSED_HEADER);
    // Leptos explains to developers how to register an unknown function.
    if parts.status == StatusCode::BAD_REQUEST {
        return reader.refuse(&AppError::NotFound);
    }
    if !parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        return Response::from_parts(parts, body);
    }
    let error = match to_bytes(body, LONGEST_ERROR).await {
        Ok(body) => AppError::de(body),
        Err(_) => AppError::BadRequest,
    };
    reader.refuse(&error)
}
