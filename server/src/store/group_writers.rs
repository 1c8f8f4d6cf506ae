//! By whose own permission user groups are written: an admin's, who has lent it for that alone.

use super::{NewAuditEntry, Result, Store, audit, millis, people};
use sqlx::{AssertSqlSafe, FromRow};
use std::time::Duration;
use types::{PersonId, Timestamp, WorkspaceId};

/// Somebody who has lent their permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWriter {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    /// Their account in Slack is deactivated, or not known any more.
    pub is_gone: bool,
    /// They are an Owner or Admin, as far as is known.
    pub administers: bool,
    /// Opens for [`group_writer_row`] only; absent once it has ended.
    pub token_sealed: Option<String>,
    pub granted_at: Timestamp,
    /// When Slack denied it, asked about the token itself, for the first time since it was good.
    pub denied_at: Option<Timestamp>,
    /// Why it has ended, as a code.
    pub ended: Option<String>,
}

/// What the token of whoever lends their permission in a workspace is sealed for.
pub fn group_writer_row(workspace: &WorkspaceId) -> String {
    format!("group_writers/{workspace}/token")
}

#[derive(FromRow)]
struct Row {
    workspace_id: String,
    person_id: String,
    is_gone: i64,
    role: Option<String>,
    token_sealed: Option<String>,
    granted_at: i64,
    denied_at: Option<i64>,
    ended: Option<String>,
}

impl From<Row> for GroupWriter {
    fn from(row: Row) -> Self {
        Self {
            workspace: WorkspaceId::new(row.workspace_id),
            person: PersonId::new(row.person_id),
            is_gone: row.is_gone != 0,
            administers: row
                .role
                .is_some_and(|code| people::role(&code).administers()),
            token_sealed: row.token_sealed,
            granted_at: Timestamp::from_millis(row.granted_at),
            denied_at: row.denied_at.map(Timestamp::from_millis),
            ended: row.ended,
        }
    }
}

const SELECT: &str = "select g.workspace_id, g.person_id, coalesce(p.deactivated, 1) as is_gone,
         p.role, g.token_sealed, g.granted_at, g.denied_at, g.ended
     from group_writers g
         left join people p on p.workspace_id = g.workspace_id and p.id = g.person_id";

impl Store {
    /// Whoever lends their permission in a workspace, or did until it ended.
    pub async fn group_writer(&self, workspace: &WorkspaceId) -> Result<Option<GroupWriter>> {
        let row: Option<Row> =
            sqlx::query_as(AssertSqlSafe(format!("{SELECT} where g.workspace_id = $1")))
                .bind(workspace.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(GroupWriter::from))
    }

    /// Those of all workspaces.
    pub async fn group_writers(&self) -> Result<Vec<GroupWriter>> {
        let rows: Vec<Row> =
            sqlx::query_as(AssertSqlSafe(format!("{SELECT} order by g.workspace_id")))
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(GroupWriter::from).collect())
    }

    /// Keeps what somebody has lent, in the place of whatever was lent before, with the audit
    /// entry. The token that this replaces, sealed, if there is one.
    pub async fn save_group_writer(
        &self,
        person: &PersonId,
        token_sealed: &str,
        entry: &NewAuditEntry,
    ) -> Result<Option<String>> {
        let mut tx = self.begin_durable().await?;
        // Of two who lend theirs at once, the later one learns of the earlier one's.
        let (former,): (Option<String>,) = sqlx::query_as(
            "insert into group_writers (workspace_id, person_id, granted_at) values ($1, $2, 0)
             on conflict (workspace_id) do update set person_id = group_writers.person_id
             returning token_sealed",
        )
        .bind(entry.workspace().as_str())
        .bind(person.as_str())
        .fetch_one(&mut *tx)
        .await?;
        let statement = format!(
            "update group_writers set person_id = $2, token_sealed = $3, granted_at = {},
                 denied_at = null, ended = null
             where workspace_id = $1",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(entry.workspace().as_str())
            .bind(person.as_str())
            .bind(token_sealed)
            .execute(&mut *tx)
            .await?;
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(former)
    }

    /// Keeps that Slack denied a token when asked about it, and why. Where it did so before, so
    /// long ago, the token is forgotten. Whether it was; nothing when it was replaced or taken back
    /// meanwhile.
    pub async fn deny_group_writer(
        &self,
        workspace: &WorkspaceId,
        token_sealed: &str,
        (why, apart): (&str, Duration),
    ) -> Result<bool> {
        let now = self.engine.now();
        let statement = format!(
            "update group_writers set
                 token_sealed = case when denied_at <= {now} - $4 then null else token_sealed end,
                 ended = case when denied_at <= {now} - $4 then $3 else ended end,
                 denied_at = coalesce(denied_at, {now})
             where workspace_id = $1 and token_sealed = $2 returning token_sealed"
        );
        let denied: Option<(Option<String>,)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(token_sealed)
            .bind(why)
            .bind(millis(apart))
            .fetch_optional(&self.durable_writer)
            .await?;
        Ok(denied.is_some_and(|(kept,)| kept.is_none()))
    }

    /// Keeps that Slack takes a token again.
    pub async fn accept_group_writer(
        &self,
        workspace: &WorkspaceId,
        token_sealed: &str,
    ) -> Result<()> {
        sqlx::query(
            "update group_writers set denied_at = null where workspace_id = $1 and token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(token_sealed)
        .execute(&self.durable_writer)
        .await?;
        Ok(())
    }

    /// Forgets who has lent their permission, with the audit entry. False where nobody had, or
    /// somebody else has since.
    pub async fn forget_group_writer(
        &self,
        writer: &GroupWriter,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        let mut tx = self.begin_durable().await?;
        let forgotten = sqlx::query(
            "delete from group_writers where workspace_id = $1 and person_id = $2
                 and granted_at = $3",
        )
        .bind(writer.workspace.as_str())
        .bind(writer.person.as_str())
        .bind(writer.granted_at.as_millis())
        .execute(&mut *tx)
        .await?;
        if forgotten.rows_affected() == 0 {
            return Ok(false);
        }
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Puts the same token in the place of itself, sealed anew. False when it was replaced
    /// meanwhile.
    pub async fn reseal_group_writer(
        &self,
        workspace: &WorkspaceId,
        old: &str,
        new: &str,
    ) -> Result<bool> {
        let replaced = sqlx::query(
            "update group_writers set token_sealed = $3
             where workspace_id = $1 and token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(old)
        .bind(new)
        .execute(&self.durable_writer)
        .await?;
        Ok(replaced.rows_affected() == 1)
    }
}
