//! Parameters of OAuth, read strictly: from the one place where they belong, and each at most once.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use url::form_urlencoded;

const FORM: &str = "application/x-www-form-urlencoded";

pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Of two values neither could be trusted, so a repeated parameter is refused.
    pub fn read(encoded: &[u8]) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded).into_owned() {
            if fields.insert(name.clone(), value).is_some() {
                return Err(format!("The parameter {name} is given twice."));
            }
        }
        Ok(Self(fields))
    }

    pub fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .filter(|kind| kind.split(';').next() == Some(FORM))
            .ok_or_else(|| format!("The content type must be {FORM}."))?;
        Self::read(body)
    }

    pub fn of_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// The value, unless it is empty: OAuth takes that for absent.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, String> {
        self.given(name)
            .ok_or_else(|| format!("The parameter {name} is missing."))
    }
}
