//! Numbers every request, so that a sentence on screen, the log and the audit
//! can be brought together, and logs how it ended. The log has no query
//! strings, cookies, bodies or addresses of feeds: they carry codes and keys.

use super::feeds;
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The request's number, in its extensions. Ids from outside are not taken on,
/// since they could forge the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The number of the request, which an outer layer gave it.
pub fn request_id(request: &Request) -> String {
    request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default()
}

/// A path without what is as good as a password in it.
fn logged(path: &str) -> &str {
    match path.starts_with(feeds::PREFIX) {
        true => feeds::PREFIX,
        false => path,
    }
}

pub async fn number_and_log(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let span = tracing::info_span!(
        "request",
        %id,
        method = %request.method(),
        path = logged(request.uri().path()),
    );
    request.extensions_mut().insert(RequestId(id.clone()));
    async move {
        let began = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status();
        let ms = began.elapsed().as_millis();
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), ms, "answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HEADER, id);
        }
        response
    }
    .instrument(span)
    .await
}
