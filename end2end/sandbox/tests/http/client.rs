//! A tiny client over the router, without a port.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use jiff::Timestamp;
use sandbox::Sandbox;
use serde_json::Value;
use tower::ServiceExt;

pub const API_KEY: &str = "u+LighthouseKey_K7Qa";
pub const EU_API_KEY: &str = "e+LighthouseKey_E5Tz";
/// The pair that RFC 7636 gives in its appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const VERSION_2: &str = "application/vnd.pagerduty+json;version=2";

pub struct Client(Router);

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Err` when the connection broke before the end.
    pub body: Result<String, String>,
}

impl Answer {
    pub fn text(&self) -> &str {
        self.body.as_ref().expect("a whole body")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.text()).expect("a JSON body")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }
}

impl Client {
    pub fn new() -> Self {
        let sandbox = Sandbox::new("http://127.0.0.1:3900", Timestamp::now());
        Self(sandbox::router(sandbox))
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Body::from(body.to_owned()))
            .expect("a valid request");
        let (parts, body) = self
            .0
            .clone()
            .oneshot(request)
            .await
            .expect("an answer")
            .into_parts();
        let body = to_bytes(body, usize::MAX)
            .await
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|error| error.to_string());
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// As the product asks PagerDuty.
    pub async fn pagerduty_with(&self, key: &str, path: &str) -> Answer {
        let token = format!("Token token={key}");
        self.send(
            "GET",
            path,
            &[("authorization", &token), ("accept", VERSION_2)],
            "",
        )
        .await
    }

    pub async fn pagerduty(&self, path: &str) -> Answer {
        self.pagerduty_with(API_KEY, path).await
    }

    pub async fn with_token(&self, token: &str, path: &str) -> Answer {
        let token = format!("Bearer {token}");
        self.send(
            "GET",
            path,
            &[("authorization", &token), ("accept", VERSION_2)],
            "",
        )
        .await
    }

    pub async fn form(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send("POST", path, &headers, &body).await
    }

    pub async fn control(&self, path: &str, order: Value) -> Value {
        let answer = self
            .send("POST", &format!("/_control{path}"), &[], &order.to_string())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {:?}", answer.body);
        answer.json()
    }

    pub async fn told(&self, path: &str) -> Value {
        self.send("GET", &format!("/_control{path}"), &[], "")
            .await
            .json()
    }
}

/// The ids of those on call now, as the stand-in itself sees it.
pub async fn people_on_call(client: &Client, schedule: &str) -> Vec<String> {
    let truth = client.told(&format!("/truth/{schedule}")).await;
    truth["on_call"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}
