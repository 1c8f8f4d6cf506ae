//! Who is let in, how often, and how everybody else is refused. PagerDuty's refusals differ in status,
//! code and even shape, and the product's messages depend on telling them apart.

use std::collections::HashMap;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::{Account, Holder};

const ACCEPT: &str = "application/vnd.pagerduty+json;version=2";
const REQUESTS_PER_MINUTE: u32 = 960;

/// A refusal in PagerDuty's envelope, or in whatever shape the real service uses for it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    body: Value,
}

impl Problem {
    fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self {
            status,
            body: json!({"error": {"message": message, "code": code}}),
        }
    }

    pub fn invalid(detail: &str) -> Self {
        Self::listed(2001, "The input is not valid", detail)
    }

    pub fn time_range(code: u32, detail: &str) -> Self {
        Self::listed(code, "The time range is not valid", detail)
    }

    fn listed(code: u32, message: &str, detail: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: json!({"error": {"message": message, "code": code, "errors": [detail]}}),
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            2100,
            &format!("{what} was not found"),
        )
    }

    pub fn schedule_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, 3004, "The schedule was not found")
    }

    pub fn method_not_allowed(method: &Method) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            2001,
            &format!("{method} is not possible here"),
        )
    }

    /// The one refusal whose `error` is a bare string.
    pub fn account_key_is_nobody() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: json!({"error": "An account-level access token belongs to no user, so there is no current user"}),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// The key first, then the plan and the permission behind it, then the header that asks for version 2.
pub fn admit<'a>(account: &'a Account, headers: &HeaderMap) -> Result<&'a Holder, Problem> {
    let holder = api_key(headers)
        .and_then(|given| account.keys.iter().find(|known| known.key == given))
        .map(|known| &known.holder)
        .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, 2006, "The authentication failed"))?;
    match holder {
        Holder::PlanWithoutApi => {
            let message = "This account's plan does not include the REST API";
            return Err(Problem::new(StatusCode::PAYMENT_REQUIRED, 2014, message));
        }
        Holder::NoPermission => {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                2010,
                "Access is denied",
            ));
        }
        Holder::Account | Holder::Person(_) => {}
    }
    if headers
        .get(header::ACCEPT)
        .is_none_or(|accept| accept != ACCEPT)
    {
        return Err(Problem::invalid(&format!(
            "The header Accept must be {ACCEPT}"
        )));
    }
    Ok(holder)
}

fn api_key(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Token token=")
}

/// How many requests each key has left in the running minute.
pub struct Allowance {
    pub per_minute: u32,
    minute: i64,
    used: HashMap<String, u32>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            per_minute: REQUESTS_PER_MINUTE,
            minute: 0,
            used: HashMap::new(),
        }
    }
}

pub struct Budget {
    limit: u32,
    used: u32,
    reset_seconds: i64,
}

impl Allowance {
    pub fn take(&mut self, headers: &HeaderMap, now: Timestamp) -> Budget {
        let minute = now.as_second().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.used.clear();
        }
        let used = self
            .used
            .entry(api_key(headers).unwrap_or_default().to_owned())
            .or_default();
        *used += 1;
        Budget {
            limit: self.per_minute,
            used: *used,
            reset_seconds: 60 - now.as_second().rem_euclid(60),
        }
    }
}

impl Budget {
    pub fn within(&self) -> Result<(), Problem> {
        if self.used > self.limit {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                2020,
                "Rate Limit Exceeded",
            ));
        }
        Ok(())
    }

    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert(
            "ratelimit-remaining",
            HeaderValue::from(self.limit.saturating_sub(self.used)),
        );
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset_seconds));
    }
}
