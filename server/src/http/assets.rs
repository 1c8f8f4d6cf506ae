//! The files that the browser loads, embedded in the binary. A debug build
//! reads them from disk at run time. Their names change with their contents,
//! so a browser may keep them for ever.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::config::LeptosOptions;
use rust_embed::{Embed, EmbeddedFile};

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

#[derive(Embed)]
#[folder = "../target/site"]
struct Files;

/// The options that the pages' scripts and stylesheet are named by.
pub fn leptos_options() -> LeptosOptions {
    let name = Files::get("output-name")
        .and_then(|file| String::from_utf8(file.data.into_owned()).ok())
        .unwrap_or_default();
    LeptosOptions::builder()
        .output_name(name.trim().to_owned())
        .site_pkg_dir("pkg")
        .build()
}

/// The address of the stylesheet.
pub fn stylesheet(options: &LeptosOptions) -> String {
    format!("/{}/{}.css", options.site_pkg_dir, options.output_name)
}

/// Serves a file of the site, compressed beforehand when the browser takes it.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("pkg/{file}");
    let compressed = accepts_brotli(&headers)
        .then(|| Files::get(&format!("{path}.br")))
        .flatten();
    match compressed {
        Some(compressed) => {
            let mut response = answer(&path, compressed);
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            response
        }
        None => match Files::get(&path) {
            Some(file) => answer(&path, file),
            None => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
        },
    }
}

fn answer(path: &str, file: EmbeddedFile) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == mime_guess::mime::TEXT {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_str(&kind).ok()),
        (header::CACHE_CONTROL, Some(FOREVER)),
        (
            header::VARY,
            Some(HeaderValue::from_static("accept-encoding")),
        ),
    ];
    let mut response = Response::new(Body::from(file.data.into_owned()));
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether whoever asks takes Brotli.
pub fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            parts.next() == Some("br")
                && !parts.any(|weight| {
                    weight
                        .strip_prefix("q=")
                        .is_some_and(|q| q.parse() == Ok(0.0))
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(offers: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(offers));
        accepts_brotli(&headers)
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it_only() {
        assert!(accepts("gzip, deflate, br, zstd"));
        assert!(accepts("br;q=0.5"));
        assert!(!accepts("gzip, br;q=0"));
        assert!(!accepts("gzip;q=1.0, broken"));
        assert!(!accepts_brotli(&HeaderMap::new()));
    }

    #[test]
    fn modules_and_scripts_have_the_types_that_browsers_insist_on() {
        for (path, kind) in [
            ("pkg/roundrobin.js", "text/javascript; charset=utf-8"),
            ("pkg/roundrobin_bg.wasm", "application/wasm"),
            ("pkg/roundrobin.css", "text/css; charset=utf-8"),
        ] {
            let file = Files::get("output-name").unwrap();
            assert_eq!(answer(path, file).headers()[header::CONTENT_TYPE], kind);
        }
    }
}
