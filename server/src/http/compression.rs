//! Compresses what is made anew for each answer: pages and what server functions
//! return. Such a body is whole before it is sent, so its length is known, and with
//! it how much memory the compression needs. A compressor for streams sets up
//! megabytes for each page, which took three times as long as compressing it.

use super::assets::accepts_brotli;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use brotli::enc::{BrotliCompress, BrotliEncoderParams};
use std::{io, ops::RangeInclusive};

/// The next level takes two thirds more time for a twelfth fewer bytes.
const QUALITY: i32 = 3;
/// A short answer fits into one packet anyway.
pub const SHORTEST: u16 = 1024;
/// How far back a compressor looks, as powers of two: the library is slower with
/// less, and has no more without an extension of the format.
const WINDOWS: RangeInclusive<u32> = 17..=22;

/// For whoever takes Brotli, as browsers do; the others are left to the layer around
/// this one, which must leave short answers as they are as well.
pub async fn with_brotli(request: Request, next: Next) -> Response {
    let accepted = accepts_brotli(request.headers());
    let response = next.run(request).await;
    if !accepted || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "an answer broke off before it was compressed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let compressed = (body.len() >= usize::from(SHORTEST)).then(|| compress(&body));
    let Some(Ok(compressed)) = compressed else {
        return Response::from_parts(head, Body::from(body));
    };
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    head.headers
        .append(header::VARY, HeaderValue::from_static("accept-encoding"));
    Response::from_parts(head, Body::from(compressed))
}

fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let window = usize::BITS - body.len().leading_zeros();
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: window.clamp(*WINDOWS.start(), *WINDOWS.end()) as i32,
        size_hint: body.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::with_capacity(body.len() / 8);
    BrotliCompress(&mut &body[..], &mut compressed, &params)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::HeaderMap, middleware::from_fn, routing::get};
    use tower::ServiceExt as _;

    async fn answer(body: &'static str, accepts: &str) -> (HeaderMap, Vec<u8>) {
        let router = Router::new()
            .route("/", get(async move || body))
            .layer(from_fn(with_brotli));
        let request = Request::get("/")
            .header(header::ACCEPT_ENCODING, accepts)
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let headers = response.headers().clone();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (headers, body.to_vec())
    }

    fn page() -> &'static str {
        Box::leak("Who is on duty? ".repeat(10_000).into_boxed_str())
    }

    #[tokio::test]
    async fn what_is_compressed_is_the_same_when_it_is_unpacked() {
        let page = page();
        let (headers, body) = answer(page, "gzip, br").await;
        assert_eq!(headers[header::CONTENT_ENCODING], "br");
        assert_eq!(headers[header::VARY], "accept-encoding");
        assert!(body.len() < page.len() / 10);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &body[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, page.as_bytes());
    }

    #[tokio::test]
    async fn short_answers_and_other_browsers_get_what_there_is() {
        for (body, accepts) in [("short", "br"), (page(), "gzip")] {
            let (headers, answered) = answer(body, accepts).await;
            assert!(!headers.contains_key(header::CONTENT_ENCODING));
            assert_eq!(answered, body.as_bytes());
        }
    }
}
