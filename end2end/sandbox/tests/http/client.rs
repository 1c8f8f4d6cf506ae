//! A tiny client over the router, without a port.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use jiff::Timestamp;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

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

    /// A bot token with these scopes, separated by commas.
    pub async fn bot(&self, scopes: &str) -> String {
        let scopes: Vec<&str> = scopes.split(',').collect();
        let installed = self.control("/slack/install", json!({"scopes": scopes}));
        let token = installed.await["bot_token"].clone();
        token.as_str().expect("a token").to_owned()
    }

    /// A token by which the app changes groups in the person's name.
    pub async fn user_token(&self, person: &str) -> String {
        const REDIRECT: (&str, &str) = (
            "redirect_uri",
            "http://127.0.0.1:3000/api/auth/slack/callback",
        );
        let credentials = self.told("/credentials").await["slack"].clone();
        let given = |name: &str| credentials[name].as_str().expect("a text").to_owned();
        let (id, secret) = (given("client_id"), given("client_secret"));
        let fields = [
            ("client_id", id.as_str()),
            ("user_scope", "usergroups:read,usergroups:write"),
            REDIRECT,
            ("state", "the state"),
            ("decision", "allow"),
        ];
        let cookie = format!("sandbox_person={person}");
        let cookie = [("cookie", cookie.as_str())];
        let allowed = self
            .form("/slack/oauth/v2/authorize", &cookie, &fields)
            .await;
        let back = Url::parse(allowed.header("location")).expect("an address");
        let code = back.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.expect("a code");
        let fields = [
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
            ("code", code.as_ref()),
            REDIRECT,
        ];
        let answer = self.form("/slack/api/oauth.v2.access", &[], &fields).await;
        let answer = answer.json();
        assert_eq!(answer.get("access_token"), None, "there is no bot token");
        assert_eq!(answer["authed_user"]["token_type"], "user");
        let token = answer["authed_user"]["access_token"].as_str();
        token.expect("a token").to_owned()
    }

    /// A method of Slack's with its parameters in a form, as every method takes them.
    pub async fn slack(&self, token: &str, method: &str, params: &[(&str, &str)]) -> Answer {
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str())];
        self.form(&format!("/slack/api/{method}"), &headers, params)
            .await
    }

    /// The same for what is expected to be done.
    pub async fn done(&self, token: &str, method: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.slack(token, method, params).await.json();
        assert_eq!(answer["ok"], true, "{method} {params:?}: {answer}");
        answer
    }

    /// Slack's word for why it is not.
    pub async fn refusal(&self, token: &str, method: &str, params: &[(&str, &str)]) -> String {
        let answer = self.slack(token, method, params).await.json();
        assert_eq!(answer["ok"], false, "{method} {params:?}: {answer}");
        answer["error"].as_str().expect("a word").to_owned()
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
