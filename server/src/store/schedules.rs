//! The PagerDuty schedules that rotations are bound to: what was last read of
//! them, and the bindings themselves.

use super::{
    Connection, NewAuditEntry, Result, Store, audit,
    connections::{self, read_problem, write_problem},
    rotations,
};
use crate::{
    pagerduty::Shift,
    rotations::{Member, Rotation, SchedulePerson, ScheduleSnapshot},
};
use sqlx::{AnyConnection, FromRow};
use std::collections::HashMap;
use types::{
    PagerDutyProblem, PagerDutyUserId, RotationId, RotationMode, ScheduleId, Timestamp, WorkspaceId,
};

/// What is known of a bound schedule, apart from its people and shifts.
#[derive(Clone, Debug)]
pub struct BoundSchedule {
    pub id: ScheduleId,
    pub name: String,
    pub url: Option<String>,
    pub time_zone: Option<String>,
    /// When PagerDuty last answered for it.
    pub confirmed_at: Option<Timestamp>,
    /// Why the last attempt to read it failed, if it did.
    pub problem: Option<PagerDutyProblem>,
}

#[derive(FromRow)]
struct ScheduleRow {
    id: String,
    name: String,
    url: Option<String>,
    time_zone: Option<String>,
    confirmed_at: Option<i64>,
    problem: Option<String>,
}

impl ScheduleRow {
    fn schedule(self) -> Result<BoundSchedule> {
        Ok(BoundSchedule {
            id: ScheduleId::new(self.id),
            name: self.name,
            url: self.url,
            time_zone: self.time_zone,
            confirmed_at: self.confirmed_at.map(Timestamp::from_millis),
            problem: read_problem(self.problem)?,
        })
    }
}

#[derive(FromRow)]
struct PersonRow {
    id: String,
    name: String,
    email: Option<String>,
    deleted: i64,
}

impl PersonRow {
    fn person(self) -> SchedulePerson {
        SchedulePerson {
            id: PagerDutyUserId::new(self.id),
            name: self.name,
            email: self.email,
            deleted: self.deleted != 0,
        }
    }
}

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

impl Store {
    /// The schedules that at least one rotation is bound to.
    pub async fn bound_schedules(&self, workspace: &WorkspaceId) -> Result<Vec<BoundSchedule>> {
        let rows: Vec<ScheduleRow> = sqlx::query_as(
            "select id, name, url, time_zone, confirmed_at, problem from pagerduty_schedules
             where workspace_id = $1 order by id",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(ScheduleRow::schedule).collect()
    }

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
        Ok(rows
            .into_iter()
            .map(|(rotation, schedule)| (RotationId::new(rotation), ScheduleId::new(schedule)))
            .collect())
    }

    /// The schedule that a rotation is bound to.
    pub async fn schedule_of(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
    ) -> Result<Option<BoundSchedule>> {
        let row: Option<ScheduleRow> = sqlx::query_as(
            "select s.id, s.name, s.url, s.time_zone, s.confirmed_at, s.problem
             from bindings b
             join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id
             where b.workspace_id = $1 and b.rotation_id = $2",
        )
        .bind(workspace.as_str())
        .bind(rotation.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(ScheduleRow::schedule).transpose()
    }

    /// A bound schedule with its people and shifts, as last read.
    pub async fn schedule_snapshot(
        &self,
        workspace: &WorkspaceId,
        schedule: BoundSchedule,
    ) -> Result<ScheduleSnapshot> {
        let mut connection = self.pool.acquire().await?;
        load_snapshot(&mut connection, workspace, schedule).await
    }

    /// Everybody in PagerDuty whom a sync has met, by id.
    pub async fn pagerduty_users(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<HashMap<PagerDutyUserId, SchedulePerson>> {
        let rows: Vec<PersonRow> = sqlx::query_as(
            "select id, name, email, deleted from pagerduty_users where workspace_id = $1",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(PersonRow::person)
            .map(|person| (person.id.clone(), person))
            .collect())
    }

    /// Binds a rotation to a schedule that was just read, if `allow` does not
    /// refuse. `members` takes the place of the rotation's own.
    pub async fn bind<R>(
        &self,
        connection: &Connection,
        rotation: &RotationId,
        schedule: &ScheduleSnapshot,
        members: Vec<Member>,
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<BindEnd<R>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(BindEnd::ConnectionChanged);
        }
        let Some(mut rotation) = rotations::lock_and_load(&mut tx, workspace, rotation).await?
        else {
            return Ok(BindEnd::RotationGone);
        };
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(BindEnd::Refused(refusal)),
        };
        write_schedule(&mut tx, workspace, schedule, entry.at).await?;
        write_binding(&mut tx, &rotation, &schedule.id, &entry).await?;
        rotation.members = members;
        rotations::write_members(&mut tx, &rotation).await?;
        forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
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
        let Some(rotation) = rotations::lock_and_load(&mut tx, workspace, rotation).await? else {
            return Ok(None);
        };
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if rotation.mode == RotationMode::Manual {
            return Ok(Some(Ok(())));
        }
        for statement in [
            "update rotations set mode = 'manual' where id = $1",
            "update rotation_members set on_duty_until = null where rotation_id = $1",
            "delete from bindings where rotation_id = $1",
        ] {
            sqlx::query(statement)
                .bind(rotation.id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }

    /// Writes what was asked of a schedule at `asked_at` and gives its rotations
    /// their members. Returns the rotations that changed; `None`, and nothing is
    /// written, when the credential that read it has changed or gone, nothing is
    /// bound to the schedule any more, or a later reading is already there.
    pub async fn apply_schedule(
        &self,
        connection: &Connection,
        schedule: &ScheduleSnapshot,
        members: &[Member],
        asked_at: Timestamp,
    ) -> Result<Option<Vec<RotationId>>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let Some(known) = load_schedule(&mut tx, workspace, &schedule.id).await? else {
            return Ok(None);
        };
        if known.confirmed_at.is_some_and(|at| at > asked_at) {
            return Ok(None);
        }
        if load_snapshot(&mut tx, workspace, known).await? == *schedule {
            confirm_schedule(&mut tx, workspace, &schedule.id, asked_at).await?;
        } else {
            write_schedule(&mut tx, workspace, schedule, asked_at).await?;
        }
        let changed = write_members(&mut tx, workspace, &schedule.id, members).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }

    /// Gives a schedule's rotations the members that `rule` makes of its stored
    /// shifts, without having asked PagerDuty. Returns the rotations that
    /// changed, and what is stored.
    pub async fn hand_off(
        &self,
        connection: &Connection,
        schedule: &ScheduleId,
        rule: impl FnOnce(&ScheduleSnapshot) -> Vec<Member> + Send,
    ) -> Result<Option<(Vec<RotationId>, ScheduleSnapshot)>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let Some(known) = load_schedule(&mut tx, workspace, schedule).await? else {
            return Ok(None);
        };
        let snapshot = load_snapshot(&mut tx, workspace, known).await?;
        let changed = write_members(&mut tx, workspace, schedule, &rule(&snapshot)).await?;
        tx.commit().await?;
        Ok(Some((changed, snapshot)))
    }

    /// Notes why a schedule could not be read; its rotations keep what they have.
    /// Returns the rotations for which this is news.
    pub async fn flag_schedule(
        &self,
        connection: &Connection,
        schedule: &BoundSchedule,
        problem: &PagerDutyProblem,
    ) -> Result<Vec<RotationId>> {
        if schedule.problem.as_ref() == Some(problem) {
            return Ok(Vec::new());
        }
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(Vec::new());
        }
        sqlx::query(
            "update pagerduty_schedules set problem = $1 where workspace_id = $2 and id = $3",
        )
        .bind(write_problem(Some(problem)))
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .execute(&mut *tx)
        .await?;
        let flagged = rotations_bound_to(&mut tx, workspace, &schedule.id).await?;
        tx.commit().await?;
        Ok(flagged)
    }
}

/// Drops the schedules that no rotation is bound to any more.
pub(super) async fn forget_unbound(
    connection: &mut AnyConnection,
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

async fn load_schedule(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
) -> Result<Option<BoundSchedule>> {
    let row: Option<ScheduleRow> = sqlx::query_as(
        "select id, name, url, time_zone, confirmed_at, problem from pagerduty_schedules
         where workspace_id = $1 and id = $2",
    )
    .bind(workspace.as_str())
    .bind(schedule.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(ScheduleRow::schedule).transpose()
}

async fn load_snapshot(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: BoundSchedule,
) -> Result<ScheduleSnapshot> {
    let people: Vec<PersonRow> = sqlx::query_as(
        "select u.id, u.name, u.email, u.deleted
         from pagerduty_schedule_people p
         join pagerduty_users u on u.workspace_id = p.workspace_id and u.id = p.user_id
         where p.workspace_id = $1 and p.schedule_id = $2 order by p.position",
    )
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .fetch_all(&mut *connection)
    .await?;
    let shifts: Vec<(String, i64, i64)> = sqlx::query_as(
        "select user_id, starts_at, ends_at from pagerduty_shifts
         where workspace_id = $1 and schedule_id = $2 order by starts_at, ends_at, user_id",
    )
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .fetch_all(connection)
    .await?;
    Ok(ScheduleSnapshot {
        id: schedule.id,
        name: schedule.name,
        url: schedule.url,
        time_zone: schedule.time_zone,
        people: people.into_iter().map(PersonRow::person).collect(),
        shifts: shifts
            .into_iter()
            .map(|(user, starts_at, ends_at)| Shift {
                user: PagerDutyUserId::new(user),
                starts_at: Timestamp::from_millis(starts_at),
                ends_at: Timestamp::from_millis(ends_at),
            })
            .collect(),
    })
}

/// Notes that PagerDuty still says what is stored.
async fn confirm_schedule(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    asked_at: Timestamp,
) -> Result<()> {
    sqlx::query(
        "update pagerduty_schedules set confirmed_at = $1, problem = null
         where workspace_id = $2 and id = $3",
    )
    .bind(asked_at.as_millis())
    .bind(workspace.as_str())
    .bind(schedule.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn rotations_bound_to(
    connection: &mut AnyConnection,
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

async fn write_binding(
    connection: &mut AnyConnection,
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
    .bind(entry.actor.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query("update rotations set mode = $1 where id = $2")
        .bind(RotationMode::PagerDuty.code())
        .bind(rotation.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_schedule(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "insert into pagerduty_schedules (workspace_id, id, name, url, time_zone, confirmed_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace_id, id) do update set name = excluded.name, url = excluded.url,
             time_zone = excluded.time_zone, confirmed_at = excluded.confirmed_at, problem = null",
    )
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .bind(&schedule.name)
    .bind(schedule.url.as_deref())
    .bind(schedule.time_zone.as_deref())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    for table in [
        "delete from pagerduty_schedule_people where workspace_id = $1 and schedule_id = $2",
        "delete from pagerduty_shifts where workspace_id = $1 and schedule_id = $2",
    ] {
        sqlx::query(table)
            .bind(workspace.as_str())
            .bind(schedule.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    write_people(connection, workspace, schedule).await?;
    write_shifts(connection, workspace, schedule).await
}

async fn write_people(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
) -> Result<()> {
    for (position, person) in (0i64..).zip(&schedule.people) {
        sqlx::query(
            "insert into pagerduty_users (workspace_id, id, name, email, deleted)
             values ($1, $2, $3, $4, $5)
             on conflict (workspace_id, id) do update set name = excluded.name,
                 email = excluded.email, deleted = excluded.deleted",
        )
        .bind(workspace.as_str())
        .bind(person.id.as_str())
        .bind(&person.name)
        .bind(person.email.as_deref())
        .bind(i64::from(person.deleted))
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "insert into pagerduty_schedule_people (workspace_id, schedule_id, user_id, position)
             values ($1, $2, $3, $4)",
        )
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .bind(person.id.as_str())
        .bind(position)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn write_shifts(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
) -> Result<()> {
    for shift in &schedule.shifts {
        sqlx::query(
            "insert into pagerduty_shifts (workspace_id, schedule_id, user_id, starts_at, ends_at)
             values ($1, $2, $3, $4, $5)
             on conflict (workspace_id, schedule_id, user_id, starts_at)
                 do update set ends_at = excluded.ends_at",
        )
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .bind(shift.user.as_str())
        .bind(shift.starts_at.as_millis())
        .bind(shift.ends_at.as_millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Gives every rotation that is bound to `schedule` these members, and returns
/// those for which that is a change.
async fn write_members(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    members: &[Member],
) -> Result<Vec<RotationId>> {
    let mut changed = Vec::new();
    for id in rotations_bound_to(connection, workspace, schedule).await? {
        let Some(mut rotation) = rotations::load(connection, workspace, Some(&id))
            .await?
            .pop()
        else {
            continue;
        };
        if rotation.members != members {
            rotation.members = members.to_vec();
            rotations::write_members(connection, &rotation).await?;
            changed.push(id);
        }
    }
    Ok(changed)
}
