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
    account::{Account, Holder, Kind, Region},
    entrance::authorization,
    identity::Identity,
};

const ACCEPT: &str = "application/vnd.pagerduty+json;version=2";
const REQUESTS_PER_MINUTE: u32 = 960;

/// Which of PagerDuty's APIs was asked. They differ in what `Accept` may say and in how errors look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Two,
    Three,
}

impl Version {
    /// Nobody says what version 3 wants, so it takes what a careful client may send.
    fn accepts(self, accept: Option<&HeaderValue>) -> bool {
        accept.is_some_and(|accept| {
            accept == ACCEPT || (self == Self::Three && accept == "application/json")
        })
    }
}

/// A refusal in PagerDuty's envelope, or in whatever shape the real service uses for it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    told: Told,
}

#[derive(Debug)]
enum Told {
    Envelope {
        code: u32,
        message: String,
        detail: Option<Detail>,
    },
    /// The same in both versions.
    Odd(Value),
}

/// What is wrong with one field of the request.
#[derive(Debug)]
struct Detail {
    field: String,
    text: String,
}

impl Problem {
    fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self {
            status,
            told: Told::Envelope {
                code,
                message: message.to_owned(),
                detail: None,
            },
        }
    }

    pub fn invalid(field: &str, text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 2001, "The input is not valid").in_field(field, text)
    }

    pub fn time_range(code: u32, text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The time range is not valid")
            .in_field("until", text)
    }

    fn in_field(mut self, field: &str, text: &str) -> Self {
        if let Told::Envelope { detail, .. } = &mut self.told {
            *detail = Some(Detail {
                field: field.to_owned(),
                text: text.to_owned(),
            });
        }
        self
    }

    /// A schedule that the other version shows.
    pub fn other_kind(kind: Kind) -> Self {
        let message = match kind {
            Kind::ShiftBased => "Only the v3 Schedules API shows schedules made of shifts",
            Kind::LayerBased => "Only the v2 Schedules API shows schedules made of layers",
        };
        Self::new(StatusCode::BAD_REQUEST, 2001, message)
            .in_field("id", "belongs to a schedule of the other kind")
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
            told: Told::Odd(json!({"error": {
                "message": "Token missing required scopes",
                "required_scopes": scope,
            }})),
        }
    }

    /// The one refusal whose `error` is a bare string.
    pub fn account_key_is_nobody() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            told: Told::Odd(
                json!({"error": "An account-level access token belongs to no user, so there is no current user"}),
            ),
        }
    }

    /// `errors` is a list in version 2, left out when it has nothing to say, and always a map in version 3.
    pub fn answered(self, version: Version) -> Response {
        let body = match self.told {
            Told::Odd(body) => body,
            Told::Envelope {
                code,
                message,
                detail,
            } => {
                let mut error = json!({"message": message, "code": code});
                match (version, detail) {
                    (Version::Two, None) => {}
                    (Version::Two, Some(Detail { field, text })) => {
                        error["errors"] = json!([format!("{field} {text}")]);
                    }
                    (Version::Three, detail) => {
                        let errors = detail.map(|Detail { field, text }| (field, json!([text])));
                        error["errors"] = errors.into_iter().collect();
                    }
                }
                json!({"error": error})
            }
        };
        (self.status, Json(body)).into_response()
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

/// The key or token first, then the plan and the permission behind it, then the header that asks for the version.
pub fn admit(
    account: &Account,
    identity: &Identity,
    version: Version,
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
    if !version.accepts(headers.get(header::ACCEPT)) {
        return Err(Problem::invalid("Accept", &format!("must be {ACCEPT}")));
    }
    Ok(visitor)
}

fn api_key(headers: &HeaderMap) -> Option<&str> {
    authorization(headers).strip_prefix("Token token=")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    authorization(headers).strip_prefix("Bearer ")
}

/// Whom a request is counted for: the person behind a token, however often it was renewed, or a key itself.
pub fn payer<'a>(identity: &'a Identity, headers: &'a HeaderMap) -> &'a str {
    bearer(headers)
        .and_then(|token| identity.grants.person_behind(token))
        .unwrap_or_else(|| authorization(headers))
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
