//! The files that the browser loads, embedded in the binary. A debug build
//! reads them from disk at run time. Their names change with their contents,
//! so a browser may keep them for ever.

use app::{WatchScript, chunks::Chunk};
use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use leptos::config::LeptosOptions;
use rust_embed::{Embed, EmbeddedFile};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

const FOREVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable, no-transform");

/// Where a release has the script that watches how pages are taken over.
const WATCH: &str = "takeover.js";

#[derive(Embed)]
#[folder = "../target/site"]
struct Files;

/// The options that the pages' scripts and stylesheet are named by.
pub fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder()
        .output_name(text("output-name").trim().to_owned())
        .site_pkg_dir("pkg")
        .build()
}

/// Where the code is that only some pages need.
#[derive(Clone)]
pub struct ChunkAddresses(Arc<HashMap<String, Vec<String>>>);

impl ChunkAddresses {
    pub fn of_site() -> Self {
        Self::read(&text("chunks"))
    }

    /// From a line for each chunk: its name and its files.
    fn read(list: &str) -> Self {
        let chunks = list.lines().filter_map(|line| {
            let (name, files) = line.split_once(' ')?;
            let addresses = files.split(' ').map(|file| format!("/pkg/{file}"));
            Some((name.to_owned(), addresses.collect()))
        });
        Self(Arc::new(chunks.collect()))
    }

    /// The addresses of what a page needs besides what every page needs.
    pub fn of_page(&self, page: &Uri) -> &[String] {
        Chunk::of(page.path())
            .and_then(|chunk| self.0.get(chunk.name()))
            .map_or(&[], Vec::as_slice)
    }
}

/// The script in the head of each page, as small as the build made it.
pub fn watch_script() -> WatchScript {
    let small = text(WATCH);
    WatchScript::new((!small.is_empty()).then_some(&*small))
}

/// What the build left about the site; nothing before the first build.
fn text(file: &str) -> String {
    Files::get(file)
        .and_then(|file| String::from_utf8(file.data.into_owned()).ok())
        .unwrap_or_default()
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
    let mut response = Response::new(Body::from(bytes(file.data)));
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What is part of the program is sent from where it is.
fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
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
    fn a_page_needs_the_files_of_its_chunk() {
        let chunks = ChunkAddresses::read("rotation both.wasm r.wasm\noccasional both.wasm\n");
        let of_page = |page| chunks.of_page(&Uri::from_static(page));
        assert_eq!(of_page("/rotations/1"), ["/pkg/both.wasm", "/pkg/r.wasm"]);
        assert_eq!(of_page("/settings?from=1"), ["/pkg/both.wasm"]);
        assert!(of_page("/rotations").is_empty());
        assert!(of_page("/settings/integrations").is_empty());
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
