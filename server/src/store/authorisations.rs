//! What is on its way to becoming a connection: logins at PagerDuty that have
//! not come back yet, and credentials of another account that somebody has to
//! decide about. Both end by themselves after a while.

use super::{
    Result, Store, StoredCredential, StoredMethod, connections,
    credentials::{CREDENTIAL_COLUMNS, CredentialColumns, bind_credential},
};
use sqlx::{AssertSqlSafe, FromRow};
use types::{AuditAction, Timestamp, WorkspaceId};

/// A login that waits for the browser to come back from PagerDuty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAuthorisation {
    pub workspace: WorkspaceId,
    pub purpose: AuthorisationPurpose,
    /// The generation of the credential that it replaces, if there was one.
    pub replaces: Option<String>,
    pub client_id: String,
    /// Sealed for [`authorisation_row`] of its state.
    pub secrets_sealed: String,
    pub expires_at: Timestamp,
}

/// Which form began a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorisationPurpose {
    Connect,
    Switch,
    Reconnect,
}

impl AuthorisationPurpose {
    const fn code(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Switch => "switch",
            Self::Reconnect => "reconnect",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Connect, Self::Switch, Self::Reconnect]
            .into_iter()
            .find(|purpose| purpose.code() == code)
    }
}

/// A credential that waits for the decision to switch accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSwitch {
    pub workspace: WorkspaceId,
    /// The generation of the credential that it would replace.
    pub replaces: String,
    /// What the audit log calls it when it is done.
    pub action: AuditAction,
    /// Sealed for [`switch_row`] of its session.
    pub credential: StoredCredential,
    pub expires_at: Timestamp,
}

/// The row's name when its secrets are sealed.
pub fn authorisation_row(state_key: &str) -> String {
    format!("pending_authorisations/{state_key}/secrets")
}

/// The row's name when its credential is sealed.
pub fn switch_row(session_key: &str) -> String {
    format!("pending_switches/{session_key}/credential")
}

#[derive(FromRow)]
struct AuthorisationRow {
    workspace_id: String,
    purpose: String,
    replaces: Option<String>,
    client_id: String,
    secrets_sealed: String,
    expires_at: i64,
}

impl AuthorisationRow {
    /// `None` for a purpose that another version knows: here nobody began it.
    fn pending(self) -> Option<PendingAuthorisation> {
        Some(PendingAuthorisation {
            workspace: WorkspaceId::new(self.workspace_id),
            purpose: AuthorisationPurpose::from_code(&self.purpose)?,
            replaces: self.replaces,
            client_id: self.client_id,
            secrets_sealed: self.secrets_sealed,
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// The columns of [`SwitchRow`] apart from its credential.
const SWITCH_COLUMNS: &str = "workspace_id, replaces, action, expires_at";

#[derive(FromRow)]
struct SwitchRow {
    workspace_id: String,
    replaces: String,
    action: String,
    #[sqlx(flatten)]
    credential: CredentialColumns,
    expires_at: i64,
}

impl SwitchRow {
    /// `None` for a credential of a kind that another version knows: here nobody brought it.
    fn pending(self) -> Option<PendingSwitch> {
        let credential = self.credential.credential();
        (credential.method != StoredMethod::Unknown).then(|| PendingSwitch {
            workspace: WorkspaceId::new(self.workspace_id),
            replaces: self.replaces,
            action: AuditAction::from_code(&self.action),
            credential,
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

impl Store {
    /// Remembers a login under the hash of its state, for one session. False, and
    /// nothing is kept, when the credential that it is to replace was replaced or
    /// disconnected meanwhile.
    pub async fn begin_authorisation(
        &self,
        state_key: &str,
        session_key: &str,
        pending: &PendingAuthorisation,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        if let Some(generation) = &pending.replaces
            && !connections::lock(&mut tx, &pending.workspace, generation).await?
        {
            return Ok(false);
        }
        sqlx::query(
            "insert into pending_authorisations (state_key, session_key, workspace_id, purpose,
                 replaces, client_id, secrets_sealed, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(state_key)
        .bind(session_key)
        .bind(pending.workspace.as_str())
        .bind(pending.purpose.code())
        .bind(pending.replaces.as_deref())
        .bind(&pending.client_id)
        .bind(&pending.secrets_sealed)
        .bind(pending.expires_at.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes the login that this session began under this state, if it is still
    /// good at `now`. Reading it removes it, so it serves once.
    pub async fn take_authorisation(
        &self,
        state_key: &str,
        session_key: &str,
        now: Timestamp,
    ) -> Result<Option<PendingAuthorisation>> {
        let row: Option<AuthorisationRow> = sqlx::query_as(
            "delete from pending_authorisations
             where state_key = $1 and session_key = $2 and expires_at > $3
             returning workspace_id, purpose, replaces, client_id, secrets_sealed, expires_at",
        )
        .bind(state_key)
        .bind(session_key)
        .bind(now.as_millis())
        .fetch_optional(&self.writer)
        .await?;
        Ok(row.and_then(AuthorisationRow::pending))
    }

    /// Keeps a credential until the session decides; a later one takes its place.
    /// False, and nothing is kept, when the credential that it is to replace was
    /// replaced or disconnected meanwhile.
    pub async fn ask_about_switch(
        &self,
        session_key: &str,
        pending: &PendingSwitch,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, &pending.workspace, &pending.replaces).await? {
            return Ok(false);
        }
        sqlx::query("delete from pending_switches where session_key = $1")
            .bind(session_key)
            .execute(&mut *tx)
            .await?;
        let insert = sqlx::query(
            "insert into pending_switches (method, credential_sealed, last_four, client_id,
                 authorised_as, refresh_at, token_expires_at, region, subdomain, account_id,
                 session_key, workspace_id, replaces, action, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        );
        bind_credential(insert, &pending.credential)
            .bind(session_key)
            .bind(pending.workspace.as_str())
            .bind(&pending.replaces)
            .bind(pending.action.code())
            .bind(pending.expires_at.as_millis())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The credential that waits for this session's decision at `now`.
    pub async fn pending_switch(
        &self,
        session_key: &str,
        now: Timestamp,
    ) -> Result<Option<PendingSwitch>> {
        let statement = format!(
            "select {SWITCH_COLUMNS}, {CREDENTIAL_COLUMNS} from pending_switches
             where session_key = $1 and expires_at > $2"
        );
        let row: Option<SwitchRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(session_key)
            .bind(now.as_millis())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(SwitchRow::pending))
    }

    /// Takes it away, so that it is decided about once.
    pub async fn take_switch(
        &self,
        session_key: &str,
        now: Timestamp,
    ) -> Result<Option<PendingSwitch>> {
        let statement = format!(
            "delete from pending_switches where session_key = $1 and expires_at > $2
             returning {SWITCH_COLUMNS}, {CREDENTIAL_COLUMNS}"
        );
        let row: Option<SwitchRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(session_key)
            .bind(now.as_millis())
            .fetch_optional(&self.writer)
            .await?;
        Ok(row.and_then(SwitchRow::pending))
    }

    /// Deletes what nobody came back for by `now`, secrets included.
    pub async fn purge_authorisations(&self, now: Timestamp) -> Result<()> {
        for statement in [
            "delete from pending_authorisations where expires_at <= $1",
            "delete from pending_switches where expires_at <= $1",
        ] {
            sqlx::query(statement)
                .bind(now.as_millis())
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }
}
