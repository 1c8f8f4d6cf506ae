//! One request to the app, as Slack makes it: three seconds, and no redirects.

use std::time::{Duration, Instant};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, Request, StatusCode, Uri, header},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Delivery, signature};
use crate::{
    clock::Clock,
    slack::{SIGNING_SECRET, app::Signing},
    world::Sandbox,
};

const PATIENCE: Duration = Duration::from_secs(3);
const LONGEST_ANSWER: usize = 1 << 20;

/// What the app said, or why nothing was heard.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Slack's word for the failure instead, as `http_timeout`.
    pub said: Result<(StatusCode, Bytes), &'static str>,
    pub took_ms: u128,
}

impl Answer {
    /// Slack takes every 2xx for an acknowledgement.
    pub fn taken(&self) -> Result<&Bytes, &'static str> {
        match &self.said {
            Ok((status, body)) if status.is_success() => Ok(body),
            Ok(_) => Err("http_error"),
            Err(word) => Err(word),
        }
    }

    pub fn status(&self) -> Result<u16, &'static str> {
        self.said
            .as_ref()
            .map(|(status, _)| status.as_u16())
            .map_err(|word| *word)
    }

    /// What it says, if it says something in JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.taken().ok()?).ok()
    }
}

/// What is to be sent.
pub struct Parcel {
    pub kind: String,
    pub url: String,
    pub content_type: &'static str,
    pub body: String,
    /// The body as the record of deliveries shows it.
    pub record: Value,
    pub retry: usize,
    /// Why it comes again.
    pub retry_reason: Option<&'static str>,
}

impl Parcel {
    pub fn json(kind: &str, url: &str, body: &Value) -> Self {
        Self {
            kind: kind.to_owned(),
            url: url.to_owned(),
            content_type: "application/json",
            body: body.to_string(),
            record: body.clone(),
            retry: 0,
            retry_reason: None,
        }
    }

    pub fn form(kind: &str, url: &str, fields: &[(&str, String)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let record = fields
            .iter()
            .map(|(name, value)| {
                let value = match *name {
                    "payload" => serde_json::from_str(value).unwrap_or_default(),
                    _ => Value::from(value.as_str()),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        Self {
            kind: kind.to_owned(),
            url: url.to_owned(),
            content_type: "application/x-www-form-urlencoded",
            body,
            record: Value::Object(record),
            retry: 0,
            retry_reason: None,
        }
    }
}

/// Sends it signed, and remembers what came of it.
pub async fn send(sandbox: &Sandbox, parcel: Parcel) -> Answer {
    let now = Clock::machine();
    let signing = sandbox.world().slack.app.signing;
    let begun = Instant::now();
    let said = match tokio::time::timeout(PATIENCE, said(&parcel, signing)).await {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(_)) => Err("connection_failed"),
        Err(_) => Err("http_timeout"),
    };
    let answer = Answer {
        said,
        took_ms: begun.elapsed().as_millis(),
    };
    sandbox.world().slack.deliveries.note(Delivery {
        at: now,
        kind: parcel.kind,
        url: parcel.url,
        body: parcel.record,
        retry: parcel.retry,
        answer: answer.clone(),
    });
    answer
}

async fn said(parcel: &Parcel, signing: Signing) -> anyhow::Result<(StatusCode, Bytes)> {
    let uri: Uri = parcel.url.parse()?;
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let mut request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, format!("{host}:{port}"))
        .header(
            header::USER_AGENT,
            "Slackbot 1.0 (+https://api.slack.com/robots)",
        )
        .header(header::CONTENT_TYPE, parcel.content_type)
        .header(header::CONTENT_LENGTH, parcel.body.len());
    for (name, value) in signature::headers(SIGNING_SECRET, &parcel.body, Clock::machine(), signing)
    {
        request = request.header(name, value);
    }
    if let Some(reason) = parcel.retry_reason {
        request = request
            .header("x-slack-retry-num", parcel.retry)
            .header("x-slack-retry-reason", HeaderValue::from_static(reason));
    }
    let request = request.body(Body::from(parcel.body.clone()))?;
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender, and what goes wrong on it is told by the answer.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = to_bytes(Body::new(answer.into_body()), LONGEST_ANSWER).await?;
    Ok((status, body))
}
