//! Connecting as a person. A login begins here, goes on at PagerDuty, and comes
//! back to the callback address with a code, which is exchanged at once: it lives
//! 30 seconds. Nothing is saved before PagerDuty has accepted a first request.

use super::{RoundRobin, connections::connected_by, failed};
use crate::{
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
use app::{
    AppError,
    backend::{Answer, Authorisations, Caller},
};
use async_trait::async_trait;
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

#[async_trait]
impl Authorisations for RoundRobin {
    async fn connect_with_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ConnectedPagerDuty)
            .await?;
        let app = match checked(&client_id, &client_secret) {
            Ok(app) => app,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        if let Some(existing) = self.connection(caller).await? {
            return Ok(Outcome::Refused(connected_by(caller, &existing)));
        }
        self.begin(caller, AuthorisationPurpose::Connect, None, &app)
            .await
    }

    async fn switch_to_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::SwitchedToOauth)
            .await?;
        let app = match checked(&client_id, &client_secret) {
            Ok(app) => app,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let Some(existing) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        self.begin(caller, AuthorisationPurpose::Switch, Some(&existing), &app)
            .await
    }

    async fn reconnect_oauth(&self, caller: &Caller) -> Answer<OauthStep, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ReconnectedPagerDuty)
            .await?;
        let Some(existing) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let StoredMethod::Oauth(login) = &existing.credential.method else {
            return Ok(Outcome::Refused(ConnectRefusal::NotALogin));
        };
        let Some(secrets) = login_secrets(&self.services.integrations, &existing) else {
            return Ok(Outcome::Refused(PagerDutyProblem::Sealed.into()));
        };
        let app = OauthApp {
            client_id: login.client_id.clone(),
            client_secret: secrets.client_secret,
        };
        self.begin(
            caller,
            AuthorisationPurpose::Reconnect,
            Some(&existing),
            &app,
        )
        .await
    }
}

fn checked(client_id: &str, secret: &ClientSecretInput) -> Result<OauthApp, ConnectRefusal> {
    Ok(OauthApp {
        client_id: checked_client_id(client_id)?.to_owned(),
        client_secret: SecretString::from(secret.checked()?),
    })
}

impl RoundRobin {
    /// What somebody copies into PagerDuty when they register the app.
    pub(super) fn oauth_setup(&self) -> OauthSetup {
        OauthSetup {
            redirect_url: self.services.config.public_url.join(CALLBACK_PATH),
            scopes: OAUTH_SCOPES.map(str::to_owned).to_vec(),
        }
    }

    async fn begin(
        &self,
        caller: &Caller,
        purpose: AuthorisationPurpose,
        replaces: Option<&Connection>,
        app: &OauthApp,
    ) -> Answer<OauthStep, ConnectRefusal> {
        let state = random_token();
        let state_key = token_key(state.expose_secret());
        let redirect_url = self.oauth_setup().redirect_url;
        let request = self
            .services
            .identity
            .request(&app.client_id, &redirect_url, &state);
        let secrets = PendingSecrets {
            client_secret: app.client_secret.clone(),
            verifier: request.verifier,
        };
        let now = self.database_now(caller).await?;
        let pending = PendingAuthorisation {
            workspace: caller.workspace.clone(),
            purpose,
            replaces: replaces.map(|connection| connection.generation.clone()),
            client_id: app.client_id.clone(),
            secrets_sealed: secrets.seal(&self.services.keys, &authorisation_row(&state_key)),
            expires_at: now.plus_seconds(PENDING_SECONDS),
        };
        let begun = self
            .services
            .store
            .begin_authorisation(&state_key, &caller.session, &pending)
            .await
            .map_err(failed(caller))?;
        if !begun {
            return Ok(Outcome::Refused(ConnectRefusal::ReplacedMeanwhile));
        }
        Ok(Outcome::Done(OauthStep::AtPagerDuty {
            address: request.address.into(),
        }))
    }

    /// Ends a login with what PagerDuty sent the browser back with. Must not be
    /// cut in the middle: state and code work once.
    pub async fn finish_login(
        &self,
        caller: &Caller,
        answer: &LoginAnswer,
    ) -> Result<LoginEnd, AppError> {
        self.must_manage_integrations(caller, AuditAction::TriedLogin)
            .await?;
        let Some((state_key, pending)) = self.take_pending(caller, answer).await? else {
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
        let now = self.database_now(caller).await?;
        let outcome = match self.accept_login(&state_key, &pending, (answer, now)).await {
            Ok(accepted) => self.keep_login(caller, &pending, accepted).await?,
            Err(refusal) => Outcome::Refused(refusal),
        };
        if let Some(refusal) = outcome.refused() {
            tracing::info!(workspace = %caller.workspace, %refusal, "a login at PagerDuty did not connect");
            self.note_not_accepted(caller, AuditAction::TriedLogin, refusal)
                .await?;
        }
        Ok(LoginEnd {
            purpose: Some(pending.purpose),
            client_id: Some(pending.client_id),
            outcome,
        })
    }

    async fn take_pending(
        &self,
        caller: &Caller,
        answer: &LoginAnswer,
    ) -> Result<Option<(String, PendingAuthorisation)>, AppError> {
        let Some(state) = &answer.state else {
            return Ok(None);
        };
        let state_key = token_key(state.expose_secret());
        let now = self.database_now(caller).await?;
        let pending = self
            .services
            .store
            .take_authorisation(&state_key, &caller.session, now)
            .await
            .map_err(failed(caller))?;
        // A session belongs to one workspace; this only makes sure.
        let pending = pending.filter(|pending| pending.workspace == caller.workspace);
        Ok(pending.map(|pending| (state_key, pending)))
    }

    /// Turns the answer into a credential that PagerDuty accepts.
    async fn accept_login(
        &self,
        state_key: &str,
        pending: &PendingAuthorisation,
        (answer, asked_at): (&LoginAnswer, Timestamp),
    ) -> Result<AcceptedCredential, ConnectRefusal> {
        let foreign = answer.issuer.as_deref();
        if let Some(issuer) = foreign.filter(|one| !self.services.identity.is_issuer(one)) {
            let issuer = shown_reason(issuer);
            return Err(AuthorisationProblem::ForeignIssuer { issuer }.into());
        }
        let code = checked_code(answer)?;
        let row = authorisation_row(state_key);
        let secrets = PendingSecrets::open(&self.services.keys, &pending.secrets_sealed, &row)
            .ok_or(AuthorisationProblem::Unknown)?;
        let app = OauthApp {
            client_id: pending.client_id.clone(),
            client_secret: secrets.client_secret,
        };
        let grant = self
            .services
            .identity
            .exchange(
                &app,
                code,
                &secrets.verifier,
                &self.oauth_setup().redirect_url,
            )
            .await?;
        let missing = missing_scopes(grant.scopes.as_deref());
        if !missing.is_empty() {
            return Err(AuthorisationProblem::MissingScopes { missing }.into());
        }
        let credential = Credential::AccessToken(grant.access_token.clone());
        let opened = self.first_request(&grant, &credential).await?;
        let account = Account {
            region: opened.region,
            credential,
        };
        let authorised_as = self.name_of(&account, &grant).await;
        Ok(accepted_login(app, grant, opened, authorised_as, asked_at))
    }

    /// Shows that the login works, in the region that PagerDuty named, or in
    /// whichever knows it.
    async fn first_request(
        &self,
        grant: &Grant,
        credential: &Credential,
    ) -> Result<Opened, ConnectRefusal> {
        let pagerduty = &self.services.pagerduty;
        let opened = match grant.identity.region {
            Some(region) => pagerduty.check(region, credential).await,
            None => pagerduty.find_account(credential).await,
        };
        opened.map_err(AuthorisationProblem::of_first_request)
    }

    /// The name of the person who logged in. The login is good without it.
    async fn name_of(&self, account: &Account, grant: &Grant) -> Option<String> {
        let pagerduty = &self.services.pagerduty;
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

    async fn keep_login(
        &self,
        caller: &Caller,
        pending: &PendingAuthorisation,
        accepted: AcceptedCredential,
    ) -> Answer<OauthStep, ConnectRefusal> {
        let Some(generation) = &pending.replaces else {
            return Ok(match self.connect(caller, accepted).await? {
                Ok(()) => Outcome::Done(OauthStep::Connected),
                Err(Some(existing)) => Outcome::Refused(connected_by(caller, &existing)),
                Err(None) => Outcome::Refused(ConnectRefusal::NotConnected),
            });
        };
        let Some(existing) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        if existing.generation != *generation {
            return Ok(Outcome::Refused(ConnectRefusal::ReplacedMeanwhile));
        }
        let action = match (pending.purpose, &existing.credential.method) {
            (AuthorisationPurpose::Switch, StoredMethod::ApiKey { .. } | StoredMethod::Unknown) => {
                AuditAction::SwitchedToOauth
            }
            _ => AuditAction::ReconnectedPagerDuty,
        };
        Ok(
            match self.replace(caller, &existing, accepted, action).await? {
                Outcome::Done(Replaced::InUse) => Outcome::Done(OauthStep::Connected),
                Outcome::Done(Replaced::OtherAccount) => Outcome::Done(OauthStep::OtherAccount),
                Outcome::Refused(refusal) => Outcome::Refused(refusal),
            },
        )
    }
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
