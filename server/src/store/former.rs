//! What a disconnect reverted to Manual, kept so that it can be bound back when
//! the same account is connected again.

use super::{DatabaseConnection, NewAuditEntry, Result, Store, audit, millis, undos::UNDO_KEPT};
use domain::{AccountIdentity, NaturalKey};
use sqlx::{AssertSqlSafe, FromRow};
use types::{Region, RotationId, ScheduleId, Timestamp, WorkspaceId};

/// A rotation that followed a schedule until a disconnect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    pub rotation: RotationId,
    pub rotation_name: String,
    pub schedule: ScheduleId,
    pub schedule_name: String,
    /// The account that the schedule is in; `None` for a region that this version
    /// does not know.
    pub region: Option<Region>,
    pub account: AccountIdentity,
}

#[derive(FromRow)]
struct Row {
    rotation_id: String,
    rotation_name: String,
    schedule_id: String,
    schedule_name: String,
    region: String,
    subdomain: Option<String>,
    account_id: Option<String>,
}

impl Store {
    /// What the disconnects so far reverted and nobody has bound, deleted or given
    /// up since.
    pub async fn former_bindings(&self, workspace: &WorkspaceId) -> Result<Vec<Former>> {
        let rows: Vec<Row> = sqlx::query_as(
            "select f.rotation_id, r.name as rotation_name, f.schedule_id, f.schedule_name,
                 f.region, f.subdomain, f.account_id
             from former_bindings f join rotations r on r.id = f.rotation_id
             where f.workspace_id = $1 and f.given_up_at is null and r.mode = 'manual'
             order by lower(r.name), r.id",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Former {
                rotation: RotationId::new(row.rotation_id),
                rotation_name: row.rotation_name,
                schedule: ScheduleId::new(row.schedule_id),
                schedule_name: row.schedule_name,
                region: Region::from_code(&row.region),
                account: AccountIdentity {
                    subdomain: row.subdomain,
                    account_id: row.account_id,
                },
            })
            .collect())
    }

    /// Notes that the account in which such schedules are is called by other names now.
    pub async fn rename_former_account(
        &self,
        workspace: &WorkspaceId,
        before: &AccountIdentity,
        after: &AccountIdentity,
    ) -> Result<()> {
        sqlx::query(
            "update former_bindings set subdomain = $1, account_id = $2
             where workspace_id = $3 and coalesce(subdomain, '') = $4
                 and coalesce(account_id, '') = $5",
        )
        .bind(&after.subdomain)
        .bind(&after.account_id)
        .bind(workspace.as_str())
        .bind(before.subdomain.as_deref().unwrap_or_default())
        .bind(before.account_id.as_deref().unwrap_or_default())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Gives up what the disconnects reverted in the entry's workspace, and writes the
    /// entry, unless there was nothing. Gives the names of the rotations.
    pub async fn give_up_former_bindings(&self, entry: &NewAuditEntry) -> Result<Vec<String>> {
        let now = self.engine.now();
        let give_up = format!(
            "update former_bindings set given_up_at = {now}, given_up_by = $2
             where workspace_id = $1 and given_up_at is null
             returning coalesce((select r.name from rotations r
                 where r.id = former_bindings.rotation_id), '')"
        );
        let mut names = self.write_former(give_up, entry).await?;
        names.retain(|name| !name.is_empty());
        names.sort_by_cached_key(|name| NaturalKey::of(name));
        Ok(names)
    }

    /// Takes that back, as far as whoever makes the entry gave it up a short while ago and
    /// nobody has bound or deleted the rotation since; false when there was nothing.
    pub async fn take_up_former_bindings(&self, entry: &NewAuditEntry) -> Result<bool> {
        let (now, kept) = (self.engine.now(), millis(UNDO_KEPT));
        let take_up = format!(
            "update former_bindings set given_up_at = null, given_up_by = null
             where workspace_id = $1 and given_up_by = $2 and given_up_at >= {now} - {kept}
             returning ''"
        );
        Ok(!self.write_former(take_up, entry).await?.is_empty())
    }

    /// Executes a statement about the entry's workspace and whoever made it, and writes the
    /// entry if that changed anything. Gives what the statement returns of each.
    async fn write_former(&self, statement: String, entry: &NewAuditEntry) -> Result<Vec<String>> {
        let mut transaction = self.begin().await?;
        let written: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(entry.workspace().as_str())
            .bind(entry.actor_id())
            .fetch_all(&mut *transaction)
            .await?;
        if !written.is_empty() {
            audit::insert(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(written)
    }

    /// Forgets what was given up and cannot be taken up any more.
    pub async fn purge_former_bindings(&self) -> Result<()> {
        let now = self.engine.now();
        let purge = format!("delete from former_bindings where given_up_at < {now} - $1");
        sqlx::query(AssertSqlSafe(purge))
            .bind(millis(UNDO_KEPT))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// Remembers every binding of a workspace that is about to be disconnected.
pub(super) async fn remember_all(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "insert into former_bindings (rotation_id, workspace_id, schedule_id, schedule_name,
             region, subdomain, account_id, reverted_at)
         select b.rotation_id, b.workspace_id, b.schedule_id, s.name, c.region, c.subdomain,
             c.account_id, $1
         from bindings b
         join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id
         join pagerduty_connections c on c.workspace_id = b.workspace_id
         where b.workspace_id = $2
         on conflict (rotation_id) do update set schedule_id = excluded.schedule_id,
             schedule_name = excluded.schedule_name, region = excluded.region,
             subdomain = excluded.subdomain, account_id = excluded.account_id,
             reverted_at = excluded.reverted_at, given_up_at = null, given_up_by = null",
    )
    .bind(now.as_millis())
    .bind(workspace.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what a rotation was bound to, since it is bound anew.
pub(super) async fn forget(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
) -> Result<()> {
    sqlx::query("delete from former_bindings where rotation_id = $1")
        .bind(rotation.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
