//! Which rotation follows which schedule, and what it takes to begin and to end that.

use super::{
    Connection, DatabaseConnection, Engine, NewAuditEntry, Result, Store, as_json, audit,
    connections, former,
    hand_offs::{self, Made, NEVER, Rewritten, Rule, is_later},
    outbox, past_overrides, rotas, rotations,
    schedules::{self, Asked, BoundSchedule, HeldRow, ScheduleRow, columns},
};
use domain::{Plan, Rotation, ScheduleSnapshot};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{RotationId, RotationMode, ScheduleId, WorkspaceId};

/// How an attempt to bind ended.
#[derive(Debug, PartialEq, Eq)]
pub enum BindEnd<R> {
    Bound,
    Refused(R),
    /// There is no such rotation any more.
    RotationGone,
    /// The credential that read the schedule was replaced or disconnected.
    ConnectionChanged,
}

/// The schedule `s` of the workspace `$1` that its rotation `$2` is bound to.
const OF_ROTATION: &str = "from bindings b
    join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id
    where b.workspace_id = $1 and b.rotation_id = $2";

/// A schedule with what of it was last read.
#[derive(FromRow)]
struct FollowedRow {
    #[sqlx(flatten)]
    schedule: ScheduleRow,
    #[sqlx(flatten)]
    held: HeldRow,
}

impl Store {
    /// Which rotation is bound to which schedule.
    pub async fn bindings(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<HashMap<RotationId, ScheduleId>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select rotation_id, schedule_id from bindings where workspace_id = $1")
                .bind(workspace.as_str())
                .fetch_all(&self.pool)
                .await?;
        Ok(read_bindings(rows))
    }

    /// The schedule that a rotation is bound to.
    pub async fn schedule_of(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
    ) -> Result<Option<BoundSchedule>> {
        let columns = columns();
        let statement = format!("select {columns} {OF_ROTATION}");
        let row: Option<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(rotation.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(ScheduleRow::schedule))
    }

    /// The schedule that a rotation is bound to, and what of it was last read.
    pub async fn followed_schedule(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
    ) -> Result<Option<(BoundSchedule, ScheduleSnapshot)>> {
        let (columns, held) = (columns(), HeldRow::columns(self.engine));
        let statement = format!("select {columns}, {held} {OF_ROTATION}");
        let row: Option<FollowedRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(rotation.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let Some(FollowedRow { schedule, held }) = row else {
            return Ok(None);
        };
        let schedule = schedule.schedule();
        let (_, held) = held.held()?;
        Ok(Some((schedule.clone(), held.snapshot(schedule))))
    }

    /// Binds a rotation to a schedule as it was when PagerDuty was asked, which is to be read
    /// again after `poll_in`, if `allow` does not refuse.
    /// What `rule` makes of the schedule, or of a later reading that is stored,
    /// takes the place of the rotation's own members.
    pub async fn bind<R>(
        &self,
        connection: &Connection,
        rotation: &RotationId,
        (schedule, asked, poll_in): (&ScheduleSnapshot, Asked, Duration),
        rule: Rule<'_>,
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<BindEnd<R>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(BindEnd::ConnectionChanged);
        }
        let Some(mut rotation) =
            rotations::lock_and_load(&mut tx, self.engine, workspace, rotation).await?
        else {
            return Ok(BindEnd::RotationGone);
        };
        let own_now = self.now_in(&mut tx).await?;
        rotas::catch_up(&mut tx, self.engine, &mut rotation, own_now).await?;
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(BindEnd::Refused(refusal)),
        };
        let now = (rule.now)();
        let known = schedules::load(&mut tx, workspace, &schedule.id).await?;
        let applied_at = known.as_ref().and_then(|known| known.applied_at);
        let later = known.filter(|known| is_later(known.confirmed_at, asked.at, now));
        let later = later.into_iter().collect();
        let stored = schedules::load_snapshots(&mut tx, self.engine, workspace, later).await?;
        let present = match stored.first() {
            Some(later) => later,
            None => {
                let times = (asked, now);
                schedules::write(&mut tx, self.engine, workspace, schedule, times).await?;
                self.poll_again_in(&mut tx, workspace, &schedule.id, poll_in)
                    .await?;
                schedule
            }
        };
        let made = |certain_until| Made {
            schedule: present,
            // What it was before is the plan of none of those that follow it now.
            rewritten: Some(Rewritten::UNKNOWN),
            certain_until,
        };
        // Those that follow this schedule already have it read anew as well. This one had
        // its own members until now.
        let followed = made(applied_at.unwrap_or(NEVER));
        let times = (rule, now);
        hand_offs::write_crews(&mut tx, self.engine, workspace, &[followed], times).await?;
        write_binding(&mut tx, &rotation, &schedule.id, &entry).await?;
        past_overrides::end(&mut tx, self.engine, &[&rotation.id]).await?;
        schedules::set_clocks_of_followers(&mut tx, self.engine, workspace, &[&schedule.id])
            .await?;
        hand_offs::write_crews(&mut tx, self.engine, workspace, &[made(now)], times).await?;
        forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [&rotation.id])
            .await?;
        tx.commit().await?;
        Ok(BindEnd::Bound)
    }

    /// Takes a rotation back to Manual with the members it has; `None` when it is
    /// gone. A rotation that is Manual already stays as it is.
    pub async fn unbind<R>(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let mut tx = self.begin().await?;
        connections::hold(&mut tx, workspace).await?;
        let Some(mut rotation) =
            rotations::lock_and_load(&mut tx, self.engine, workspace, rotation).await?
        else {
            return Ok(None);
        };
        let now = self.now_in(&mut tx).await?;
        rotas::catch_up(&mut tx, self.engine, &mut rotation, now).await?;
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if rotation.plan == Plan::Manual {
            return Ok(Some(Ok(())));
        }
        become_manual(&mut tx, self.engine, &[&rotation.id]).await?;
        forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [&rotation.id])
            .await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }
}

/// Takes rotations back to Manual with the members that they have: whoever is on duty now stays so until
/// somebody rotates.
pub(super) async fn become_manual(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: &[&RotationId],
) -> Result<()> {
    let ids = as_json(rotations);
    for statement in [
        "update duty_history set ends_at = null where exists
             (select 1 from rotation_members m where m.rotation_id = duty_history.rotation_id
                  and m.on_duty_since = duty_history.shift_starts_at
                  and m.on_duty_until = duty_history.ends_at
                  and coalesce(m.pagerduty_user_id, m.key) = duty_history.person)
             and rotation_id in",
        "update rotations set mode = 'manual', next_change_at = null where id in",
        "update rotation_members set on_duty_until = null where rotation_id in",
        "update duties set ends_at = null, source = 'manual' where rotation_id in",
        "delete from bindings where rotation_id in",
        "delete from rotas where rotation_id in",
    ] {
        let statement = format!("{statement} {}", engine.texts_of_json("$1"));
        sqlx::query(AssertSqlSafe(statement))
            .bind(&ids)
            .execute(&mut *connection)
            .await?;
    }
    past_overrides::end(connection, engine, rotations).await?;
    outbox::no_shifts_come(connection, engine, rotations.iter().copied()).await
}

/// Drops the schedules that no rotation is bound to any more.
pub(super) async fn forget_unbound(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<()> {
    sqlx::query(
        "delete from pagerduty_schedules where workspace_id = $1 and id not in
             (select schedule_id from bindings where workspace_id = $1)",
    )
    .bind(workspace.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn rotations_bound_to(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
) -> Result<Vec<RotationId>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select rotation_id from bindings where workspace_id = $1 and schedule_id = $2",
    )
    .bind(workspace.as_str())
    .bind(schedule.as_str())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(id,)| RotationId::new(id)).collect())
}

/// Which rotation follows which of the schedules.
pub(super) async fn following<'a>(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedules: impl Iterator<Item = &'a ScheduleId>,
) -> Result<HashMap<RotationId, ScheduleId>> {
    let statement = format!(
        "select rotation_id, schedule_id from bindings
         where workspace_id = $1 and schedule_id in {}",
        engine.texts_of_json("$2")
    );
    let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(&schedules.collect::<Vec<_>>()))
        .fetch_all(connection)
        .await?;
    Ok(read_bindings(rows))
}

fn read_bindings(rows: Vec<(String, String)>) -> HashMap<RotationId, ScheduleId> {
    rows.into_iter()
        .map(|(rotation, schedule)| (RotationId::new(rotation), ScheduleId::new(schedule)))
        .collect()
}

async fn write_binding(
    connection: &mut DatabaseConnection,
    rotation: &Rotation,
    schedule: &ScheduleId,
    entry: &NewAuditEntry,
) -> Result<()> {
    sqlx::query(
        "insert into bindings (rotation_id, workspace_id, schedule_id, bound_at, bound_by)
         values ($1, $2, $3, $4, $5)
         on conflict (rotation_id) do update set schedule_id = excluded.schedule_id,
             bound_at = excluded.bound_at, bound_by = excluded.bound_by",
    )
    .bind(rotation.id.as_str())
    .bind(rotation.workspace.as_str())
    .bind(schedule.as_str())
    .bind(entry.at.as_millis())
    .bind(entry.actor_id())
    .execute(&mut *connection)
    .await?;
    former::forget(connection, &rotation.id).await?;
    sqlx::query("delete from rotas where rotation_id = $1")
        .bind(rotation.id.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query("update rotations set mode = $1 where id = $2")
        .bind(RotationMode::PagerDuty.code())
        .bind(rotation.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
