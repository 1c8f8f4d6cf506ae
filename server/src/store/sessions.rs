//! Who is signed in. A session is found by a hash of the cookie's value, and
//! comes with what has to hold for it to count: the person and the workspace.

use super::{NewAuditEntry, Result, Store, admissions::AdmissionRow, audit, revisions::Revisions};
use domain::Admission;
use sqlx::{AssertSqlSafe, FromRow};
use std::time::Instant;
use types::{PersonId, Timestamp, WorkspaceId};

/// A session as it is stored; whether it still counts is decided by the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of the cookie's value.
    pub key: String,
    pub admission: Admission,
    pub workspace_name: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// What a form came to, as JSON, that no page has shown yet.
    pub flash: Option<String>,
    /// When it began to be read.
    pub read_at: Instant,
}

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub key: &'a str,
    pub workspace: &'a WorkspaceId,
    pub person: &'a PersonId,
    pub at: Timestamp,
    /// The browser's session until now, which the new one replaces.
    pub replaces: Option<&'a str>,
}

#[derive(FromRow)]
struct Row {
    key: String,
    #[sqlx(flatten)]
    admission: AdmissionRow,
    workspace_name: String,
    created_at: i64,
    last_seen_at: i64,
    flash: Option<String>,
    people_revision: i64,
    rotations_revision: i64,
}

impl Row {
    fn session(self, read_at: Instant) -> Session {
        Session {
            key: self.key,
            admission: self.admission.admission(),
            workspace_name: self.workspace_name,
            created_at: Timestamp::from_millis(self.created_at),
            last_seen_at: Timestamp::from_millis(self.last_seen_at),
            flash: self.flash,
            read_at,
        }
    }
}

impl Store {
    /// A session by its key. What is kept of its workspace is looked after by the way: it holds
    /// at [`Session::read_at`] if nothing has changed by then, and nobody has to ask again.
    pub async fn session(&self, key: &str) -> Result<Option<Session>> {
        let read_at = Instant::now();
        let admission = AdmissionRow::columns(self.engine);
        let statement = format!(
            "select s.key, {admission}, w.name as workspace_name, s.created_at, s.last_seen_at,
                 s.flash, coalesce(v.people, 0) as people_revision,
                 coalesce(v.rotations, 0) as rotations_revision
             from sessions s
             join workspaces w on w.id = s.workspace_id
             join people p on p.workspace_id = s.workspace_id and p.id = s.person_id
             left join revisions v on v.workspace_id = s.workspace_id
             where s.key = $1"
        );
        let row: Option<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| {
            let revisions = Revisions {
                people: row.people_revision,
                rotations: row.rotations_revision,
            };
            let session = row.session(read_at);
            self.revisions_were(&session.admission.workspace, revisions, read_at);
            session
        }))
    }

    /// Deletes the sessions that were last seen, or made, too long ago to count.
    pub async fn purge_sessions(
        &self,
        seen_before: Timestamp,
        created_before: Timestamp,
    ) -> Result<()> {
        sqlx::query("delete from sessions where last_seen_at < $1 or created_at < $2")
            .bind(seen_before.as_millis())
            .bind(created_before.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Signs somebody in: the new session, the end of the one it replaces and
    /// the audit entry. Sessions last seen before `stale_before` go as well.
    pub async fn sign_in(
        &self,
        session: &NewSession<'_>,
        stale_before: Timestamp,
        entry: &NewAuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from sessions where key = $1 or last_seen_at < $2")
            .bind(session.replaces.unwrap_or_default())
            .bind(stale_before.as_millis())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "insert into sessions (key, workspace_id, person_id, created_at, last_seen_at)
             values ($1, $2, $3, $4, $4)",
        )
        .bind(session.key)
        .bind(session.workspace.as_str())
        .bind(session.person.as_str())
        .bind(session.at.as_millis())
        .execute(&mut *transaction)
        .await?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that the session is in use now.
    pub async fn touch_session(&self, key: &str) -> Result<()> {
        let now = self.engine.now();
        let statement = format!("update sessions set last_seen_at = {now} where key = $1");
        sqlx::query(AssertSqlSafe(statement))
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Ends one session, with its audit entry.
    pub async fn sign_out(&self, key: &str, entry: &NewAuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from sessions where key = $1")
            .bind(key)
            .execute(&mut *transaction)
            .await?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends every session of the entry's actor.
    pub async fn sign_out_everywhere(&self, entry: &NewAuditEntry) -> Result<()> {
        let mut transaction = self.begin_durable().await?;
        sqlx::query("delete from sessions where workspace_id = $1 and person_id = $2")
            .bind(entry.workspace().as_str())
            .bind(entry.actor_id())
            .execute(&mut *transaction)
            .await?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps what a form came to, as JSON, for the session's next page.
    pub async fn keep_flash(&self, session_key: &str, flash_json: &str) -> Result<()> {
        sqlx::query("update sessions set flash = $2 where key = $1")
            .bind(session_key)
            .bind(flash_json)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Takes the flash that was read with the session away from it, since it is shown
    /// once. False when another page has done so before.
    pub async fn take_flash(&self, session_key: &str, flash_json: &str) -> Result<bool> {
        let taken = sqlx::query("update sessions set flash = null where key = $1 and flash = $2")
            .bind(session_key)
            .bind(flash_json)
            .execute(&self.writer)
            .await?;
        Ok(taken.rows_affected() == 1)
    }
}
