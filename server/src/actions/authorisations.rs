//! Connecting as a person. A login begins here, goes on at PagerDuty, and comes
//! back to the callback address with a code, which is exchanged at once: it lives
//! 30 seconds. Nothing is saved before PagerDuty has accepted a first request.

use super::{
    Failure, Stop, account_questions, connections,
    credentials::{connect, connected_by, replace},
    outcome,
    rights::{must_manage_integrations, note_not_accepted},
};
use crate::{
    Services,
    crypto::{random_token, token_key},
    integrations::{
        AcceptedCredential, OauthSecrets, PendingSecrets, Secrets, login_secrets, term,
    },
    oauth::says_later,
    pagerduty::{Account, Credential, Grant, OauthApp, Opened, shown_reason},
    store::{
        AuthorisationPurpose, Connection, OauthLogin, PendingAuthorisation, StoredMethod,
        authorisation_row,
    },
};
use domain::Actor;
use secrecy::{ExposeSecret, SecretString};
use types::{
    AuditAction, AuthorisationProblem, ClientSecretInput, ConnectRefusal, OAUTH_SCOPES, OauthSetup,
    OauthStep, Outcome, PagerDutyProblem, Replaced, Timestamp, checked_client_id,
};

/// Where PagerDuty sends the browser back to.
pub const CALLBACK_PATH: &str = "/api/integrations/pagerduty/login/callback";
/// How long PagerDuty's pages may take, in seconds.
const PENDING_SECONDS: i64 = 10 * 60;
/// Longer than any code of PagerDuty's; anything longer is not from there.
const CODE_MAX_BYTES: usize = 4_096;

/// What PagerDuty sent the browser back with. Parameters that are not known, of
/// which PagerDuty sends some, are not here.
#[derive(Clone, Debug, Default)]
pub struct LoginAnswer {
    pub state: Option<SecretString>,
    pub code: Option<SecretString>,
    pub error: Option<String>,
    /// Who says so, by RFC 9207; not everybody does.
    pub issuer: Option<String>,
}

/// What a login came to, and which form began it, if that is known.
#[derive(Debug)]
pub struct LoginEnd {
    pub purpose: Option<AuthorisationPurpose>,
    /// What was typed into that form, for it to be shown again after a refusal.
    pub client_id: Option<String>,
    pub outcome: Outcome<OauthStep, ConnectRefusal>,
}

/// Begins a login for a workspace that is not connected. Like all logins, it has to end in the
/// session that began it.
pub async fn begin_to_connect(
    services: &Services,
    actor: &Actor,
    session: &str,
    (client_id, client_secret): (&str, &ClientSecretInput),
) -> Result<OauthStep, Stop<ConnectRefusal>> {
    must_manage_integrations(services, actor, AuditAction::ConnectedPagerDuty).await?;
    let app = checked(client_id, client_secret)?;
    if let Some(existing) = connections::present(services, actor).await? {
        return Err(connected_by(actor, &existing).into());
    }
    let purpose = AuthorisationPurpose::Connect;
    begin(services, actor, session, (purpose, None), app).await
}

/// The same for one that is connected. Bindings stay.
pub async fn begin_to_switch(
    services: &Services,
    actor: &Actor,
    session: &str,
    (client_id, client_secret): (&str, &ClientSecretInput),
) -> Result<OauthStep, Stop<ConnectRefusal>> {
    must_manage_integrations(services, actor, AuditAction::SwitchedToOauth).await?;
    let app = checked(client_id, client_secret)?;
    let existing = connections::connected(services, actor).await?;
    let purpose = AuthorisationPurpose::Switch;
    begin(services, actor, session, (purpose, Some(&existing)), app).await
}

/// Begins a login with the app that is stored.
pub async fn begin_to_reconnect(
    services: &Services,
    actor: &Actor,
    session: &str,
) -> Result<OauthStep, Stop<ConnectRefusal>> {
    must_manage_integrations(services, actor, AuditAction::ReconnectedPagerDuty).await?;
    let existing = connections::connected(services, actor).await?;
    let StoredMethod::Oauth(login) = &existing.credential.method else {
        return Err(ConnectRefusal::NotALogin.into());
    };
    let Some(secrets) = login_secrets(&services.integrations, &existing) else {
        return Err(ConnectRefusal::from(PagerDutyProblem::Sealed).into());
    };
    let app = OauthApp {
        client_id: login.client_id.clone(),
        client_secret: secrets.client_secret,
    };
    let purpose = AuthorisationPurpose::Reconnect;
    begin(services, actor, session, (purpose, Some(&existing)), app).await
}

fn checked(client_id: &str, secret: &ClientSecretInput) -> Result<OauthApp, ConnectRefusal> {
    Ok(OauthApp {
        client_id: checked_client_id(client_id)?.to_owned(),
        client_secret: SecretString::from(secret.checked()?),
    })
}

/// What somebody copies into PagerDuty when they register the app.
pub fn oauth_setup(services: &Services) -> OauthSetup {
    OauthSetup {
        redirect_url: services.config.public_url.join(CALLBACK_PATH),
        scopes: OAUTH_SCOPES.map(str::to_owned).to_vec(),
    }
}

async fn begin(
    services: &Services,
    actor: &Actor,
    session: &str,
    (purpose, replaces): (AuthorisationPurpose, Option<&Connection>),
    app: OauthApp,
) -> Result<OauthStep, Stop<ConnectRefusal>> {
    let state = random_token();
    let state_key = token_key(state.expose_secret());
    let redirect_url = oauth_setup(services).redirect_url;
    let request = services
        .identity
        .request(&app.client_id, &redirect_url, &state);
    let secrets = PendingSecrets {
        client_secret: app.client_secret,
        verifier: request.verifier,
    };
    let store = &services.store;
    let pending = PendingAuthorisation {
        workspace: actor.workspace.clone(),
        purpose,
        replaces: replaces.map(|connection| connection.generation.clone()),
        client_id: app.client_id,
        secrets_sealed: secrets.seal(&services.keys, &authorisation_row(&state_key)),
        expires_at: store.now().await?.plus_seconds(PENDING_SECONDS),
    };
    let begun = store.begin_authorisation(&state_key, session, &pending);
    if !begun.await? {
        return Err(ConnectRefusal::ReplacedMeanwhile.into());
    }
    Ok(OauthStep::AtPagerDuty {
        address: request.address.into(),
    })
}

/// Ends a login with what PagerDuty sent the browser back with. Must not be
/// cut in the middle: state and code work once.
pub async fn finish(
    services: &Services,
    actor: &Actor,
    session: &str,
    answer: &LoginAnswer,
) -> Result<LoginEnd, Failure> {
    must_manage_integrations(services, actor, AuditAction::TriedLogin).await?;
    let Some((state_key, pending)) = take_pending(services, actor, session, answer).await? else {
        // PagerDuty documents its denial without a state.
        let told = answer.error.as_ref().filter(|_| answer.state.is_none());
        let problem = told
            .and_then(|_| checked_code(answer).err())
            .unwrap_or(AuthorisationProblem::Unknown);
        return Ok(LoginEnd {
            purpose: None,
            client_id: None,
            outcome: Outcome::Refused(problem.into()),
        });
    };
    // Tokens count from here: the exchange follows at once.
    let now = services.store.now().await?;
    let outcome = match accept(services, &state_key, &pending, (answer, now)).await {
        Ok(accepted) => outcome(keep(services, actor, session, &pending, accepted).await)?,
        Err(refusal) => Outcome::Refused(refusal),
    };
    if let Some(refusal) = outcome.refused() {
        tracing::info!(workspace = %actor.workspace, %refusal, "a login at PagerDuty did not connect");
        note_not_accepted(services, actor, AuditAction::TriedLogin, refusal).await?;
    }
    Ok(LoginEnd {
        purpose: Some(pending.purpose),
        client_id: Some(pending.client_id),
        outcome,
    })
}

async fn take_pending(
    services: &Services,
    actor: &Actor,
    session: &str,
    answer: &LoginAnswer,
) -> Result<Option<(String, PendingAuthorisation)>, Failure> {
    let Some(state) = &answer.state else {
        return Ok(None);
    };
    let state_key = token_key(state.expose_secret());
    let store = &services.store;
    let now = store.now().await?;
    let pending = store.take_authorisation(&state_key, session, now).await?;
    // A session belongs to one workspace; this only makes sure.
    let pending = pending.filter(|pending| pending.workspace == actor.workspace);
    Ok(pending.map(|pending| (state_key, pending)))
}

/// Turns the answer into a credential that PagerDuty accepts.
async fn accept(
    services: &Services,
    state_key: &str,
    pending: &PendingAuthorisation,
    (answer, asked_at): (&LoginAnswer, Timestamp),
) -> Result<AcceptedCredential, ConnectRefusal> {
    let identity = &services.identity;
    let foreign = answer.issuer.as_deref();
    if let Some(issuer) = foreign.filter(|one| !identity.is_issuer(one)) {
        let issuer = shown_reason(issuer);
        return Err(AuthorisationProblem::ForeignIssuer { issuer }.into());
    }
    let code = checked_code(answer)?;
    let row = authorisation_row(state_key);
    let secrets = PendingSecrets::open(&services.keys, &pending.secrets_sealed, &row)
        .ok_or(AuthorisationProblem::Unknown)?;
    let app = OauthApp {
        client_id: pending.client_id.clone(),
        client_secret: secrets.client_secret,
    };
    let redirect_url = oauth_setup(services).redirect_url;
    let grant = identity
        .exchange(&app, code, &secrets.verifier, &redirect_url)
        .await?;
    let missing = missing_scopes(grant.scopes.as_deref());
    if !missing.is_empty() {
        return Err(AuthorisationProblem::MissingScopes { missing }.into());
    }
    let credential = Credential::AccessToken(grant.access_token.clone());
    let opened = first_request(services, &grant, &credential).await?;
    let account = Account {
        region: opened.region,
        credential,
    };
    let authorised_as = name_of(services, &account, &grant).await;
    Ok(accepted_login(app, grant, opened, authorised_as, asked_at))
}

/// Shows that the login works, in the region that PagerDuty named, or in
/// whichever knows it.
async fn first_request(
    services: &Services,
    grant: &Grant,
    credential: &Credential,
) -> Result<Opened, ConnectRefusal> {
    let pagerduty = &services.pagerduty;
    let opened = match grant.identity.region {
        Some(region) => pagerduty.check(region, credential).await,
        None => pagerduty.find_account(credential).await,
    };
    opened.map_err(AuthorisationProblem::of_first_request)
}

/// The name of the person who logged in. The login is good without it.
async fn name_of(services: &Services, account: &Account, grant: &Grant) -> Option<String> {
    let pagerduty = &services.pagerduty;
    let user = match &grant.identity.user {
        Some(id) => pagerduty.user(account, id).await,
        None => pagerduty.me(account).await,
    };
    match user {
        Ok(user) => user.map(|user| user.name),
        Err(problem) => {
            tracing::warn!(%problem, "the person who logged in at PagerDuty could not be read");
            None
        }
    }
}

async fn keep(
    services: &Services,
    actor: &Actor,
    session: &str,
    pending: &PendingAuthorisation,
    accepted: AcceptedCredential,
) -> Result<OauthStep, Stop<ConnectRefusal>> {
    let Some(generation) = &pending.replaces else {
        return match connect(services, actor, accepted).await? {
            Ok(()) => Ok(OauthStep::Connected),
            Err(Some(existing)) => Err(connected_by(actor, &existing).into()),
            Err(None) => Err(ConnectRefusal::NotConnected.into()),
        };
    };
    let existing = connections::connected(services, actor).await?;
    if existing.generation != *generation {
        return Err(ConnectRefusal::ReplacedMeanwhile.into());
    }
    let action = match (pending.purpose, &existing.credential.method) {
        (AuthorisationPurpose::Switch, StoredMethod::ApiKey { .. } | StoredMethod::Unknown) => {
            AuditAction::SwitchedToOauth
        }
        _ => AuditAction::ReconnectedPagerDuty,
    };
    let replacement = replace(services, actor, &existing, accepted, action).await?;
    let replaced =
        account_questions::ask_where_needed(services, actor, session, replacement).await?;
    Ok(match replaced {
        Replaced::InUse => OauthStep::Connected,
        Replaced::OtherAccount => OauthStep::OtherAccount,
    })
}

/// The code that PagerDuty sent, or what its absence means.
fn checked_code(answer: &LoginAnswer) -> Result<&str, AuthorisationProblem> {
    match answer.error.as_deref() {
        Some("access_denied") => Err(AuthorisationProblem::Denied),
        Some(word) if says_later(word) => Err(AuthorisationProblem::Unavailable),
        Some(reason) => Err(AuthorisationProblem::Refused {
            reason: shown_reason(reason),
        }),
        None => answer
            .code
            .as_ref()
            .map(ExposeSecret::expose_secret)
            .filter(|code| !code.is_empty() && code.len() <= CODE_MAX_BYTES)
            .ok_or(AuthorisationProblem::Senseless),
    }
}

/// What is needed and was not granted. PagerDuty refuses no unknown scope: it
/// silently grants less. An answer that names no scopes grants what was asked for.
fn missing_scopes(granted: Option<&[String]>) -> Vec<String> {
    let Some(granted) = granted else {
        return Vec::new();
    };
    OAUTH_SCOPES
        .into_iter()
        .filter(|needed| !granted.iter().any(|scope| scope == needed))
        .map(str::to_owned)
        .collect()
}

fn accepted_login(
    app: OauthApp,
    grant: Grant,
    opened: Opened,
    authorised_as: Option<String>,
    asked_at: Timestamp,
) -> AcceptedCredential {
    AcceptedCredential {
        secrets: Secrets::Oauth(OauthSecrets {
            client_secret: app.client_secret,
            access_token: grant.access_token,
            refresh_token: grant.refresh_token,
        }),
        method: StoredMethod::Oauth(OauthLogin {
            client_id: app.client_id,
            authorised_as,
            term: term(asked_at, grant.expires_in),
        }),
        region: opened.region,
        account: opened.account.or(grant.identity.account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: Option<&str>, error: Option<&str>) -> LoginAnswer {
        LoginAnswer {
            state: None,
            code: code.map(SecretString::from),
            error: error.map(str::to_owned),
            issuer: None,
        }
    }

    #[test]
    fn a_denial_a_reason_and_nonsense_are_told_apart() {
        let code = |answer: LoginAnswer| checked_code(&answer).map(str::to_owned);
        assert_eq!(code(answer(Some("abc"), None)), Ok("abc".to_owned()));
        let denied = code(answer(Some("abc"), Some("access_denied")));
        assert_eq!(denied, Err(AuthorisationProblem::Denied));
        for ill in ["server_error", "temporarily_unavailable"] {
            let later = code(answer(None, Some(ill)));
            assert_eq!(later, Err(AuthorisationProblem::Unavailable));
        }
        let refused = code(answer(None, Some("server\u{0}_error\n")));
        let reason = "server_error".to_owned();
        assert_eq!(refused, Err(AuthorisationProblem::Refused { reason }));
        let long = "x".repeat(10_240);
        for given in [None, Some(""), Some(long.as_str())] {
            let senseless = code(answer(given, None));
            assert_eq!(senseless, Err(AuthorisationProblem::Senseless));
        }
    }

    #[test]
    fn every_scope_has_to_be_granted_in_whichever_order() {
        let granted = |scopes: &str| {
            let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
            missing_scopes(Some(&scopes))
        };
        assert!(granted("users.read teams.read schedules.read openid extra.read").is_empty());
        assert_eq!(granted("openid teams.read users.read"), ["schedules.read"]);
        let three = ["schedules.read", "teams.read", "users.read"];
        assert_eq!(granted("openid"), three);
        assert!(missing_scopes(None).is_empty());
    }
}
