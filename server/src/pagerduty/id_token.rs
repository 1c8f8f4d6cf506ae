//! Reads what PagerDuty's ID token tells beside the tokens: which region the
//! account is in, which account it is, and who logged in. It came straight from
//! the token endpoint over TLS, and nothing in it is believed further than a
//! hint: whether the login works is shown by using it, and the region only
//! chooses between the two configured hosts.
//!
//! PagerDuty's documents disagree about the issuer and show no nonce, so neither
//! is looked at.

use super::Endpoints;
use crate::{oauth, text::plain_up_to};
use domain::AccountIdentity;
use serde::{Deserialize, de::IgnoredAny};
use types::{PagerDutyUserId, Region};

/// Longer values are none that PagerDuty makes.
const CLAIM_MAX_CHARS: usize = 200;

/// Who logged in and where, as far as the token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginIdentity {
    pub region: Option<Region>,
    pub account: AccountIdentity,
    pub user: Option<PagerDutyUserId>,
}

/// Every claim may be absent or of another type.
#[derive(Deserialize)]
struct Claims {
    aud: Option<Audience>,
    account_id: Option<Claim>,
    subdomain: Option<Claim>,
    user_id: Option<Claim>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<Claim>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Claim {
    Text(String),
    Number(i64),
    Other(IgnoredAny),
}

impl Claim {
    fn shown(self) -> Option<String> {
        match self {
            Self::Text(text) => plain_up_to(CLAIM_MAX_CHARS, &text),
            Self::Number(number) => Some(number.to_string()),
            Self::Other(_) => None,
        }
    }
}

/// What the token says; nothing at all when it cannot be read.
pub fn read(token: &str, endpoints: &Endpoints) -> LoginIdentity {
    let Some(claims) = oauth::claims::<Claims>(token) else {
        tracing::warn!("PagerDuty's ID token cannot be read; going on without it");
        return LoginIdentity::default();
    };
    LoginIdentity {
        region: claims.aud.and_then(|aud| region(aud, endpoints)),
        account: AccountIdentity {
            subdomain: claims
                .subdomain
                .and_then(Claim::shown)
                .map(|name| name.to_ascii_lowercase()),
            account_id: claims.account_id.and_then(Claim::shown),
        },
        user: claims
            .user_id
            .and_then(Claim::shown)
            .and_then(|id| PagerDutyUserId::parse(&id)),
    }
}

fn region(audience: Audience, endpoints: &Endpoints) -> Option<Region> {
    match audience {
        Audience::One(one) => endpoints.region_at(&one),
        Audience::Several(several) => several
            .into_iter()
            .filter_map(Claim::shown)
            .find_map(|one| endpoints.region_at(&one)),
        Audience::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};
    use url::Url;

    fn read_claims(claims: &Value) -> LoginIdentity {
        let address = |text| Url::parse(text).expect("an address");
        let endpoints = Endpoints {
            us: address("http://127.0.0.1:3900"),
            eu: address("http://127.0.0.1:3900/eu"),
            identity: address("http://127.0.0.1:3900/identity"),
        };
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        read(&format!("e30.{claims}.c2ln"), &endpoints)
    }

    #[test]
    fn the_audience_names_the_region_as_a_text_or_in_a_list() {
        let (us, eu) = ("https://api.pagerduty.com", "https://api.eu.pagerduty.com");
        for (aud, region) in [
            (json!([us, "client"]), Some(Region::Us)),
            (json!(["client", eu]), Some(Region::Eu)),
            (json!(eu), Some(Region::Eu)),
            (json!("http://127.0.0.1:3900/eu"), Some(Region::Eu)),
            (json!("client"), None),
            (json!(["https://elsewhere.example", 7, null]), None),
            (json!({"url": us}), None),
            (json!(null), None),
        ] {
            assert_eq!(read_claims(&json!({"aud": aud})).region, region, "{aud}");
        }
    }

    #[test]
    fn account_and_person_are_read_as_far_as_they_are_there() {
        let full = read_claims(&json!({
            "account_id": 77, "subdomain": "Acme", "user_id": "PADA01", "sub": "other"
        }));
        assert_eq!(full.account.account_id.as_deref(), Some("77"));
        assert_eq!(full.account.subdomain.as_deref(), Some("acme"));
        assert_eq!(full.user, Some(PagerDutyUserId::new("PADA01")));
        let odd = read_claims(&json!({"account_id": [], "subdomain": 1.5, "user_id": ""}));
        assert_eq!(odd, LoginIdentity::default());
    }

    #[test]
    fn what_is_no_token_says_nothing() {
        let address = Url::parse("http://127.0.0.1:3900").expect("an address");
        let endpoints = Endpoints {
            us: address.clone(),
            eu: address.clone(),
            identity: address,
        };
        for token in ["", "a.b", "a.!.c", "a.e30", "a.W10.c"] {
            assert_eq!(read(token, &endpoints), LoginIdentity::default(), "{token}");
        }
    }
}
