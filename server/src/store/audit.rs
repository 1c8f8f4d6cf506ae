//! The audit log: what was done and by whom, written in the same transaction as the deed.

use super::{DatabaseConnection, Result, Store};
use domain::{Actor, Principal, Through};
use sqlx::{AssertSqlSafe, FromRow};
use types::{
    AuditAction, AuditActor, AuditEntry, AuditId, AuditPage, RotationId, Timestamp, WorkspaceId,
};
use uuid::Uuid;

/// So many refused attempts of one person are written in an hour: more would say nothing
/// new, and anybody can try as often as they like.
const REFUSALS_PER_HOUR: i64 = 20;
const HOUR_SECONDS: i64 = 3_600;

/// So many entries are deleted at once, so that nobody waits long for their turn to write,
/// and so many times in a row; what is left goes the next time.
const PURGE_ENTRIES: i64 = 500;
const PURGE_BATCHES: usize = 20;

/// How somebody acted, as the column `actor_kind` has it. The first is its default.
const BY_SESSION: &str = "session";
const BY_FEED: &str = "feed";
const BY_COMMAND: &str = "command";
const BY_SYSTEM: &str = "system";

/// Entries on one page of the log.
const PAGE_ENTRIES: i64 = 50;

/// Something to be written to the log. Nothing in it is secret.
#[derive(Clone, Debug)]
pub struct NewAuditEntry {
    pub at: Timestamp,
    pub actor: Actor,
    pub action: AuditAction,
    /// The attempt was refused, for want of rights or by PagerDuty.
    pub refused: bool,
    pub target: Option<String>,
    /// The rotation that it is done to, if it is one.
    pub rotation: Option<RotationId>,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl NewAuditEntry {
    /// An entry that says nothing but who did what.
    pub const fn new(actor: Actor, action: AuditAction, at: Timestamp) -> Self {
        Self {
            at,
            actor,
            action,
            refused: false,
            target: None,
            rotation: None,
            before: None,
            after: None,
        }
    }

    /// Where it was done.
    pub const fn workspace(&self) -> &WorkspaceId {
        &self.actor.workspace
    }

    /// The id under which the database has whoever did it: a person's, or one that nobody in
    /// Slack has.
    pub(super) fn actor_id(&self) -> &str {
        match &self.actor.principal {
            Principal::Person { person, .. } => person.as_str(),
            Principal::System => BY_SYSTEM,
        }
    }

    /// The name that goes with it, which is all that the version before shows.
    pub(super) fn actor_name(&self) -> &str {
        match &self.actor.principal {
            Principal::Person { name, .. } => name,
            Principal::System => "Round Robin",
        }
    }

    fn actor_kind(&self) -> &'static str {
        match &self.actor.principal {
            Principal::Person { through, .. } => match through {
                Through::Session => BY_SESSION,
                Through::Feed => BY_FEED,
                Through::Command => BY_COMMAND,
            },
            Principal::System => BY_SYSTEM,
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    at: i64,
    actor_name: String,
    actor_kind: String,
    action: String,
    refused: i64,
    target: Option<String>,
    rotation_id: Option<String>,
    before_change: Option<String>,
    after_change: Option<String>,
    request_id: Option<String>,
}

impl Row {
    fn entry(self) -> AuditEntry {
        let actor = match self.actor_kind.as_str() {
            BY_SESSION => AuditActor::Session(self.actor_name),
            BY_FEED => AuditActor::Feed(self.actor_name),
            BY_COMMAND => AuditActor::Command(self.actor_name),
            BY_SYSTEM => AuditActor::System,
            _ => AuditActor::Unknown(self.actor_name),
        };
        AuditEntry {
            id: AuditId::new(self.id),
            at: Timestamp::from_millis(self.at),
            actor,
            action: AuditAction::from_code(&self.action),
            refused: self.refused != 0,
            target: self.target,
            rotation: self.rotation_id.map(RotationId::new),
            before: self.before_change,
            after: self.after_change,
            request_id: self.request_id,
        }
    }
}

/// The lowest id of an entry that is written from `at` on: ids begin with their time.
fn first_id_at(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10])
        .into_uuid()
        .to_string()
}

/// By which of them a form tells whether somebody else has edited the rotation meanwhile.
const EDITS: [AuditAction; 4] = [
    AuditAction::EditedRotation,
    AuditAction::SetRota,
    AuditAction::BoundSchedule,
    AuditAction::UnboundSchedule,
];

/// A subquery for the last change of the details of the rotation with this id, or of what decides
/// in it.
pub(super) fn last_edit(rotation: &str) -> String {
    let actions = EDITS
        .map(|action| format!("'{}'", action.code()))
        .join(", ");
    format!(
        "(select max(a.id) from audit a
          where a.rotation_id = {rotation} and a.action in ({actions}) and a.refused = 0)"
    )
}

/// The id of an entry. One of an edit comes after those of all edits before, whichever server's
/// clock they were made by: the rotation's row is held.
async fn new_id(connection: &mut DatabaseConnection, entry: &NewAuditEntry) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let edited = entry.rotation.as_ref();
    let edited = edited.filter(|_| EDITS.contains(&entry.action) && !entry.refused);
    let Some(rotation) = edited else {
        return Ok(id);
    };
    let last: Option<String> =
        sqlx::query_scalar(AssertSqlSafe(format!("select {}", last_edit("$1"))))
            .bind(rotation.as_str())
            .fetch_one(connection)
            .await?;
    let last = last.and_then(|last| Uuid::parse_str(&last).ok());
    let after = last.map(|last| Uuid::from_u128(last.as_u128().saturating_add(1)));
    Ok(after.map_or(id, |after| id.max(after)))
}

/// Writes an entry as part of a transaction.
pub(super) async fn insert(
    connection: &mut DatabaseConnection,
    entry: &NewAuditEntry,
) -> Result<()> {
    let id = new_id(connection, entry).await?;
    sqlx::query(
        "insert into audit (id, workspace_id, at, actor_id, actor_name, actor_kind, action, refused,
             target, rotation_id, before_change, after_change, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id.to_string())
    .bind(entry.workspace().as_str())
    .bind(entry.at.as_millis())
    .bind(entry.actor_id())
    .bind(entry.actor_name())
    .bind(entry.actor_kind())
    .bind(entry.action.code())
    .bind(i64::from(entry.refused))
    .bind(entry.target.as_deref())
    .bind(entry.rotation.as_ref().map(RotationId::as_str))
    .bind(entry.before.as_deref())
    .bind(entry.after.as_deref())
    .bind(entry.actor.request_id.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Writes an entry that stands for itself.
    pub async fn record(&self, entry: &NewAuditEntry) -> Result<()> {
        let mut connection = self.writer.acquire().await?;
        insert(&mut connection, entry).await
    }

    /// Writes that somebody was refused, unless the log has enough of the like from the
    /// last hour.
    pub async fn record_refusal(&self, entry: &NewAuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        // Of two attempts at once, the second counts the first.
        sqlx::query("update people set name = name where workspace_id = $1 and id = $2")
            .bind(entry.workspace().as_str())
            .bind(entry.actor_id())
            .execute(&mut *transaction)
            .await?;
        let (written,): (i64,) = sqlx::query_as(
            "select count(*) from audit
             where workspace_id = $1 and id > $2 and actor_id = $3 and refused = 1",
        )
        .bind(entry.workspace().as_str())
        .bind(first_id_at(entry.at.plus_seconds(-HOUR_SECONDS)))
        .bind(entry.actor_id())
        .fetch_one(&mut *transaction)
        .await?;
        if written < REFUSALS_PER_HOUR {
            let refused = NewAuditEntry {
                refused: true,
                ..entry.clone()
            };
            insert(&mut transaction, &refused).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes the oldest of the entries that were written before `before`, 10,000 at most.
    pub async fn purge_audit(&self, before: Timestamp) -> Result<()> {
        for _ in 0..PURGE_BATCHES {
            let deleted = sqlx::query(
                "delete from audit where id in
                     (select id from audit where id < $1 order by id limit $2)",
            )
            .bind(first_id_at(before))
            .bind(PURGE_ENTRIES)
            .execute(&self.writer)
            .await?;
            if deleted.rows_affected() < PURGE_ENTRIES as u64 {
                break;
            }
        }
        Ok(())
    }

    /// One entry, if it is still there.
    pub async fn audit_entry(
        &self,
        workspace: &WorkspaceId,
        id: &AuditId,
    ) -> Result<Option<AuditEntry>> {
        let row: Option<Row> = sqlx::query_as(
            "select id, at, actor_name, actor_kind, action, refused, target, rotation_id,
                 before_change, after_change, request_id
             from audit where workspace_id = $1 and id = $2",
        )
        .bind(workspace.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Row::entry))
    }

    /// The last entry about a rotation of this action, if there is one still.
    pub async fn last_audit_entry(
        &self,
        rotation: &RotationId,
        action: AuditAction,
    ) -> Result<Option<AuditEntry>> {
        let row: Option<Row> = sqlx::query_as(
            "select id, at, actor_name, actor_kind, action, refused, target, rotation_id,
                 before_change, after_change, request_id
             from audit where rotation_id = $1 and action = $2 and refused = 0
             order by id desc limit 1",
        )
        .bind(rotation.as_str())
        .bind(action.code())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Row::entry))
    }

    /// A page of the log, newest first.
    pub async fn audit_page(
        &self,
        workspace: &WorkspaceId,
        older_than: Option<&AuditId>,
    ) -> Result<AuditPage> {
        let newest = Uuid::max().to_string();
        let rows: Vec<Row> = sqlx::query_as(
            "select a.id, a.at, a.actor_name, a.actor_kind, a.action, a.refused, a.target,
                 r.id as rotation_id, a.before_change, a.after_change, a.request_id
             from audit a left join rotations r on r.id = a.rotation_id
             where a.workspace_id = $1 and a.id < $2 order by a.id desc limit $3",
        )
        .bind(workspace.as_str())
        .bind(older_than.map_or(newest.as_str(), AuditId::as_str))
        .bind(PAGE_ENTRIES + 1)
        .fetch_all(&self.pool)
        .await?;
        let mut entries: Vec<_> = rows.into_iter().map(Row::entry).collect();
        let more = entries.len() as i64 > PAGE_ENTRIES;
        entries.truncate(PAGE_ENTRIES as usize);
        let older_than = entries
            .last()
            .filter(|_| more)
            .map(|entry| entry.id.clone());
        Ok(AuditPage {
            entries,
            older_than,
        })
    }
}
