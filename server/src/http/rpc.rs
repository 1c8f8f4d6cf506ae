//! Server functions. Leptos answers every failure with 500 and, to a form
//! without JavaScript, with a redirect that carries the error in the address;
//! here a failure gets its own status and its own page. A form that leads to
//! another site gets a page that goes there, since browsers apply `form-action`
//! to every redirect of a form, also to those that the other site adds.

use super::{Site, refusals::Reader, session::request_id};
use app::{AppError, server_fns::REFUSED_HEADER};
use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
};
use leptos::{
    context::provide_context,
    server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
};
use url::Url;

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
        Ok(response) => {
            let origin = site.services.config.public_url.origin();
            settled(response, &reader, origin).await
        }
        Err(error) => {
            tracing::error!(%request_id, %error, "a server function broke off");
            reader.refuse(&AppError::Internal { request_id })
        }
    }
}

/// Where a redirect leads, if not to a page of ours.
fn foreign_address(answer: &Parts, origin: &str) -> Option<Url> {
    let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    let is_foreign = |url: &Url| url.origin().ascii_serialization() != origin;
    Url::parse(location)
        .ok()
        .filter(|url| answer.status.is_redirection() && is_foreign(url))
}

async fn settled(response: Response, reader: &Reader, origin: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(REFUSED_HEADER);
    // Leptos explains to developers how to register an unknown function.
    if parts.status == StatusCode::BAD_REQUEST {
        return reader.refuse(&AppError::NotFound);
    }
    if !parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        return match foreign_address(&parts, origin) {
            Some(address) => reader.lead_to(&address),
            None => Response::from_parts(parts, body),
        };
    }
    let error = match to_bytes(body, LONGEST_ERROR).await {
        Ok(body) => AppError::de(body),
        Err(_) => AppError::BadRequest,
    };
    reader.refuse(&error)
}
