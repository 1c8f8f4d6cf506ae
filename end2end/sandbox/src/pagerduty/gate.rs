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

use crate::{
    account::{Account, Holder, Region},
    identity::Identity,
};

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

    /// Names the scope in place of a code.
    fn missing_scope(scope: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            body: json!({"error": {
                "message": "Token missing required scopes",
                "required_scopes": scope,
            }}),
        }
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

/// Who was let in.
pub struct Visitor {
    pub holder: Holder,
    /// What an OAuth token was granted; `None` for a key, which has no scopes.
    scopes: Option<Vec<String>>,
}

impl Visitor {
    fn with_key(account: &Account, headers: &HeaderMap) -> Option<Self> {
        let given = api_key(headers)?;
        let known = account.keys.iter().find(|known| known.key == given)?;
        Some(Self {
            holder: known.holder.clone(),
            scopes: None,
        })
    }

    fn with_token(
        identity: &Identity,
        region: Region,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Self> {
        let login = identity
            .grants
            .opened_by(bearer(headers)?, now)
            .filter(|login| login.region == region)?;
        Some(Self {
            holder: Holder::Person(login.user.clone()),
            scopes: Some(login.scopes.clone()),
        })
    }

    pub fn needs(&self, scope: Option<&str>) -> Result<(), Problem> {
        match (&self.scopes, scope) {
            (Some(granted), Some(scope)) if granted.iter().all(|one| one != scope) => {
                Err(Problem::missing_scope(scope))
            }
            _ => Ok(()),
        }
    }
}

/// The key or token first, then the plan and the permission behind it, then the header that asks for version 2.
pub fn admit(
    account: &Account,
    identity: &Identity,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Visitor, Problem> {
    let visitor = Visitor::with_key(account, headers)
        .or_else(|| Visitor::with_token(identity, account.region, headers, now))
        .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, 2006, "The authentication failed"))?;
    match visitor.holder {
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
    Ok(visitor)
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

fn api_key(headers: &HeaderMap) -> Option<&str> {
    authorization(headers)?.strip_prefix("Token token=")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    authorization(headers)?.strip_prefix("Bearer ")
}

/// Whom a request is counted for: the person behind a token, however often it was renewed, or a key itself.
pub fn payer<'a>(identity: &'a Identity, headers: &'a HeaderMap) -> &'a str {
    bearer(headers)
        .and_then(|token| identity.grants.person_behind(token))
        .or_else(|| authorization(headers))
        .unwrap_or_default()
}

/// How many requests each key and each person with a token has left in the running minute.
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
    pub fn take(&mut self, payer: &str, now: Timestamp) -> Budget {
        let minute = now.as_second().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.used.clear();
        }
        let used = self.used.entry(payer.to_owned()).or_default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::grants::Login;

    /// The pair that RFC 7636 gives in its appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn with(authorization: &str) -> HeaderMap {
        let value = authorization.parse().expect("a header");
        HeaderMap::from_iter([(header::AUTHORIZATION, value)])
    }

    #[test]
    fn a_person_has_one_budget_for_all_their_tokens() {
        let now = Timestamp::now();
        let mut identity = Identity::default();
        let login = Login {
            user: "PADAOK1".to_owned(),
            region: Region::Us,
            scopes: Vec::new(),
            at: now,
        };
        let code = identity.grants.issue_code(login, "back", CHALLENGE);
        let first = identity
            .grants
            .exchange(&code, "back", VERIFIER, now)
            .unwrap_or_else(|why| panic!("{why}"));
        let second = identity
            .grants
            .refresh(&first.refresh_token, now)
            .unwrap_or_else(|why| panic!("{why}"));
        for token in [first.access_token, second.access_token] {
            let headers = with(&format!("Bearer {token}"));
            assert_eq!(payer(&identity, &headers), "PADAOK1");
        }
    }

    #[test]
    fn every_key_has_its_own_budget() {
        let identity = Identity::default();
        let [one, other] = ["Token token=one", "Token token=other"].map(with);
        assert_ne!(payer(&identity, &one), payer(&identity, &other));
    }
}
