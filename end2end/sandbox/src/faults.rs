//! Bad weather on request: wrong statuses, slow or broken answers, missing headers. Clients must act on
//! the status and treat bodies as optional text, and this is how that is shown.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{counters::Side, slack::params::Fields};

/// What a fault does to the answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// The side's own error envelope.
    Json,
    ErrorString,
    ErrorArray,
    ErrorsString,
    ErrorsMap,
    MissingScopes,
    Html,
    Empty,
    /// Half of the answer, and its length says so.
    Truncated,
    /// Half of the answer, then the connection breaks.
    CutOff,
    /// The connection breaks before the first byte.
    Reset,
    /// JSON of the right keys with values of the wrong types.
    WrongTypes,
    /// Every list empty, and yet there is more to come.
    NoRows,
    /// Every row of a list is 100 KB long.
    Heavy,
}

/// By how much [`BodyKind::Heavy`] makes a row longer.
const HEAVY_BYTES: usize = 100 * 1024;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub side: Side,
    /// The beginning of the request's path, `/slack` and `/identity` left out; everything without it.
    pub path: Option<String>,
    /// One parameter of the query, as it is written: strikes only requests with it.
    pub query: Option<String>,
    /// Part of the header `Authorization`: strikes only requests with this key or token.
    pub token: Option<String>,
    /// Slack's parameters, wherever they stand: strikes only requests with all of them.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    pub status: Option<u16>,
    pub body: Option<BodyKind>,
    /// Fields that the answer gets, or that differ in it, when it is a JSON object.
    #[serde(default)]
    pub fields: Map<String, Value>,
    #[serde(default)]
    pub delay_ms: u64,
    /// The answer is made at once and sent late: what it changed has happened, even if nobody waits for it.
    #[serde(default)]
    pub after: bool,
    /// Leaves out the rate limit headers, `Retry-After`, `x-request-id` and `x-oauth-scopes`, and does not
    /// set `Date`.
    #[serde(default)]
    pub without_headers: bool,
    /// Headers to set, for example `{"retry-after": "3"}`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// For how long it stands. A 429 then says how much of it is left.
    pub seconds: Option<u64>,
    /// How many requests it applies to; until it is cleared without it.
    pub times: Option<u32>,
    /// Strikes only each so-manieth of the requests that it fits, beginning with the first.
    pub every: Option<u32>,
}

impl Fault {
    /// What could only be noticed when the fault strikes is refused when it is set.
    pub fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status {
            StatusCode::from_u16(status)
                .ok()
                .filter(|status| status.as_u16() >= 200)
                .ok_or_else(|| format!("{status} is no status of an answer"))?;
        }
        for (name, value) in &self.headers {
            if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
                return Err(format!("{name:?} with {value:?} is no header"));
            }
        }
        Ok(())
    }
}

impl Fault {
    fn fits(&self, target: Target<'_>) -> bool {
        let begins = |prefix: &str| target.path.starts_with(prefix);
        let has = |wanted: &str| target.query.split('&').any(|parameter| parameter == wanted);
        let carries = |token: &str| target.authorization.contains(token);
        let says = |(name, value): (&String, &String)| {
            let given = target.params.get(name);
            given.is_some_and(|values| values.last() == Some(value))
        };
        self.side == target.side
            && self.params.iter().all(says)
            && self.path.as_deref().is_none_or(begins)
            && self.query.as_deref().is_none_or(has)
            && self.token.as_deref().is_none_or(carries)
    }
}

/// Counts a request that fits; whether it is one to strike.
fn its_turn(fitted: &mut BTreeMap<u32, u32>, fault: u32, every: Option<u32>) -> bool {
    let Some(every) = every else {
        return true;
    };
    let count = fitted.entry(fault).or_default();
    let strikes = count.is_multiple_of(every.max(1));
    *count += 1;
    strikes
}

#[derive(Default)]
pub struct Faults {
    made: u32,
    standing: Vec<(u32, Fault)>,
    /// When those end that stand for some seconds.
    ends: BTreeMap<u32, Instant>,
    /// How many requests each fault with an `every` has fitted.
    fitted: BTreeMap<u32, u32>,
}

/// A request as far as faults look at it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub side: Side,
    pub path: &'a str,
    pub query: &'a str,
    pub authorization: &'a str,
    /// Of the query and the body.
    pub params: &'a Fields,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) -> u32 {
        self.made += 1;
        if let Some(seconds) = fault.seconds {
            let end = Instant::now() + Duration::from_secs(seconds);
            self.ends.insert(self.made, end);
        }
        self.standing.push((self.made, fault));
        self.made
    }

    pub fn clear(&mut self, id: Option<u32>, side: Option<Side>) {
        self.standing.retain(|(of, fault)| {
            id.is_some_and(|id| id != *of) || side.is_some_and(|side| side != fault.side)
        });
    }

    pub fn report(&self) -> Vec<Value> {
        self.standing
            .iter()
            .map(|(id, fault)| json!({"id": id, "fault": fault}))
            .collect()
    }

    /// The oldest fault that fits, used up by one.
    pub fn strike(&mut self, target: Target<'_>) -> Option<Fault> {
        let now = Instant::now();
        let ends = &self.ends;
        self.standing
            .retain(|(id, _)| ends.get(id).is_none_or(|end| *end > now));
        let fitted = &mut self.fitted;
        let place = self
            .standing
            .iter()
            .position(|(id, fault)| fault.fits(target) && its_turn(fitted, *id, fault.every))?;
        let times = &mut self.standing[place].1.times;
        *times = times.map(|left| left.saturating_sub(1));
        let used_up = *times == Some(0);
        let mut fault = self.standing[place].1.clone();
        if let Some(end) = self.ends.get(&self.standing[place].0) {
            fault.seconds = Some(end.duration_since(now).as_secs() + 1);
        }
        if used_up {
            self.standing.remove(place);
        }
        Some(fault)
    }
}

/// Lets the true answer through, or what the fault makes of it.
pub async fn weathered(fault: Option<Fault>, truth: impl Future<Output = Response>) -> Response {
    let Some(fault) = fault else {
        return truth.await;
    };
    let delay = Duration::from_millis(fault.delay_ms);
    if !fault.after {
        tokio::time::sleep(delay).await;
    }
    let answer = match fault
        .status
        .and_then(|status| StatusCode::from_u16(status).ok())
    {
        Some(status) => (
            status,
            own_headers(fault.side, status, fault.seconds.unwrap_or(1)),
            error_body(fault.side, status),
        )
            .into_response(),
        None => truth.await,
    };
    let (mut parts, body) = answer.into_parts();
    if fault.without_headers {
        strip(&mut parts.headers);
    }
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            parts.headers.insert(name, value);
        }
    }
    let body = match fault.body {
        None if !fault.fields.is_empty() => {
            parts.headers.remove(header::CONTENT_LENGTH);
            with_fields(fault.fields, body).await
        }
        Some(kind) => {
            // The true length would contradict the body that replaces it.
            parts.headers.remove(header::CONTENT_LENGTH);
            if kind == BodyKind::Html {
                parts
                    .headers
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
            }
            spoiled(kind, body).await
        }
        None => body,
    };
    if fault.after {
        tokio::time::sleep(delay).await;
    }
    Response::from_parts(parts, body)
}

async fn with_fields(fields: Map<String, Value>, body: Body) -> Body {
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match serde_json::from_slice(&whole) {
        Ok(Value::Object(mut answer)) => {
            answer.extend(fields);
            Body::from(Value::Object(answer).to_string())
        }
        _ => Body::from(whole),
    }
}

/// What the service sends along with a refusal. `wait_seconds` is how long it wants to be left alone.
fn own_headers(side: Side, status: StatusCode, wait_seconds: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if status == StatusCode::TOO_MANY_REQUESTS {
        match side {
            Side::Slack => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_seconds));
            }
            Side::PagerDuty => {
                headers.insert("ratelimit-limit", HeaderValue::from_static("960"));
                headers.insert("ratelimit-remaining", HeaderValue::from_static("0"));
                headers.insert("ratelimit-reset", HeaderValue::from(wait_seconds));
            }
            Side::Identity => {}
        }
    }
    headers
}

fn error_body(side: Side, status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = match (side, status.as_u16()) {
        (Side::Slack, 429) => json!({"ok": false, "error": "ratelimited"}),
        (Side::Slack, 503) => json!({"ok": false, "error": "service_unavailable"}),
        (Side::Slack, _) => json!({"ok": false, "error": "internal_error"}),
        (Side::PagerDuty, status) => {
            json!({"error": {"message": reason, "code": code_for(status), "errors": [reason]}})
        }
        (Side::Identity, status) => {
            json!({"error": oauth_error_for(status), "error_description": reason})
        }
    };
    body.to_string()
}

fn code_for(status: u16) -> u32 {
    match status {
        400 => 2001,
        401 => 2006,
        402 => 2012,
        403 => 2010,
        404 => 2100,
        429 => 2020,
        _ => 2000,
    }
}

fn oauth_error_for(status: u16) -> &'static str {
    match status {
        400 => "invalid_request",
        401 => "invalid_client",
        403 => "access_denied",
        429 | 503 => "temporarily_unavailable",
        _ => "server_error",
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in [
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "x-request-id",
        "x-oauth-scopes",
    ] {
        headers.remove(name);
    }
}

async fn spoiled(kind: BodyKind, body: Body) -> Body {
    let whole = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(_) => Bytes::new(),
    };
    let text = match kind {
        BodyKind::Json => return Body::from(whole),
        BodyKind::Truncated => return Body::from(whole.slice(..whole.len() / 2)),
        BodyKind::CutOff => return breaking_off(whole.slice(..whole.len() / 2)),
        BodyKind::Reset => return breaking_at_once(),
        BodyKind::Empty => String::new(),
        BodyKind::Html => {
            "<!doctype html><title>Gateway</title><h1>The gateway is having a bad day</h1>"
                .to_owned()
        }
        BodyKind::ErrorString => {
            json!({"error": "Something is wrong with this request"}).to_string()
        }
        BodyKind::ErrorArray => {
            json!({"error": ["Something is wrong", "with this request"]}).to_string()
        }
        BodyKind::ErrorsString => enveloped(json!("is not valid")),
        BodyKind::ErrorsMap => enveloped(json!({"time_zone": ["is not valid"]})),
        BodyKind::MissingScopes => json!({"error": {
            "message": "Token missing required scopes",
            "required_scopes": "schedules.read users.read",
        }})
        .to_string(),
        BodyKind::WrongTypes => changed(&whole, swapped),
        BodyKind::NoRows => changed(&whole, without_rows),
        BodyKind::Heavy => changed(&whole, heavy),
    };
    Body::from(text)
}

fn enveloped(errors: Value) -> String {
    json!({"error": {"message": "Invalid Input Provided", "code": 2001, "errors": errors}})
        .to_string()
}

/// The pause lets the first half reach the client before the connection goes.
fn breaking_off(half: Bytes) -> Body {
    let sent = stream::once(async move { Ok(half) });
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(broken())
    });
    Body::from_stream(sent.chain(end))
}

/// Without a pause the server gives the connection up while the head of the answer still waits to be sent.
fn breaking_at_once() -> Body {
    Body::from_stream(stream::iter([Err::<Bytes, _>(broken())]))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "broken on request")
}

fn changed(whole: &[u8], change: impl Fn(Value) -> Value) -> String {
    serde_json::from_slice(whole)
        .map(change)
        .unwrap_or_default()
        .to_string()
}

fn without_rows(mut answer: Value) -> Value {
    for field in answer
        .as_object_mut()
        .into_iter()
        .flatten()
        .map(|(_, value)| value)
    {
        if field.is_array() {
            *field = json!([]);
        }
    }
    answer["more"] = json!(true);
    answer
}

fn heavy(mut answer: Value) -> Value {
    let ballast = "x".repeat(HEAVY_BYTES);
    let fields = answer.as_object_mut().into_iter().flatten();
    let rows = fields
        .filter_map(|(_, value)| value.as_array_mut())
        .flatten();
    for row in rows.filter_map(Value::as_object_mut) {
        row.insert("ballast".to_owned(), json!(ballast));
    }
    answer
}

fn swapped(value: Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Number(_) | Value::Bool(_) | Value::Null => json!("seven"),
        Value::Array(items) => Value::Array(items.into_iter().map(swapped).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, swapped(value)))
                .collect(),
        ),
    }
}
