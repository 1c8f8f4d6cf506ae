//! Slack workspaces, which are our tenants, and the app's installation in each.
//! A row exists from the first installation on and is never removed.

use super::{DatabaseConnection, NewAuditEntry, Result, Store, audit};
use sqlx::FromRow;
use types::{PersonId, Timestamp, WorkspaceId};

/// A workspace that has installed Round Robin at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// Absent once Slack has said that the bot token ended.
    pub installation: Option<Installation>,
    /// When the directory was last read completely.
    pub directory_synced_at: Option<Timestamp>,
}

/// The app's installation in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Opens for [`bot_token_row`] only.
    pub bot_token_sealed: String,
    /// What the token may do, as Slack last told.
    pub scopes: Vec<String>,
    pub installed_at: Timestamp,
    pub installed_by: PersonId,
}

/// What the bot token of a workspace is sealed for.
pub fn bot_token_row(workspace: &WorkspaceId) -> String {
    format!("workspaces/{workspace}/bot_token")
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    bot_token_sealed: Option<String>,
    bot_scopes: Option<String>,
    installed_at: Option<i64>,
    installed_by: Option<String>,
    directory_synced_at: Option<i64>,
}

impl From<Row> for Workspace {
    fn from(row: Row) -> Self {
        let installation = match (row.bot_token_sealed, row.installed_at, row.installed_by) {
            (Some(bot_token_sealed), Some(at), Some(by)) => Some(Installation {
                bot_token_sealed,
                scopes: split_scopes(row.bot_scopes.as_deref().unwrap_or_default()),
                installed_at: Timestamp::from_millis(at),
                installed_by: PersonId::new(by),
            }),
            _ => None,
        };
        Self {
            id: WorkspaceId::new(row.id),
            name: row.name,
            installation,
            directory_synced_at: row.directory_synced_at.map(Timestamp::from_millis),
        }
    }
}

fn split_scopes(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Store {
    /// Every workspace, installed or not.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>> {
        let rows: Vec<Row> = sqlx::query_as(
            "select id, name, bot_token_sealed, bot_scopes, installed_at, installed_by,
                 directory_synced_at
             from workspaces order by id",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Workspace::from).collect())
    }

    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>> {
        let row: Option<Row> = sqlx::query_as(
            "select id, name, bot_token_sealed, bot_scopes, installed_at, installed_by,
                 directory_synced_at
             from workspaces where id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Workspace::from))
    }

    /// The workspace that installed Round Robin first.
    pub async fn first_workspace(&self) -> Result<Option<WorkspaceId>> {
        let mut connection = self.pool.acquire().await?;
        first_workspace(&mut connection).await
    }

    /// Saves an installation together with its audit entry. With `first_only`
    /// it is saved only for the workspace that installs first, which the answer
    /// tells: of two that install at once, one gets `false`.
    pub async fn save_installation(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        installation: &Installation,
        first_only: bool,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        let mut transaction = self.begin_durable().await?;
        sqlx::query(
            "update deployment set first_workspace_id = $1
             where id = 1 and first_workspace_id is null",
        )
        .bind(workspace.as_str())
        .execute(&mut *transaction)
        .await?;
        if first_only && first_workspace(&mut transaction).await?.as_ref() != Some(workspace) {
            return Ok(false);
        }
        upsert(&mut transaction, workspace, name, installation).await?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Remembers that the token is gone, unless it was replaced meanwhile.
    pub async fn end_installation(
        &self,
        workspace: &WorkspaceId,
        bot_token_sealed: &str,
    ) -> Result<()> {
        sqlx::query(
            "update workspaces set bot_token_sealed = null, bot_scopes = null,
                 installed_at = null, installed_by = null
             where id = $1 and bot_token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(bot_token_sealed)
        .execute(&self.durable_writer)
        .await?;
        Ok(())
    }

    /// Remembers what the token may do, unless it was replaced meanwhile.
    pub async fn set_bot_scopes(
        &self,
        workspace: &WorkspaceId,
        bot_token_sealed: &str,
        scopes: &[String],
    ) -> Result<()> {
        sqlx::query(
            "update workspaces set bot_scopes = $3 where id = $1 and bot_token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(bot_token_sealed)
        .bind(scopes.join(","))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Puts the same token, sealed with another key, in place of the old one.
    /// `false` when the token was replaced or removed meanwhile.
    pub async fn replace_bot_token_sealed(
        &self,
        workspace: &WorkspaceId,
        old_sealed: &str,
        new_sealed: &str,
    ) -> Result<bool> {
        let done = sqlx::query(
            "update workspaces set bot_token_sealed = $3 where id = $1 and bot_token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(old_sealed)
        .bind(new_sealed)
        .execute(&self.durable_writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn first_workspace(connection: &mut DatabaseConnection) -> Result<Option<WorkspaceId>> {
    let first: Option<String> =
        sqlx::query_scalar("select first_workspace_id from deployment where id = 1")
            .fetch_one(connection)
            .await?;
    Ok(first.map(WorkspaceId::new))
}

async fn upsert(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    name: &str,
    installation: &Installation,
) -> Result<()> {
    sqlx::query(
        "insert into workspaces (id, name, bot_token_sealed, bot_scopes, installed_at,
             installed_by)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set name = excluded.name,
             bot_token_sealed = excluded.bot_token_sealed, bot_scopes = excluded.bot_scopes,
             installed_at = excluded.installed_at, installed_by = excluded.installed_by",
    )
    .bind(workspace.as_str())
    .bind(name)
    .bind(&installation.bot_token_sealed)
    .bind(installation.scopes.join(","))
    .bind(installation.installed_at.as_millis())
    .bind(installation.installed_by.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
