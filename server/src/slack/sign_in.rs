//! Signing in with Slack: ask Slack who it is, have Round Robin installed when
//! the workspace lacks it or its token lacks a scope, then make a session.

use super::{
    client::Granted,
    directory::{DirectoryError, look_up, start_refresh},
    error::SlackError,
    id_token::{self, Expected, IdTokenError, Identity},
    installation::{NEEDED_SCOPES, bot_token, has_needed, is_served},
    pending::{self, PendingSignIn, SignInStep},
};
use crate::{
    Services, clock,
    config::ServedWorkspaces,
    crypto::{random_token, token_key},
    store::{Installation, NewAuditEntry, NewSession, Person, StoreError, bot_token_row},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::time::timeout;
use types::{AuditAction, PersonId, SignInProblem, Timestamp, WorkspaceId};
use url::Url;

/// Where Slack sends the browser back to.
pub const CALLBACK_PATH: &str = "/api/auth/slack/callback";
/// How long Slack's pages may take, in seconds.
pub const PENDING_SECONDS: i64 = 10 * 60;
/// A session unseen for this long ends, in seconds.
pub const IDLE_SECONDS: i64 = 7 * 24 * 3600;
/// How long somebody who installs waits for the directory. A large one is read
/// on while they look around.
const DIRECTORY_WAIT: Duration = Duration::from_secs(10);
/// 256 bits in hexadecimal digits.
const STATE_CHARS: usize = 64;
/// Longer than any code that Slack makes; anything else is not Slack's.
const LONGEST_CODE: usize = 2_048;

/// What the browser brought, whichever step it is at.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What it kept of the sign-in whose state it came back with.
    pub kept: Option<SecretString>,
    /// It keeps some cookie of ours.
    pub keeps_cookies: bool,
    /// The key of the session that the browser had until now.
    pub session_key: Option<String>,
    pub request_id: String,
}

/// What Slack sent the browser back with.
#[derive(Clone, Debug, Default)]
pub struct SlackAnswer {
    pub state: Option<SecretString>,
    pub code: Option<SecretString>,
    pub error: Option<String>,
}

/// Where a sign-in stands now.
#[derive(Debug)]
pub enum Progress {
    /// The browser goes to Slack again.
    AskSlack {
        address: Url,
        /// What it has to keep meanwhile, under the id of the state in the address.
        id: String,
        sealed: SecretString,
    },
    /// The session's secret, for the cookie.
    SignedIn {
        session: SecretString,
        return_to: String,
    },
    Refused {
        problem: SignInProblem,
        /// Absent when it is not known which sign-in this was.
        return_to: Option<String>,
    },
}

/// Why a sign-in does not go on.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("{0}")]
    Refused(SignInProblem),
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a sign-in that will end at `return_to`: the address at Slack to open.
pub async fn begin(services: &Services, return_to: &str) -> Result<Progress, StoreError> {
    let asked = ask_who_it_is(services, return_to).await;
    settled(asked, Some(return_to.to_owned()))
}

async fn ask_who_it_is(services: &Services, return_to: &str) -> Result<Progress, Stop> {
    let nonce = random_token();
    let url = services.slack.identify_address(&nonce)?;
    let step = SignInStep::Identify {
        nonce_key: token_key(nonce.expose_secret()),
    };
    ask_slack(services, url, step, return_to).await
}

/// Goes on with what Slack answered. Must not be cut in the middle: the code
/// that Slack sent works once.
pub async fn resume(
    services: &Services,
    visit: &Visit,
    answer: &SlackAnswer,
) -> Result<Progress, StoreError> {
    let (Some(state), Some(kept)) = (&answer.state, &visit.kept) else {
        let problem = match &answer.state {
            Some(state) if is_ours(state) && !visit.keeps_cookies => SignInProblem::NoCookies,
            _ => SignInProblem::Stale,
        };
        return settled(Err(Stop::Refused(problem)), None);
    };
    let now = services.store.now().await?;
    let Some(pending) = PendingSignIn::open(&services.keys, state, kept, now) else {
        return settled(Err(Stop::Refused(SignInProblem::Stale)), None);
    };
    let progress = proceed(services, visit, answer, &pending).await;
    settled(progress, Some(pending.return_to))
}

async fn proceed(
    services: &Services,
    visit: &Visit,
    answer: &SlackAnswer,
    pending: &PendingSignIn,
) -> Result<Progress, Stop> {
    let code = checked_code(&pending.step, answer).map_err(Stop::Refused)?;
    let recognised = match &pending.step {
        SignInStep::Identify { nonce_key } => identify(services, code, nonce_key).await?,
        SignInStep::Install { workspace, person } => {
            install(services, visit, code, workspace).await?;
            let identity = Identity {
                workspace: workspace.clone(),
                person: person.clone(),
            };
            recognise(services, identity).await?
        }
    };
    match recognised {
        Recognised::Known(workspace, Some(person)) => {
            enter(services, visit, &workspace, &person, &pending.return_to).await
        }
        Recognised::Known(_, None) => Err(Stop::Refused(SignInProblem::Deactivated)),
        Recognised::NeedsInstallation(identity) => {
            ask_to_install(services, identity, &pending.return_to).await
        }
    }
}

/// The code that Slack sent, or what its absence means at this step.
fn checked_code<'a>(step: &SignInStep, answer: &'a SlackAnswer) -> Result<&'a str, SignInProblem> {
    match (answer.error.as_deref(), step) {
        // Slack says the same to who cancels and to who may not install.
        (Some("access_denied"), SignInStep::Install { .. }) => Err(SignInProblem::NotInstalled),
        (Some("access_denied"), SignInStep::Identify { .. }) => Err(SignInProblem::Cancelled),
        (Some(_), _) => Err(SignInProblem::Misconfigured),
        (None, _) => answer
            .code
            .as_ref()
            .map(ExposeSecret::expose_secret)
            .filter(|code| !code.is_empty() && code.len() <= LONGEST_CODE)
            .ok_or(SignInProblem::Stale),
    }
}

/// Whether a state has the form of those that we give, so that it may have come back to
/// a browser that keeps nothing.
fn is_ours(state: &SecretString) -> bool {
    let state = state.expose_secret();
    state.len() == STATE_CHARS && state.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a finished identification comes to.
enum Recognised {
    /// The workspace is installed; the person, if they are active there.
    Known(WorkspaceId, Option<Person>),
    NeedsInstallation(Identity),
}

async fn identify(services: &Services, code: &str, nonce_key: &str) -> Result<Recognised, Stop> {
    let id_token = services
        .slack
        .exchange_identity(code, &services.config.public_url.join(CALLBACK_PATH))
        .await?;
    let expected = Expected {
        issuers: &services.slack.issuers(),
        client_id: services.slack.client_id()?,
        nonce_key,
    };
    let identity = id_token::check(id_token.expose_secret(), &expected, clock::now())?;
    let first = services.store.first_workspace().await?;
    if !is_served(
        &services.config.slack.workspaces,
        first.as_ref(),
        &identity.workspace,
    ) {
        return Err(Stop::Refused(SignInProblem::WorkspaceNotServed));
    }
    recognise(services, identity).await
}

/// Looks the person up with the workspace's bot token, which also tells whether
/// the token still serves.
async fn recognise(services: &Services, identity: Identity) -> Result<Recognised, Stop> {
    let Identity { workspace, person } = &identity;
    let Some(known) = services.store.workspace(workspace).await? else {
        return Ok(Recognised::NeedsInstallation(identity));
    };
    let (Some(installation), Some(token)) = (&known.installation, bot_token(services, &known))
    else {
        return Ok(Recognised::NeedsInstallation(identity));
    };
    if !has_needed(&installation.scopes) {
        return Ok(Recognised::NeedsInstallation(identity));
    }
    match look_up(services, workspace, installation, &token, person).await {
        Err(DirectoryError::Slack(SlackError::TokenEnded | SlackError::MissingScope { .. })) => {
            Ok(Recognised::NeedsInstallation(identity))
        }
        Ok(Granted {
            scopes: Some(scopes),
            ..
        }) if !has_needed(&scopes) => Ok(Recognised::NeedsInstallation(identity)),
        Ok(Granted { value: found, .. }) => {
            let active = found.filter(|person| !person.deactivated);
            Ok(Recognised::Known(identity.workspace, active))
        }
        Err(DirectoryError::Slack(error)) => last_known(services, identity, error).await,
        Err(DirectoryError::Store(error)) => Err(error.into()),
    }
}

/// Slack identified the person but cannot tell more at the moment: the
/// directory's word is a few minutes old at most, and good enough.
async fn last_known(
    services: &Services,
    identity: Identity,
    error: SlackError,
) -> Result<Recognised, Stop> {
    let Identity { workspace, person } = identity;
    match services.store.person(&workspace, &person).await? {
        Some(person) if !person.deactivated => {
            tracing::warn!(%workspace, %error, "signing in with the directory's last word");
            Ok(Recognised::Known(workspace, Some(person)))
        }
        _ => Err(error.into()),
    }
}

async fn ask_to_install(
    services: &Services,
    identity: Identity,
    return_to: &str,
) -> Result<Progress, Stop> {
    let url = services
        .slack
        .install_address(&identity.workspace, &NEEDED_SCOPES)?;
    let step = SignInStep::Install {
        workspace: identity.workspace,
        person: identity.person,
    };
    ask_slack(services, url, step, return_to).await
}

/// Has the browser keep the step under a new state, which `url` gets to carry.
async fn ask_slack(
    services: &Services,
    mut url: Url,
    step: SignInStep,
    return_to: &str,
) -> Result<Progress, Stop> {
    let state = random_token();
    let now = services.store.now().await?;
    let pending = PendingSignIn {
        step,
        return_to: return_to.to_owned(),
        expires_at: now.plus_seconds(PENDING_SECONDS),
    };
    url.query_pairs_mut()
        .append_pair(
            "redirect_uri",
            &services.config.public_url.join(CALLBACK_PATH),
        )
        .append_pair("state", state.expose_secret());
    Ok(Progress::AskSlack {
        address: url,
        id: pending::id(&state),
        sealed: pending.seal(&services.keys, &state),
    })
}

/// Saves the bot token and begins to read the directory with it.
async fn install(
    services: &Services,
    visit: &Visit,
    code: &str,
    expected: &WorkspaceId,
) -> Result<(), Stop> {
    let new = services
        .slack
        .exchange_installation(code, &services.config.public_url.join(CALLBACK_PATH))
        .await?;
    if new.workspace != *expected {
        return Err(Stop::Refused(SignInProblem::WorkspaceNotServed));
    }
    if !has_needed(&new.scopes) {
        return Err(Stop::Refused(SignInProblem::Misconfigured));
    }
    let now = clock::now();
    let installation = Installation {
        bot_token_sealed: services
            .keys
            .seal(&new.bot_token, &bot_token_row(&new.workspace)),
        scopes: new.scopes,
        installed_at: now,
        installed_by: new.installed_by.clone(),
    };
    let entry = NewAuditEntry {
        target: Some(new.workspace_name.clone()),
        ..audited(
            &new.workspace,
            &new.installed_by,
            &installer_name(services, &new.bot_token, &new.installed_by).await,
            AuditAction::InstalledInSlack,
            visit,
            now,
        )
    };
    let first_only = services.config.slack.workspaces == ServedWorkspaces::FirstInstalled;
    let saved = services
        .store
        .save_installation(
            &new.workspace,
            &new.workspace_name,
            &installation,
            first_only,
            &entry,
        )
        .await?;
    if !saved {
        return Err(Stop::Refused(SignInProblem::WorkspaceNotServed));
    }
    if let Some(workspace) = services.store.workspace(&new.workspace).await? {
        // Past the wait, the task goes on by itself.
        let _ = timeout(DIRECTORY_WAIT, start_refresh(services, workspace)).await;
    }
    Ok(())
}

/// The name for the audit log, which has to be right although the directory is
/// not read yet; the id when Slack does not tell.
async fn installer_name(
    services: &Services,
    bot_token: &SecretString,
    installer: &PersonId,
) -> String {
    match services.slack.user_info(bot_token, installer).await {
        Ok(Granted {
            value: Some(person),
            ..
        }) => person.name,
        _ => installer.to_string(),
    }
}

/// Makes the session. Its secret is new, whatever the browser had before.
async fn enter(
    services: &Services,
    visit: &Visit,
    workspace: &WorkspaceId,
    person: &Person,
    return_to: &str,
) -> Result<Progress, Stop> {
    let session = random_token();
    let now = clock::now();
    let entry = audited(
        workspace,
        &person.id,
        &person.name,
        AuditAction::SignedIn,
        visit,
        now,
    );
    let new = NewSession {
        key: &token_key(session.expose_secret()),
        workspace,
        person: &person.id,
        at: now,
        replaces: visit.session_key.as_deref(),
    };
    services
        .store
        .sign_in(&new, now.plus_seconds(-IDLE_SECONDS), &entry)
        .await?;
    Ok(Progress::SignedIn {
        session,
        return_to: return_to.to_owned(),
    })
}

fn audited(
    workspace: &WorkspaceId,
    person: &PersonId,
    name: &str,
    action: AuditAction,
    visit: &Visit,
    at: Timestamp,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: workspace.clone(),
        at,
        actor: person.clone(),
        actor_name: name.to_owned(),
        action,
        refused: false,
        target: None,
        before: None,
        after: None,
        request_id: Some(visit.request_id.clone()),
    }
}

/// Turns what stopped a sign-in into what the person is told, and logs the rest.
fn settled(
    progress: Result<Progress, Stop>,
    return_to: Option<String>,
) -> Result<Progress, StoreError> {
    let problem = match progress {
        Ok(progress) => return Ok(progress),
        Err(Stop::Store(error)) => return Err(error),
        Err(Stop::Refused(problem)) => problem,
        Err(Stop::Slack(error)) => {
            tracing::warn!(%error, "a sign-in failed at Slack");
            error.sign_in_problem()
        }
        Err(Stop::IdToken(error)) => {
            tracing::warn!(%error, "a sign-in brought an ID token that is not good");
            match error {
                IdTokenError::Expired | IdTokenError::Nonce => SignInProblem::Stale,
                IdTokenError::Audience => SignInProblem::Misconfigured,
                IdTokenError::Form | IdTokenError::Issuer => SignInProblem::SlackUnavailable,
            }
        }
    };
    Ok(Progress::Refused { problem, return_to })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identify_step() -> SignInStep {
        SignInStep::Identify {
            nonce_key: String::new(),
        }
    }

    fn install_step() -> SignInStep {
        SignInStep::Install {
            workspace: WorkspaceId::new("T1"),
            person: PersonId::new("U1"),
        }
    }

    fn denied() -> SlackAnswer {
        SlackAnswer {
            error: Some("access_denied".to_owned()),
            ..SlackAnswer::default()
        }
    }

    fn with_code(code: &str) -> SlackAnswer {
        SlackAnswer {
            code: Some(SecretString::from(code)),
            ..SlackAnswer::default()
        }
    }

    #[test]
    fn who_denies_cancelled_the_sign_in_or_could_not_install() {
        assert_eq!(
            checked_code(&identify_step(), &denied()).unwrap_err(),
            SignInProblem::Cancelled
        );
        assert_eq!(
            checked_code(&install_step(), &denied()).unwrap_err(),
            SignInProblem::NotInstalled
        );
    }

    #[test]
    fn a_code_that_is_missing_or_huge_is_not_sent_to_slack() {
        for answer in [
            SlackAnswer::default(),
            with_code(""),
            with_code(&"x".repeat(10_000)),
        ] {
            assert_eq!(
                checked_code(&identify_step(), &answer).unwrap_err(),
                SignInProblem::Stale
            );
        }
        assert_eq!(
            checked_code(&identify_step(), &with_code("c1")).unwrap(),
            "c1"
        );
    }

    #[test]
    fn another_error_of_slack_means_that_the_app_is_not_set_up_right() {
        let answer = SlackAnswer {
            error: Some("invalid_scope".to_owned()),
            ..SlackAnswer::default()
        };
        assert_eq!(
            checked_code(&install_step(), &answer).unwrap_err(),
            SignInProblem::Misconfigured
        );
    }
}
