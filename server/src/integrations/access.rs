//! Makes a connection's credential ready for use. A key is opened; a login's
//! tokens are renewed a little before they end, and when PagerDuty stops
//! accepting them. Renewing spends the refresh token, so it happens once however
//! many requests want it: in this process they share one attempt, and among
//! servers a lease in the database decides.

use super::{AcceptedCredential, IntegrationServices, OauthSecrets, Secrets};
use crate::{
    pagerduty::{Account, Grant, OauthApp, TokenProblem},
    store::{Connection, StoreError, StoredMethod, TokenLease, TokenTerm, credential_row},
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{self, Instant};
use tokio_util::task::TaskTracker;
use types::{LiveTopic, PagerDutyProblem, Timestamp, WorkspaceId};

/// The share of an access token's life after which it is renewed.
const RENEW_AFTER_SHARE: f64 = 0.8;
/// Long lives are used up to this long before their end.
const RENEW_BEFORE_END: Duration = Duration::from_secs(5 * 60);
/// How often somebody who waits for another server's renewal looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many seconds another server's renewal is waited for.
const PATIENCE_SECONDS: u32 = 20;
/// A token that is good for less than this is not relied on any more, in seconds.
const RELIED_ON_SECONDS: i64 = 10;
/// How long an early renewal that brought nothing is not tried again, in seconds.
const TRY_EARLY_AGAIN_SECONDS: u32 = 15;
/// A new pair that cannot be saved is lost with the login, so saving is tried
/// again for this long.
const SAVE_FOR: Duration = Duration::from_secs(20);
const SAVE_AGAIN: Duration = Duration::from_millis(500);

/// A credential ready for use.
#[derive(Clone, Debug)]
pub struct Access {
    pub account: Account,
    /// The connection as it was when the credential was opened.
    pub connection: Connection,
}

/// Why there is no credential to use.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessProblem {
    #[error(transparent)]
    PagerDuty(#[from] PagerDutyProblem),
    /// The workspace is not connected (any more).
    ///
    /// Remedy: an admin connects it under Settings → Integrations.
    #[error("PagerDuty is not connected")]
    NotConnected,
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// This server ends: it begins no renewal that it may not be able to save.
    ///
    /// Remedy: none is needed: the next server goes on.
    #[error("the server is stopping")]
    Stopping,
}

impl From<StoreError> for AccessProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

type Renewal = Shared<BoxFuture<'static, Result<Access, AccessProblem>>>;

/// The renewals under way in this process, by workspace, generation of the
/// credential, and pair of tokens.
#[derive(Clone, Default)]
pub struct Renewals {
    joined: Arc<Mutex<HashMap<Which, Renewal>>>,
    /// Those that may have spent a refresh token.
    spending: TaskTracker,
}

type Which = (WorkspaceId, String, i64);

/// The credential of `connection`, ready for use. Tokens that still serve for a
/// while are renewed beside their use, so that nobody waits for PagerDuty's login.
pub async fn access(
    services: &IntegrationServices,
    connection: &Connection,
) -> Result<Access, AccessProblem> {
    if connection.credential.method == StoredMethod::Unknown {
        return Err(PagerDutyProblem::UnknownMethod.into());
    }
    let StoredMethod::Oauth(login) = &connection.credential.method else {
        return open(services, connection);
    };
    let now = connection.database_now();
    let TokenTerm {
        refresh_at,
        expires_at,
    } = login.term;
    if is_past(expires_at, now.plus_seconds(RELIED_ON_SECONDS)) && is_past(refresh_at, now) {
        return match renewed(services, connection).await {
            // It was to be renewed early enough that the old one still serves.
            Err(AccessProblem::PagerDuty(problem))
                if !is_ended(&problem) && !is_past(expires_at, now) =>
            {
                tracing::warn!(workspace = %connection.workspace, %problem, "the login could not be renewed yet");
                open(services, connection)
            }
            outcome => outcome,
        };
    }
    if is_past(refresh_at, now) && !connection.login_ended {
        let renewal = services.renewals.join(services, connection);
        services.tasks.spawn(renewal);
    } else if is_past(expires_at, now) {
        return renewed(services, connection).await;
    }
    open(services, connection)
}

fn is_ended(problem: &PagerDutyProblem) -> bool {
    matches!(
        problem,
        PagerDutyProblem::LoginEnded | PagerDutyProblem::ClientEnded
    )
}

fn is_past(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now)
}

/// Asks PagerDuty with the credential of `connection`; once more with renewed
/// tokens when it does not accept those it had, which one answer alone does not say.
pub async fn asking<T, Answer>(
    services: &IntegrationServices,
    connection: &Connection,
    ask: impl Fn(Account) -> Answer,
) -> Result<T, AccessProblem>
where
    Answer: Future<Output = Result<T, PagerDutyProblem>>,
{
    let first = access(services, connection).await?;
    let answer = ask(first.account.clone()).await;
    let is_over = |problem: &PagerDutyProblem| may_be_over(&first.connection, problem);
    if !answer.as_ref().err().is_some_and(is_over) {
        return Ok(answer?);
    }
    let (last, answer) = match &first.connection.credential.method {
        StoredMethod::ApiKey { .. } | StoredMethod::Unknown => (first, answer),
        StoredMethod::Oauth(_) => {
            let next = renewed(services, &first.connection).await?;
            let answer = ask(next.account.clone()).await;
            (next, answer)
        }
    };
    if !matches!(answer, Err(PagerDutyProblem::Unauthorized)) {
        return Ok(answer?);
    }
    let second = services.pagerduty.answers(&last.account).await;
    Err(if second == Err(PagerDutyProblem::Unauthorized) {
        ended(&last.connection, PagerDutyProblem::Unauthorized).into()
    } else {
        PagerDutyProblem::Unauthorized.of_one_alone().into()
    })
}

/// Whether the answer may mean that the tokens are not accepted any more, which asking
/// for others shows. PagerDuty has been seen to say so with a web page as well; of a
/// key, which cannot be renewed, such a page says nothing.
pub const fn may_be_over(connection: &Connection, problem: &PagerDutyProblem) -> bool {
    match problem {
        PagerDutyProblem::Unauthorized => true,
        PagerDutyProblem::Interposed { status: 401, .. } => {
            matches!(connection.credential.method, StoredMethod::Oauth(_))
        }
        _ => false,
    }
}

/// A stored credential that is refused has worked before: it has ended.
pub fn ended(connection: &Connection, problem: PagerDutyProblem) -> PagerDutyProblem {
    match (&connection.credential.method, problem) {
        (StoredMethod::ApiKey { .. }, PagerDutyProblem::Unauthorized) => PagerDutyProblem::KeyEnded,
        (StoredMethod::Oauth(_), PagerDutyProblem::Unauthorized) => PagerDutyProblem::LoginEnded,
        (_, problem) => problem,
    }
}

/// The credential with other tokens than `connection` shows, which PagerDuty does
/// not accept any more or soon. A key cannot be renewed: it has ended.
pub async fn renewed(
    services: &IntegrationServices,
    connection: &Connection,
) -> Result<Access, AccessProblem> {
    if matches!(connection.credential.method, StoredMethod::ApiKey { .. }) {
        return Err(PagerDutyProblem::KeyEnded.into());
    }
    services.renewals.join(services, connection).await
}

impl Renewals {
    /// Joins the renewal of these tokens that is under way, or begins one.
    fn join(&self, services: &IntegrationServices, connection: &Connection) -> Renewal {
        let which = (
            connection.workspace.clone(),
            connection.generation.clone(),
            connection.token_version,
        );
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        joined
            .entry(which.clone())
            .or_insert_with(|| self.begin(services.clone(), connection.clone(), which))
            .clone()
    }

    /// Returns when no renewal is under way any more whose tokens are still to be saved.
    pub async fn finished(&self) {
        self.spending.close();
        self.spending.wait().await;
    }

    /// A task of its own, from the first who waits for it: nobody who leaves may
    /// take the new tokens along.
    fn begin(
        &self,
        services: IntegrationServices,
        connection: Connection,
        which: Which,
    ) -> Renewal {
        let under_way = UnderWay {
            renewals: self.clone(),
            which,
        };
        async move {
            let tasks = services.tasks.clone();
            let task = tasks.spawn(async move {
                let _until_done = under_way;
                renew(&services, &connection).await
            });
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a renewal broke off");
                Err(PagerDutyProblem::Unreachable.into())
            })
        }
        .boxed()
        .shared()
    }
}

/// Takes a renewal off the list when it ends, in whichever way.
struct UnderWay {
    renewals: Renewals,
    which: Which,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut under_way = self
            .renewals
            .joined
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.which);
    }
}

/// Renews the tokens, or takes those that another server has renewed meanwhile.
/// Only the waiting for another server is bounded here: once PagerDuty is asked,
/// its answer must be saved.
async fn renew(
    services: &IntegrationServices,
    stale: &Connection,
) -> Result<Access, AccessProblem> {
    let patience = Instant::now() + Duration::from_secs(PATIENCE_SECONDS.into());
    while Instant::now() < patience {
        let present = services.store.connection(&stale.workspace).await?;
        let present = present.ok_or(AccessProblem::NotConnected)?;
        let replaced = present.generation != stale.generation;
        if replaced || present.token_version != stale.token_version {
            return open(services, &present);
        }
        if present.login_ended {
            return Err(end_of(&present).into());
        }
        // Noted before the shutdown is looked at: whoever waits for the end sees it.
        let spending = services.renewals.spending.token();
        if services.shutdown.is_cancelled() {
            return Err(AccessProblem::Stopping);
        }
        if let Some(lease) = services.store.take_token_lease(&present).await? {
            let renewed = renew_under(services, &present, &lease).await;
            drop(spending);
            return renewed;
        }
        drop(spending);
        time::sleep(LOOK_AGAIN).await;
    }
    let limit_seconds = PATIENCE_SECONDS;
    Err(PagerDutyProblem::TimedOut { limit_seconds }.into())
}

/// Why a login that has ended did so, as it was noted then.
fn end_of(connection: &Connection) -> PagerDutyProblem {
    connection
        .problem
        .clone()
        .filter(PagerDutyProblem::needs_reconnection)
        .unwrap_or(PagerDutyProblem::LoginEnded)
}

async fn renew_under(
    services: &IntegrationServices,
    connection: &Connection,
    lease: &TokenLease,
) -> Result<Access, AccessProblem> {
    let asked_at = connection.database_now();
    let workspace = &connection.workspace;
    match exchange(services, connection).await {
        Ok((secrets, grant)) => {
            let next = merged(secrets, &grant);
            let sealed = next.seal(&services.keys, &credential_row(workspace));
            let term = term(asked_at, grant.expires_in);
            let saved = save(services, lease, &sealed, term).await?;
            // Replaced meanwhile, the other credential is what counts.
            let present = services.store.connection(workspace).await?;
            let present = present.ok_or(AccessProblem::NotConnected)?;
            if saved {
                tracing::info!(%workspace, "renewed the login");
            } else if present.generation == connection.generation {
                tracing::error!(%workspace, "new tokens came too late to be saved");
            }
            open(services, &present)
        }
        Err(Failure::Ended(problem)) => {
            tracing::warn!(%workspace, %problem, "the login has ended");
            if services.store.end_login(lease, &problem).await? {
                services.live.publish(workspace, LiveTopic::Connection);
            }
            Err(problem.into())
        }
        Err(Failure::NotNow(problem)) => {
            let wait = early_again_seconds(&problem);
            let again = connection.database_now().plus_seconds(wait.into());
            services.store.release_token_lease(lease, again).await?;
            Err(problem.into())
        }
    }
}

/// After how many seconds an early renewal is tried again that failed with this.
fn early_again_seconds(problem: &PagerDutyProblem) -> u32 {
    match problem {
        PagerDutyProblem::RateLimited {
            retry_after_seconds,
        } => TRY_EARLY_AGAIN_SECONDS.max(*retry_after_seconds),
        _ => TRY_EARLY_AGAIN_SECONDS,
    }
}

/// Reasons of the standard for refusing that no waiting changes.
const FINAL_REASONS: [&str; 3] = ["access_denied", "invalid_scope", "invalid_token"];

/// Why there are no new tokens.
enum Failure {
    /// There never will be: somebody has to log in again.
    Ended(PagerDutyProblem),
    /// The same refresh token may bring some later.
    NotNow(PagerDutyProblem),
}

async fn exchange(
    services: &IntegrationServices,
    connection: &Connection,
) -> Result<(OauthSecrets, Grant), Failure> {
    let StoredMethod::Oauth(login) = &connection.credential.method else {
        return Err(Failure::Ended(PagerDutyProblem::KeyEnded));
    };
    // Another server may well have the key that opens them.
    let secrets =
        login_secrets(services, connection).ok_or(Failure::NotNow(PagerDutyProblem::Sealed))?;
    let Some(refresh_token) = &secrets.refresh_token else {
        return Err(Failure::Ended(PagerDutyProblem::LoginEnded));
    };
    let app = OauthApp {
        client_id: login.client_id.clone(),
        client_secret: secrets.client_secret.clone(),
    };
    match services.identity.refresh(&app, refresh_token).await {
        Ok(grant) => Ok((secrets, grant)),
        Err(TokenProblem::Grant) => Err(Failure::Ended(PagerDutyProblem::LoginEnded)),
        Err(TokenProblem::Client) => Err(Failure::Ended(PagerDutyProblem::ClientEnded)),
        Err(TokenProblem::Refused { reason }) if FINAL_REASONS.contains(&reason.as_str()) => {
            Err(Failure::Ended(PagerDutyProblem::LoginEnded))
        }
        Err(TokenProblem::Refused { reason }) => {
            tracing::warn!(workspace = %connection.workspace, reason, "PagerDuty did not renew the login");
            Err(Failure::NotNow(PagerDutyProblem::Unavailable {
                status: 400,
            }))
        }
        Err(TokenProblem::PagerDuty(problem)) => Err(Failure::NotNow(problem)),
    }
}

/// A refresh token that PagerDuty did not replace goes on serving.
fn merged(secrets: OauthSecrets, grant: &Grant) -> OauthSecrets {
    OauthSecrets {
        client_secret: secrets.client_secret,
        access_token: grant.access_token.clone(),
        refresh_token: grant.refresh_token.clone().or(secrets.refresh_token),
    }
}

/// Until when an access token is used that was asked for at `asked_at` and is
/// good for `expires_in`.
pub fn term(asked_at: Timestamp, expires_in: Option<Duration>) -> TokenTerm {
    let Some(life) = expires_in else {
        return TokenTerm::default();
    };
    let use_for = life
        .mul_f64(RENEW_AFTER_SHARE)
        .max(life.saturating_sub(RENEW_BEFORE_END));
    let after = |wait: Duration| {
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(asked_at.as_millis().saturating_add(millis))
    };
    TokenTerm {
        refresh_at: Some(after(use_for)),
        expires_at: Some(after(life)),
    }
}

async fn save(
    services: &IntegrationServices,
    lease: &TokenLease,
    sealed: &str,
    term: TokenTerm,
) -> Result<bool, StoreError> {
    let last_attempt = Instant::now() + SAVE_FOR;
    loop {
        match services.store.save_tokens(lease, sealed, term).await {
            Err(error) if Instant::now() < last_attempt => {
                tracing::error!(%error, "new tokens could not be saved; trying again");
                time::sleep(SAVE_AGAIN).await;
            }
            outcome => return outcome,
        }
    }
}

/// The cause why a credential cannot be opened is logged.
fn open(services: &IntegrationServices, connection: &Connection) -> Result<Access, AccessProblem> {
    if connection.login_ended {
        return Err(end_of(connection).into());
    }
    let row = credential_row(&connection.workspace);
    let stored = &connection.credential;
    let opened =
        AcceptedCredential::open(&services.keys, stored, &row).ok_or(PagerDutyProblem::Sealed)?;
    Ok(Access {
        account: Account {
            region: stored.region,
            credential: opened.secrets.credential(),
        },
        connection: connection.clone(),
    })
}

/// The secrets of a connected login; `None` when there is none that can be opened.
pub fn login_secrets(
    services: &IntegrationServices,
    connection: &Connection,
) -> Option<OauthSecrets> {
    let row = credential_row(&connection.workspace);
    let opened = AcceptedCredential::open(&services.keys, &connection.credential, &row)?;
    match opened.secrets {
        Secrets::Oauth(secrets) => Some(secrets),
        Secrets::ApiKey(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn seconds(life: u64) -> (i64, i64) {
        let term = term(NOW, Some(Duration::from_secs(life)));
        let after = |at: Option<Timestamp>| at.unwrap().seconds_since(NOW);
        (after(term.refresh_at), after(term.expires_at))
    }

    #[test]
    fn tokens_are_renewed_before_they_end_and_used_nearly_whole() {
        assert_eq!(seconds(5), (4, 5));
        assert_eq!(seconds(600), (480, 600));
        assert_eq!(seconds(86_400), (86_100, 86_400));
        assert_eq!(seconds(0), (0, 0));
    }

    #[test]
    fn a_token_whose_end_is_not_told_is_used_until_it_is_refused() {
        assert_eq!(term(NOW, None), TokenTerm::default());
        assert!(!is_past(None, NOW));
    }

    #[test]
    fn an_absurd_end_is_just_far_away() {
        let term = term(NOW, Some(Duration::from_secs(u64::MAX / 2)));
        assert!(term.refresh_at.unwrap() > NOW);
    }
}
