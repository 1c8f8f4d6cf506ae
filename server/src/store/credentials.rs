//! A credential as it lies in the database: its secrets sealed, and beside them
//! what has to be known without opening it. The connection's table and the one
//! of undecided switches hold it in the same columns.

use domain::AccountIdentity;
use sqlx::{Any, FromRow, query::Query};
use types::{ConnectionMethod, Region, Timestamp};

const API_KEY: &str = "api_key";
const OAUTH: &str = "oauth";

/// A credential that PagerDuty has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    pub sealed: String,
    pub method: StoredMethod,
    pub region: Region,
    pub account: AccountIdentity,
}

/// The ways to connect, with what is readable of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredMethod {
    ApiKey {
        last_four: String,
    },
    Oauth(OauthLogin),
    /// A way, or a region, that another version knows and this one does not.
    Unknown,
}

/// What is readable of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthLogin {
    pub client_id: String,
    /// The person's name in PagerDuty, when it could be read.
    pub authorised_as: Option<String>,
    pub term: TokenTerm,
}

/// How long an access token is good for; both absent when PagerDuty did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenTerm {
    pub refresh_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

impl StoredCredential {
    /// How its account is called, as people know it.
    pub fn account_name(&self) -> String {
        let Self {
            account, region, ..
        } = self;
        match account.subdomain.as_ref().or(account.account_id.as_ref()) {
            Some(name) => format!("{name} ({region} region)"),
            None => format!("an account in the {region} region"),
        }
    }

    /// What is shown of it.
    pub fn view(&self) -> ConnectionMethod {
        match &self.method {
            StoredMethod::ApiKey { last_four } => ConnectionMethod::ApiKey {
                last_four: last_four.clone(),
            },
            StoredMethod::Unknown => ConnectionMethod::Unknown,
            StoredMethod::Oauth(login) => ConnectionMethod::Oauth {
                client_id: login.client_id.clone(),
                authorised_as: login.authorised_as.clone(),
            },
        }
    }
}

/// The columns of [`CredentialColumns`]. What is kept prepared names its columns: with `*`, a
/// column that another version adds would break it.
pub(super) const CREDENTIAL_COLUMNS: &str = "method, credential_sealed, last_four, client_id,
    authorised_as, refresh_at, token_expires_at, region, subdomain, account_id";

#[derive(FromRow)]
pub(super) struct CredentialColumns {
    method: String,
    credential_sealed: String,
    last_four: String,
    client_id: Option<String>,
    authorised_as: Option<String>,
    refresh_at: Option<i64>,
    token_expires_at: Option<i64>,
    region: String,
    subdomain: Option<String>,
    account_id: Option<String>,
}

impl CredentialColumns {
    pub(super) fn credential(self) -> StoredCredential {
        let region = Region::from_code(&self.region);
        let method = match (self.method.as_str(), self.client_id) {
            _ if region.is_none() => StoredMethod::Unknown,
            (API_KEY, _) => StoredMethod::ApiKey {
                last_four: self.last_four,
            },
            (OAUTH, Some(client_id)) => StoredMethod::Oauth(OauthLogin {
                client_id,
                authorised_as: self.authorised_as,
                term: TokenTerm {
                    refresh_at: self.refresh_at.map(Timestamp::from_millis),
                    expires_at: self.token_expires_at.map(Timestamp::from_millis),
                },
            }),
            _ => StoredMethod::Unknown,
        };
        StoredCredential {
            sealed: self.credential_sealed,
            method,
            // Nothing is asked of where the credential of an unknown one leads to.
            region: region.unwrap_or(Region::Us),
            account: AccountIdentity {
                subdomain: self.subdomain,
                account_id: self.account_id,
            },
        }
    }
}

/// Binds the ten values of a credential, in the order of [`CredentialColumns`].
pub(super) fn bind_credential<'q>(
    query: Query<'q, Any, sqlx::any::AnyArguments>,
    credential: &'q StoredCredential,
) -> Query<'q, Any, sqlx::any::AnyArguments> {
    let (method, last_four, login) = match &credential.method {
        StoredMethod::ApiKey { last_four } => (API_KEY, last_four.as_str(), None),
        StoredMethod::Oauth(login) => (OAUTH, "", Some(login)),
        StoredMethod::Unknown => unreachable!("nobody brings a credential of an unknown kind"),
    };
    let term = login.map(|login| login.term).unwrap_or_default();
    query
        .bind(method)
        .bind(&credential.sealed)
        .bind(last_four)
        .bind(login.map(|login| login.client_id.as_str()))
        .bind(login.and_then(|login| login.authorised_as.as_deref()))
        .bind(term.refresh_at.map(Timestamp::as_millis))
        .bind(term.expires_at.map(Timestamp::as_millis))
        .bind(credential.region.code())
        .bind(credential.account.subdomain.as_deref())
        .bind(credential.account.account_id.as_deref())
}
