//! A stand-in for PagerDuty within the test's own process, which notes what it
//! was asked. It knows nothing of PagerDuty: each test says what is answered.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;
use url::Url;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

pub struct Stub {
    pub url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// Starts one that gives `answer` to every request, told its path and query.
    pub async fn start<A>(answer: impl Fn(&str) -> A + Clone + Send + Sync + 'static) -> Self
    where
        A: IntoResponse,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        let handler = move |request: Request| {
            let (notes, answer) = (Arc::clone(&notes), answer.clone());
            async move {
                let noted = note(request).await;
                let response = answer(&noted.target).into_response();
                notes.lock().expect("notes").push(noted);
                response
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self {
            url: Url::parse(&format!("http://{address}")).expect("an address"),
            asked,
        }
    }

    /// Starts one that gives the same status and body to every request.
    pub async fn always(status: u16, body: &'static str) -> Self {
        Self::start(move |_| (StatusCode::from_u16(status).expect("a status"), body)).await
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("notes").clone()
    }

    /// Paths and queries of what it was asked so far.
    pub fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.target).collect()
    }
}

/// Begins with `start` and then continues as `rest` does.
pub fn streaming(
    start: &'static str,
    rest: impl Stream<Item = io::Result<&'static str>> + Send + 'static,
) -> Response {
    let first = stream::iter([Ok(start)]);
    Response::new(Body::from_stream(first.chain(rest)))
}

/// The end of a body whose connection is lost, a moment after what came before
/// has been sent.
pub fn breaking_off() -> impl Stream<Item = io::Result<&'static str>> {
    stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(io::Error::other("gone"))
    })
}

async fn note(request: Request) -> Asked {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a whole body");
    Asked {
        target: head.uri.path_and_query().expect("a path").to_string(),
        method: head.method,
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).expect("a text"),
    }
}
