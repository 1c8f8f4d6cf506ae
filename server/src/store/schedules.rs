//! The PagerDuty schedules that rotations are bound to: what was last read of them, and when
//! they are read again.

use super::{
    Connection, DatabaseConnection, Engine, Result, Store, as_json, bindings, connections,
    connections::{read_problem, write_problem},
    duration, from_json, millis,
    pagerduty_people::{self, PersonRow},
};
use domain::{Cause, SchedulePerson, ScheduleSnapshot, ScheduleVersion, Shift, next_change};
use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use types::{
    LeftOut, PagerDutyProblem, PagerDutyUserId, RotationId, ScheduleId, Timestamp, WorkspaceId,
};

/// What is known of a bound schedule, apart from its people and shifts.
#[derive(Clone, Debug)]
pub struct BoundSchedule {
    pub id: ScheduleId,
    pub name: String,
    pub url: Option<String>,
    pub time_zone: Option<String>,
    /// The version of the API that last knew it.
    pub version: ScheduleVersion,
    /// When PagerDuty last answered for it, by PagerDuty's clock.
    pub confirmed_at: Option<Timestamp>,
    /// When its rotations last got their members from it, by PagerDuty's clock.
    pub applied_at: Option<Timestamp>,
    /// Why the last attempt to read it failed, if it did.
    pub problem: Option<PagerDutyProblem>,
    /// What of the last reading made no sense.
    pub left_out: Option<LeftOut>,
    /// Failed attempts in a row that nobody asked for.
    pub failures: u32,
    /// Failed attempts in a row, whoever asked.
    pub unanswered: u32,
    /// When PagerDuty is asked for it again, by the database's clock.
    pub poll_at: Timestamp,
    /// For how many seconds it is waited for, when it is slower than others.
    pub answer_limit_seconds: Option<u32>,
    /// When its shifts change hands next, by PagerDuty's clock.
    pub next_change_at: Option<Timestamp>,
    /// Until when its shifts are known, by PagerDuty's clock; absent where a server of the
    /// version before read it last.
    pub known_until: Option<Timestamp>,
}

/// When PagerDuty was asked, and how far ahead; by PagerDuty's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub at: Timestamp,
    pub until: Timestamp,
}

/// Until when the shifts of a row of `pagerduty_schedules s` are known.
pub(super) const KNOWN_UNTIL: &str = "case when s.known_with = s.applied_at then s.known_until end";

/// The columns of [`ScheduleRow`], of `pagerduty_schedules s`.
pub(super) fn columns() -> String {
    format!(
        "s.id, s.name, s.url, s.time_zone, s.api_version, s.confirmed_at, s.applied_at, s.problem,
         s.left_out, s.failures, s.unanswered, s.poll_at, s.answer_limit, s.next_change_at,
         {KNOWN_UNTIL} as known_until"
    )
}

#[derive(FromRow)]
pub(super) struct ScheduleRow {
    id: String,
    name: String,
    url: Option<String>,
    time_zone: Option<String>,
    api_version: String,
    confirmed_at: Option<i64>,
    applied_at: Option<i64>,
    problem: Option<String>,
    left_out: Option<String>,
    failures: i64,
    unanswered: i64,
    poll_at: i64,
    answer_limit: Option<i64>,
    next_change_at: Option<i64>,
    known_until: Option<i64>,
}

/// What another version wrote about it is no reason not to go on.
pub(super) fn read_left_out(json: Option<String>) -> Option<LeftOut> {
    serde_json::from_str(&json?).ok()
}

impl ScheduleRow {
    pub(super) fn schedule(self) -> BoundSchedule {
        BoundSchedule {
            id: ScheduleId::new(self.id),
            name: self.name,
            url: self.url,
            time_zone: self.time_zone,
            // Of another one PagerDuty is asked all the same.
            version: ScheduleVersion::from_code(&self.api_version).unwrap_or_default(),
            confirmed_at: self.confirmed_at.map(Timestamp::from_millis),
            applied_at: self.applied_at.map(Timestamp::from_millis),
            problem: read_problem(self.problem),
            left_out: read_left_out(self.left_out),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            unanswered: u32::try_from(self.unanswered).unwrap_or(u32::MAX),
            poll_at: Timestamp::from_millis(self.poll_at),
            answer_limit_seconds: self
                .answer_limit
                .and_then(|seconds| u32::try_from(seconds).ok()),
            next_change_at: self.next_change_at.map(Timestamp::from_millis),
            known_until: self.known_until.map(Timestamp::from_millis),
        }
    }
}

impl Store {
    /// The schedules that at least one rotation is bound to.
    pub async fn bound_schedules(&self, workspace: &WorkspaceId) -> Result<Vec<BoundSchedule>> {
        let columns = columns();
        let statement = format!(
            "select {columns} from pagerduty_schedules s where s.workspace_id = $1 order by s.id"
        );
        let rows: Vec<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(ScheduleRow::schedule).collect())
    }

    /// How many schedules rotations are bound to.
    pub async fn bound_schedule_count(&self, workspace: &WorkspaceId) -> Result<u32> {
        let (count,): (i64,) =
            sqlx::query_as("select count(*) from pagerduty_schedules where workspace_id = $1")
                .bind(workspace.as_str())
                .fetch_one(&self.pool)
                .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The schedules that PagerDuty is to be asked for within `slack` from now: those
    /// whose shifts have changed hands, then those that wait the longest, and last
    /// those that failed before.
    pub async fn due_schedules(
        &self,
        workspace: &WorkspaceId,
        slack: Duration,
    ) -> Result<Vec<BoundSchedule>> {
        let now = self.engine.now();
        let columns = columns();
        let statement = format!(
            "select {columns} from pagerduty_schedules s
             where s.workspace_id = $1 and s.poll_at <= {now} + $2
             order by case when s.problem is null then 0 else 1 end, s.poll_at, s.id"
        );
        let rows: Vec<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(millis(slack))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(ScheduleRow::schedule).collect())
    }

    /// How long until PagerDuty is to be asked for a schedule; `None` when nothing
    /// is bound.
    pub async fn next_poll_in(&self, workspace: &WorkspaceId) -> Result<Option<Duration>> {
        let now = self.engine.now();
        let statement =
            format!("select min(poll_at) - {now} from pagerduty_schedules where workspace_id = $1");
        let (wait,): (Option<i64>,) = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_one(&self.pool)
            .await?;
        Ok(wait.map(duration))
    }

    /// How old the data of each connected workspace is, as seen from the
    /// database's clock.
    pub async fn data_ages(&self) -> Result<Vec<(WorkspaceId, Duration)>> {
        let now = self.engine.now();
        let statement = format!(
            "select s.workspace_id, {now} + min(c.clock_ahead_millis) - min(s.confirmed_at)
             from pagerduty_schedules s
             join pagerduty_connections c on c.workspace_id = s.workspace_id
             where s.confirmed_at is not null group by s.workspace_id"
        );
        let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(workspace, age)| (WorkspaceId::new(workspace), duration(age)))
            .collect())
    }

    /// A schedule, if a rotation is bound to it.
    pub async fn bound_schedule(
        &self,
        workspace: &WorkspaceId,
        schedule: &ScheduleId,
    ) -> Result<Option<BoundSchedule>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, workspace, schedule).await
    }

    /// Notes why a schedule could not be read, that it has so failed `failures`
    /// times in a row, and has it tried again after `wait`; its rotations keep
    /// what they have. Returns the rotations for which this is news.
    pub async fn flag_schedule(
        &self,
        connection: &Connection,
        schedule: &BoundSchedule,
        problem: &PagerDutyProblem,
        (failures, wait): (u32, Duration),
    ) -> Result<Vec<RotationId>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(Vec::new());
        }
        sqlx::query(
            "update pagerduty_schedules set problem = $1, failures = $4,
                 unanswered = unanswered + 1
             where workspace_id = $2 and id = $3",
        )
        .bind(write_problem(Some(problem)))
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .bind(i64::from(failures))
        .execute(&mut *tx)
        .await?;
        self.poll_again_in(&mut tx, workspace, &schedule.id, wait)
            .await?;
        let flagged = if schedule.problem.as_ref() == Some(problem) {
            Vec::new()
        } else {
            bindings::rotations_bound_to(&mut tx, workspace, &schedule.id).await?
        };
        self.announce_rotations(&mut tx, workspace, &flagged)
            .await?;
        tx.commit().await?;
        Ok(flagged)
    }

    /// Has a schedule waited for so many seconds from now on, or as long as others.
    pub async fn wait_for_schedule(
        &self,
        connection: &Connection,
        schedule: &ScheduleId,
        limit_seconds: Option<u32>,
    ) -> Result<()> {
        sqlx::query(
            "update pagerduty_schedules set answer_limit = $1 where workspace_id = $2 and id = $3",
        )
        .bind(limit_seconds.map(i64::from))
        .bind(connection.workspace.as_str())
        .bind(schedule.as_str())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Has a schedule that is about to be read be due again only after `wait`.
    pub async fn put_off_schedule(
        &self,
        connection: &Connection,
        schedule: &ScheduleId,
        wait: Duration,
    ) -> Result<()> {
        let mut writer = self.writer.acquire().await?;
        self.poll_again_in(&mut writer, &connection.workspace, schedule, wait)
            .await
    }

    pub(super) async fn poll_again_in(
        &self,
        connection: &mut DatabaseConnection,
        workspace: &WorkspaceId,
        schedule: &ScheduleId,
        wait: Duration,
    ) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_schedules set poll_at = {now} + $1 where workspace_id = $2 and id = $3"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(millis(wait))
            .bind(workspace.as_str())
            .bind(schedule.as_str())
            .execute(connection)
            .await?;
        Ok(())
    }
}

pub(super) async fn load(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
) -> Result<Option<BoundSchedule>> {
    let columns = columns();
    let statement = format!(
        "select {columns} from pagerduty_schedules s where s.workspace_id = $1 and s.id = $2"
    );
    let row: Option<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(schedule.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(ScheduleRow::schedule))
}

/// Those of the schedules that rotations are bound to.
pub(super) async fn load_all(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedules: &[ScheduleId],
) -> Result<Vec<BoundSchedule>> {
    let columns = columns();
    let statement = format!(
        "select {columns} from pagerduty_schedules s
         where s.workspace_id = $1 and s.id in {} order by s.id",
        engine.texts_of_json("$2")
    );
    let rows: Vec<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(schedules))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(ScheduleRow::schedule).collect())
}

/// What schedules hold, each kind as JSON: rows cost more than what is in them.
#[derive(FromRow)]
pub(super) struct HeldRow {
    id: String,
    people: String,
    shifts: String,
}

impl HeldRow {
    /// Of `pagerduty_schedules s`.
    pub(super) fn columns(engine: Engine) -> String {
        let people = engine.json_rows(
            "u.id, u.name, u.email, u.deleted, u.asked_for",
            "p.position",
        );
        let shifts = engine.json_rows(
            "n.user_id, n.starts_at, n.ends_at, n.override_of",
            "n.starts_at, n.ends_at, n.user_id",
        );
        format!(
            "s.id,
             (select {people} from pagerduty_schedule_people p
              join pagerduty_users u on u.workspace_id = p.workspace_id and u.id = p.user_id
              where p.workspace_id = s.workspace_id and p.schedule_id = s.id) as people,
             (select {shifts} from pagerduty_shifts n
              where n.workspace_id = s.workspace_id and n.schedule_id = s.id) as shifts"
        )
    }

    pub(super) fn held(self) -> Result<(ScheduleId, Held)> {
        let people: Vec<PersonRow> = from_json(&self.people, "people of a schedule")?;
        let shifts: Vec<(String, i64, i64, Option<String>)> = from_json(&self.shifts, "shifts")?;
        let shifts = shifts
            .into_iter()
            .map(|(user, starts_at, ends_at, override_of)| Shift {
                user: PagerDutyUserId::new(user),
                starts_at: Timestamp::from_millis(starts_at),
                ends_at: Timestamp::from_millis(ends_at),
                cause: read_cause(override_of.as_deref()),
            });
        let held = Held {
            people: people.into_iter().map(PersonRow::person).collect(),
            shifts: shifts.collect(),
        };
        Ok((ScheduleId::new(self.id), held))
    }
}

/// Whose turns a shift takes, as a list; nothing of one that is a turn.
fn write_cause(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Turn => None,
        Cause::Override { instead_of } => Some(as_json(instead_of)),
    }
}

/// What another version wrote there is an override all the same.
fn read_cause(override_of: Option<&str>) -> Cause {
    override_of.map_or(Cause::Turn, |json| Cause::Override {
        instead_of: serde_json::from_str(json).unwrap_or_default(),
    })
}

/// The people and shifts of a schedule, as last read.
#[derive(Default)]
pub(super) struct Held {
    pub(super) people: Vec<SchedulePerson>,
    pub(super) shifts: Vec<Shift>,
}

impl Held {
    pub(super) fn snapshot(self, schedule: BoundSchedule) -> ScheduleSnapshot {
        ScheduleSnapshot {
            people: self.people,
            shifts: self.shifts,
            id: schedule.id,
            name: schedule.name,
            url: schedule.url,
            version: schedule.version,
            time_zone: schedule.time_zone,
            left_out: schedule.left_out,
        }
    }
}

/// The schedules with their people and shifts, as last read, in the same order; in one
/// statement.
pub(super) async fn load_snapshots(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedules: Vec<BoundSchedule>,
) -> Result<Vec<ScheduleSnapshot>> {
    if schedules.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = schedules.iter().map(|schedule| &schedule.id).collect();
    let statement = format!(
        "select {} from pagerduty_schedules s where s.workspace_id = $1 and s.id in {}",
        HeldRow::columns(engine),
        engine.texts_of_json("$2")
    );
    let rows: Vec<HeldRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(&ids))
        .fetch_all(connection)
        .await?;
    let held = rows.into_iter().map(HeldRow::held);
    let mut held: HashMap<_, _> = held.collect::<Result<_>>()?;
    let snapshots = schedules.into_iter().map(|schedule| {
        let held = held.remove(&schedule.id).unwrap_or_default();
        held.snapshot(schedule)
    });
    Ok(snapshots.collect())
}

/// A schedule with its people and shifts, as last read.
pub(super) async fn load_snapshot(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedule: BoundSchedule,
) -> Result<ScheduleSnapshot> {
    let snapshots = load_snapshots(connection, engine, workspace, vec![schedule]).await?;
    let mut snapshots = snapshots.into_iter();
    Ok(snapshots.next().expect("each schedule has a snapshot"))
}

/// Notes that PagerDuty, when it was asked, still said what is stored. It is written at `now`.
pub(super) async fn confirm(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
    (asked, now): (Asked, Timestamp),
) -> Result<()> {
    sqlx::query(
        "update pagerduty_schedules set confirmed_at = $1, problem = null, failures = 0,
             unanswered = 0, next_change_at = $2, applied_at = $5, known_until = $6,
             known_with = $5
         where workspace_id = $3 and id = $4",
    )
    .bind(asked.at.as_millis())
    .bind(next_change(&schedule.shifts, now).map(Timestamp::as_millis))
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .bind(now.as_millis())
    .bind(asked.until.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes for the rotations that follow the schedules when duty changes hands next.
pub(super) async fn set_clocks_of_followers(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedules: &[&ScheduleId],
) -> Result<()> {
    let statement = format!(
        "update rotations as r set next_change_at = s.next_change_at
         from bindings b join pagerduty_schedules s
             on s.workspace_id = b.workspace_id and s.id = b.schedule_id
         where r.id = b.rotation_id and b.workspace_id = $2 and b.schedule_id in {}",
        engine.texts_of_json("$1")
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(schedules))
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(Serialize)]
struct NextChange<'a> {
    schedule: &'a ScheduleId,
    at: Option<Timestamp>,
}

/// Notes that what the stored shifts say of `now` has been applied, when they change hands
/// next, and that PagerDuty is to be asked at the next opportunity.
pub(super) async fn note_hand_offs(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedules: &[ScheduleSnapshot],
    now: Timestamp,
) -> Result<()> {
    let next = schedules.iter().map(|schedule| NextChange {
        schedule: &schedule.id,
        at: next_change(&schedule.shifts, now),
    });
    let statement = format!(
        "update pagerduty_schedules as s set poll_at = 0, applied_at = $3,
             known_with = case when s.known_with = s.applied_at then $3 end,
             next_change_at = cast(j.value->>'at' as bigint)
         from {} where s.workspace_id = $2 and s.id = j.value->>'schedule'",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&next.collect::<Vec<_>>()))
        .bind(workspace.as_str())
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    let schedules: Vec<_> = schedules.iter().map(|schedule| &schedule.id).collect();
    set_clocks_of_followers(connection, engine, workspace, &schedules).await
}

/// Writes a schedule as it was when PagerDuty was asked. It is written at `now`.
pub(super) async fn write(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
    (asked, now): (Asked, Timestamp),
) -> Result<()> {
    sqlx::query(
        "insert into pagerduty_schedules (workspace_id, id, name, url, time_zone, confirmed_at,
             api_version, next_change_at, applied_at, left_out, known_until, known_with)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $9)
         on conflict (workspace_id, id) do update set name = excluded.name, url = excluded.url,
             time_zone = excluded.time_zone, confirmed_at = excluded.confirmed_at, problem = null,
             failures = 0, unanswered = 0, api_version = excluded.api_version,
             next_change_at = excluded.next_change_at, applied_at = excluded.applied_at,
             left_out = excluded.left_out, known_until = excluded.known_until,
             known_with = excluded.known_with",
    )
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .bind(&schedule.name)
    .bind(schedule.url.as_deref())
    .bind(schedule.time_zone.as_deref())
    .bind(asked.at.as_millis())
    .bind(schedule.version.code())
    .bind(next_change(&schedule.shifts, now).map(Timestamp::as_millis))
    .bind(now.as_millis())
    .bind(schedule.left_out.as_ref().map(as_json))
    .bind(asked.until.as_millis())
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
    write_people(connection, engine, workspace, schedule).await?;
    write_shifts(connection, engine, workspace, schedule).await
}

async fn write_people(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
) -> Result<()> {
    pagerduty_people::write(connection, engine, workspace, &schedule.people).await?;
    let people = schedule.people.iter().enumerate();
    let people: Vec<_> = people
        .map(|(position, person)| (&person.id, position))
        .collect();
    let statement = format!(
        "insert into pagerduty_schedule_people (workspace_id, schedule_id, user_id, position)
         select $2, $3, j.value->>0, cast(j.value->>1 as bigint) from {}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&people))
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_shifts(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
) -> Result<()> {
    // Of two that begin alike, the later one tells the end.
    let shifts: BTreeMap<_, _> = schedule
        .shifts
        .iter()
        .map(|shift| ((&shift.user, shift.starts_at), shift))
        .collect();
    let shifts = shifts.into_values();
    let shifts: Vec<_> = shifts
        .map(|shift| {
            let override_of = write_cause(&shift.cause);
            (&shift.user, shift.starts_at, shift.ends_at, override_of)
        })
        .collect();
    let statement = format!(
        "insert into pagerduty_shifts (workspace_id, schedule_id, user_id, starts_at, ends_at, override_of)
         select $2, $3, j.value->>0, cast(j.value->>1 as bigint), cast(j.value->>2 as bigint), j.value->>3
         from {}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&shifts))
        .bind(workspace.as_str())
        .bind(schedule.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
