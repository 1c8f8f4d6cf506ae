//! The PagerDuty schedules that rotations are bound to: what was last read of
//! them, and the bindings themselves.

use super::{
    Connection, DatabaseConnection, NewAuditEntry, Result, Store, audit,
    connections::{self, read_problem, write_problem},
    duration, former, millis, revisions, rotations,
};
use crate::pagerduty::{NextPage, ScheduleSnapshot, ScheduleVersion};
use domain::{Member, Rotation, SchedulePerson, Shift, difference, going_on, next_change};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{
    LeftOut, PagerDutyProblem, PagerDutyUserId, RotationId, RotationMode, ScheduleId, SyncChange,
    Timestamp, WorkspaceId,
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
}

/// What makes members of a schedule. The time is asked for when nobody else can
/// write any more: worked out earlier, members could undo a hand-off that came in
/// between.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// PagerDuty's clock.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
    pub members: &'a (dyn Fn(&ScheduleSnapshot, Timestamp) -> Vec<Member> + Sync),
}

/// A schedule whose shifts have changed hands since anybody looked.
#[derive(Clone, Debug)]
pub struct HandOff {
    pub schedule: ScheduleId,
    /// When the first of them did, by PagerDuty's clock.
    pub due_at: Timestamp,
}

/// How long ago PagerDuty confirmed the oldest of a workspace's bound schedules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataAge {
    pub workspace: WorkspaceId,
    pub age: Duration,
}

/// The columns of [`ScheduleRow`], of `pagerduty_schedules s`.
const COLUMNS: &str = "s.id, s.name, s.url, s.time_zone, s.api_version, s.confirmed_at,
    s.applied_at, s.problem, s.left_out, s.failures, s.unanswered, s.poll_at, s.answer_limit";

#[derive(FromRow)]
struct ScheduleRow {
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
}

impl ScheduleRow {
    fn schedule(self) -> BoundSchedule {
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
            // What another version wrote about it is no reason not to go on.
            left_out: self
                .left_out
                .and_then(|json| serde_json::from_str(&json).ok()),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            unanswered: u32::try_from(self.unanswered).unwrap_or(u32::MAX),
            poll_at: Timestamp::from_millis(self.poll_at),
            answer_limit_seconds: self
                .answer_limit
                .and_then(|seconds| u32::try_from(seconds).ok()),
        }
    }
}

/// In the order in which the overview reads it.
#[derive(FromRow, Deserialize)]
pub(super) struct PersonRow {
    id: String,
    name: String,
    email: Option<String>,
    deleted: i64,
    asked_for: i64,
}

impl PersonRow {
    pub(super) fn person(self) -> SchedulePerson {
        SchedulePerson {
            id: PagerDutyUserId::new(self.id),
            name: self.name,
            email: self.email,
            deleted: self.deleted != 0,
            asked_for: self.asked_for != 0,
        }
    }
}

/// How many people are written at once.
const ROSTER_BATCH: usize = 500;

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
        let statement = format!(
            "select {COLUMNS} from pagerduty_schedules s where s.workspace_id = $1 order by s.id"
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
        let statement = format!(
            "select {COLUMNS} from pagerduty_schedules s
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

    /// When a shift of any bound schedule begins or ends next, by PagerDuty's
    /// clock.
    pub async fn next_hand_off_at(&self, workspace: &WorkspaceId) -> Result<Option<Timestamp>> {
        let (at,): (Option<i64>,) = sqlx::query_as(
            "select min(next_change_at) from pagerduty_schedules where workspace_id = $1",
        )
        .bind(workspace.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(at.map(Timestamp::from_millis))
    }

    /// The schedules in which a shift began or ended up to `now`, the earliest
    /// first.
    pub async fn due_hand_offs(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<HandOff>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "select id, next_change_at from pagerduty_schedules
             where workspace_id = $1 and next_change_at <= $2 order by next_change_at, id",
        )
        .bind(workspace.as_str())
        .bind(now.as_millis())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(schedule, due_at)| HandOff {
                schedule: ScheduleId::new(schedule),
                due_at: Timestamp::from_millis(due_at),
            })
            .collect())
    }

    /// The bound schedules that a PagerDuty user is in.
    pub async fn schedules_naming(
        &self,
        workspace: &WorkspaceId,
        user: &PagerDutyUserId,
    ) -> Result<Vec<ScheduleId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select schedule_id from pagerduty_schedule_people
             where workspace_id = $1 and user_id = $2",
        )
        .bind(workspace.as_str())
        .bind(user.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id,)| ScheduleId::new(id)).collect())
    }

    /// Everybody in the bound schedules, each once, by name.
    pub async fn bound_people(&self, workspace: &WorkspaceId) -> Result<Vec<SchedulePerson>> {
        let rows: Vec<PersonRow> = sqlx::query_as(
            "select u.id, u.name, u.email, u.deleted, u.asked_for from pagerduty_users u
             where u.workspace_id = $1 and exists
                 (select 1 from pagerduty_schedule_people p
                  where p.workspace_id = u.workspace_id and p.user_id = u.id)
             order by lower(u.name), u.id",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(PersonRow::person).collect())
    }

    /// How old the data of each connected workspace is, as seen from the
    /// database's clock.
    pub async fn data_ages(&self) -> Result<Vec<DataAge>> {
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
            .map(|(workspace, age)| DataAge {
                workspace: WorkspaceId::new(workspace),
                age: duration(age),
            })
            .collect())
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
        let statement = format!(
            "select {COLUMNS} from bindings b
             join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id
             where b.workspace_id = $1 and b.rotation_id = $2"
        );
        let row: Option<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(rotation.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(ScheduleRow::schedule))
    }

    /// A schedule, if a rotation is bound to it.
    pub async fn bound_schedule(
        &self,
        workspace: &WorkspaceId,
        schedule: &ScheduleId,
    ) -> Result<Option<BoundSchedule>> {
        let mut connection = self.pool.acquire().await?;
        load_schedule(&mut connection, workspace, schedule).await
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
            "select id, name, email, deleted, asked_for from pagerduty_users where workspace_id = $1",
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

    /// Binds a rotation to a schedule that was read at `read_at` by PagerDuty's
    /// clock and is to be read again after `poll_in`, if `allow` does not refuse.
    /// What `rule` makes of the schedule, or of a later reading that is stored,
    /// takes the place of the rotation's own members.
    pub async fn bind<R>(
        &self,
        connection: &Connection,
        rotation: &RotationId,
        (schedule, read_at, poll_in): (&ScheduleSnapshot, Timestamp, Duration),
        rule: Rule<'_>,
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<BindEnd<R>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(BindEnd::ConnectionChanged);
        }
        let Some(rotation) = rotations::lock_and_load(&mut tx, workspace, rotation).await? else {
            return Ok(BindEnd::RotationGone);
        };
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(BindEnd::Refused(refusal)),
        };
        let now = (rule.now)();
        let known = load_schedule(&mut tx, workspace, &schedule.id).await?;
        let applied_at = known.as_ref().and_then(|known| known.applied_at);
        let present = match known {
            Some(known) if is_later(known.confirmed_at, read_at, now) => {
                load_snapshot(&mut tx, workspace, known).await?
            }
            _ => {
                write_schedule(&mut tx, workspace, schedule, (read_at, now)).await?;
                self.poll_again_in(&mut tx, workspace, &schedule.id, poll_in)
                    .await?;
                schedule.clone()
            }
        };
        write_binding(&mut tx, &rotation, &schedule.id, &entry).await?;
        // The others that follow this schedule have it read anew as well. This one
        // had its own members until now.
        let members = (rule.members)(&present, now);
        let certain_until = |id: &RotationId| {
            if *id == rotation.id {
                now
            } else {
                applied_at.unwrap_or(NEVER)
            }
        };
        let times = (&certain_until as CertainUntil<'_>, now);
        write_members(&mut tx, workspace, &schedule.id, &members, times).await?;
        forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
        revisions::rotations_changed(&mut tx, workspace).await?;
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
            "update duty_history set ends_at = null where rotation_id = $1 and exists
                 (select 1 from rotation_members m where m.rotation_id = $1
                      and m.on_duty_since = duty_history.shift_starts_at
                      and m.on_duty_until = duty_history.ends_at
                      and m.pagerduty_user_id = duty_history.person)",
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
        revisions::rotations_changed(&mut tx, workspace).await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }

    /// Writes what was asked of a schedule at `asked_at`, by PagerDuty's clock, and
    /// gives its rotations the members that `rule` makes of it. PagerDuty is asked
    /// for it again after `poll_in`. Returns what changed; `None`, and nothing is
    /// changed, when the credential that read it has changed or gone, nothing is
    /// bound to the schedule any more, or a later reading is already there.
    pub async fn apply_schedule(
        &self,
        connection: &Connection,
        schedule: &ScheduleSnapshot,
        rule: Rule<'_>,
        asked_at: Timestamp,
        poll_in: Duration,
    ) -> Result<Option<Vec<SyncChange>>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let Some(known) = load_schedule(&mut tx, workspace, &schedule.id).await? else {
            return Ok(None);
        };
        self.poll_again_in(&mut tx, workspace, &schedule.id, poll_in)
            .await?;
        let now = (rule.now)();
        if is_later(known.confirmed_at, asked_at, now) {
            tx.commit().await?;
            return Ok(None);
        }
        let applied_at = known.applied_at.unwrap_or(NEVER);
        let same = load_snapshot(&mut tx, workspace, known).await? == *schedule;
        if same {
            confirm_schedule(&mut tx, workspace, schedule, (asked_at, now)).await?;
        } else {
            write_schedule(&mut tx, workspace, schedule, (asked_at, now)).await?;
        }
        let members = (rule.members)(schedule, now);
        let times = (&(|_: &RotationId| applied_at) as CertainUntil<'_>, now);
        let changed = write_members(&mut tx, workspace, &schedule.id, &members, times).await?;
        if !same || !changed.is_empty() {
            revisions::rotations_changed(&mut tx, workspace).await?;
        }
        tx.commit().await?;
        Ok(Some(changed))
    }

    /// Gives a schedule's rotations the members that `rule` makes of its stored
    /// shifts, without having asked PagerDuty, and has PagerDuty asked at the next
    /// opportunity. `None` when the credential has
    /// changed or gone, or nothing is bound to the schedule any more.
    pub async fn hand_off(
        &self,
        connection: &Connection,
        schedule: &ScheduleId,
        rule: Rule<'_>,
    ) -> Result<Option<Vec<SyncChange>>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let Some(known) = load_schedule(&mut tx, workspace, schedule).await? else {
            return Ok(None);
        };
        let applied_at = known.applied_at.unwrap_or(NEVER);
        let snapshot = load_snapshot(&mut tx, workspace, known).await?;
        let now = (rule.now)();
        sqlx::query(
            "update pagerduty_schedules set poll_at = 0, next_change_at = $1, applied_at = $4
             where workspace_id = $2 and id = $3",
        )
        .bind(next_change(&snapshot.shifts, now).map(Timestamp::as_millis))
        .bind(workspace.as_str())
        .bind(schedule.as_str())
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        let members = (rule.members)(&snapshot, now);
        let times = (&(|_: &RotationId| applied_at) as CertainUntil<'_>, now);
        let changed = write_members(&mut tx, workspace, schedule, &members, times).await?;
        if !changed.is_empty() {
            revisions::rotations_changed(&mut tx, workspace).await?;
        }
        tx.commit().await?;
        Ok(Some(changed))
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
            rotations_bound_to(&mut tx, workspace, &schedule.id).await?
        };
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

    /// Remembers people of whom PagerDuty told, as far as that is news. Nothing is
    /// written when the credential has changed or gone.
    pub async fn save_people(
        &self,
        connection: &Connection,
        people: &HashMap<PagerDutyUserId, SchedulePerson>,
    ) -> Result<()> {
        let workspace = &connection.workspace;
        let known = self.pagerduty_users(workspace).await?;
        let news: Vec<_> = people
            .values()
            .filter(|person| known.get(&person.id) != Some(*person))
            .collect();
        // Hand-offs shall not have to wait for ten thousand rows.
        for batch in news.chunks(ROSTER_BATCH) {
            let mut tx = self.begin().await?;
            if !connections::lock(&mut tx, workspace, &connection.generation).await? {
                return Ok(());
            }
            for person in batch {
                write_person(&mut tx, workspace, person).await?;
            }
            revisions::rotations_changed(&mut tx, workspace).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Notes that the whole list of the account's people counts as read so long `ago`.
    pub async fn roster_was_read(&self, connection: &Connection, ago: Duration) -> Result<()> {
        let now = self.engine.now();
        let whole = if ago.is_zero() {
            ", roster_offset = null, roster_limit = null"
        } else {
            ""
        };
        let statement = format!(
            "update pagerduty_connections set roster_read_at = {now} - $1{whole}
             where workspace_id = $2 and generation = $3"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(millis(ago))
            .bind(connection.workspace.as_str())
            .bind(&connection.generation)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Has the next reading of the list of people go on at `page`.
    pub async fn read_roster_from(&self, connection: &Connection, page: NextPage) -> Result<()> {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        sqlx::query(
            "update pagerduty_connections set roster_offset = $1, roster_limit = $2
             where workspace_id = $3 and generation = $4",
        )
        .bind(number(page.offset))
        .bind(number(page.limit))
        .bind(connection.workspace.as_str())
        .bind(&connection.generation)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn poll_again_in(
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

/// By how much the clocks of two servers may differ as to what time it is at
/// PagerDuty, in seconds.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// Whether what is stored was read later than at `read_at`, however long ago that is.
/// A time that is still to come was taken from a clock that was wrong then.
fn is_later(stored: Option<Timestamp>, read_at: Timestamp, now: Timestamp) -> bool {
    stored.is_some_and(|at| at > read_at && at < now.plus_seconds(CLOCK_TOLERANCE_SECONDS))
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

async fn load_schedule(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
) -> Result<Option<BoundSchedule>> {
    let statement = format!(
        "select {COLUMNS} from pagerduty_schedules s where s.workspace_id = $1 and s.id = $2"
    );
    let row: Option<ScheduleRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(schedule.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(ScheduleRow::schedule))
}

async fn load_snapshot(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: BoundSchedule,
) -> Result<ScheduleSnapshot> {
    let people: Vec<PersonRow> = sqlx::query_as(
        "select u.id, u.name, u.email, u.deleted, u.asked_for
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
        version: schedule.version,
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
        left_out: schedule.left_out,
    })
}

/// Notes that PagerDuty, asked at the first of two times, still says what is
/// stored; at the second, it is written.
async fn confirm_schedule(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
    (asked_at, now): (Timestamp, Timestamp),
) -> Result<()> {
    sqlx::query(
        "update pagerduty_schedules set confirmed_at = $1, problem = null, failures = 0,
             unanswered = 0, next_change_at = $2, applied_at = $5
         where workspace_id = $3 and id = $4",
    )
    .bind(asked_at.as_millis())
    .bind(next_change(&schedule.shifts, now).map(Timestamp::as_millis))
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn rotations_bound_to(
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
    .bind(entry.actor.as_str())
    .execute(&mut *connection)
    .await?;
    former::forget(connection, &rotation.id).await?;
    sqlx::query("update rotations set mode = $1 where id = $2")
        .bind(RotationMode::PagerDuty.code())
        .bind(rotation.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_schedule(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
    (read_at, now): (Timestamp, Timestamp),
) -> Result<()> {
    sqlx::query(
        "insert into pagerduty_schedules (workspace_id, id, name, url, time_zone, confirmed_at,
             api_version, next_change_at, applied_at, left_out)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (workspace_id, id) do update set name = excluded.name, url = excluded.url,
             time_zone = excluded.time_zone, confirmed_at = excluded.confirmed_at, problem = null,
             failures = 0, unanswered = 0, api_version = excluded.api_version,
             next_change_at = excluded.next_change_at, applied_at = excluded.applied_at,
             left_out = excluded.left_out",
    )
    .bind(workspace.as_str())
    .bind(schedule.id.as_str())
    .bind(&schedule.name)
    .bind(schedule.url.as_deref())
    .bind(schedule.time_zone.as_deref())
    .bind(read_at.as_millis())
    .bind(schedule.version.code())
    .bind(next_change(&schedule.shifts, now).map(Timestamp::as_millis))
    .bind(now.as_millis())
    .bind(
        schedule.left_out.as_ref().map(|left_out| {
            serde_json::to_string(left_out).expect("what was left out is plain JSON")
        }),
    )
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
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleSnapshot,
) -> Result<()> {
    for (position, person) in (0i64..).zip(&schedule.people) {
        write_person(connection, workspace, person).await?;
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

/// What a schedule alone names is no news of somebody who was asked for, and an id that
/// stands for a name is none for anybody.
async fn write_person(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    person: &SchedulePerson,
) -> Result<()> {
    sqlx::query(
        "insert into pagerduty_users (workspace_id, id, name, email, deleted, asked_for)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace_id, id) do update set
             name = case when excluded.name = excluded.id then pagerduty_users.name
                 else excluded.name end,
             email = excluded.email, deleted = excluded.deleted,
             asked_for = excluded.asked_for
         where excluded.asked_for = 1 or pagerduty_users.asked_for = 0",
    )
    .bind(workspace.as_str())
    .bind(person.id.as_str())
    .bind(&person.name)
    .bind(person.email.as_deref())
    .bind(i64::from(person.deleted))
    .bind(i64::from(person.asked_for))
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_shifts(
    connection: &mut DatabaseConnection,
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

/// Until when the members that a rotation has are certain to have been right.
type CertainUntil<'a> = &'a (dyn Fn(&RotationId) -> Timestamp + Sync);

/// Before anything was ever certain.
const NEVER: Timestamp = Timestamp::from_millis(0);

/// Gives every rotation that is bound to `schedule` these members from the second
/// of two times on, and returns what that changes.
async fn write_members(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    members: &[Member],
    (certain_until, now): (CertainUntil<'_>, Timestamp),
) -> Result<Vec<SyncChange>> {
    let mut changed = Vec::new();
    for id in rotations_bound_to(connection, workspace, schedule).await? {
        let Some(mut rotation) = rotations::load(connection, workspace, Some(&id))
            .await?
            .pop()
            .filter(|rotation| rotation.mode != RotationMode::Unknown)
        else {
            continue;
        };
        let members = going_on(&rotation.members, members);
        if rotation.members != members {
            let before = std::mem::replace(&mut rotation.members, members);
            let times = (certain_until(&id), now);
            rotations::write_members(connection, &before, &rotation, times).await?;
            changed.push(SyncChange {
                what: difference(&before, &rotation.members),
                rotation: id,
                rotation_name: rotation.details.name,
            });
        }
    }
    Ok(changed)
}
