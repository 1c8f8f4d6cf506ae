//! Stands between the server and the stand-in for PagerDuty and Slack, and spoils
//! the answers that one workspace gets to one question, while the others get the
//! truth. Which workspace asks is told by the credential in the request.
//!
//! The stand-in's Slack has one workspace with people. Here each of many is that
//! one: its id is exchanged on the way in both directions.

use super::answers::{Spoil, spoilt};
use crate::support::sandbox::Sandbox;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use url::form_urlencoded;

/// The stand-in's workspace in Slack.
const TEAM: &str = "T01LIGHTHSE";

/// What the product asks, of PagerDuty first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    Schedules,
    ShiftBasedSchedules,
    Schedule,
    ShiftBasedSchedule,
    Users,
    User,
    Tokens,
    Members,
    Member,
    TokenTest,
    Identity,
    Installation,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schedules => "GET /schedules",
            Self::ShiftBasedSchedules => "GET /v3/schedules",
            Self::Schedule => "GET /schedules/{id}",
            Self::ShiftBasedSchedule => "GET /v3/schedules/{id}",
            Self::Users => "GET /users",
            Self::User => "GET /users/{id}",
            Self::Tokens => "POST /oauth/token",
            Self::Members => "users.list",
            Self::Member => "users.info",
            Self::TokenTest => "auth.test",
            Self::Identity => "openid.connect.token",
            Self::Installation => "oauth.v2.access",
        })
    }
}

impl Question {
    fn of(path: &str) -> Option<Self> {
        if let Some(method) = path.strip_prefix("/slack/api/") {
            return match method {
                "users.list" => Some(Self::Members),
                "users.info" => Some(Self::Member),
                "auth.test" => Some(Self::TokenTest),
                "openid.connect.token" => Some(Self::Identity),
                "oauth.v2.access" => Some(Self::Installation),
                _ => None,
            };
        }
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["schedules"] => Some(Self::Schedules),
            ["v3", "schedules"] => Some(Self::ShiftBasedSchedules),
            ["schedules", _] => Some(Self::Schedule),
            ["v3", "schedules", _] => Some(Self::ShiftBasedSchedule),
            ["users"] => Some(Self::Users),
            ["users", _] => Some(Self::User),
            ["identity", "oauth", "token"] => Some(Self::Tokens),
            _ => None,
        }
    }

    pub const fn is_of_slack(self) -> bool {
        matches!(
            self,
            Self::Members | Self::Member | Self::TokenTest | Self::Identity | Self::Installation
        )
    }
}

/// What comes in place of an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    Html,
    Empty,
    /// Half of it, and then the connection breaks.
    CutOff,
}

impl Instead {
    pub const ALL: [Self; 3] = [Self::Html, Self::Empty, Self::CutOff];

    fn response(self) -> Response {
        match self {
            Self::Html => {
                let page = "<!doctype html><title>Gateway</title><h1>Something went wrong</h1>";
                ([(header::CONTENT_TYPE, "text/html")], page).into_response()
            }
            Self::Empty => ().into_response(),
            Self::CutOff => {
                let broken = std::io::Error::other("the connection breaks");
                let half = Ok(Bytes::from_static(br#"{"error":{"message":"So"#));
                let body = Body::from_stream(stream::iter([half, Err(broken)]));
                ([(header::CONTENT_TYPE, "application/json")], body).into_response()
            }
        }
    }
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    Spoilt(Spoil),
    Status(u16, Instead),
    /// Slack's way to refuse, with one of its words.
    Refused(&'static str),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spoilt(spoil) => spoil.fmt(f),
            Self::Status(status, instead) => write!(f, "{status} {instead:?}"),
            Self::Refused(word) => write!(f, "error {word}"),
        }
    }
}

/// What one workspace is answered.
#[derive(Default)]
struct Line {
    workspace: String,
    oddities: HashMap<Question, Oddity>,
    /// The question that was last made odd, and how many answers to it were since.
    struck: Option<(Question, u32)>,
    /// The last true answer to each question.
    told: HashMap<Question, Value>,
}

/// A running proxy.
#[derive(Clone)]
pub struct Proxy {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    sandbox: Sandbox,
    /// Left out of the list of PagerDuty's people, so that they are asked for.
    unlisted: &'static str,
    /// Of which schedule of each kind the answers are spoilt.
    spoilt: [&'static str; 2],
    lines: Mutex<Vec<Line>>,
    /// Whose each credential, code or token is.
    owners: Mutex<HashMap<String, usize>>,
}

impl Proxy {
    /// One in front of the stand-in. Only answers about the schedules of `spoilt`
    /// are ever odd, so that the others of a workspace show what must not suffer.
    pub async fn start(
        sandbox: &Sandbox,
        spoilt: [&'static str; 2],
        unlisted: &'static str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::new(Inner {
                sandbox: sandbox.clone(),
                unlisted,
                spoilt,
                lines: Mutex::default(),
                owners: Mutex::default(),
            }),
        };
        let router = Router::new().fallback(pass).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        proxy
    }

    /// A line for one more workspace.
    pub fn line(&self, workspace: &str) -> usize {
        let mut lines = self.inner.lines.lock().unwrap();
        lines.push(Line {
            workspace: workspace.to_owned(),
            ..Line::default()
        });
        lines.len() - 1
    }

    /// Requests with this credential, code or token are of that line.
    pub fn belongs(&self, credential: &str, line: usize) {
        let mut owners = self.inner.owners.lock().unwrap();
        owners.insert(credential.to_owned(), line);
    }

    /// From now on the answers to a question are odd.
    pub fn spoil(&self, line: usize, question: Question, oddity: Oddity) {
        self.with(line, |line| {
            line.oddities.insert(question, oddity);
            line.struck = Some((question, 0));
        });
    }

    /// From now on all answers are true. Tells how many were odd to the question
    /// that was last made so.
    pub fn tell_the_truth(&self, line: usize) -> u32 {
        self.with(line, |line| {
            line.oddities.clear();
            line.struck.map_or(0, |(_, count)| count)
        })
    }

    /// The last true answer to a question.
    pub fn told(&self, line: usize, question: Question) -> Option<Value> {
        self.with(line, |line| line.told.get(&question).cloned())
    }

    /// The id by which the stand-in knows the workspace of whatever `text` says.
    pub fn inward(&self, line: usize, text: &str) -> String {
        self.with(line, |line| text.replace(&line.workspace, TEAM))
    }

    fn with<T>(&self, line: usize, look: impl FnOnce(&mut Line) -> T) -> T {
        look(&mut self.inner.lines.lock().unwrap()[line])
    }

    fn owner(&self, headers: &HeaderMap, form: &[u8]) -> Option<usize> {
        let owners = self.inner.owners.lock().unwrap();
        let authorization = headers.get(header::AUTHORIZATION);
        let shown = authorization.and_then(|value| value.to_str().ok());
        let credential = shown.and_then(|shown| {
            let key = shown.strip_prefix("Token token=");
            key.or_else(|| shown.strip_prefix("Bearer "))
        });
        if let Some(line) = credential.and_then(|credential| owners.get(credential)) {
            return Some(*line);
        }
        let mut fields = form_urlencoded::parse(form);
        fields.find_map(|(_, value)| owners.get(value.as_ref()).copied())
    }

    /// Whether a question about this path may be answered oddly.
    fn may_be_odd(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            [.., "schedules", id] => self.inner.spoilt.contains(id),
            _ => true,
        }
    }

    /// The stand-in's answer, as this workspace sees it.
    async fn truth(&self, line: usize, request: Request) -> (HeaderMap, StatusCode, Vec<u8>) {
        let (mut parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let uri = self.inward(line, &parts.uri.to_string());
        parts.uri = uri.parse().unwrap();
        let body = self.inward(line, &String::from_utf8_lossy(&body));
        parts.headers.remove(header::CONTENT_LENGTH);
        let request = Request::from_parts(parts, Body::from(body));
        let (parts, body) = self.inner.sandbox.answer(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.headers, parts.status, body.to_vec())
    }

    /// The answer with this workspace in it, and what else differs for it.
    fn outward(&self, line: usize, question: Option<Question>, body: &[u8]) -> Option<Value> {
        let text = String::from_utf8_lossy(body);
        let workspace = self.with(line, |line| line.workspace.clone());
        let mut answer: Value = serde_json::from_str(&text.replace(TEAM, &workspace)).ok()?;
        if let Some(Value::String(token)) = answer.get_mut("id_token") {
            super::answers::with_claims(token, |claims| {
                serde_json::from_str(&claims.to_string().replace(TEAM, &workspace)).unwrap()
            });
        }
        if question == Some(Question::Users)
            && let Some(Value::Array(users)) = answer.get_mut("users")
        {
            users.retain(|user| user["id"] != self.inner.unlisted);
        }
        Some(answer)
    }

    fn learn(&self, line: usize, question: Question, answer: &Value) {
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.belongs(token, line);
            }
        }
        self.with(line, |line| line.told.insert(question, answer.clone()));
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let Some(line) = self.owner(&parts.headers, &body) else {
            let request = Request::from_parts(parts, Body::from(body));
            return self.inner.sandbox.answer(request).await;
        };
        let path = parts.uri.path().to_owned();
        let renews = form_urlencoded::parse(&body).any(|(name, _)| name == "refresh_token");
        let request = Request::from_parts(parts, Body::from(body));
        let question = Question::of(&path);
        let oddity = question
            .filter(|_| self.may_be_odd(&path))
            .and_then(|question| {
                self.with(line, |line| {
                    let oddity = line.oddities.get(&question).cloned();
                    if let Some((watched, count)) = &mut line.struck
                        && *watched == question
                    {
                        *count += u32::from(oddity.is_some());
                    }
                    oddity
                })
            });
        let spoil = match oddity {
            Some(Oddity::Status(status, instead)) => {
                let mut response = instead.response();
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                return response;
            }
            Some(Oddity::Refused(word)) => {
                return axum::Json(json!({"ok": false, "error": word})).into_response();
            }
            // A refresh token serves once. Had the stand-in taken it, a spoilt pair
            // would have ended the login for good, which is nobody's fault here.
            Some(Oddity::Spoilt(spoil)) if renews => {
                let mut pair = self.told(line, Question::Tokens).unwrap();
                pair.as_object_mut().unwrap().remove("id_token");
                return text(&spoilt(&pair, &spoil).unwrap_or_else(|| pair.to_string()));
            }
            Some(Oddity::Spoilt(spoil)) => Some(spoil),
            None => None,
        };
        let (headers, status, body) = self.truth(line, request).await;
        let Some(answer) = self.outward(line, question, &body) else {
            return respond(headers, status, body);
        };
        if let Some(question) = question.filter(|_| status.is_success() && self.may_be_odd(&path)) {
            self.learn(line, question, &answer);
        }
        let spoilt = spoil.and_then(|spoil| spoilt(&answer, &spoil));
        let body = spoilt.unwrap_or_else(|| answer.to_string());
        respond(headers, status, body.into_bytes())
    }
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    proxy.answer(request).await
}

fn text(body: &str) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], body.to_owned()).into_response()
}

fn respond(mut headers: HeaderMap, status: StatusCode, body: Vec<u8>) -> Response {
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    (status, headers, body).into_response()
}
