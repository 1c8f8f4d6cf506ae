//! The stand-in as a measurement uses it: told what to do, and asked what it saw.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::{self, Request};
use crate::processes::Process;
use crate::product;

/// What PagerDuty allows each credential in a minute.
const USUAL_LIMIT: u32 = 960;

pub struct Sandbox {
    pub port: u16,
    pub credentials: Value,
    _process: Process,
}

/// What one credential asked.
pub struct Traffic {
    pub total: f64,
    pub busiest_minute: f64,
    pub at_once: f64,
}

impl Sandbox {
    pub fn start(built: &str) -> Result<Self> {
        let port = http::free_port()?;
        let (process, credentials) = product::start_sandbox(built, port)?;
        Ok(Self {
            port,
            credentials,
            _process: process,
        })
    }

    /// Calls `/_control/…`, which must agree.
    pub fn control(&self, path: &str, order: &Value) -> Result<Value> {
        self.call(&Request {
            method: "POST",
            path: &format!("/_control/{path}"),
            headers: &[("Content-Type", "application/json")],
            body: &order.to_string(),
        })
    }

    pub fn ask(&self, path: &str) -> Result<Value> {
        self.call(&Request::get(&format!("/_control/{path}"), &[]))
    }

    fn call(&self, request: &Request<'_>) -> Result<Value> {
        let answer = http::send(self.port, request)?;
        let (path, body) = (request.path, &answer.body);
        ensure!(answer.status < 300, "the sandbox refused {path}: {body}");
        match body.as_str() {
            "" => Ok(Value::Null),
            body => serde_json::from_str(body)
                .with_context(|| format!("the sandbox answered {path} with {body}")),
        }
    }

    /// One more key of the account.
    pub fn new_key(&self) -> Result<String> {
        let answer = self.control("pagerduty/keys", &json!({}))?;
        let key = answer["api_key"].as_str();
        Ok(key.context("the sandbox made no key")?.to_owned())
    }

    /// Counts requests no longer, or again as PagerDuty does.
    pub fn limit_requests(&self, limited: bool) -> Result<()> {
        let per_minute = if limited { USUAL_LIMIT } else { 1_000_000 };
        let order = json!({ "per_minute": per_minute });
        self.control("pagerduty/rate-limit", &order).map(|_| ())
    }

    pub fn forget_traffic(&self) -> Result<()> {
        self.control("counters/reset", &json!({})).map(|_| ())
    }

    /// How often an endpoint of PagerDuty's was asked, whoever asked.
    pub fn count(&self, endpoint: &str) -> Result<f64> {
        let counters = self.ask("counters")?;
        let endpoints = counters["pagerduty"]["endpoints"].as_array();
        let found = endpoints
            .into_iter()
            .flatten()
            .find(|one| one["endpoint"] == endpoint);
        Ok(found.and_then(|one| one["count"].as_f64()).unwrap_or(0.0))
    }

    pub fn traffic(&self, key: &str) -> Result<Traffic> {
        let counters = self.ask("counters")?;
        let keys = counters["pagerduty"]["keys"].as_array();
        let found = keys.into_iter().flatten().find(|one| {
            one["ending"]
                .as_str()
                .is_some_and(|ending| key.ends_with(ending))
        });
        let number = |name: &str| found.and_then(|one| one[name].as_f64()).unwrap_or(0.0);
        Ok(Traffic {
            total: number("total"),
            busiest_minute: number("busiest_minute"),
            at_once: number("at_once"),
        })
    }
}
