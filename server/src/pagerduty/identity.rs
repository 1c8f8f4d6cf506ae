//! PagerDuty's login: the address at which somebody lets us in, and the token
//! endpoint that turns their answer, or a refresh token, into tokens. Beside the
//! REST API this is the only thing that is sent anything, and it gets POSTs.

use super::{
    id_token::{self, LoginIdentity},
    refusal::{interposed, is_page, refusal},
    transport::{ANSWER_LIMIT_SECONDS, bounded_body, plain_client, unanswered},
};
use crate::{
    foreign_json,
    oauth::{TokenClient, Tokens, address, is_sendable, token_client},
};
use http::{HeaderMap, StatusCode};
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ExtraTokenFields, HttpRequest, HttpResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    TokenResponse, basic::BasicErrorResponseType,
};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, pin::Pin, time::Duration};
use types::{AuthorisationProblem, OAUTH_SCOPES, PagerDutyProblem};
use url::Url;

/// PagerDuty's hosts are there and below it.
const DOMAIN: &str = "pagerduty.com";
const BELOW_DOMAIN: &str = ".pagerduty.com";
const ISSUER_PATH: &str = "/global/oauth/anonymous";
const AUTHORISE_PATH: &str = "/oauth/authorize";
const TOKEN_PATH: &str = "/oauth/token";
/// How many seconds a renewal waits. An answer that is not waited for has spent the
/// refresh token all the same, so this is more than any other question gets.
const REFRESH_LIMIT_SECONDS: u32 = 20;
/// Longer reasons are not shown: they are put into a sentence.
const REASON_MAX_CHARS: usize = 100;

/// The customer's own app in PagerDuty.
#[derive(Clone, Debug)]
pub struct OauthApp {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// A login that begins: where the browser goes, and what proves later that it
/// was us who sent it there.
pub struct AuthorisationRequest {
    pub address: Url,
    pub verifier: SecretString,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Grant {
    pub access_token: SecretString,
    /// Absent only from an answer that breaks the rules of PagerDuty's own.
    pub refresh_token: Option<SecretString>,
    /// How long the access token is good for, from when it was asked for.
    pub expires_in: Option<Duration>,
    /// What was granted; as much as was asked for when PagerDuty does not say.
    pub scopes: Option<Vec<String>>,
    pub identity: LoginIdentity,
}

/// Why the token endpoint gave nothing. Holds no token and no body.
///
/// Remedy: the panel says what became of the login and how to renew it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    #[error("the client id or secret is not accepted")]
    Client,
    #[error("the code or refresh token is not accepted")]
    Grant,
    #[error("refused: {reason}")]
    Refused { reason: String },
    #[error(transparent)]
    PagerDuty(#[from] PagerDutyProblem),
}

impl From<TokenProblem> for types::ConnectRefusal {
    fn from(problem: TokenProblem) -> Self {
        match problem {
            TokenProblem::Client | TokenProblem::PagerDuty(PagerDutyProblem::ClientEnded) => {
                AuthorisationProblem::ClientRefused.into()
            }
            TokenProblem::Grant => AuthorisationProblem::CodeRefused.into(),
            TokenProblem::Refused { reason } => AuthorisationProblem::Refused { reason }.into(),
            TokenProblem::PagerDuty(problem) => problem.into(),
        }
    }
}

/// PagerDuty's identity service. Clones share their connections.
#[derive(Clone, Debug)]
pub struct IdentityClient {
    http: Client,
    answer_limit_seconds: u32,
    /// For renewals.
    patient_http: Client,
    endpoints: super::Endpoints,
}

#[derive(Deserialize, Serialize)]
struct IdTokenField {
    #[serde(default)]
    id_token: Option<String>,
}

impl fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokenField(…)")
    }
}

impl ExtraTokenFields for IdTokenField {}

impl IdentityClient {
    /// Whether an answer that names `issuer` comes from the PagerDuty that is asked: how it calls
    /// itself there is not documented, but it is one of its hosts.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        let issuer = issuer.trim_end_matches('/');
        let configured = self.endpoints.identity.as_str().trim_end_matches('/');
        let at_configured = issuer.strip_prefix(configured);
        let is_theirs = || {
            Url::parse(issuer).is_ok_and(|url| {
                let host = url.host_str().unwrap_or_default();
                url.scheme() == "https" && (host == DOMAIN || host.ends_with(BELOW_DOMAIN))
            })
        };
        at_configured.is_some_and(|rest| rest.is_empty() || rest == ISSUER_PATH) || is_theirs()
    }

    /// # Panics
    ///
    /// When the process has not installed a default crypto provider of rustls.
    pub fn new(endpoints: super::Endpoints) -> Self {
        Self {
            http: plain_client(ANSWER_LIMIT_SECONDS),
            answer_limit_seconds: ANSWER_LIMIT_SECONDS,
            patient_http: plain_client(REFRESH_LIMIT_SECONDS),
            endpoints,
        }
    }

    /// Where the browser goes to log in. PagerDuty wants a challenge (PKCE) beside
    /// the app's secret.
    pub fn request(
        &self,
        client_id: &str,
        redirect_url: &str,
        state: &SecretString,
    ) -> AuthorisationRequest {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut address = address(&self.endpoints.identity, AUTHORISE_PATH);
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_url)
            .append_pair("scope", &OAUTH_SCOPES.join(" "))
            .append_pair("state", state.expose_secret())
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str());
        AuthorisationRequest {
            address,
            verifier: SecretString::from(verifier.into_secret()),
        }
    }

    /// Exchanges the code of a login. Codes live 30 seconds and work once.
    pub async fn exchange(
        &self,
        app: &OauthApp,
        code: &str,
        verifier: &SecretString,
        redirect_url: &str,
    ) -> Result<Grant, TokenProblem> {
        // The address was built from settings that were checked at the start.
        let redirect_url =
            RedirectUrl::new(redirect_url.to_owned()).map_err(|_| PagerDutyProblem::Unreachable)?;
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        let answer = self
            .client(app)
            .set_redirect_uri(redirect_url)
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(verifier)
            .request_async(self)
            .await;
        self.granted(answer)
    }

    /// Renews the tokens. The refresh token is spent by it.
    pub async fn refresh(
        &self,
        app: &OauthApp,
        refresh_token: &SecretString,
    ) -> Result<Grant, TokenProblem> {
        let refresh_token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let client = self.client(app);
        let patient = Self {
            http: self.patient_http.clone(),
            answer_limit_seconds: REFRESH_LIMIT_SECONDS,
            ..self.clone()
        };
        let answer = client
            .exchange_refresh_token(&refresh_token)
            .request_async(&patient)
            .await;
        self.granted(answer)
    }

    fn client(&self, app: &OauthApp) -> TokenClient<IdTokenField> {
        let endpoint = address(&self.endpoints.identity, TOKEN_PATH);
        token_client(&app.client_id, &app.client_secret, endpoint)
    }

    fn granted(&self, answer: Result<Tokens<IdTokenField>, Failed>) -> Result<Grant, TokenProblem> {
        let tokens = answer.map_err(token_problem)?;
        if !is_sendable(tokens.access_token().secret()) {
            return Err(PagerDutyProblem::Unreadable.into());
        }
        let id_token = tokens.extra_fields().id_token.as_deref();
        Ok(Grant {
            access_token: SecretString::from(tokens.access_token().secret().as_str()),
            refresh_token: tokens
                .refresh_token()
                .map(|token| SecretString::from(token.secret().as_str())),
            expires_in: tokens.expires_in(),
            // Between spaces by the standard, between commas by habit.
            scopes: tokens.scopes().map(|scopes| {
                let scopes = scopes.iter().flat_map(|scope| scope.split(','));
                let scopes = scopes.filter(|scope| !scope.is_empty());
                scopes.map(str::to_owned).collect()
            }),
            identity: id_token
                .map(|token| id_token::read(token, &self.endpoints))
                .unwrap_or_default(),
        })
    }
}

type Failed = RequestTokenError<TokenProblem, oauth2::basic::BasicErrorResponse>;

/// What else the library's error holds is the body, tokens included.
fn token_problem(error: Failed) -> TokenProblem {
    match error {
        RequestTokenError::Request(problem) => problem,
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                TokenProblem::Client
            }
            BasicErrorResponseType::InvalidGrant => TokenProblem::Grant,
            other => TokenProblem::Refused {
                reason: shown_reason(other.as_ref()),
            },
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            PagerDutyProblem::Unreadable.into()
        }
    }
}

/// A reason that came from outside, fit to be put into a sentence.
pub fn shown_reason(reason: &str) -> String {
    crate::text::plain_up_to(REASON_MAX_CHARS, reason).unwrap_or_else(|| "none".to_owned())
}

/// PagerDuty as the HTTP client of the OAuth library, which is handed tokens and
/// refusals in the standard's form only; everything else is decided by the status.
impl<'c> AsyncHttpClient<'c> for IdentityClient {
    type Error = TokenProblem;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TokenProblem>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request
                .try_into()
                .map_err(|_| PagerDutyProblem::Unreachable)?;
            let response = self
                .http
                .execute(request)
                .await
                .map_err(|error| unanswered(error, TOKEN_PATH, self.answer_limit_seconds))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let host = response.url().host_str().unwrap_or_default().to_owned();
            let body = bounded_body(response, self.answer_limit_seconds).await;
            tracing::debug!(
                method = "POST",
                path = TOKEN_PATH,
                status = status.as_u16(),
                "PagerDuty's login answered"
            );
            judged(&host, status, &headers, body)
        })
    }
}

/// The answer of `host` as the OAuth library may see it.
fn judged(
    host: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: Result<Vec<u8>, PagerDutyProblem>,
) -> Result<HttpResponse, TokenProblem> {
    let may_say_why = status.is_success()
        || matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        );
    if may_say_why && body.as_deref().is_ok_and(names_an_error) {
        let mut answer = HttpResponse::new(body?);
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(answer);
    }
    match refusal(host, status, headers, body.as_deref().unwrap_or_default()) {
        None => match body? {
            page if is_page(headers, &page) => Err(interposed(host, status, headers).into()),
            body => Ok(HttpResponse::new(as_standard(body))),
        },
        // Something between may have answered, so nothing ends by it.
        Some(PagerDutyProblem::Unauthorized) => Err(PagerDutyProblem::ClientEnded.into()),
        // What these mean of the API, they do not mean here.
        Some(
            PagerDutyProblem::NoApiAccess
            | PagerDutyProblem::Forbidden { .. }
            | PagerDutyProblem::NotFound,
        ) => {
            let status = status.as_u16();
            Err(PagerDutyProblem::Unavailable { status }.into())
        }
        Some(problem) => Err(problem.into()),
    }
}

/// The body as the library reads it: each answer may have spent a refresh token, so
/// none is given up for a field that servers are known to write differently.
fn as_standard(body: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut answer)) = foreign_json::read(&body) else {
        return body;
    };
    // There is no other way to use it, whatever it is called.
    answer.insert("token_type".to_owned(), Value::from("bearer"));
    if let Some(Value::Array(scopes)) = answer.get("scope") {
        let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
        let scopes = scopes.join(" ");
        answer.insert("scope".to_owned(), Value::from(scopes));
    }
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for name in ["id_token", "refresh_token"] {
        if answer.get(name).is_some_and(|value| !is_text(value)) {
            answer.remove(name);
        }
    }
    if answer.get("scope").is_some_and(|scope| !scope.is_string()) {
        answer.remove("scope");
    }
    if let Some(told) = answer.remove("expires_in")
        && let Some(seconds) = whole_seconds(&told)
    {
        answer.insert("expires_in".to_owned(), Value::from(seconds));
    }
    Value::Object(answer).to_string().into_bytes()
}

/// A number of seconds, maybe as a text or with a fraction. What makes no sense is
/// as good as untold.
fn whole_seconds(told: &Value) -> Option<u64> {
    let seconds = match told {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    // Within these bounds nothing but the fraction is lost in the cast.
    (0.0..1e12).contains(&seconds).then_some(seconds as u64)
}

fn names_an_error(body: &[u8]) -> bool {
    let Ok(answer) = foreign_json::read::<Value>(body) else {
        return false;
    };
    // One that carries a token says nothing of an error, whatever else it holds.
    let names = answer["error"]
        .as_str()
        .is_some_and(|error| !error.is_empty());
    names && answer["access_token"].is_null()
}

#[cfg(test)]
mod tests;
