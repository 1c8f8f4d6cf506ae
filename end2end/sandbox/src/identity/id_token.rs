//! The ID token, from which the product learns who logged in and which of PagerDuty's hosts to ask. What it
//! says about the host can be bent on request, since a bearer token goes wherever the product believes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ISSUER, grants::Login};
use crate::{
    account::{Account, Region},
    jwt::jwt,
    minting,
};

const LIFETIME_SECONDS: i64 = 3600;
const FOREIGN_URL: &str = "https://api.pagerduty.example";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AudienceShape {
    /// The API's address and the client, as it should be.
    List,
    /// The API's address alone, and no list.
    String,
    /// No address.
    None,
    /// The address of somebody else.
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// Whose account people log in to.
    pub region: Region,
    pub shape: AudienceShape,
}

impl Default for Audience {
    fn default() -> Self {
        Self {
            region: Region::Us,
            shape: AudienceShape::List,
        }
    }
}

impl AudienceShape {
    fn claim(self, region: Region, client_id: &str) -> Value {
        match self {
            Self::List => json!([region.api_url(), client_id]),
            Self::String => json!(region.api_url()),
            Self::None => json!([client_id]),
            Self::Foreign => json!([FOREIGN_URL, client_id]),
        }
    }
}

pub fn id_token(
    login: &Login,
    account: &Account,
    client_id: &str,
    shape: AudienceShape,
    now: Timestamp,
) -> String {
    let now = now.as_second();
    let header = json!({
        "alg": "RS256",
        "typ": "JWT",
        "kid": "sandbox-2026",
        "x5t": "c2FuZGJveC1jZXJ0aWZpY2F0ZQ",
    });
    let claims = json!({
        "iss": ISSUER,
        "aud": shape.claim(login.region, client_id),
        "sub": login.user,
        "azp": client_id,
        "exp": now + LIFETIME_SECONDS,
        "nbf": now,
        "iat": now,
        "auth_time": login.at.as_second(),
        "jti": minting::uuid(),
        "sid": minting::uuid(),
        "purpose": "id",
        "user_id": login.user,
        "account_id": account.account_id,
        "subdomain": account.subdomain,
        "region": login.region,
    });
    jwt(&header, &claims)
}
