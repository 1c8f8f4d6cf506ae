//! All SQL of the product, one file per aggregate. Methods take and return
//! domain values; whether a caller may do something was decided before.
//!
//! What belongs together is written in one transaction, with the audit row in
//! the same one, so that a crash leaves all of it or nothing.

mod audit;
mod authorisations;
mod changes;
mod connections;
mod credentials;
mod engine;
mod former;
mod history;
mod links;
mod overview;
mod people;
mod rotations;
mod runs;
mod schedules;
mod sessions;
mod tokens;
mod workspaces;

pub use audit::NewAuditEntry;
pub use authorisations::{
    AuthorisationPurpose, PendingAuthorisation, PendingSwitch, authorisation_row, switch_row,
};
pub use changes::ChangeState;
pub use connections::{Connection, SyncEnd, credential_row};
pub use credentials::{OauthLogin, StoredCredential, StoredMethod, TokenTerm};
pub use engine::{Engine, OpenError, sqlite_path};
pub use former::Former;
pub use links::Links;
pub use overview::{ListedRotation, ListedSchedule};
pub use people::{Person, email_key};
pub use runs::EndedRun;
pub use schedules::{BindEnd, BoundSchedule, DataAge, HandOff, Rule};
pub use sessions::{NewSession, Session};
pub use tokens::TokenLease;
pub use workspaces::{Installation, Workspace, bot_token_row};

use engine::Pools;
use overview::Overviews;
use sqlx::{AnyPool, Transaction, any::Any};

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    /// For what only reads.
    pool: AnyPool,
    /// For what writes.
    writer: AnyPool,
    /// For asking whether anything was written.
    stamps: AnyPool,
    engine: Engine,
    overviews: Overviews,
}

/// The database failed; the message is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Another rotation of the workspace has this code.
    #[error("the code is taken")]
    CodeTaken,
    /// A value that this version does not know, for example after a downgrade.
    #[error("the database holds {what} that this version cannot read")]
    Unreadable { what: &'static str },
    /// What several who waited for the same thing were told.
    #[error(transparent)]
    Shared(std::sync::Arc<StoreError>),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Store {
    /// Opens the database at `url` and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let engine = Engine::of_url(url)?;
        let Pools {
            pool,
            writer,
            stamps,
        } = engine.open(url).await?;
        engine::migrate(&writer).await?;
        Ok(Self {
            pool,
            writer,
            stamps,
            engine,
            overviews: Overviews::default(),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// What time it is at the database. What several servers must agree on, such as
    /// until when something is good, goes by this clock.
    pub async fn now(&self) -> Result<types::Timestamp> {
        let statement = format!("select {}", self.engine.now());
        let (millis,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .fetch_one(&self.pool)
            .await?;
        Ok(types::Timestamp::from_millis(millis))
    }

    /// Tells the listeners on a channel of Postgres'; they are told in the order of
    /// the calls.
    pub async fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        sqlx::query("select pg_notify($1, $2)")
            .bind(channel)
            .bind(payload)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn close(&self) {
        self.stamps.close().await;
        self.pool.close().await;
        self.writer.close().await;
    }

    async fn begin(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.engine.begin(&self.writer).await?)
    }
}

/// A duration as the database counts it.
fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The inverse of [`millis`]; nothing for a time that has passed.
fn duration(millis: i64) -> std::time::Duration {
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A value that was stored under a code, read back.
fn known<T>(value: Option<T>, what: &'static str) -> Result<T> {
    value.ok_or(StoreError::Unreadable { what })
}
