//! Nothing is used up by a request that nobody meant.

use crate::http::{Site, ahead_of_time::is_ahead_of_time, pages::refusals::Reader};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// Remedy: open the address itself; browsers do so when somebody goes there.
const NOT_ASKED_FOR: &str = "This address works once, so it is not loaded ahead of time.";

/// For addresses that use something up: lets nobody see what is behind them without
/// being there.
pub async fn meant(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reader = Reader::of(&site, request.headers());
    if *request.method() == Method::HEAD {
        let mut response = reader.turn_away(StatusCode::METHOD_NOT_ALLOWED, NOT_ASKED_FOR);
        let get = HeaderValue::from_static("GET");
        response.headers_mut().insert(header::ALLOW, get);
        return response;
    }
    if is_ahead_of_time(request.headers()) {
        // Browsers keep no such answer, and ask again when somebody goes there.
        return reader.turn_away(StatusCode::SERVICE_UNAVAILABLE, NOT_ASKED_FOR);
    }
    next.run(request).await
}
