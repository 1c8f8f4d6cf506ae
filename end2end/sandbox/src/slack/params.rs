//! Slack takes parameters from the query, from a form or from JSON; so does the stand-in. Methods that only
//! read know no JSON and pass over such a body in silence.

use std::collections::BTreeMap;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Map, Value};
use url::form_urlencoded;

pub const LONGEST_BODY: usize = 1 << 20;

/// A form may have a name several times, of which methods take the last.
pub type Fields = BTreeMap<String, Vec<String>>;

/// The parameters, the cookies' and the authorisation's headers along with them.
pub struct Params {
    query: Fields,
    body: Fields,
    is_json: bool,
    pub headers: HeaderMap,
}

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.body.get(name).or_else(|| self.query.get(name));
        found?.last().map(String::as_str)
    }

    /// What a form has under the name, in order.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.body.get(name).cloned().unwrap_or_default()
    }

    /// The value, unless it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Slack's ways to say yes.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "t"))
    }

    /// The parts of a list with commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.get(name)
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What a method that knows no JSON sees.
    pub fn without_json(mut self) -> Self {
        if self.is_json {
            self.body.clear();
        }
        self
    }

    /// From the header, or from a form, where older libraries put it.
    pub fn token(&self) -> Option<&str> {
        let in_form = || self.body.get("token")?.last().map(String::as_str);
        self.bearer()
            .or_else(|| in_form().filter(|_| !self.is_json))
    }

    pub fn bearer(&self) -> Option<&str> {
        self.headers
            .get(header::AUTHORIZATION)?
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split("; "))
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// All of them but the token, texts as texts.
    pub fn without_token(&self) -> Value {
        let names = self.query.keys().chain(self.body.keys());
        let values: Map<String, Value> = names
            .filter(|name| *name != "token")
            .filter_map(|name| Some((name.clone(), Value::from(self.get(name)?))))
            .collect();
        Value::Object(values)
    }
}

/// The fields of a body by its content type. What JSON holds that is no text is written as JSON again.
pub fn fields_of(headers: &HeaderMap, body: &[u8]) -> Fields {
    if !is_json(headers) {
        return in_form(body);
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Fields::new();
    };
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Value::String(text) => (name, vec![text]),
            other => (name, vec![other.to_string()]),
        })
        .collect()
}

/// As queries and forms write them.
pub fn in_form(written: &[u8]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(written).into_owned() {
        fields.entry(name).or_default().push(value);
    }
    fields
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"))
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = StatusCode;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST_BODY)
            .await
            .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            query: in_form(query.as_bytes()),
            body: fields_of(&parts.headers, &body),
            is_json: is_json(&parts.headers),
            headers: parts.headers,
        })
    }
}
