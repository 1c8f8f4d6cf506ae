//! Calls Slack: the two token endpoints and the few methods of the Web API that
//! we need. Only the configured host is ever called, and no redirect followed.

use super::{
    error::SlackError,
    shapes::{Envelope, UserAnswer, UsersPage, storable},
};
use crate::{
    config::{SlackApp, SlackConfig},
    oauth::{self, Tokens, token_client},
    store::Person,
};
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ExtraTokenFields, HttpRequest, HttpResponse, RedirectUrl,
    RequestTokenError, TokenResponse,
};
use reqwest::{Response, StatusCode, header::HeaderMap, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use std::{fmt, pin::Pin, time::Duration};
use tokio::time::{sleep, timeout};
use types::{PersonId, WorkspaceId};
use url::Url;

/// As Slack names itself in ID tokens, wherever it is reached.
const ISSUER: &str = "https://slack.com";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// A large page takes Slack longer than anything else does.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest page of people stays far below this.
const LONGEST_BODY: usize = 16 * 1024 * 1024;
/// What Slack advises for `users.list`, and all that most workspaces need.
const FIRST_PAGE_PEOPLE: &str = "200";
/// Below the 1000 that Slack allows: with the advised size, ten thousand people
/// would take more requests than there are in the minutes between two refreshes.
const NEXT_PAGE_PEOPLE: &str = "900";
/// More pages than any workspace has; ends a cursor that leads nowhere.
const MOST_PAGES: usize = 1_000;
/// The longest wait that reading the directory sits out, as often as Slack asks.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Waiting less would ask Slack in a circle.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// How long reading a whole directory may take, waits included.
const LISTING_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// What is waited when Slack asks to wait, but not for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// Slack's API, for the configured app.
#[derive(Clone, Debug)]
pub struct SlackClient {
    http: reqwest::Client,
    base: Url,
    app: Option<SlackApp>,
}

/// An answer, and what the token that asked may do, as Slack tells with it.
#[derive(Clone, Debug)]
pub struct Granted<T> {
    pub value: T,
    pub scopes: Option<Vec<String>>,
}

/// The people of a workspace, as far as they could be read.
#[derive(Clone, Debug)]
pub struct Listing {
    pub people: Vec<Person>,
    /// How many accounts were left out because they made no sense.
    pub unreadable: usize,
}

/// What an installation brought.
#[derive(Clone, Debug)]
pub struct NewInstallation {
    pub workspace: WorkspaceId,
    pub workspace_name: String,
    pub bot_token: SecretString,
    pub scopes: Vec<String>,
    pub installed_by: PersonId,
}

#[derive(Deserialize, Serialize)]
struct IdentityFields {
    id_token: String,
}

impl fmt::Debug for IdentityFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityFields(…)")
    }
}

impl ExtraTokenFields for IdentityFields {}

#[derive(Debug, Deserialize, Serialize)]
struct InstallationFields {
    team: Team,
    authed_user: AuthedUser,
}

#[derive(Debug, Deserialize, Serialize)]
struct Team {
    id: WorkspaceId,
    name: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct AuthedUser {
    id: PersonId,
}

impl ExtraTokenFields for InstallationFields {}

impl SlackClient {
    pub fn new(config: &SlackConfig) -> Self {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .build()
            .expect("the HTTP client has no settings that could be wrong");
        Self {
            http,
            base: config.url.clone(),
            app: config.app.clone(),
        }
    }

    /// The app's client id, if an app is configured.
    pub fn client_id(&self) -> Result<&str, SlackError> {
        Ok(&self.app()?.client_id)
    }

    /// What may stand as the issuer in an ID token that this Slack hands out.
    pub fn issuers(&self) -> [String; 3] {
        [
            ISSUER.to_owned(),
            self.base.origin().ascii_serialization(),
            self.base.as_str().trim_end_matches('/').to_owned(),
        ]
    }

    /// Slack's page that asks who somebody is; lacks `redirect_uri` and `state`.
    pub fn identify_address(&self, nonce: &SecretString) -> Result<Url, SlackError> {
        let mut url = self.address("/openid/connect/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client_id()?)
            .append_pair("scope", "openid profile email")
            .append_pair("nonce", nonce.expose_secret());
        Ok(url)
    }

    /// Slack's page that asks to install the app with these scopes; lacks
    /// `redirect_uri` and `state`.
    pub fn install_address(
        &self,
        workspace: &WorkspaceId,
        scopes: &[&str],
    ) -> Result<Url, SlackError> {
        let mut url = self.address("/oauth/v2/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", self.client_id()?)
            .append_pair("scope", &scopes.join(","))
            .append_pair("team", workspace.as_str());
        Ok(url)
    }

    /// Exchanges the code of a sign-in for its ID token, yet unchecked.
    pub async fn exchange_identity(
        &self,
        code: &str,
        redirect_uri: &str,
    ) -> Result<SecretString, SlackError> {
        let tokens: Tokens<IdentityFields> = self
            .exchange("/api/openid.connect.token", code, redirect_uri)
            .await?;
        Ok(SecretString::from(tokens.extra_fields().id_token.as_str()))
    }

    /// Exchanges the code of an installation for the bot token.
    pub async fn exchange_installation(
        &self,
        code: &str,
        redirect_uri: &str,
    ) -> Result<NewInstallation, SlackError> {
        let tokens: Tokens<InstallationFields> = self
            .exchange("/api/oauth.v2.access", code, redirect_uri)
            .await?;
        let fields = tokens.extra_fields();
        Ok(NewInstallation {
            workspace: fields.team.id.clone(),
            workspace_name: storable(fields.team.name.clone()),
            bot_token: SecretString::from(tokens.access_token().secret().as_str()),
            // Slack separates by commas where OAuth has spaces.
            scopes: tokens
                .scopes()
                .into_iter()
                .flatten()
                .flat_map(|scopes| split_scopes(scopes))
                .collect(),
            installed_by: fields.authed_user.id.clone(),
        })
    }

    /// What a bot token may do, as Slack tells with the answer to whose it is.
    pub async fn granted_to(&self, token: &SecretString) -> Result<Vec<String>, SlackError> {
        let answer: Granted<IgnoredAny> = self
            .get("/api/auth.test", token, &[], TOTAL_TIMEOUT)
            .await?;
        answer.scopes.ok_or(SlackError::Unreadable)
    }

    /// All people of the token's workspace.
    pub async fn users_list(&self, token: &SecretString) -> Result<Granted<Listing>, SlackError> {
        timeout(LISTING_TIMEOUT, self.all_users(token))
            .await
            .unwrap_or(Err(SlackError::TimedOut))
    }

    async fn all_users(&self, token: &SecretString) -> Result<Granted<Listing>, SlackError> {
        let mut listing = Listing {
            people: Vec::new(),
            unreadable: 0,
        };
        let mut query = [
            ("limit", FIRST_PAGE_PEOPLE.to_owned()),
            ("cursor", String::new()),
        ];
        for _ in 0..MOST_PAGES {
            let page = self.users_page(token, &query).await?;
            let next = page.value.next_cursor();
            for member in page.value.members {
                match member.person() {
                    Ok(person) => listing.people.extend(person),
                    Err(_) => listing.unreadable += 1,
                }
            }
            match next {
                Some(next) => {
                    query = [("limit", NEXT_PAGE_PEOPLE.to_owned()), ("cursor", next)];
                }
                None => {
                    return Ok(Granted {
                        value: listing,
                        scopes: page.scopes,
                    });
                }
            }
        }
        Err(SlackError::Unreadable)
    }

    /// One person; `None` when the workspace does not know them as a person.
    pub async fn user_info(
        &self,
        token: &SecretString,
        person: &PersonId,
    ) -> Result<Granted<Option<Person>>, SlackError> {
        let query = [("user", person.to_string())];
        match self
            .get::<UserAnswer>("/api/users.info", token, &query, TOTAL_TIMEOUT)
            .await
        {
            Ok(Granted { value, scopes }) => Ok(Granted {
                value: value.user.person()?,
                scopes,
            }),
            Err(SlackError::Refused { error }) if error == "user_not_found" => Ok(Granted {
                value: None,
                scopes: None,
            }),
            Err(error) => Err(error),
        }
    }

    /// One page, waiting whenever Slack asks to.
    async fn users_page(
        &self,
        token: &SecretString,
        query: &[(&str, String)],
    ) -> Result<Granted<UsersPage>, SlackError> {
        loop {
            let answer = self
                .get("/api/users.list", token, query, PAGE_TIMEOUT)
                .await;
            match answer {
                Err(SlackError::RateLimited { retry_after }) if retry_after <= LONGEST_WAIT => {
                    sleep(retry_after.max(SHORTEST_WAIT)).await;
                }
                answer => return answer,
            }
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &SecretString,
        query: &[(&str, String)],
        timeout: Duration,
    ) -> Result<Granted<T>, SlackError> {
        let response = self
            .http
            .get(self.address(path))
            .query(query)
            .timeout(timeout)
            .bearer_auth(token.expose_secret())
            .send()
            .await
            .map_err(unsent)?;
        let scopes = granted_scopes(response.headers());
        let body = read(response).await?;
        let value = serde_json::from_slice(&body).map_err(|_| SlackError::Unreadable)?;
        Ok(Granted { value, scopes })
    }

    async fn exchange<Fields: ExtraTokenFields + Send + Sync + 'static>(
        &self,
        path: &str,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens<Fields>, SlackError> {
        let app = self.app()?;
        let redirect_uri =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| SlackError::NoApp)?;
        token_client::<Fields>(&app.client_id, &app.client_secret, self.address(path))
            .set_redirect_uri(redirect_uri)
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .request_async(self)
            .await
            // What else the error holds is the body, tokens included.
            .map_err(|error| match error {
                RequestTokenError::Request(error) => error,
                _ => SlackError::Unreadable,
            })
    }

    fn address(&self, path: &str) -> Url {
        oauth::address(&self.base, path)
    }

    fn app(&self) -> Result<&SlackApp, SlackError> {
        self.app.as_ref().ok_or(SlackError::NoApp)
    }
}

/// Slack as the HTTP client of the OAuth library, which is handed only what
/// Slack answered with `ok`.
impl<'c> AsyncHttpClient<'c> for SlackClient {
    type Error = SlackError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SlackError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request.try_into().map_err(|_| SlackError::Unreadable)?;
            let response = self.http.execute(request).await.map_err(unsent)?;
            Ok(HttpResponse::new(read(response).await?))
        })
    }
}

/// The body of an answer that says `ok`.
async fn read(response: Response) -> Result<Vec<u8>, SlackError> {
    let status = response.status();
    let scopes = granted_scopes(response.headers());
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(SlackError::RateLimited {
            retry_after: retry_after(response.headers()),
        });
    }
    if !status.is_success() {
        return Err(SlackError::Unavailable {
            status: status.as_u16(),
        });
    }
    let body = read_limited(response).await?;
    let envelope: Envelope = serde_json::from_slice(&body).map_err(|_| SlackError::Unreadable)?;
    if envelope.ok {
        return Ok(body);
    }
    let word = envelope.error.unwrap_or_default();
    Err(SlackError::of_word(&word, || {
        scopes.unwrap_or_else(|| split_scopes(envelope.provided.as_deref().unwrap_or_default()))
    }))
}

async fn read_limited(mut response: Response) -> Result<Vec<u8>, SlackError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unsent)? {
        if body.len() + chunk.len() > LONGEST_BODY {
            return Err(SlackError::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Drops the library's error: it may show the address with its parameters.
fn unsent(error: reqwest::Error) -> SlackError {
    if error.is_timeout() {
        SlackError::TimedOut
    } else {
        SlackError::Unreachable
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map_or(USUAL_WAIT, Duration::from_secs)
}

fn granted_scopes(headers: &HeaderMap) -> Option<Vec<String>> {
    let scopes = headers.get("x-oauth-scopes")?.to_str().ok()?;
    Some(split_scopes(scopes))
}

fn split_scopes(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
