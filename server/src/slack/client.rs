//! Calls Slack: the two token endpoints and the few methods of the Web API that
//! we need. Only the configured host is ever called, and no redirect followed.

use super::{
    channels::{Among, ChannelInfo, ChannelsPage, read_info, read_page},
    direct::read_direct,
    error::{SlackError, USUAL_WAIT},
    posting::{Message, read_posted},
    replying::ReplyAddress,
    shapes::{self, Account, PageEnd},
    user_groups::{UserGroup, read_group, read_groups, read_users},
};
use crate::{
    background::LONGEST_DEMANDED,
    config::{SlackApp, SlackConfig},
    oauth::{self, Tokens, token_client},
};
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ExtraTokenFields, HttpRequest, HttpResponse, RedirectUrl,
    RequestTokenError, TokenResponse,
};
use reqwest::{Response, StatusCode, header::HeaderMap, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt, pin::Pin, time::Duration};
use tokio::time::sleep;
use types::{PersonId, SlackChannelId, SlackGroupId, WorkspaceId};
use url::Url;

/// As Slack names itself in ID tokens, wherever it is reached.
const ISSUER: &str = "https://slack.com";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// A large page takes Slack longer than anything else does.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// So does the list of all groups, which is never asked for by pages. It takes less than who keeps a
/// group right has time for, so that they can say that Slack did not answer.
const GROUPS_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest page of people stays far below this.
const LONGEST_BODY: usize = 16 * 1024 * 1024;
/// What is waited before a code is exchanged once more.
const EXCHANGE_AGAIN: Duration = Duration::from_millis(500);

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

impl<T> Granted<T> {
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Granted<U> {
        Granted {
            value: to(self.value),
            scopes: self.scopes,
        }
    }
}

/// A page of the list of people.
#[derive(Clone, Debug)]
pub struct UsersPage {
    pub accounts: Vec<Account>,
    /// How many accounts were left out, since it is not clear whose they are.
    pub unreadable: usize,
    pub end: PageEnd,
}

/// What somebody has let Round Robin do in their own name.
#[derive(Clone, Debug)]
pub struct NewPermission {
    /// Where it was given, and by whom, as far as Slack's answer can be read: what cannot be kept
    /// can be given back all the same.
    pub workspace: Option<WorkspaceId>,
    pub person: Option<PersonId>,
    pub token: SecretString,
    pub scopes: Vec<String>,
}

/// What an installation brought.
#[derive(Clone, Debug)]
pub struct NewInstallation {
    pub workspace: WorkspaceId,
    /// Absent when Slack does not tell it.
    pub workspace_name: Option<String>,
    pub bot_token: SecretString,
    /// What the token may do, unless Slack does not tell it.
    pub scopes: Option<Vec<String>>,
    pub installed_by: Option<PersonId>,
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

/// Each as Slack writes it, so that one that is odd leaves the others alone.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct InstallationFields {
    team: Value,
    authed_user: Value,
    enterprise: Value,
    is_enterprise_install: Value,
    /// Not of Slack's, see [`as_standard`].
    tokens_rotate: bool,
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

    /// Slack's page that asks who somebody is, in a workspace if only one will do;
    /// lacks `redirect_uri` and `state`.
    pub fn identify_address(
        &self,
        workspace: Option<&WorkspaceId>,
        nonce: &SecretString,
    ) -> Result<Url, SlackError> {
        let mut url = self.address("/openid/connect/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client_id()?)
            .append_pair("scope", "openid profile email")
            .append_pair("nonce", nonce.expose_secret());
        if let Some(workspace) = workspace {
            url.query_pairs_mut()
                .append_pair("team", workspace.as_str());
        }
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

    /// Slack's page that asks somebody to let the app do this in their own name; lacks
    /// `redirect_uri` and `state`.
    pub fn permission_address(
        &self,
        workspace: &WorkspaceId,
        scope: &str,
    ) -> Result<Url, SlackError> {
        let mut url = self.address("/oauth/v2/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", self.client_id()?)
            .append_pair("user_scope", scope)
            .append_pair("team", workspace.as_str());
        Ok(url)
    }

    /// Slack's page that opens a conversation with somebody, in the app where there is one and
    /// else in the browser.
    pub fn conversation_address(&self, workspace: &WorkspaceId, person: &PersonId) -> Url {
        let mut url = self.address("/app_redirect");
        url.query_pairs_mut()
            .append_pair("team", workspace.as_str())
            .append_pair("channel", person.as_str());
        url
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
        if tokens.extra_fields().tokens_rotate {
            return Err(SlackError::TokenRotation);
        }
        if tokens.access_token().secret().is_empty() {
            return Err(SlackError::Unreadable);
        }
        let fields = tokens.extra_fields();
        let for_company = fields.is_enterprise_install == true
            || (fields.team.is_null()
                && fields.enterprise.is_object()
                && fields.is_enterprise_install != false);
        if for_company {
            return Err(SlackError::OrganisationWide);
        }
        let workspace = fields.team["id"].as_str().and_then(WorkspaceId::parse);
        Ok(NewInstallation {
            workspace: workspace.ok_or(SlackError::Unreadable)?,
            workspace_name: fields.team["name"].as_str().map(shapes::storable),
            bot_token: SecretString::from(tokens.access_token().secret().as_str()),
            // Slack separates by commas where OAuth has spaces.
            scopes: tokens.scopes().map(|scopes| {
                let scopes = scopes.iter();
                scopes.flat_map(|scopes| split_scopes(scopes)).collect()
            }),
            installed_by: fields.authed_user["id"].as_str().and_then(PersonId::parse),
        })
    }

    /// Exchanges the code of whoever lets the app do something in their own name for their token.
    pub async fn exchange_permission(
        &self,
        code: &str,
        redirect_uri: &str,
    ) -> Result<NewPermission, SlackError> {
        let tokens: Tokens<InstallationFields> = self
            .exchange("/api/oauth.v2.access", code, redirect_uri)
            .await?;
        let fields = tokens.extra_fields();
        let given = &fields.authed_user;
        let token = given["access_token"].as_str();
        let token = token.filter(|token| !token.is_empty() && oauth::is_sendable(token));
        if fields.tokens_rotate || given["refresh_token"].is_string() {
            // It is not kept, and must not stay live.
            if let Some(token) = token
                && let Err(error) = self.revoke(&SecretString::from(token)).await
            {
                tracing::warn!(%error, "a permission that is not kept was not given back at Slack");
            }
            return Err(SlackError::TokenRotation);
        }
        let workspace = fields.team["id"].as_str().and_then(WorkspaceId::parse);
        let person = given["id"].as_str().and_then(PersonId::parse);
        Ok(NewPermission {
            workspace,
            person,
            token: SecretString::from(token.ok_or(SlackError::Unreadable)?),
            scopes: split_scopes(given["scope"].as_str().unwrap_or_default()),
        })
    }

    /// Has Slack end a token.
    pub async fn revoke(&self, token: &SecretString) -> Result<(), SlackError> {
        match self.post("auth.revoke", token, &json!({})).await {
            Ok(_) | Err(SlackError::TokenRefused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What a bot token may do, as Slack tells with the answer to whose it is.
    pub async fn granted_to(&self, token: &SecretString) -> Result<Vec<String>, SlackError> {
        let answer = self.auth_test(token).await?;
        answer.scopes.ok_or(SlackError::Unreadable)
    }

    /// One page of the people of the token's workspace; the first without a cursor.
    pub async fn users_page(
        &self,
        token: &SecretString,
        workspace: &WorkspaceId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Granted<UsersPage>, SlackError> {
        let query = [
            ("limit", limit.to_string()),
            ("cursor", cursor.unwrap_or_default().to_owned()),
        ];
        let answer = self
            .get("/api/users.list", token, &query, PAGE_TIMEOUT)
            .await?;
        let members = shapes::members(&answer.value).ok_or(SlackError::Unreadable)?;
        let accounts: Vec<Account> = members
            .iter()
            .filter_map(|user| Account::read(user, workspace))
            .collect();
        Ok(Granted {
            value: UsersPage {
                unreadable: members.len() - accounts.len(),
                accounts,
                end: shapes::page_end(&answer.value),
            },
            scopes: answer.scopes,
        })
    }

    /// One account; `None` when Slack says that there is none.
    pub async fn user_info(
        &self,
        token: &SecretString,
        workspace: &WorkspaceId,
        person: &PersonId,
    ) -> Result<Granted<Option<Account>>, SlackError> {
        let query = [("user", person.to_string())];
        match self
            .get("/api/users.info", token, &query, TOTAL_TIMEOUT)
            .await
        {
            Ok(Granted { value, scopes }) => {
                let account = Account::read(&value["user"], workspace)
                    .filter(|account| account.belongs_to(person))
                    .ok_or(SlackError::Unreadable)?;
                Ok(Granted {
                    value: Some(account),
                    scopes,
                })
            }
            Err(SlackError::Refused { word })
                if matches!(word.as_str(), "user_not_found" | "users_not_found") =>
            {
                Ok(Granted {
                    value: None,
                    scopes: None,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the token itself is good, which needs no scope, and what it may do.
    pub async fn auth_test(&self, token: &SecretString) -> Result<Granted<()>, SlackError> {
        let answer = self
            .get("/api/auth.test", token, &[], TOTAL_TIMEOUT)
            .await?;
        Ok(Granted {
            value: (),
            scopes: answer.scopes,
        })
    }

    /// Writes a message. Where an error does not say so, nobody knows whether it was written: see
    /// [`SlackError::may_have_acted`].
    pub async fn post_message(
        &self,
        token: &SecretString,
        message: Message<'_>,
    ) -> Result<Granted<Option<String>>, SlackError> {
        let mut body = body_of(message);
        body["unfurl_links"] = Value::from(false);
        body["unfurl_media"] = Value::from(false);
        let posted = self.post("chat.postMessage", token, &body).await?;
        let ts = read_posted(&posted.value);
        Ok(posted.map(|_| ts))
    }

    /// Writes a message that one person alone sees.
    pub async fn whisper(
        &self,
        token: &SecretString,
        message: Message<'_>,
        person: &PersonId,
    ) -> Result<Granted<()>, SlackError> {
        let mut body = body_of(message);
        body["user"] = json!(person);
        let posted = self.post("chat.postEphemeral", token, &body).await?;
        Ok(posted.map(drop))
    }

    /// Has a message say something else.
    pub async fn update_message(
        &self,
        token: &SecretString,
        ts: &str,
        message: Message<'_>,
    ) -> Result<Granted<()>, SlackError> {
        let mut body = body_of(message);
        body["ts"] = Value::from(ts);
        let updated = self.post("chat.update", token, &body).await?;
        Ok(updated.map(drop))
    }

    /// Answers at an address that Slack has handed out for that, for one person alone.
    pub async fn respond(
        &self,
        address: &ReplyAddress,
        thread: Option<&str>,
        text: &str,
    ) -> Result<(), SlackError> {
        let mut body = json!({
            "response_type": "ephemeral", "replace_original": false, "text": text,
        });
        if let Some(thread) = thread {
            body["thread_ts"] = Value::from(thread);
        }
        let response = self.http.post(address.url().clone()).json(&body).send();
        let response = response.await.map_err(unwritten)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(SlackError::RateLimited {
                retry_after: retry_after(response.headers()),
            }),
            status => Err(SlackError::Unavailable {
                status: status.as_u16(),
            }),
        }
    }

    /// The conversation with somebody, which is opened where there is none.
    pub async fn open_direct(
        &self,
        token: &SecretString,
        person: &PersonId,
    ) -> Result<Granted<SlackChannelId>, SlackError> {
        let body = json!({"users": person});
        let opened = self.post("conversations.open", token, &body).await?;
        let channel = read_direct(&opened.value).ok_or(SlackError::Unreadable)?;
        Ok(opened.map(|_| channel))
    }

    /// One page of these channels that are not archived; the first where the cursor is empty.
    pub async fn channels_page(
        &self,
        token: &SecretString,
        among: &Among,
        cursor: &str,
    ) -> Result<Granted<ChannelsPage>, SlackError> {
        let mut query = vec![
            ("exclude_archived", "true".to_owned()),
            // The most that Slack takes.
            ("limit", "999".to_owned()),
            ("cursor", cursor.to_owned()),
        ];
        let path = match among {
            Among::Public => {
                query.push(("types", "public_channel".to_owned()));
                "/api/conversations.list"
            }
            Among::PrivateOf(person) => {
                query.push(("types", "private_channel".to_owned()));
                query.push(("user", person.to_string()));
                "/api/users.conversations"
            }
        };
        let answer = self.get(path, token, &query, TOTAL_TIMEOUT).await?;
        let page = read_page(&answer.value, among).ok_or(SlackError::Unreadable)?;
        Ok(answer.map(|_| page))
    }

    /// One channel, with its topic.
    pub async fn channel(
        &self,
        token: &SecretString,
        channel: &SlackChannelId,
    ) -> Result<Granted<ChannelInfo>, SlackError> {
        let query = [("channel", channel.to_string())];
        let answer = self
            .get("/api/conversations.info", token, &query, TOTAL_TIMEOUT)
            .await?;
        let info = read_info(&answer.value).ok_or(SlackError::Unreadable)?;
        Ok(answer.map(|_| info))
    }

    /// Sets the topic of a channel, which posts a line there.
    pub async fn set_topic(
        &self,
        token: &SecretString,
        channel: &SlackChannelId,
        topic: &str,
    ) -> Result<Granted<()>, SlackError> {
        let body = json!({"channel": channel, "topic": topic});
        let set = self.post("conversations.setTopic", token, &body).await?;
        Ok(set.map(drop))
    }

    /// Joins a public channel.
    pub async fn join(
        &self,
        token: &SecretString,
        channel: &SlackChannelId,
    ) -> Result<Granted<()>, SlackError> {
        let body = json!({"channel": channel});
        let joined = self.post("conversations.join", token, &body).await?;
        Ok(joined.map(drop))
    }

    /// All user groups of the token's workspace, the disabled too, with their members.
    pub async fn user_groups(
        &self,
        token: &SecretString,
    ) -> Result<Granted<Vec<UserGroup>>, SlackError> {
        let query = ["include_users", "include_disabled"].map(|name| (name, "true".to_owned()));
        let answer = self
            .get("/api/usergroups.list", token, &query, GROUPS_TIMEOUT)
            .await?;
        let groups = read_groups(&answer.value).ok_or(SlackError::Unreadable)?;
        Ok(answer.map(|_| groups))
    }

    /// Who is in one user group, disabled or not.
    pub async fn group_users(
        &self,
        token: &SecretString,
        group: &SlackGroupId,
    ) -> Result<Granted<BTreeSet<PersonId>>, SlackError> {
        let query = [
            ("usergroup", group.to_string()),
            ("include_disabled", "true".to_owned()),
        ];
        let answer = self
            .get("/api/usergroups.users.list", token, &query, GROUPS_TIMEOUT)
            .await?;
        let users = read_users(&answer.value).ok_or(SlackError::Unreadable)?;
        Ok(answer.map(|_| users))
    }

    /// Writes a user group by one of Slack's methods for that, and tells how the group is
    /// afterwards where Slack does.
    pub async fn write_group(
        &self,
        token: &SecretString,
        method: &str,
        body: &Value,
    ) -> Result<Granted<Option<UserGroup>>, SlackError> {
        let answer = self.post(method, token, body).await?;
        let group = read_group(&answer);
        Ok(answer.map(|_| group))
    }

    /// Asks for something that changes something.
    async fn post(
        &self,
        method: &str,
        token: &SecretString,
        body: &Value,
    ) -> Result<Granted<Value>, SlackError> {
        let response = self
            .http
            .post(self.address(&format!("/api/{method}")))
            .bearer_auth(token.expose_secret())
            .json(body)
            .send()
            .await
            .map_err(unwritten)?;
        let scopes = granted_scopes(response.headers());
        let answer = read(response).await.map_err(|error| match error {
            // It broke off after the question had been put.
            SlackError::Unreachable => SlackError::Unreadable,
            error => error,
        })?;
        let value = serde_json::from_slice(&answer).map_err(|_| SlackError::Unreadable)?;
        Ok(Granted { value, scopes })
    }

    async fn get(
        &self,
        path: &str,
        token: &SecretString,
        query: &[(&str, String)],
        timeout: Duration,
    ) -> Result<Granted<Value>, SlackError> {
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
        let value =
            serde_json::from_slice(&read(response).await?).map_err(|_| SlackError::Unreadable)?;
        Ok(Granted { value, scopes })
    }

    async fn exchange<Fields: ExtraTokenFields + Send + Sync + 'static>(
        &self,
        path: &str,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens<Fields>, SlackError> {
        match self.exchange_once(path, code, redirect_uri).await {
            // The code may not have been used. If it was, the first answer counts.
            Err(first) if first.passes() || matches!(first, SlackError::TokenRefused { .. }) => {
                sleep(EXCHANGE_AGAIN).await;
                let again = self.exchange_once(path, code, redirect_uri).await;
                again.map_err(|_| first)
            }
            answer => answer,
        }
    }

    async fn exchange_once<Fields: ExtraTokenFields + Send + Sync + 'static>(
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
            Ok(HttpResponse::new(as_standard(read(response).await?)))
        })
    }
}

/// The body as the OAuth library reads it, which wants a type of every token, and a
/// token even where only the ID token is of use. One that no request can carry is
/// empty. What tells that tokens end after hours comes in several shapes, of which the
/// library knows one: it becomes a field of our own.
fn as_standard(body: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(&body) else {
        return body;
    };
    let token = answer.get("access_token").and_then(Value::as_str);
    let token = token.filter(|token| oauth::is_sendable(token));
    let token = Value::from(token.unwrap_or_default());
    answer.insert("access_token".to_owned(), token);
    answer.insert("token_type".to_owned(), Value::from("bearer"));
    if answer.get("scope").is_some_and(|scope| !scope.is_string()) {
        answer.remove("scope");
    }
    let renews = answer.remove("refresh_token");
    let ends = answer.remove("expires_in");
    let rotate = renews.is_some_and(|token| token.as_str().is_some_and(|token| !token.is_empty()))
        || ends.is_some_and(|seconds| number(&seconds).is_some_and(|seconds| seconds > 0.0));
    answer.insert("tokens_rotate".to_owned(), Value::from(rotate));
    Value::Object(answer).to_string().into_bytes()
}

/// A number, also one in a text.
fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// A message, as Slack takes it.
fn body_of(
    Message {
        channel,
        thread,
        text,
        blocks,
    }: Message<'_>,
) -> Value {
    let mut body = json!({"channel": channel, "text": text});
    if let Some(thread) = thread {
        body["thread_ts"] = Value::from(thread);
    }
    if let Some(blocks) = blocks {
        body["blocks"] = blocks.clone();
    }
    body
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
    let answer: Value = serde_json::from_slice(&body).map_err(|_| SlackError::Unreadable)?;
    if answer["ok"] == true {
        return Ok(body);
    }
    let word = answer["error"].as_str().unwrap_or_default();
    Err(SlackError::of_word(word, || {
        scopes.or_else(|| answer["provided"].as_str().map(split_scopes))
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

/// The same for what changes something at Slack: only where no connection was made it is certain
/// that nothing was.
fn unwritten(error: reqwest::Error) -> SlackError {
    if error.is_connect() {
        SlackError::Unreachable
    } else if error.is_timeout() {
        SlackError::TimedOut
    } else {
        SlackError::Unreadable
    }
}

/// For how long Slack asks to wait, as far as that is a length of time.
fn retry_after(headers: &HeaderMap) -> Duration {
    let told = headers.get("retry-after");
    let seconds = told.and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok());
    match seconds {
        Some(seconds) if seconds >= 0.0 => {
            let capped = seconds.ceil().min(LONGEST_DEMANDED.as_secs_f64());
            Duration::try_from_secs_f64(capped).unwrap_or(LONGEST_DEMANDED)
        }
        _ => USUAL_WAIT,
    }
}

fn granted_scopes(headers: &HeaderMap) -> Option<Vec<String>> {
    let scopes = split_scopes(headers.get("x-oauth-scopes")?.to_str().ok()?);
    // There is no token that may do nothing.
    (!scopes.is_empty()).then_some(scopes)
}

fn split_scopes(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::RETRY_AFTER;

    fn standard(answer: &str) -> Value {
        serde_json::from_slice(&as_standard(answer.as_bytes().to_vec())).expect("JSON")
    }

    #[test]
    fn what_the_library_wants_and_we_do_not_need_is_put_in() {
        for answer in [
            r#"{"id_token":"a.b.c"}"#,
            r#"{"id_token":"a.b.c","access_token":null,"token_type":7,"scope":[]}"#,
            r#"{"id_token":"a.b.c","id_token":"a.b.c"}"#,
        ] {
            let expected = json!({"id_token": "a.b.c", "access_token": "", "token_type": "bearer", "tokens_rotate": false});
            assert_eq!(standard(answer), expected, "{answer}");
        }
        let kept = r#"{"access_token":"xoxb-1","token_type":"bot","scope":"users:read"}"#;
        assert_eq!(standard(kept)["access_token"], "xoxb-1");
        assert_eq!(standard(kept)["scope"], "users:read");
    }

    #[test]
    fn tokens_rotate_where_a_refresh_token_or_an_end_is_told_in_whichever_shape() {
        for (fields, rotate) in [
            (json!({"refresh_token": "xoxe-1"}), true),
            (json!({"expires_in": 43200}), true),
            (json!({"expires_in": "43200"}), true),
            (json!({"refresh_token": 7, "expires_in": 1.5}), true),
            (json!({"refresh_token": "", "expires_in": 0}), false),
            (json!({"refresh_token": null, "expires_in": "never"}), false),
            (json!({"refresh_token": [], "expires_in": {}}), false),
            (json!({}), false),
        ] {
            let read = standard(&fields.to_string());
            assert_eq!(read["tokens_rotate"], rotate, "{fields}");
            assert_eq!(
                (read.get("refresh_token"), read.get("expires_in")),
                (None, None)
            );
        }
    }

    #[test]
    fn slack_is_left_alone_for_as_long_as_it_asks_and_never_for_ever() {
        for (told, seconds) in [
            ("30", 30),
            (" 1.2 ", 2),
            ("0", 0),
            ("3600", 3_600),
            ("31536000", 3_600),
            ("1e300", 3_600),
            ("inf", 3_600),
            ("-1", 5),
            ("nan", 5),
            ("", 5),
            ("soon", 5),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 5),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, told.parse().unwrap())]);
            assert_eq!(retry_after(&headers).as_secs(), seconds, "{told}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), USUAL_WAIT);
    }

    #[test]
    fn a_token_that_no_request_can_carry_is_none() {
        for token in ["x".repeat(4_097), "xoxb\n1".to_owned()] {
            let answer = json!({"access_token": token}).to_string();
            assert_eq!(standard(&answer)["access_token"], "");
        }
    }
}
