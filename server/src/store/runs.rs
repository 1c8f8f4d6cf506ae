//! The syncs of late: how each went and what it changed.

use super::{
    Result, Store,
    connections::{read_problem, write_problem},
    known, millis,
};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{
    PagerDutyProblem, RotationId, SyncChange, SyncReason, SyncRun, SyncRunId, Timestamp,
    WorkspaceId,
};

/// How many runs are listed.
const LISTED: i64 = 50;

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct EndedRun<'a> {
    pub id: &'a SyncRunId,
    pub workspace: &'a WorkspaceId,
    pub reason: SyncReason,
    pub took: Duration,
    pub problem: Option<&'a PagerDutyProblem>,
    pub confirmed: u32,
    pub unreadable: u32,
    pub postponed: u32,
    pub requests: u32,
    pub changes: &'a [SyncChange],
}

#[derive(FromRow)]
struct RunRow {
    id: String,
    reason: String,
    started_at: i64,
    ended_at: i64,
    problem: Option<String>,
    confirmed: i64,
    unreadable: i64,
    postponed: i64,
    requests: i64,
}

impl RunRow {
    fn run(self, changes: Vec<SyncChange>) -> Result<SyncRun> {
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(SyncRun {
            id: SyncRunId::new(self.id),
            reason: known(SyncReason::from_code(&self.reason), "a reason of a sync")?,
            started_at: Timestamp::from_millis(self.started_at),
            duration_millis: count(self.ended_at - self.started_at),
            problem: read_problem(self.problem)?,
            confirmed: count(self.confirmed),
            unreadable: count(self.unreadable),
            postponed: count(self.postponed),
            requests: count(self.requests),
            changes,
        })
    }
}

impl Store {
    /// Writes a run that ends now.
    pub async fn record_run(&self, run: &EndedRun<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = self.engine.now();
        let statement = format!(
            "insert into sync_runs (id, workspace_id, reason, started_at, ended_at, problem,
                 confirmed, unreadable, postponed, requests)
             values ($1, $2, $3, {now} - $4, {now}, $5, $6, $7, $8, $9)"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(run.id.as_str())
            .bind(run.workspace.as_str())
            .bind(run.reason.code())
            .bind(millis(run.took))
            .bind(write_problem(run.problem))
            .bind(i64::from(run.confirmed))
            .bind(i64::from(run.unreadable))
            .bind(i64::from(run.postponed))
            .bind(i64::from(run.requests))
            .execute(&mut *tx)
            .await?;
        for (position, change) in (0i64..).zip(run.changes) {
            sqlx::query(
                "insert into sync_changes (run_id, position, rotation_id, rotation_name, what)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(run.id.as_str())
            .bind(position)
            .bind(change.rotation.as_str())
            .bind(&change.rotation_name)
            .bind(&change.what)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The last runs of a workspace, the latest first.
    pub async fn runs(&self, workspace: &WorkspaceId) -> Result<Vec<SyncRun>> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "select id, reason, started_at, ended_at, problem, confirmed, unreadable, postponed,
                 requests
             from sync_runs where workspace_id = $1 order by id desc limit $2",
        )
        .bind(workspace.as_str())
        .bind(LISTED)
        .fetch_all(&self.pool)
        .await?;
        let Some(oldest) = rows.last() else {
            return Ok(Vec::new());
        };
        let changes: Vec<(String, String, String, String)> = sqlx::query_as(
            "select c.run_id, c.rotation_id, c.rotation_name, c.what
             from sync_changes c join sync_runs r on r.id = c.run_id
             where r.workspace_id = $1 and r.id >= $2 order by c.run_id, c.position",
        )
        .bind(workspace.as_str())
        .bind(&oldest.id)
        .fetch_all(&self.pool)
        .await?;
        let mut by_run: HashMap<String, Vec<SyncChange>> = HashMap::new();
        for (run, rotation, rotation_name, what) in changes {
            by_run.entry(run).or_default().push(SyncChange {
                rotation: RotationId::new(rotation),
                rotation_name,
                what,
            });
        }
        rows.into_iter()
            .map(|row| {
                let changes = by_run.remove(&row.id).unwrap_or_default();
                row.run(changes)
            })
            .collect()
    }

    /// Deletes runs that ended longer than `age` ago, by the database's clock.
    pub async fn purge_runs(&self, age: Duration) -> Result<()> {
        let now = self.engine.now();
        let statement = format!("delete from sync_runs where ended_at < {now} - $1");
        sqlx::query(AssertSqlSafe(statement))
            .bind(millis(age))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
