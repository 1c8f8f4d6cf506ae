//! Sign-ins on their way through Slack. Each can be taken once, by the browser
//! that began it, until it expires.

use super::{Result, Store, StoreError};
use sqlx::FromRow;
use types::{PersonId, Timestamp, WorkspaceId};

/// A sign-in that waits for the browser to come back from Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSignIn {
    pub step: SignInStep,
    /// The path to open once signed in.
    pub return_to: String,
    pub expires_at: Timestamp,
}

/// What Slack was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStep {
    /// Who it is. The ID token must carry the nonce with this hash.
    Identify { nonce_key: String },
    /// To install Round Robin in the workspace of the person identified before.
    Install {
        workspace: WorkspaceId,
        person: PersonId,
    },
}

#[derive(FromRow)]
struct Row {
    step: String,
    nonce_key: Option<String>,
    workspace_id: Option<String>,
    person_id: Option<String>,
    return_to: String,
    expires_at: i64,
}

impl Row {
    fn pending(self) -> Result<PendingSignIn> {
        let step = match (
            self.step.as_str(),
            self.nonce_key,
            self.workspace_id,
            self.person_id,
        ) {
            ("identify", Some(nonce_key), _, _) => SignInStep::Identify { nonce_key },
            ("install", _, Some(workspace), Some(person)) => SignInStep::Install {
                workspace: WorkspaceId::new(workspace),
                person: PersonId::new(person),
            },
            _ => {
                return Err(StoreError::Unreadable {
                    what: "a pending sign-in",
                });
            }
        };
        Ok(PendingSignIn {
            step,
            return_to: self.return_to,
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

impl Store {
    /// Deletes sign-ins that nobody finished in time.
    pub async fn purge_sign_ins(&self, now: Timestamp) -> Result<()> {
        sqlx::query("delete from pending_sign_ins where expires_at < $1")
            .bind(now.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Remembers a sign-in under the hashes of its state and of the browser's
    /// cookie, and forgets those that expired before `now`.
    pub async fn begin_sign_in(
        &self,
        state_key: &str,
        browser_key: &str,
        pending: &PendingSignIn,
        now: Timestamp,
    ) -> Result<()> {
        let (step, nonce_key, workspace, person) = match &pending.step {
            SignInStep::Identify { nonce_key } => {
                ("identify", Some(nonce_key.as_str()), None, None)
            }
            SignInStep::Install { workspace, person } => {
                ("install", None, Some(workspace), Some(person))
            }
        };
        let mut transaction = self.begin().await?;
        sqlx::query("delete from pending_sign_ins where expires_at < $1")
            .bind(now.as_millis())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "insert into pending_sign_ins (state_key, browser_key, step, nonce_key, workspace_id,
                 person_id, return_to, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(state_key)
        .bind(browser_key)
        .bind(step)
        .bind(nonce_key)
        .bind(workspace.map(WorkspaceId::as_str))
        .bind(person.map(PersonId::as_str))
        .bind(&pending.return_to)
        .bind(pending.expires_at.as_millis())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the sign-in that this browser began under this state, if it is
    /// still good at `now`. Reading it removes it, so it serves once.
    pub async fn take_sign_in(
        &self,
        state_key: &str,
        browser_key: &str,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>> {
        let row: Option<Row> = sqlx::query_as(
            "delete from pending_sign_ins
             where state_key = $1 and browser_key = $2 and expires_at > $3
             returning step, nonce_key, workspace_id, person_id, return_to, expires_at",
        )
        .bind(state_key)
        .bind(browser_key)
        .bind(now.as_millis())
        .fetch_optional(&self.writer)
        .await?;
        row.map(Row::pending).transpose()
    }
}
