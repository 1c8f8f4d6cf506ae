//! All SQL of the product, one file per aggregate. Methods take and return
//! domain values; whether a caller may do something was decided before.
//!
//! What belongs together is written in one transaction, with the audit row in
//! the same one, so that a crash leaves all of it or nothing.

mod absences;
mod admissions;
mod announcements;
mod audit;
mod authorisations;
mod bindings;
mod changes;
mod connections;
mod copying;
mod covers;
mod credentials;
mod deliveries;
mod duties;
mod duty_groups;
mod engine;
mod feeds;
mod former;
mod group_writers;
mod hand_offs;
mod history;
mod holidays;
mod inspection;
mod late_answers;
mod links;
mod mentions;
mod notifications;
mod opening;
mod outages;
mod outbox;
mod overrides;
mod overview;
mod pagerduty_people;
mod past_overrides;
mod people;
mod pool;
mod revisions;
mod rotas;
mod rotations;
mod runs;
mod schedules;
mod sessions;
mod slack_channels;
mod slack_troubles;
mod subscriptions;
mod task_leases;
mod templates;
mod time;
mod tokens;
mod topics;
mod trouble;
mod undos;
mod workspaces;
mod writability;

pub use absences::{AbsenceWrite, StoredAbsence};
pub use announcements::{Announcement, CHANNEL};
pub use audit::NewAuditEntry;
pub use authorisations::{
    AuthorisationPurpose, PendingAuthorisation, PendingSwitch, authorisation_row, switch_row,
};
pub use bindings::BindEnd;
pub use changes::{ChangeState, LONGEST_CHANGE};
pub use connections::{Connection, RosterPlace, SyncEnd, credential_row};
pub use copying::{Copied, CopyError, Restored, back_up, restore};
pub use covers::StoredCover;
pub use credentials::{OauthLogin, StoredCredential, StoredMethod, TokenTerm};
pub use deliveries::{
    Beside, Claimable, Delivery, DeliveryEnd, DueNotices, LastTold, NoticeState, Precedence,
    Single, Subject, ToldAgain,
};
pub use duty_groups::{DutyGroup, GroupAnswers};
pub use engine::{Engine, GIVING_UP, install_drivers, sqlite_path, written_path};
pub use feeds::{Feed, FoundFeed, NewFeedAddress, Revision, feed_address_row};
pub use former::Former;
pub use group_writers::{GroupWriter, group_writer_row};
pub use hand_offs::{HandedOver, NextHandOff, PlanClock, Rule, Turn};
pub use history::{HISTORY_KEPT_SECONDS, History, PastReach, StoredRecord};
pub use inspection::{Inspection, inspect};
pub use late_answers::{LATE_ANSWERS_KEPT_SECONDS, LateAnswer, late_answer_row};
pub use mentions::{CallMessage, MentionChange, MentionNotice, NewMention, StoredMention};
pub use notifications::Notifications;
pub use opening::{Expect, LogMissing, OpenError, ServingLock, is_no_database, user};
pub use outbox::OUTBOX_CHANNEL;
pub use overrides::{Decided, OverrideWrite, StoredOverride};
pub use overview::{ListedRotation, ListedSchedule, Overview};
pub use rotations::RotationChange;
pub use runs::EndedRun;
pub use schedules::{Asked, BoundSchedule};
pub use sessions::{NewSession, Session};
pub use slack_troubles::SlackTrouble;
pub use tokens::TokenLease;
pub use topics::{ChannelTopic, TopicNote, TopicSet, topic_channel, topic_target};
pub use trouble::Trouble;
pub use workspaces::{Installation, Workspace, bot_token_row};

use engine::Pools;
use pool::{DatabaseConnection, Pool, Transaction, Upkeep, Work};
use revisions::Kept;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use time::Ahead;
use uuid::Uuid;

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    /// For what only reads.
    pool: Pool,
    /// For what writes.
    writer: Pool,
    /// For what has to outlast a loss of power: secrets, and that they are gone.
    durable_writer: Pool,
    upkeep: Arc<Upkeep>,
    engine: Engine,
    ahead: Ahead,
    /// Which server this is, to those that share the database.
    origin: Uuid,
    overviews: Kept<Overview>,
    directories: Kept<domain::Directory>,
    /// Whether the database says that it is being served.
    served: Arc<AtomicBool>,
}

/// The database failed; the message is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Remedy: `/readyz` says what is wrong with it while it lasts, and what to do.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Another rotation of the workspace has this code.
    ///
    /// Remedy: the form asks for another one.
    #[error("the code is taken")]
    CodeTaken,
    /// A value that this version does not know, for example after a downgrade.
    ///
    /// Remedy: run the version that wrote it, or a later one.
    #[error("the database holds {what} that this version cannot read")]
    Unreadable { what: &'static str },
    /// What several who waited for the same thing were told.
    #[error(transparent)]
    Shared(Arc<StoreError>),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Store {
    /// Opens the database at `url` and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_expecting(url, Expect::Anything).await
    }

    /// The same, and refuses when data has to be there and is not.
    pub async fn open_expecting(url: &str, expect: Expect) -> Result<Self, OpenError> {
        let engine = Engine::of_url(url)?;
        let Pools {
            pool,
            writer,
            upkeep,
        } = engine.open(url, expect).await?;
        Ok(Self {
            pool,
            durable_writer: writer.working(Work::Durable),
            writer,
            upkeep,
            engine,
            ahead: Ahead::default(),
            origin: Uuid::now_v7(),
            overviews: Kept::default(),
            directories: Kept::default(),
            served: Arc::default(),
        })
    }

    /// Whether several servers may be at this database at once: a SQLite file is served by
    /// one process.
    pub fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Marks the database as being served until the store is closed, so that a copy of
    /// a part of it can be told from the whole.
    pub async fn mark_served(&self) -> Result<()> {
        self.served.store(true, Ordering::Relaxed);
        self.run_each(self.engine.mark_served()).await
    }

    async fn run_each(&self, statements: &[&'static str]) -> Result<()> {
        for statement in statements {
            sqlx::query(*statement).execute(&self.writer).await?;
        }
        Ok(())
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
        if self.served.load(Ordering::Relaxed)
            && let Err(error) = self.run_each(self.engine.unmark_served()).await
        {
            tracing::warn!(%error, "the database still says that it is being served");
        }
        self.pool.close().await;
        self.writer.close().await;
    }

    async fn begin(&self) -> Result<Transaction> {
        Ok(self.writer.begin().await?)
    }

    /// Like [`Store::begin`], for what has to outlast a loss of power.
    async fn begin_durable(&self) -> Result<Transaction> {
        Ok(self.durable_writer.begin().await?)
    }
}

/// Rows and ids as JSON, which one statement takes however many they are.
fn as_json<T: serde::Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).expect("rows are plain JSON")
}

/// The inverse of [`as_json`], of JSON that a statement made.
fn from_json<'a, T: serde::Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| StoreError::Unreadable { what })
}

/// A duration as the database counts it.
fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The inverse of [`millis`]; nothing for a time that has passed.
fn duration(millis: i64) -> std::time::Duration {
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
