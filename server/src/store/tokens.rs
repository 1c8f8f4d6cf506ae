//! Renewing the tokens of a login: one at a time, however many servers share
//! the database, and each new pair saved whole before anybody uses it.

use super::{Connection, Result, Store, TokenTerm, connections::write_problem};
use sqlx::AssertSqlSafe;
use types::{PagerDutyProblem, Timestamp, WorkspaceId};
use uuid::Uuid;

/// How long a renewal keeps others away. Longer than PagerDuty is waited for and
/// the new pair takes to save, so that nobody sends the same refresh token a second
/// time meanwhile; a server that died in the middle is replaced after it.
pub const TOKEN_LEASE_SECONDS: i64 = 45;

/// The right to renew one pair of tokens.
#[derive(Clone, Debug)]
pub struct TokenLease {
    workspace: WorkspaceId,
    generation: String,
    /// The pair that is to be replaced.
    version: i64,
    holder: String,
}

impl Store {
    /// Takes the right to renew the tokens that `connection` shows; `None` while
    /// another has it, and when these tokens are no longer the present ones.
    ///
    /// The database's clock decides when an older right has ended, so that servers
    /// whose clocks differ cannot both have it.
    pub async fn take_token_lease(&self, connection: &Connection) -> Result<Option<TokenLease>> {
        let lease = TokenLease {
            workspace: connection.workspace.clone(),
            generation: connection.generation.clone(),
            version: connection.token_version,
            holder: Uuid::now_v7().to_string(),
        };
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set token_lease_holder = $1,
                 token_lease_until = {now} + $2
             where workspace_id = $3 and generation = $4 and token_version = $5
                 and login_ended = 0
                 and (token_lease_until is null or token_lease_until <= {now})"
        );
        let taken = sqlx::query(AssertSqlSafe(statement))
            .bind(&lease.holder)
            .bind(TOKEN_LEASE_SECONDS * 1000)
            .bind(lease.workspace.as_str())
            .bind(&lease.generation)
            .bind(connection.token_version)
            .execute(&self.writer)
            .await?;
        Ok((taken.rows_affected() == 1).then_some(lease))
    }

    /// Puts a new pair in the place of the old one and gives the right back.
    /// False when that one was replaced or deleted meanwhile. A pair that comes
    /// late, after the right has ended, is still the newest that there is.
    pub async fn save_tokens(
        &self,
        lease: &TokenLease,
        sealed: &str,
        term: TokenTerm,
    ) -> Result<bool> {
        let saved = sqlx::query(
            "update pagerduty_connections set credential_sealed = $1, refresh_at = $2,
                 token_expires_at = $3, token_version = token_version + 1, login_ended = 0,
                 token_lease_holder = null, token_lease_until = null
             where workspace_id = $4 and generation = $5 and token_version = $6",
        )
        .bind(sealed)
        .bind(term.refresh_at.map(Timestamp::as_millis))
        .bind(term.expires_at.map(Timestamp::as_millis))
        .bind(lease.workspace.as_str())
        .bind(&lease.generation)
        .bind(lease.version)
        .execute(&self.durable_writer)
        .await?;
        Ok(saved.rows_affected() == 1)
    }

    /// Notes that the login cannot be renewed any more, and why. False when the
    /// credential was replaced or deleted meanwhile.
    pub async fn end_login(&self, lease: &TokenLease, problem: &PagerDutyProblem) -> Result<bool> {
        let ended = sqlx::query(
            "update pagerduty_connections set login_ended = 1, problem = $1,
                 token_lease_holder = null, token_lease_until = null
             where workspace_id = $2 and generation = $3 and token_lease_holder = $4",
        )
        .bind(write_problem(Some(problem)))
        .bind(lease.workspace.as_str())
        .bind(&lease.generation)
        .bind(&lease.holder)
        .execute(&self.durable_writer)
        .await?;
        Ok(ended.rows_affected() == 1)
    }

    /// Gives the right back after nothing came of it, and has nobody try early
    /// again before `refresh_at`.
    pub async fn release_token_lease(
        &self,
        lease: &TokenLease,
        refresh_at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "update pagerduty_connections set token_lease_holder = null, token_lease_until = null,
                 refresh_at = $3
             where workspace_id = $1 and token_lease_holder = $2",
        )
        .bind(lease.workspace.as_str())
        .bind(&lease.holder)
        .bind(refresh_at.as_millis())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
