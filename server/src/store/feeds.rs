//! Calendar feeds: whose they are, by which address they are found, and what each has told of its
//! events. Of an address only a hash lasts.

use super::{NewAuditEntry, Result, Store, admissions::AdmissionRow, as_json, audit};
use domain::{Admission, FeedEvent};
use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::collections::HashMap;
use types::{FeedSubject, PersonId, Timestamp, WorkspaceId};
use uuid::Uuid;

/// How long the number of an event is known that a feed does not tell any more, in milliseconds.
const GONE_KEPT_MILLIS: i64 = 90 * 24 * 3600 * 1000;

/// Binds a sealed address to its feed.
pub fn feed_address_row(token_key: &str) -> String {
    format!("feeds/{token_key}/address")
}

/// An address to be made, in the place of the one that the feed had.
#[derive(Clone, Debug)]
pub struct NewFeedAddress<'a> {
    pub subject: &'a FeedSubject,
    pub token_key: &'a str,
    pub sealed: &'a str,
    /// The session that may copy it, and until when.
    pub session: &'a str,
    pub until: Timestamp,
}

/// A feed of somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub subject: FeedSubject,
    pub token_key: String,
    pub made_at: Timestamp,
    pub read_at: Option<Timestamp>,
    /// For the session that made it, as long as it may copy it.
    pub address_sealed: Option<String>,
}

/// A feed as an address finds it; whether it counts is decided by the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFeed {
    pub id: String,
    pub subject: FeedSubject,
    pub admission: Admission,
    /// When a calendar has read it last.
    pub read_at: Option<Timestamp>,
}

/// How often an event has changed, and when last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub content: String,
    pub sequence: i64,
    pub modified_at: Timestamp,
}

#[derive(FromRow)]
struct FeedRow {
    subject: String,
    token_key: String,
    made_at: i64,
    read_at: Option<i64>,
    address_sealed: Option<String>,
}

#[derive(FromRow)]
struct FoundRow {
    id: String,
    subject: String,
    read_at: Option<i64>,
    #[sqlx(flatten)]
    admission: AdmissionRow,
}

#[derive(Serialize)]
struct EventRow<'a> {
    uid: &'a str,
    content: String,
}

impl Store {
    /// Gives somebody's feed of this subject another address, and makes the feed where they
    /// have none.
    pub async fn make_feed(
        &self,
        person: &PersonId,
        address: &NewFeedAddress<'_>,
        entry: &NewAuditEntry,
    ) -> Result<()> {
        let mut tx = self.begin_durable().await?;
        sqlx::query(
            "insert into feeds (id, workspace_id, person_id, subject, token_key, address_sealed,
                 address_session, address_until, made_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (workspace_id, person_id, subject) do update set
                 token_key = excluded.token_key, address_sealed = excluded.address_sealed,
                 address_session = excluded.address_session,
                 address_until = excluded.address_until, made_at = excluded.made_at,
                 read_at = null",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(entry.workspace().as_str())
        .bind(person.as_str())
        .bind(address.subject.code())
        .bind(address.token_key)
        .bind(address.sealed)
        .bind(address.session)
        .bind(address.until.as_millis())
        .bind(entry.at.as_millis())
        .execute(&mut *tx)
        .await?;
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends somebody's feed; false when there is none.
    pub async fn revoke_feed(
        &self,
        person: &PersonId,
        subject: &FeedSubject,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        let mut tx = self.begin_durable().await?;
        let deleted = sqlx::query(
            "delete from feeds where workspace_id = $1 and person_id = $2 and subject = $3",
        )
        .bind(entry.workspace().as_str())
        .bind(person.as_str())
        .bind(subject.code())
        .execute(&mut *tx)
        .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Somebody's feeds, as this session sees them; the first one made comes first.
    pub async fn feeds(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        session: &str,
    ) -> Result<Vec<Feed>> {
        let now = self.engine.now();
        let statement = format!(
            "select subject, token_key, made_at, read_at,
                 case when address_session = $3 and address_until > {now} then address_sealed end
                     as address_sealed
             from feeds where workspace_id = $1 and person_id = $2 order by id"
        );
        let rows: Vec<FeedRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(person.as_str())
            .bind(session)
            .fetch_all(&self.pool)
            .await?;
        let feed = |row: FeedRow| {
            Some(Feed {
                subject: FeedSubject::from_code(&row.subject)?,
                token_key: row.token_key,
                made_at: Timestamp::from_millis(row.made_at),
                read_at: row.read_at.map(Timestamp::from_millis),
                address_sealed: row.address_sealed,
            })
        };
        Ok(rows.into_iter().filter_map(feed).collect())
    }

    pub async fn feed_by_token(&self, token_key: &str) -> Result<Option<FoundFeed>> {
        let admission = AdmissionRow::columns(self.engine);
        let statement = format!(
            "select f.id, f.subject, f.read_at, {admission}
             from feeds f
             join workspaces w on w.id = f.workspace_id
             join people p on p.workspace_id = f.workspace_id and p.id = f.person_id
             where f.token_key = $1"
        );
        let row: Option<FoundRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(token_key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(|row| {
            Some(FoundFeed {
                subject: FeedSubject::from_code(&row.subject)?,
                id: row.id,
                admission: row.admission.admission(),
                read_at: row.read_at.map(Timestamp::from_millis),
            })
        }))
    }

    /// Notes that a calendar has read the feed.
    pub async fn note_feed_read(&self, id: &str) -> Result<()> {
        let statement = format!(
            "update feeds set read_at = {} where id = $1",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// What the feed has told of its events, by their ids.
    pub async fn feed_revisions(&self, id: &str) -> Result<HashMap<String, Revision>> {
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "select uid, content, sequence, modified_at from feed_events
             where feed_id = $1 and content <> ''",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let revision = |(uid, content, sequence, modified_at)| {
            let revision = Revision {
                content,
                sequence,
                modified_at: Timestamp::from_millis(modified_at),
            };
            (uid, revision)
        };
        Ok(rows.into_iter().map(revision).collect())
    }

    /// Writes down what the feed tells now of these events, which are all that it has. One that
    /// is as it was told before keeps its revision, whoever writes it again. One that is gone keeps
    /// its number for a while without a content: if it comes back, calendars take it for newer than
    /// what they knew of it.
    pub async fn revise_feed(&self, id: &str, events: &[FeedEvent]) -> Result<()> {
        let rows: Vec<_> = events
            .iter()
            .map(|event| EventRow {
                uid: &event.uid,
                content: event.content(),
            })
            .collect();
        let rows = as_json(&rows);
        let from_json = self.engine.rows_of_json();
        let now = self.engine.now();
        let mut tx = self.begin().await?;
        // Whoever revokes the feed meanwhile comes before or after.
        let held = sqlx::query("update feeds set id = id where id = $1")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        if held.rows_affected() == 0 {
            return Ok(());
        }
        let revise = format!(
            "insert into feed_events (feed_id, uid, content, sequence, modified_at)
             select $2, j.value->>'uid', j.value->>'content', 0, {now} from {from_json}
             where true
             on conflict (feed_id, uid) do update set content = excluded.content,
                 sequence = feed_events.sequence + 1, modified_at = excluded.modified_at
             where feed_events.content <> excluded.content"
        );
        let leave = format!(
            "update feed_events set content = '', modified_at = {now}
             where feed_id = $2 and content <> ''
                 and uid not in (select j.value->>'uid' from {from_json})"
        );
        for statement in [revise, leave] {
            sqlx::query(AssertSqlSafe(statement))
                .bind(&rows)
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        let forget = format!(
            "delete from feed_events where feed_id = $1 and content = ''
                 and modified_at < {now} - $2"
        );
        sqlx::query(AssertSqlSafe(forget))
            .bind(id)
            .bind(GONE_KEPT_MILLIS)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets addresses that nobody may copy any more.
    pub async fn purge_feed_addresses(&self, now: Timestamp) -> Result<()> {
        sqlx::query(
            "update feeds set address_sealed = null, address_session = null, address_until = null
             where address_until <= $1",
        )
        .bind(now.as_millis())
        .execute(&self.durable_writer)
        .await?;
        Ok(())
    }
}
