//! Slack workspaces, which are our tenants, and the app's installation in each.
//! A row exists from the first installation on and is never removed.

use super::{DatabaseConnection, NewAuditEntry, Result, Store, audit, notifications};
use domain::{Doubt, Standing};
use sqlx::{AssertSqlSafe, FromRow};
use types::{PersonId, SlackProblem, SlackWord, Timestamp, WorkspaceId};

/// A workspace that has installed Round Robin at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// Absent until somebody installs, and again some time after it has ended.
    pub installation: Option<Installation>,
    pub standing: Standing,
    /// Slack told of everybody in the directory then or later.
    pub directory_synced_at: Option<Timestamp>,
    /// Why the last reading of the directory did not come to its end.
    pub directory_problem: Option<SlackProblem>,
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
    #[sqlx(flatten)]
    standing: StandingRow,
    directory_synced_at: Option<i64>,
    directory_problem: Option<String>,
}

/// In the columns [`STANDING`].
#[derive(FromRow)]
pub(super) struct StandingRow {
    token_refused_word: Option<String>,
    token_refused_at: Option<i64>,
    token_denials: Option<i64>,
    token_denied_at: Option<i64>,
    installation_ended_at: Option<i64>,
}

pub(super) const STANDING: &str = "token_refused_word, token_refused_at, token_denials,
    token_denied_at, installation_ended_at";

impl From<StandingRow> for Standing {
    fn from(row: StandingRow) -> Self {
        let word = row.token_refused_word.as_deref().and_then(SlackWord::parse);
        match (word, row.token_refused_at, row.installation_ended_at) {
            (Some(word), _, Some(at)) => Self::Ended {
                word,
                at: Timestamp::from_millis(at),
            },
            (Some(word), Some(since), None) => Self::Doubted(Doubt {
                word,
                since: Timestamp::from_millis(since),
                denials: row
                    .token_denials
                    .and_then(|denials| u32::try_from(denials).ok())
                    .unwrap_or(0),
                denied_at: row.token_denied_at.map(Timestamp::from_millis),
            }),
            _ => Self::Sound,
        }
    }
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
            standing: row.standing.into(),
            directory_problem: row
                .directory_problem
                // What another version wrote is not worth failing for.
                .and_then(|json| serde_json::from_str(&json).ok()),
            directory_synced_at: row.directory_synced_at.map(Timestamp::from_millis),
        }
    }
}

pub(super) fn split_scopes(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn select_workspaces(which: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "select id, name, bot_token_sealed, bot_scopes, installed_at, installed_by, {STANDING},
             directory_synced_at, directory_problem
         from workspaces {which}"
    ))
}

/// Holds the workspace until the transaction ends, for what must not be done twice at once in it.
pub(super) async fn hold(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<()> {
    sqlx::query("update workspaces set name = name where id = $1")
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Every workspace, installed or not.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>> {
        let rows: Vec<Row> = sqlx::query_as(select_workspaces("order by id"))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Workspace::from).collect())
    }

    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>> {
        let row: Option<Row> = sqlx::query_as(select_workspaces("where id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(Workspace::from))
    }

    /// The name of the time zone that an admin has chosen, whether or not there is such a zone.
    pub async fn workspace_zone(&self, id: &WorkspaceId) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("select time_zone from workspaces where id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.and_then(|(zone,)| zone))
    }

    /// Has a time zone hold where nothing nearer is known, or UTC.
    pub async fn set_workspace_zone(
        &self,
        id: &WorkspaceId,
        zone: Option<&str>,
        entry: &NewAuditEntry,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("update workspaces set time_zone = $2 where id = $1")
            .bind(id.as_str())
            .bind(zone)
            .execute(&mut *tx)
            .await?;
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(())
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
        notifications::plan_again(&mut transaction, self.engine, workspace, None).await?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Lets `rule` decide on how sure it is that the token is good, by the
    /// database's time, and gives how that was and is. Nothing when the token was
    /// replaced meanwhile.
    pub async fn change_standing(
        &self,
        workspace: &WorkspaceId,
        bot_token_sealed: &str,
        rule: impl FnOnce(Standing, Timestamp) -> Standing,
    ) -> Result<Option<(Standing, Standing)>> {
        let mut transaction = self.begin().await?;
        // Of several servers that were refused at once, one counts after the other.
        let held = sqlx::query(
            "update workspaces set name = name where id = $1 and bot_token_sealed = $2",
        )
        .bind(workspace.as_str())
        .bind(bot_token_sealed)
        .execute(&mut *transaction)
        .await?;
        if held.rows_affected() == 0 {
            return Ok(None);
        }
        let now = self.engine.now();
        let statement = format!("select {STANDING} from workspaces where id = $1");
        let row: StandingRow = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        let (now,): (i64,) = sqlx::query_as(AssertSqlSafe(format!("select {now}")))
            .fetch_one(&mut *transaction)
            .await?;
        let before = Standing::from(row);
        let after = rule(before.clone(), Timestamp::from_millis(now));
        if after != before {
            write_standing(&mut transaction, workspace, &after).await?;
            transaction.commit().await?;
        }
        Ok(Some((before, after)))
    }

    /// Forgets the tokens of installations that ended before `ended_before`, and whatever people
    /// had lent to these.
    pub async fn forget_ended_installations(&self, ended_before: Timestamp) -> Result<()> {
        let mut tx = self.begin_durable().await?;
        sqlx::query(
            "delete from group_writers where workspace_id in
                 (select id from workspaces where installation_ended_at < $1)",
        )
        .bind(ended_before.as_millis())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "update workspaces set bot_token_sealed = null, bot_scopes = null,
                 installed_at = null, installed_by = null, token_refused_word = null,
                 token_refused_at = null, token_denials = null, token_denied_at = null,
                 installation_ended_at = null, directory_problem = null
             where installation_ended_at < $1",
        )
        .bind(ended_before.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Remembers what the token may do, unless it was replaced meanwhile.
    pub async fn set_bot_scopes(
        &self,
        workspace: &WorkspaceId,
        bot_token_sealed: &str,
        scopes: &[String],
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "update workspaces set bot_scopes = $3
             where id = $1 and bot_token_sealed = $2 and coalesce(bot_scopes, '') <> $3",
        )
        .bind(workspace.as_str())
        .bind(bot_token_sealed)
        .bind(scopes.join(","))
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() > 0 {
            // People may be written to from now on, who have chosen of what.
            notifications::plan_again(&mut tx, self.engine, workspace, None).await?;
        }
        tx.commit().await?;
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
             installed_at = excluded.installed_at, installed_by = excluded.installed_by,
             token_refused_word = null, token_refused_at = null, token_denials = null,
             token_denied_at = null, installation_ended_at = null,
             directory_reader = null, directory_reserved_until = null, directory_problem = null",
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

async fn write_standing(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    standing: &Standing,
) -> Result<()> {
    let (word, doubt) = match standing {
        Standing::Sound => (None, None),
        Standing::Doubted(doubt) => (Some(&doubt.word), Some(doubt)),
        Standing::Ended { word, .. } => (Some(word), None),
    };
    sqlx::query(
        "update workspaces set token_refused_word = $2, token_refused_at = $3,
             token_denials = $4, token_denied_at = $5, installation_ended_at = $6
         where id = $1",
    )
    .bind(workspace.as_str())
    .bind(word.map(SlackWord::as_str))
    .bind(doubt.map(|doubt| doubt.since.as_millis()))
    .bind(doubt.map(|doubt| i64::from(doubt.denials)))
    .bind(
        doubt
            .and_then(|doubt| doubt.denied_at)
            .map(Timestamp::as_millis),
    )
    .bind(standing.ended_at().map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}
