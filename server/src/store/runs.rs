//! The syncs of late: how each went and what it changed. A run is written when it
//! begins, so that one that was cut off is listed too.

use super::{
    Connection, DatabaseConnection, Engine, Result, Store, as_json,
    connections::{known_problem, read_problem, write_problem},
    millis,
};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{
    PagerDutyProblem, RotationId, ScheduleId, SyncChange, SyncReason, SyncRun, SyncRunId,
    SyncRunState, Timestamp, UnreadableSchedule, WorkspaceId,
};

/// How many runs are listed.
const LISTED: i64 = 50;

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct EndedRun<'a> {
    pub id: &'a SyncRunId,
    pub took: Duration,
    pub problem: Option<&'a PagerDutyProblem>,
    pub confirmed: u32,
    pub unreadable: &'a [UnreadableSchedule],
    pub postponed: u32,
    pub requests: u32,
    pub changes: &'a [SyncChange],
}

#[derive(FromRow)]
struct RunRow {
    id: String,
    reason: String,
    asked_by: Option<String>,
    started_at: i64,
    ended_at: i64,
    ended: i64,
    /// Whether the run has the connection's lease.
    under_way: i64,
    problem: Option<String>,
    confirmed: i64,
    unreadable: i64,
    postponed: i64,
    requests: i64,
}

impl RunRow {
    fn run(
        self,
        changes: Vec<SyncChange>,
        unreadable_schedules: Vec<UnreadableSchedule>,
    ) -> SyncRun {
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        SyncRun {
            id: SyncRunId::new(self.id),
            reason: SyncReason::from_code(&self.reason),
            asked_by: self.asked_by,
            started_at: Timestamp::from_millis(self.started_at),
            state: match (self.ended, self.under_way) {
                (0, 0) => SyncRunState::CutOff,
                (0, _) => SyncRunState::Running,
                _ => SyncRunState::Ended,
            },
            duration_millis: count(self.ended_at - self.started_at),
            problem: read_problem(self.problem),
            confirmed: count(self.confirmed),
            unreadable: count(self.unreadable),
            unreadable_schedules,
            postponed: count(self.postponed),
            requests: Some(count(self.requests)),
            changes,
        }
    }
}

impl Store {
    /// Writes that a run begins now, under the lease that `connection` has, and who asked for it.
    pub async fn begin_run(
        &self,
        connection: &Connection,
        id: &SyncRunId,
        reason: SyncReason,
        asked_by: Option<&str>,
    ) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "insert into sync_runs (id, workspace_id, reason, asked_by, started_at, ended_at, ended,
                 lease, confirmed, unreadable, postponed, requests)
             values ($1, $2, $3, $5, {now}, {now}, 0, $4, 0, 0, 0, 0)"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(id.as_str())
            .bind(connection.workspace.as_str())
            .bind(reason.code())
            .bind(connection.lease.as_deref())
            .bind(asked_by)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Deletes a run that is not worth a line.
    pub async fn forget_run(&self, id: &SyncRunId) -> Result<()> {
        sqlx::query("delete from sync_runs where id = $1")
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Writes what a run that has begun came to.
    pub async fn end_run(&self, run: &EndedRun<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "update sync_runs set ended = 1, ended_at = started_at + $1, problem = $2,
                 confirmed = $3, unreadable = $4, postponed = $5, requests = $6
             where id = $7",
        )
        .bind(millis(run.took))
        .bind(write_problem(run.problem))
        .bind(i64::from(run.confirmed))
        .bind(i64::try_from(run.unreadable.len()).unwrap_or(i64::MAX))
        .bind(i64::from(run.postponed))
        .bind(i64::from(run.requests))
        .bind(run.id.as_str())
        .execute(&mut *tx)
        .await?;
        for (position, schedule) in (0i64..).zip(run.unreadable) {
            sqlx::query(
                "insert into sync_unreadable (run_id, position, schedule_id, schedule_name, problem)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(run.id.as_str())
            .bind(position)
            .bind(schedule.schedule.as_str())
            .bind(&schedule.name)
            .bind(write_problem(Some(&schedule.problem)))
            .execute(&mut *tx)
            .await?;
        }
        write_changes(&mut tx, self.engine, run.id, run.changes).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The last runs of a workspace, the latest first.
    pub async fn runs(&self, workspace: &WorkspaceId) -> Result<Vec<SyncRun>> {
        let now = self.engine.now();
        let statement = format!(
            "select r.id, r.reason, r.asked_by, r.started_at, r.ended_at, r.ended, r.problem, r.confirmed,
                 r.unreadable, r.postponed, r.requests,
                 case when c.lease_until > {now} then 1 else 0 end as under_way
             from sync_runs r left join pagerduty_connections c
                 on c.workspace_id = r.workspace_id and c.lease_holder = r.lease
             where r.workspace_id = $1 order by r.id desc limit $2"
        );
        let rows: Vec<RunRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(LISTED)
            .fetch_all(&self.pool)
            .await?;
        let Some(oldest) = rows.last() else {
            return Ok(Vec::new());
        };
        let mut changes = self.changes_since(workspace, &oldest.id).await?;
        let mut unreadable = self.unreadable_since(workspace, &oldest.id).await?;
        let runs = rows.into_iter().map(|row| {
            let changes = changes.remove(&row.id).unwrap_or_default();
            let unreadable = unreadable.remove(&row.id).unwrap_or_default();
            row.run(changes, unreadable)
        });
        Ok(runs.collect())
    }

    /// What each run from `oldest` on changed, by run.
    async fn changes_since(
        &self,
        workspace: &WorkspaceId,
        oldest: &str,
    ) -> Result<HashMap<String, Vec<SyncChange>>> {
        let changes: Vec<(String, String, String, String)> = sqlx::query_as(
            "select c.run_id, c.rotation_id, c.rotation_name, c.what
             from sync_changes c join sync_runs r on r.id = c.run_id
             where r.workspace_id = $1 and r.id >= $2 order by c.run_id, c.position",
        )
        .bind(workspace.as_str())
        .bind(oldest)
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
        Ok(by_run)
    }

    /// What each run from `oldest` on could not read, by run.
    async fn unreadable_since(
        &self,
        workspace: &WorkspaceId,
        oldest: &str,
    ) -> Result<HashMap<String, Vec<UnreadableSchedule>>> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "select u.run_id, u.schedule_id, u.schedule_name, u.problem
             from sync_unreadable u join sync_runs r on r.id = u.run_id
             where r.workspace_id = $1 and r.id >= $2 order by u.run_id, u.position",
        )
        .bind(workspace.as_str())
        .bind(oldest)
        .fetch_all(&self.pool)
        .await?;
        let mut by_run: HashMap<String, Vec<UnreadableSchedule>> = HashMap::new();
        for (run, schedule, name, problem) in rows {
            by_run.entry(run).or_default().push(UnreadableSchedule {
                schedule: ScheduleId::new(schedule),
                name,
                problem: known_problem(&problem),
            });
        }
        Ok(by_run)
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

/// Writes a hand-off as a run that ends now, after `took`, and asked nobody.
pub(super) async fn record_hand_off(
    connection: &mut DatabaseConnection,
    engine: Engine,
    (id, workspace): (&SyncRunId, &WorkspaceId),
    took: Duration,
    changes: &[SyncChange],
) -> Result<()> {
    let now = engine.now();
    let statement = format!(
        "insert into sync_runs (id, workspace_id, reason, started_at, ended_at, ended, lease,
             confirmed, unreadable, postponed, requests)
         values ($1, $2, $3, {now} - $4, {now}, 1, null, 0, 0, 0, 0)"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(id.as_str())
        .bind(workspace.as_str())
        .bind(SyncReason::HandOff.code())
        .bind(millis(took))
        .execute(&mut *connection)
        .await?;
    write_changes(connection, engine, id, changes).await
}

/// Writes what a run changed, in one statement.
async fn write_changes(
    connection: &mut DatabaseConnection,
    engine: Engine,
    run: &SyncRunId,
    changes: &[SyncChange],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let rows = changes.iter().enumerate();
    let rows = rows.map(|(position, change)| {
        (
            position,
            &change.rotation,
            &change.rotation_name,
            &change.what,
        )
    });
    let statement = format!(
        "insert into sync_changes (run_id, position, rotation_id, rotation_name, what)
         select $2, cast(j.value->>0 as bigint), j.value->>1, j.value->>2, j.value->>3 from {}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&rows.collect::<Vec<_>>()))
        .bind(run.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
