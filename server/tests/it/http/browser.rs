//! A browser in miniature: sends what browsers send and keeps cookies.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use server::{Services, backend::RoundRobin, http};
use std::{collections::BTreeMap, sync::Arc};
use tower::ServiceExt as _;

pub const ORIGIN: &str = "http://127.0.0.1:3000";
const HOST: &str = "127.0.0.1:3000";

pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }
}

impl Browser {
    pub fn new(services: &Services) -> Self {
        let backend = Arc::new(RoundRobin::new(services.clone()));
        Self {
            router: http::router(services.clone(), backend),
            cookies: BTreeMap::new(),
        }
    }

    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// The cookies whose names begin so.
    pub fn cookies_named(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let names = self.cookies.keys().map(String::as_str);
        names.filter(move |name| name.starts_with(prefix))
    }

    /// Opens an address as a person does.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.send(page(path)).await
    }

    /// Sends a form as a browser without JavaScript does.
    pub async fn submit(&mut self, path: &str, form: &str, from: &str) -> Answer {
        let request = Request::post(path)
            .header(header::HOST, HOST)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::ORIGIN, ORIGIN)
            .header(header::REFERER, format!("{ORIGIN}{from}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let (parts, body) = self.stream(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Sends a request and leaves the answer's body unread.
    pub async fn stream(&mut self, mut request: Request<Body>) -> Response<Body> {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            let cookies = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}

/// The request for a page.
pub fn page(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::HOST, HOST)
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .body(Body::empty())
        .unwrap()
}

/// A request as scripts make it, from the page that is open.
pub fn fetch(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST)
        .header(header::ACCEPT, "application/json")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap()
}
