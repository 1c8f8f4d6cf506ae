//! What is sent has to be there whole in good time, not too large, and text.

use super::refusals::Reader;
use crate::http::Site;
use app::backend::Caller;
use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode;
use tokio::time::timeout;

/// The longest body that any request of ours has, in bytes, with much room.
pub const LONGEST_BODY: usize = 512 * 1024;
/// Who is not signed in has nothing longer to say.
const LONGEST_BODY_OF_STRANGERS: usize = 16 * 1024;

const TOO_SLOW: &str = "What was sent did not arrive whole in time, so nothing was changed. Check your connection, then try again.";
const BROKEN_OFF: &str = "What was sent broke off on the way, so nothing was changed. Try again.";
const NO_TEXT: &str =
    "What was sent is not text in UTF-8, so nothing was changed. Send it as UTF-8.";

/// Waits until the body is there, so that whatever comes after has it whole: nobody
/// holds a task, or more memory than they may, by sending slowly.
pub async fn whole(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let reader = Reader::of(&site, request.headers());
    let longest = match request.extensions().get::<Caller>() {
        Some(_) => LONGEST_BODY,
        None => LONGEST_BODY_OF_STRANGERS,
    };
    let announced: Option<usize> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > longest) {
        return too_large(&reader, longest);
    }
    let (parts, body) = request.into_parts();
    match timeout(
        site.services.config.connections.body,
        to_bytes(body, longest),
    )
    .await
    {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(error)) => match error.into_inner().downcast::<LengthLimitError>() {
            Ok(_) => too_large(&reader, longest),
            Err(_) => last_answer(reader.turn_away(StatusCode::BAD_REQUEST, BROKEN_OFF)),
        },
        Err(_) => last_answer(reader.turn_away(StatusCode::REQUEST_TIMEOUT, TOO_SLOW)),
    }
}

fn too_large(reader: &Reader, longest: usize) -> Response {
    let longest = longest / 1024;
    let sentence = format!(
        "What was sent is larger than {longest} KB, so nothing was changed. Shorten it and try again."
    );
    last_answer(reader.turn_away(StatusCode::PAYLOAD_TOO_LARGE, &sentence))
}

/// What comes after a body that was not read is nothing that could be answered.
fn last_answer(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Refuses fields that are not text: they would be kept with replacement characters in
/// the place of what somebody wrote.
pub async fn only_text(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reader = Reader::of(&site, request.headers());
    let (parts, body) = request.into_parts();
    // It is there whole, see above.
    let body = to_bytes(body, LONGEST_BODY)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let query = parts.uri.query().unwrap_or_default();
    if !is_text(query.as_bytes()) || !is_text(&body) {
        return reader.turn_away(StatusCode::BAD_REQUEST, NO_TEXT);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn is_text(url_encoded: &[u8]) -> bool {
    percent_decode(url_encoded).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_text_raw_and_encoded() {
        for text in ["", "a=1&b=%C3%A9", "a=\u{e9}", "a=%EF%BF%BD", "a=100%"] {
            assert!(is_text(text.as_bytes()), "{text}");
        }
        for bytes in [&b"a=%FF"[..], b"a=\xff", b"a=%C3&b=%A9", b"a=%ED%A0%80"] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
    }
}
