//! Signing in with Slack: ask Slack who it is, have Round Robin installed when
//! the workspace lacks it or its token lacks a scope, then make a session.

use super::{
    DUTY_GROUP, SlackServices,
    client::{Granted, NewInstallation, NewPermission},
    directory::{DirectoryError, LookedUp, look_up, start_refresh},
    error::SlackError,
    group_writer::{give_back, token_of as lent_token},
    id_token::{self, Expected, IdTokenError, Identity},
    installation::{
        NEEDED_SCOPES, bot_token, has_needed, is_allowed, is_served, only_served, scopes_to_ask,
    },
    pending::{self, PendingSignIn, SignInStep},
};
use crate::{
    clock,
    config::ServedWorkspaces,
    crypto::{random_token, token_key},
    oauth::says_later,
    store::{
        Installation, NewAuditEntry, NewSession, StoreError, Workspace, bot_token_row,
        group_writer_row,
    },
};
use domain::{Actor, Person, Principal, Through};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::time::timeout;
use types::{
    AuditAction, GROUP_WRITER_SCOPE, LendProblem, LiveTopic, PersonId, Role, SignInProblem,
    SlackCapability, SlackPermission, Timestamp, WorkspaceId,
};
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
/// Who administers is asked to let Round Robin do what is `wanted`.
pub async fn begin(
    services: &SlackServices,
    return_to: &str,
    wanted: Option<SlackPermission>,
) -> Result<Progress, StoreError> {
    let asked = ask_who_it_is(services, return_to, wanted).await;
    settled(asked, Some(return_to.to_owned()))
}

async fn ask_who_it_is(
    services: &SlackServices,
    return_to: &str,
    wanted: Option<SlackPermission>,
) -> Result<Progress, Stop> {
    let nonce = random_token();
    let first = services.store.first_workspace().await?;
    let only = only_served(&services.config.slack.workspaces, first.as_ref());
    let url = services.client.identify_address(only, &nonce)?;
    let step = SignInStep::Identify {
        nonce_key: token_key(nonce.expose_secret()),
        wanted: match wanted {
            Some(SlackPermission::OfBot(capability)) => Some(capability),
            Some(SlackPermission::OwnGroupWrites) | None => None,
        },
        lends: wanted == Some(SlackPermission::OwnGroupWrites),
    };
    ask_slack(services, url, step, return_to).await
}

/// Goes on with what Slack answered. Must not be cut in the middle: the code
/// that Slack sent works once.
pub async fn resume(
    services: &SlackServices,
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
    services: &SlackServices,
    visit: &Visit,
    answer: &SlackAnswer,
    pending: &PendingSignIn,
) -> Result<Progress, Stop> {
    let recognised = match (checked_code(&pending.step, answer), &pending.step) {
        (code, SignInStep::Lend { workspace, person }) => {
            let whose = (workspace, person);
            return after_lending(services, visit, code, whose, &pending.return_to).await;
        }
        (
            Ok(code),
            SignInStep::Identify {
                nonce_key, wanted, ..
            },
        ) => identify(services, code, nonce_key, *wanted).await?,
        (Ok(code), SignInStep::Install { workspace, person }) => {
            let identity = Identity {
                workspace: workspace.clone(),
                person: person.clone(),
            };
            match install(services, visit, code, &identity).await {
                Ok(()) => recognise(services, identity, Asked::Before, None).await?,
                Err(stop @ Stop::Store(_)) => return Err(stop),
                Err(stop) => as_before(services, workspace, person, stop).await?,
            }
        }
        (Err(SignInProblem::NotInstalled), SignInStep::Install { workspace, person }) => {
            let stop = not_installed(services, workspace, person).await?;
            as_before(services, workspace, person, stop).await?
        }
        (Err(problem), SignInStep::Install { workspace, person }) => {
            as_before(services, workspace, person, Stop::Refused(problem)).await?
        }
        (Err(problem), _) => return Err(Stop::Refused(problem)),
    };
    match recognised {
        Recognised::Member(workspace, person)
            if person.role.administers()
                && matches!(pending.step, SignInStep::Identify { lends: true, .. }) =>
        {
            ask_to_lend(services, workspace, person.id, &pending.return_to).await
        }
        Recognised::Member(workspace, person) => {
            enter(services, visit, &workspace, &person, &pending.return_to).await
        }
        Recognised::NeedsInstallation(identity) => {
            let wanted = match pending.step {
                SignInStep::Identify { wanted, .. } => wanted,
                SignInStep::Install { .. } | SignInStep::Lend { .. } => None,
            };
            ask_to_install(services, identity, &pending.return_to, wanted).await
        }
    }
}

/// Why nobody added Round Robin, as far as this person can do something about it.
async fn not_installed(
    services: &SlackServices,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<Stop, StoreError> {
    let person = services.store.person(workspace, person).await?;
    let administers = person.is_some_and(|person| person.role.administers());
    Ok(Stop::Refused(match administers {
        true => SignInProblem::InstallationCancelled,
        false => SignInProblem::NotInstalled,
    }))
}

/// The installation came to nothing because of `stop`. Where Round Robin was installed
/// before and only lacks a scope, signing in goes on without it.
async fn as_before(
    services: &SlackServices,
    workspace: &WorkspaceId,
    person: &PersonId,
    stop: Stop,
) -> Result<Recognised, Stop> {
    match member_as_before(services, workspace, person).await? {
        Some(person) => {
            tracing::warn!(%workspace, why = %stop, "the installation is not renewed");
            Ok(Recognised::Member(workspace.clone(), person))
        }
        None => Err(stop),
    }
}

/// Whoever was identified before, as long as Round Robin is installed.
async fn member_as_before(
    services: &SlackServices,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<Option<Person>, StoreError> {
    let installed = services.store.workspace(workspace).await?;
    let serves = installed.is_some_and(|installed| {
        installed.installation.is_some() && installed.standing.ended_at().is_none()
    });
    let known = services.store.person(workspace, person).await?;
    Ok(known.filter(|person| serves && !person.deactivated))
}

/// The code that Slack sent, or what its absence means at this step.
fn checked_code<'a>(step: &SignInStep, answer: &'a SlackAnswer) -> Result<&'a str, SignInProblem> {
    match (answer.error.as_deref(), step) {
        // Slack says the same to who cancels and to who may not install.
        (Some("access_denied"), SignInStep::Install { .. }) => Err(SignInProblem::NotInstalled),
        (Some("access_denied"), SignInStep::Identify { .. } | SignInStep::Lend { .. }) => {
            Err(SignInProblem::Cancelled)
        }
        (Some(word), _) if says_later(word) => Err(SignInProblem::SlackUnavailable),
        (Some(word), _) => Err(SlackError::of_word(word, || None).sign_in_problem()),
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
    /// An active person of a workspace in which Round Robin is installed.
    Member(WorkspaceId, Person),
    NeedsInstallation(Identity),
}

async fn identify(
    services: &SlackServices,
    code: &str,
    nonce_key: &str,
    wanted: Option<SlackCapability>,
) -> Result<Recognised, Stop> {
    let id_token = services
        .client
        .exchange_identity(code, &services.config.public_url.join(CALLBACK_PATH))
        .await?;
    let expected = Expected {
        issuers: &services.client.issuers(),
        client_id: services.client.client_id()?,
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
    recognise(services, identity, Asked::NotYet, wanted).await
}

/// Whether this sign-in has been through the installation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    NotYet,
    Before,
}

/// Looks the person up with the workspace's bot token, which also tells whether
/// the token still serves. Who administers is asked to install again when it lacks
/// a scope; nobody else could, and everybody gets in all the same. Whoever is not known
/// yet is asked to as well where Slack denies a new token when asked about it: Slack may
/// have given one that is none.
async fn recognise(
    services: &SlackServices,
    identity: Identity,
    asked: Asked,
    wanted: Option<SlackCapability>,
) -> Result<Recognised, Stop> {
    let Some(workspace) = services.store.workspace(&identity.workspace).await? else {
        return Ok(Recognised::NeedsInstallation(identity));
    };
    let Some(token) = bot_token(services, &workspace) else {
        return Ok(Recognised::NeedsInstallation(identity));
    };
    let may_ask = asked == Asked::NotYet;
    match look_up(services, &workspace, &token, &identity.person).await {
        Ok(LookedUp {
            member: Some(person),
            ..
        }) if person.deactivated => Err(Stop::Refused(SignInProblem::Deactivated)),
        Ok(LookedUp {
            member: Some(person),
            scopes,
        }) => {
            let known = workspace.installation.map(|known| known.scopes);
            let scopes = scopes.or(known).unwrap_or_default();
            let lacks_wanted = wanted.is_some_and(|wanted| !is_allowed(wanted, &scopes));
            let lacks = !has_needed(&scopes) || lacks_wanted;
            if may_ask && person.role.administers() && lacks {
                return Ok(Recognised::NeedsInstallation(identity));
            }
            Ok(Recognised::Member(identity.workspace, person))
        }
        Ok(LookedUp { member: None, .. }) => {
            last_known(services, identity, Stop::Refused(SignInProblem::NoMember)).await
        }
        Err(DirectoryError::Slack(error @ SlackError::MissingScope { .. })) if may_ask => {
            let Identity { workspace, person } = &identity;
            match services.store.person(workspace, person).await? {
                Some(person) if !person.role.administers() => {
                    last_known(services, identity, error.into()).await
                }
                _ => Ok(Recognised::NeedsInstallation(identity)),
            }
        }
        Err(DirectoryError::Slack(error @ SlackError::TokenRefused { .. })) => {
            let now = services.store.workspace(&identity.workspace).await?;
            let ended = now
                .as_ref()
                .is_none_or(|now| now.standing.ended_at().is_some());
            let known = services
                .store
                .person(&identity.workspace, &identity.person)
                .await?;
            let may_be_none =
                known.is_none() && now.is_some_and(|now| is_new(&now) && now.standing.is_denied());
            if may_ask && (ended || may_be_none) {
                return Ok(Recognised::NeedsInstallation(identity));
            }
            last_known(services, identity, error.into()).await
        }
        Err(DirectoryError::Slack(error)) => last_known(services, identity, error.into()).await,
        Err(DirectoryError::Store(error)) => Err(error.into()),
    }
}

/// Whether Slack has not told of everybody yet since the present bot token came.
fn is_new(workspace: &Workspace) -> bool {
    let installed_at = workspace
        .installation
        .as_ref()
        .map(|known| known.installed_at);
    workspace.directory_synced_at < installed_at
}

/// Slack identified the person but does not tell more at the moment: the
/// directory's word is a few minutes old at most, and good enough.
async fn last_known(
    services: &SlackServices,
    identity: Identity,
    stop: Stop,
) -> Result<Recognised, Stop> {
    let Identity { workspace, person } = identity;
    match services.store.person(&workspace, &person).await? {
        Some(person) if !person.deactivated => {
            tracing::warn!(%workspace, error = %stop, "signing in with the directory's last word");
            Ok(Recognised::Member(workspace, person))
        }
        _ => Err(stop),
    }
}

async fn ask_to_install(
    services: &SlackServices,
    identity: Identity,
    return_to: &str,
    wanted: Option<SlackCapability>,
) -> Result<Progress, Stop> {
    let known = services.store.workspace(&identity.workspace).await?;
    let granted = known.and_then(|known| Some(known.installation?.scopes));
    let scopes = scopes_to_ask(&granted.unwrap_or_default(), wanted);
    let url = services
        .client
        .install_address(&identity.workspace, &scopes)?;
    let step = SignInStep::Install {
        workspace: identity.workspace,
        person: identity.person,
    };
    ask_slack(services, url, step, return_to).await
}

async fn ask_to_lend(
    services: &SlackServices,
    workspace: WorkspaceId,
    person: PersonId,
    return_to: &str,
) -> Result<Progress, Stop> {
    let url = services
        .client
        .permission_address(&workspace, GROUP_WRITER_SCOPE)?;
    let step = SignInStep::Lend { workspace, person };
    ask_slack(services, url, step, return_to).await
}

/// Signs in whoever was asked to lend their permission, with what came of that.
async fn after_lending(
    services: &SlackServices,
    visit: &Visit,
    code: Result<&str, SignInProblem>,
    (workspace, person): (&WorkspaceId, &PersonId),
    return_to: &str,
) -> Result<Progress, Stop> {
    let problem = match code {
        Ok(code) => match lend(services, visit, code, (workspace, person)).await {
            Ok(problem) => problem,
            Err(stop @ Stop::Store(_)) => return Err(stop),
            Err(Stop::Slack(SlackError::TokenRotation)) => Some(LendProblem::TokenRotation),
            Err(stop) => {
                tracing::warn!(%workspace, %person, why = %stop, "no permission to edit user groups was lent");
                Some(LendProblem::Failed)
            }
        },
        Err(SignInProblem::Cancelled) => Some(LendProblem::Cancelled),
        Err(problem) => Some(match problem.word().as_deref() {
            Some("invalid_scope" | "invalid_scope_requested") => LendProblem::NoScope,
            _ => LendProblem::Failed,
        }),
    };
    let known = member_as_before(services, workspace, person).await?;
    let known = known.ok_or(Stop::Refused(SignInProblem::Stale))?;
    let return_to = match problem {
        None => return_to.to_owned(),
        Some(problem) => {
            let joint = if return_to.contains('?') { '&' } else { '?' };
            let (name, code) = (LendProblem::PARAMETER, problem.code());
            format!("{return_to}{joint}{name}={code}")
        }
    };
    enter(services, visit, workspace, &known, &return_to).await
}

/// Saves the permission that an admin has lent, and has groups tried again that Slack let nobody
/// edit. What was lent before is given back, and so is what is not saved.
async fn lend(
    services: &SlackServices,
    visit: &Visit,
    code: &str,
    (workspace, person): (&WorkspaceId, &PersonId),
) -> Result<Option<LendProblem>, Stop> {
    let store = &services.store;
    let redirect_uri = services.config.public_url.join(CALLBACK_PATH);
    let exchanging = services.client.exchange_permission(code, &redirect_uri);
    let new = exchanging.await?;
    let saved = save_lent(services, visit, &new, (workspace, person)).await;
    let dropped = match &saved {
        Ok(Ok(former)) => former
            .as_ref()
            .and_then(|sealed| lent_token(services, workspace, sealed)),
        Ok(Err(_)) | Err(_) => Some(new.token.clone()),
    };
    if let Some(dropped) = dropped {
        give_back(services, &dropped).await;
    }
    if let Err(problem) = saved? {
        return Ok(Some(problem));
    }
    services.live.publish(workspace, LiveTopic::Connection);
    for group in store.duty_groups(workspace, DUTY_GROUP).await? {
        let (rotation, _) = &group.feeds[0];
        let target = (DUTY_GROUP, group.id.as_str());
        if group.problem.is_some() {
            store.tell_now(workspace, rotation, target).await?;
        }
    }
    Ok(None)
}

/// Saves what an admin has lent, if it is theirs and serves. The token that this replaces, sealed.
async fn save_lent(
    services: &SlackServices,
    visit: &Visit,
    new: &NewPermission,
    (workspace, person): (&WorkspaceId, &PersonId),
) -> Result<Result<Option<String>, LendProblem>, Stop> {
    let store = &services.store;
    let (Some(whose), Some(giver)) = (&new.workspace, &new.person) else {
        return Err(SlackError::Unreadable.into());
    };
    let lender = store.person(workspace, person).await?;
    let given = store.person(workspace, giver).await?;
    // Slack may know somebody by two ids.
    let id_of = |known: &Option<Person>, told: &PersonId| {
        known.as_ref().map_or(told, |known| &known.id).clone()
    };
    let is_same = id_of(&given, giver) == id_of(&lender, person);
    if whose != workspace || !is_same {
        return Ok(Err(LendProblem::SomebodyElse));
    }
    if !new.scopes.iter().any(|scope| scope == GROUP_WRITER_SCOPE) {
        return Ok(Err(LendProblem::NoScope));
    }
    let lender = lender.filter(|person| person.role.administers() && !person.deactivated);
    let Some(lender) = lender else {
        return Ok(Err(LendProblem::NoAdmin));
    };
    let sealed = services.keys.seal(&new.token, &group_writer_row(workspace));
    let entry = audited(
        workspace,
        by_session(&lender),
        AuditAction::LentGroupPermission,
        visit,
        store.now().await?,
    );
    let saving = store.save_group_writer(&lender.id, &sealed, &entry);
    Ok(Ok(saving.await?))
}

/// Has the browser keep the step under a new state, which `url` gets to carry.
async fn ask_slack(
    services: &SlackServices,
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
    services: &SlackServices,
    visit: &Visit,
    code: &str,
    expected: &Identity,
) -> Result<(), Stop> {
    let new = services
        .client
        .exchange_installation(code, &services.config.public_url.join(CALLBACK_PATH))
        .await?;
    if new.workspace != expected.workspace {
        return Err(Stop::Refused(SignInProblem::WorkspaceNotServed));
    }
    let store = &services.store;
    let now = store.now().await?;
    let installer = new.installed_by.as_ref().unwrap_or(&expected.person);
    let known = store.workspace(&new.workspace).await?;
    let name = new
        .workspace_name
        .clone()
        .or_else(|| known.map(|known| known.name))
        .unwrap_or_else(|| new.workspace.to_string());
    let installation = Installation {
        bot_token_sealed: services
            .keys
            .seal(&new.bot_token, &bot_token_row(&new.workspace)),
        scopes: granted_scopes(services, &new).await,
        installed_at: now,
        installed_by: installer.clone(),
    };
    let entry = NewAuditEntry {
        target: Some(name.clone()),
        ..audited(
            &new.workspace,
            installer_as_told(services, &new, installer).await,
            AuditAction::InstalledInSlack,
            visit,
            now,
        )
    };
    let first_only = services.config.slack.workspaces == ServedWorkspaces::FirstInstalled;
    let saved = store
        .save_installation(&new.workspace, &name, &installation, first_only, &entry)
        .await?;
    if !saved {
        return Err(Stop::Refused(SignInProblem::WorkspaceNotServed));
    }
    // Open pages may say that the one before has ended.
    services.live.publish(&new.workspace, LiveTopic::Connection);
    if let Some(workspace) = store.workspace(&new.workspace).await? {
        // Past the wait, the task goes on by itself.
        let _ = timeout(DIRECTORY_WAIT, start_refresh(services, workspace)).await;
    }
    Ok(())
}

/// What the new token may do. Where Slack does not tell, it is what was asked for,
/// until another answer tells.
async fn granted_scopes(services: &SlackServices, new: &NewInstallation) -> Vec<String> {
    if let Some(scopes) = &new.scopes {
        return scopes.clone();
    }
    match services.client.auth_test(&new.bot_token).await {
        Ok(Granted {
            scopes: Some(scopes),
            ..
        }) => scopes,
        _ => NEEDED_SCOPES.map(str::to_owned).to_vec(),
    }
}

/// Who installed, for the audit log, which has to be right although the directory is
/// not read yet. Where Slack does not tell, it is somebody with the id as their name and
/// the fewest rights.
async fn installer_as_told(
    services: &SlackServices,
    new: &NewInstallation,
    installer: &PersonId,
) -> Principal {
    let workspace = &new.workspace;
    match services
        .client
        .user_info(&new.bot_token, workspace, installer)
        .await
    {
        Ok(Granted {
            value: Some(account),
            ..
        }) => by_session(&account.person(None)),
        _ => Principal::Person {
            person: installer.clone(),
            name: installer.to_string(),
            role: Role::Guest,
            through: Through::Session,
        },
    }
}

fn by_session(person: &Person) -> Principal {
    Principal::Person {
        person: person.id.clone(),
        name: person.name.clone(),
        role: person.role,
        through: Through::Session,
    }
}

/// Makes the session. Its secret is new, whatever the browser had before.
async fn enter(
    services: &SlackServices,
    visit: &Visit,
    workspace: &WorkspaceId,
    person: &Person,
    return_to: &str,
) -> Result<Progress, Stop> {
    let session = random_token();
    let now = services.store.now().await?;
    let entry = audited(
        workspace,
        by_session(person),
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
    principal: Principal,
    action: AuditAction,
    visit: &Visit,
    at: Timestamp,
) -> NewAuditEntry {
    let actor = Actor {
        workspace: workspace.clone(),
        principal,
        request_id: Some(visit.request_id.clone()),
        admitted_at: None,
    };
    NewAuditEntry::new(actor, action, at)
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
                IdTokenError::Audience | IdTokenError::Form | IdTokenError::Issuer => {
                    SignInProblem::SlackUnavailable
                }
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
            wanted: None,
            lends: false,
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
    fn a_word_that_passes_asks_to_try_again_and_another_is_told() {
        let said = |word: &str| {
            let error = Some(word.to_owned());
            let answer = SlackAnswer {
                error,
                ..SlackAnswer::default()
            };
            checked_code(&identify_step(), &answer).unwrap_err()
        };
        for word in [
            "server_error",
            "temporarily_unavailable",
            "internal_error",
            "<b>",
        ] {
            assert_eq!(said(word), SignInProblem::SlackUnavailable, "{word}");
        }
        assert_eq!(
            said("invalid_scope").word().as_deref(),
            Some("invalid_scope")
        );
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
    fn another_error_of_slack_is_told_with_its_word() {
        let answer = SlackAnswer {
            error: Some("invalid_scope".to_owned()),
            ..SlackAnswer::default()
        };
        let problem = checked_code(&install_step(), &answer).unwrap_err();
        assert_eq!(problem.word().as_deref(), Some("invalid_scope"));
    }
}
