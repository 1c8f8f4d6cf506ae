//! What a plan makes of its rotations' people, written: after a reading of a schedule, and
//! whenever duty changes hands. However many rotations and members there are, it takes
//! the same number of statements.
//!
//! Each rotation has a clock, the time at which duty changes hands next. Nobody needs a lease
//! to hand over, since nothing outside is asked: whoever comes first holds the rows until it
//! has committed, and whoever comes second finds nothing due any more.

use super::{
    Connection, DatabaseConnection, Engine, Result, Store, as_json, bindings, connections,
    duration, millis,
    outbox::{self, PlanChange},
    past_overrides, rotas,
    rotations::{self, CrewChange, Which},
    runs,
    schedules::{self, Asked},
};
use domain::{
    Crew, Directory, Duty, KnownPlan, KnownShifts, Plan, Rotation, ScheduleSnapshot, begun_from,
    difference, going_on, missed, next_change, rota, spliced,
};
use sqlx::AssertSqlSafe;
use std::{
    collections::{HashMap, HashSet},
    mem,
    time::{Duration, Instant},
};
use types::{
    MemberKey, RotationId, RotationMode, ScheduleId, Stretch, SyncChange, SyncRunId, Timestamp,
    WorkspaceId,
};

/// By what a schedule makes a rotation's people and its plan. The time is asked for when nobody
/// else can write any more: worked out earlier, a crew could undo a hand-off that came in
/// between.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// PagerDuty's clock.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
    pub directory: &'a Directory,
}

/// When duty changes hands next in a workspace, by plans of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHandOff {
    pub workspace: WorkspaceId,
    /// The kind of plan, as it is stored: perhaps one that only another version knows.
    pub kind: String,
    /// How long until then, by the clocks as they were known last.
    pub due_in: Duration,
}

/// What a plan says of a rotation at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub duties: Vec<Duty>,
    /// When that changes next, by the plan's clock.
    pub next_change_at: Option<Timestamp>,
    /// The shifts that are planned, joined and by start; those that have begun may be among them.
    pub plan: Vec<Stretch>,
    /// Until when they are all that there are, where a rota says so.
    pub known_until: Option<Timestamp>,
    /// Whose turn it is from now on, where a rota says so.
    pub rota: Option<rota::Turn>,
}

impl From<rota::UpToDate> for Turn {
    fn from(present: rota::UpToDate) -> Self {
        Self {
            duties: present.duties,
            next_change_at: present.next_change_at,
            plan: present.plan,
            known_until: present.known_until,
            rota: Some(present.turn),
        }
    }
}

/// By which clock duty changes hands.
#[derive(Clone, Copy)]
pub enum PlanClock<'a> {
    /// That of the database, which all servers share.
    Databases,
    /// One that the plans bring.
    Own(&'a (dyn Fn() -> Timestamp + Sync)),
}

/// What became of the schedules whose shifts had changed hands since anybody looked.
#[derive(Clone, Debug, Default)]
pub struct HandedOver {
    /// When the first shift of each changed hands, by PagerDuty's clock.
    pub due: Vec<(ScheduleId, Timestamp)>,
    /// The schedules by which something changed.
    pub changed_by: HashSet<ScheduleId>,
    pub changes: Vec<SyncChange>,
}

/// The schedule `s` that the rotation `r` follows, if it follows one.
const FOLLOWED: &str = "left join bindings b on b.rotation_id = r.id
    left join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id";

/// When duty changes hands next in the rotation `r`. A server of the version before sets the
/// clock of the schedule alone: the earlier one of both holds.
const NEXT_CHANGE: &str = "(case when s.next_change_at < coalesce(r.next_change_at,
    s.next_change_at + 1) then s.next_change_at else r.next_change_at end)";

/// The rotations whose own schedules were reckoned by older data than this version's, which is bound
/// to `$4`: a server of another version may have set their clocks since.
const BY_OLDER_DATA: &str = "select rotation_id from rotas where zones < $4";

/// Schedules that hand over in one transaction. Whoever else writes has a turn in between.
const AT_ONCE: i64 = 50;
/// No clock is believed that is further from ours, in milliseconds.
const FARTHEST_CLOCK: i64 = 24 * 3600 * 1000;

impl Store {
    /// When duty changes hands next within `horizon`, for each workspace and kind of plan in
    /// which it does. It is time where rotations have still to go on by what was decided about holidays,
    /// or by newer data than they were reckoned by.
    pub async fn next_hand_offs(&self, horizon: Duration) -> Result<Vec<NextHandOff>> {
        let now = self.engine.now();
        let statement = format!(
            "select r.workspace_id, r.mode,
                 min({NEXT_CHANGE} - coalesce(c.clock_ahead_millis, 0)) - {now}
             from rotations r {FOLLOWED} left join pagerduty_connections c
                 on c.workspace_id = r.workspace_id and r.mode = $1
             where {NEXT_CHANGE} <= {now} + $2 + {FARTHEST_CLOCK}
             group by r.workspace_id, r.mode
             union all
             select distinct workspace_id, $3, cast(0 as bigint) from holidays_unplanned
             union
             select workspace_id, mode, cast(0 as bigint) from rotations
             where mode = $3 and id in ({BY_OLDER_DATA})
             order by 3, 1, 2"
        );
        let rows: Vec<(String, String, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(RotationMode::PagerDuty.code())
            .bind(millis(horizon))
            .bind(RotationMode::Scheduled.code())
            .bind(rotas::data_version())
            .fetch_all(&self.pool)
            .await?;
        let next = rows.into_iter().map(|(workspace, kind, wait)| NextHandOff {
            workspace: WorkspaceId::new(workspace),
            kind,
            due_in: duration(wait),
        });
        Ok(next.filter(|next| next.due_in <= horizon).collect())
    }

    /// When a shift of any followed schedule begins or ends next, by PagerDuty's clock.
    pub async fn next_hand_off_at(&self, workspace: &WorkspaceId) -> Result<Option<Timestamp>> {
        let statement = format!(
            "select min({NEXT_CHANGE}) from rotations r {FOLLOWED}
             where r.workspace_id = $1 and r.mode = $2"
        );
        let (at,): (Option<i64>,) = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(RotationMode::PagerDuty.code())
            .fetch_one(&self.pool)
            .await?;
        Ok(at.map(Timestamp::from_millis))
    }

    /// Puts on duty in each rotation of the workspace that is due, and whose plan is of this
    /// kind, whoever `turn` names at the moment, by the plan's clock, and notes who was meanwhile.
    /// One of which it says nothing is left as it is, due for whoever can read its plan. Returns the
    /// rotations that this changed.
    pub async fn hand_over(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        clock: PlanClock<'_>,
        turn: &(dyn Fn(&Rotation, Timestamp) -> Option<Turn> + Sync),
    ) -> Result<Vec<RotationId>> {
        let mut tx = self.begin().await?;
        let now = match clock {
            PlanClock::Databases => self.now_in(&mut tx).await?,
            PlanClock::Own(now) => now(),
        };
        let statement = format!(
            "update rotations set mode = mode where id in (
                 select id from rotations where workspace_id = $1 and mode = $2
                     and (next_change_at <= $3 or id in ({BY_OLDER_DATA})) {})
             returning id, next_change_at",
            self.engine.held_in_order()
        );
        let due: Vec<(String, Option<i64>)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(kind)
            .bind(now.as_millis())
            .bind(rotas::data_version())
            .fetch_all(&mut *tx)
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let which = Which::these(self.engine, due.iter().map(|(id, _)| id.as_str()));
        let due: HashMap<_, _> = due.into_iter().collect();
        let mut turns = Vec::new();
        for rotation in rotations::load(&mut tx, self.engine, workspace, &which).await? {
            let Some(turn) = turn(&rotation, now) else {
                continue;
            };
            // One that was reckoned by older data is right until now.
            let due = due[rotation.id.as_str()].map(Timestamp::from_millis);
            let due = due.map_or(now, |due| due.min(now));
            turns.push((rotation, turn, due));
        }
        let changed = carry_out(&mut tx, self.engine, workspace, turns, now).await?;
        let changed: Vec<_> = changed.into_iter().map(|rotation| rotation.id).collect();
        if !changed.is_empty() {
            self.rotations_changed(&mut tx, workspace, &changed).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Writes what a schedule was when PagerDuty was asked, and gives its rotations the people
    /// and the plan that `rule` makes of it. PagerDuty is asked
    /// for it again after `poll_in`. Returns what changed; `None`, and nothing is
    /// changed, when the credential that read it has changed or gone, nothing is
    /// bound to the schedule any more, or a later reading is already there.
    pub async fn apply_schedule(
        &self,
        connection: &Connection,
        schedule: &ScheduleSnapshot,
        rule: Rule<'_>,
        asked: Asked,
        poll_in: Duration,
    ) -> Result<Option<Vec<SyncChange>>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let Some(known) = schedules::load(&mut tx, workspace, &schedule.id).await? else {
            return Ok(None);
        };
        self.poll_again_in(&mut tx, workspace, &schedule.id, poll_in)
            .await?;
        let now = (rule.now)();
        if is_later(known.confirmed_at, asked.at, now) {
            tx.commit().await?;
            return Ok(None);
        }
        let (applied_at, change_was_at) = (known.applied_at, known.next_change_at);
        let was_known_until = known.known_until;
        let before = schedules::load_snapshot(&mut tx, self.engine, workspace, known).await?;
        let (schedule, until) = up_to_date(schedule, asked.until, &before, was_known_until);
        let same = before == schedule;
        let times = (Asked { until, ..asked }, now);
        if same {
            schedules::confirm(&mut tx, workspace, &schedule, times).await?;
        } else {
            schedules::write(&mut tx, self.engine, workspace, &schedule, times).await?;
        }
        // A server of the version before, which tells nothing of how far it read, sets no clocks.
        if next_change(&schedule.shifts, now) != change_was_at || was_known_until.is_none() {
            schedules::set_clocks_of_followers(&mut tx, self.engine, workspace, &[&schedule.id])
                .await?;
        }
        let made = Made {
            schedule: &schedule,
            rewritten: (!same).then(|| Rewritten {
                was: before.plan(rule.directory),
                was_known_until,
                known_until: Some(until),
            }),
            certain_until: applied_at.unwrap_or(NEVER),
        };
        let changed = write_crews(&mut tx, self.engine, workspace, &[made], (rule, now)).await?;
        if !same || !changed.is_empty() {
            let rotations = changed.iter().map(|(_, change)| &change.rotation);
            self.rotations_changed(&mut tx, workspace, rotations)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(
            changed.into_iter().map(|(_, change)| change).collect(),
        ))
    }

    /// Applies, as [`Store::apply_stored`] does, the schedules whose shifts have changed hands,
    /// some at once and the earliest first, and lists what that changes as a run. Nothing is due
    /// when the credential has changed or gone.
    pub async fn hand_over_due(
        &self,
        connection: &Connection,
        run: &SyncRunId,
        rule: Rule<'_>,
    ) -> Result<HandedOver> {
        let (workspace, began) = (&connection.workspace, Instant::now());
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(HandedOver::default());
        }
        let now = (rule.now)();
        let statement = format!(
            "select s.id, min({NEXT_CHANGE}) from rotations r {FOLLOWED}
             where r.workspace_id = $1 and r.mode = $2 and s.id is not null
                 and {NEXT_CHANGE} <= $3
             group by s.id order by 2, 1 limit $4"
        );
        let due: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(RotationMode::PagerDuty.code())
            .bind(now.as_millis())
            .bind(AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
        if due.is_empty() {
            return Ok(HandedOver::default());
        }
        let due: Vec<_> = due
            .into_iter()
            .map(|(schedule, at)| (ScheduleId::new(schedule), Timestamp::from_millis(at)))
            .collect();
        let schedules: Vec<_> = due.iter().map(|(schedule, _)| schedule.clone()).collect();
        let changes = self
            .apply_in(&mut tx, workspace, &schedules, (rule, now))
            .await?;
        let (changed_by, changes): (HashSet<_>, Vec<_>) = changes.into_iter().unzip();
        if !changes.is_empty() {
            let took = began.elapsed();
            runs::record_hand_off(&mut tx, self.engine, (run, workspace), took, &changes).await?;
            let rotations = changes.iter().map(|change| &change.rotation);
            self.rotations_changed(&mut tx, workspace, rotations)
                .await?;
        }
        tx.commit().await?;
        Ok(HandedOver {
            due,
            changed_by,
            changes,
        })
    }

    /// Gives the rotations of these schedules the people that `rule` makes of the stored
    /// shifts, without having asked PagerDuty, and has PagerDuty asked for them at the next
    /// opportunity. Returns what changed, and by which schedule; `None` when the credential has
    /// changed or gone. Schedules to which nothing is bound any more are passed over.
    pub async fn apply_stored(
        &self,
        connection: &Connection,
        schedules: &[ScheduleId],
        rule: Rule<'_>,
    ) -> Result<Option<Vec<(ScheduleId, SyncChange)>>> {
        let workspace = &connection.workspace;
        let mut tx = self.begin().await?;
        if !connections::lock(&mut tx, workspace, &connection.generation).await? {
            return Ok(None);
        }
        let now = (rule.now)();
        let changes = self
            .apply_in(&mut tx, workspace, schedules, (rule, now))
            .await?;
        if !changes.is_empty() {
            let rotations = changes.iter().map(|(_, change)| &change.rotation);
            self.rotations_changed(&mut tx, workspace, rotations)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(changes))
    }

    async fn apply_in(
        &self,
        tx: &mut DatabaseConnection,
        workspace: &WorkspaceId,
        schedules: &[ScheduleId],
        (rule, now): (Rule<'_>, Timestamp),
    ) -> Result<Vec<(ScheduleId, SyncChange)>> {
        let known = schedules::load_all(tx, self.engine, workspace, schedules).await?;
        let applied_at: Vec<_> = known.iter().map(|known| known.applied_at).collect();
        let snapshots = schedules::load_snapshots(tx, self.engine, workspace, known).await?;
        schedules::note_hand_offs(tx, self.engine, workspace, &snapshots, now).await?;
        connections::ask_soon(tx, self.engine, workspace).await?;
        let made = snapshots.iter().zip(applied_at);
        let made = made.map(|(schedule, applied_at)| Made {
            schedule,
            rewritten: None,
            certain_until: applied_at.unwrap_or(NEVER),
        });
        let made: Vec<_> = made.collect();
        write_crews(tx, self.engine, workspace, &made, (rule, now)).await
    }
}

/// Hands over in these rotations what is due since then by what is planned. Who was on duty meanwhile
/// is noted, and only who is now is told. Returns those rotations whose past or present this changed.
pub(super) async fn carry_out(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    turns: Vec<(Rotation, Turn, Timestamp)>,
    now: Timestamp,
) -> Result<Vec<Rotation>> {
    let (mut clocks, mut places) = (Vec::new(), Vec::new());
    let (mut changes, mut plans) = (Vec::new(), Vec::new());
    for (mut rotation, turn, due) in turns {
        let missed = missed(&turn.plan, &rotation.crew, due, now);
        clocks.push((rotation.id.clone(), turn.next_change_at));
        let plan = (turn.plan.as_slice(), turn.known_until);
        let place = turn
            .rota
            .map(|of_it| rotas::Place::new(&rotation.id, &of_it, plan));
        places.extend(place);
        plans.push((rotation.id.clone(), turn.plan, turn.known_until));
        let crew = Crew::new(rotation.crew.members.clone(), turn.duties);
        let crew = going_on(&rotation.crew, &crew);
        let crew = begun_from(&rotation.crew, crew, due);
        if rotation.crew != crew || !missed.is_empty() {
            changes.push(CrewChange {
                before: mem::replace(&mut rotation.crew, crew),
                // Until just before it was due.
                certain_until: Timestamp::from_millis(due.as_millis() - 1),
                missed,
                after: rotation,
            });
        }
    }
    set_clocks(connection, engine, &clocks).await?;
    let otherwise = rotas::planned_otherwise(connection, engine, &places).await?;
    rotas::write_turns(connection, engine, &places).await?;
    if !changes.is_empty() {
        rotations::write_crews(connection, engine, &changes, now).await?;
    }
    let come_true = plans
        .iter()
        .map(|(rotation, plan, _)| (rotation, plan.as_slice()));
    let come_true: Vec<_> = come_true.collect();
    past_overrides::record(connection, engine, workspace, &come_true, now).await?;
    let plans = plans.iter();
    let plans = plans.map(|(rotation, plan, until)| match otherwise.get(rotation) {
        // By other data, or while somebody was known by two ids, other shifts were planned.
        Some((before, was_until)) => PlanChange {
            rotation,
            before: KnownPlan {
                shifts: before,
                until: Some(*was_until),
            },
            after: KnownPlan {
                shifts: plan,
                until: *until,
            },
            told: None,
        },
        None => PlanChange::none(rotation, plan),
    });
    let plans: Vec<_> = plans.collect();
    outbox::plans_changed(connection, engine, workspace, &plans, now).await?;
    Ok(changes.into_iter().map(|change| change.after).collect())
}

/// What is known of a schedule after a reading that told it until then, where it was known
/// `before`, perhaps for longer; and until when its shifts are known now.
fn up_to_date(
    read: &ScheduleSnapshot,
    until: Timestamp,
    before: &ScheduleSnapshot,
    was_known_until: Option<Timestamp>,
) -> (ScheduleSnapshot, Timestamp) {
    let mut known = KnownShifts {
        shifts: read.shifts.clone(),
        until,
    };
    if let Some(until) = was_known_until {
        let shifts = before.shifts.clone();
        known = spliced(known, &KnownShifts { shifts, until });
    }
    let mut schedule = ScheduleSnapshot {
        shifts: known.shifts,
        ..read.clone()
    };
    schedule.name_all(&before.people);
    (schedule, known.until)
}

/// Notes when duty changes hands next in each of the rotations.
pub(super) async fn set_clocks(
    connection: &mut DatabaseConnection,
    engine: Engine,
    clocks: &[(RotationId, Option<Timestamp>)],
) -> Result<()> {
    let statement = format!(
        "update rotations as r set next_change_at = cast(j.value->>1 as bigint)
         from {} where r.id = j.value->>0",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(clocks))
        .execute(connection)
        .await?;
    Ok(())
}

/// By how much the clocks of two servers may differ as to what time it is at
/// PagerDuty, in seconds.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// Whether what is stored was read later than at `read_at`, however long ago that is.
/// A time that is still to come was taken from a clock that was wrong then.
pub(super) fn is_later(stored: Option<Timestamp>, read_at: Timestamp, now: Timestamp) -> bool {
    stored.is_some_and(|at| at > read_at && at < now.plus_seconds(CLOCK_TOLERANCE_SECONDS))
}

/// Before anything was ever certain.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(0);

/// A schedule, of which the people and the plan of its rotations are made.
pub(super) struct Made<'a> {
    pub(super) schedule: &'a ScheduleSnapshot,
    /// What was planned before, where that may be another plan.
    pub(super) rewritten: Option<Rewritten>,
    /// Until when those that its rotations have are certain to have been right.
    pub(super) certain_until: Timestamp,
}

/// What was planned before, and until when the two plans are known.
pub(super) struct Rewritten {
    was: Vec<Stretch>,
    was_known_until: Option<Timestamp>,
    known_until: Option<Timestamp>,
}

impl Rewritten {
    /// Nobody knows what it was.
    pub(super) const UNKNOWN: Self = Self {
        was: Vec::new(),
        was_known_until: None,
        known_until: None,
    };
}

/// Gives every rotation that follows one of the schedules the people and the plan that `rule` makes
/// of it, from `now` on, and returns what that changes of the people, and by which schedule.
pub(super) async fn write_crews(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    made: &[Made<'_>],
    (rule, now): (Rule<'_>, Timestamp),
) -> Result<Vec<(ScheduleId, SyncChange)>> {
    let schedules = made.iter().map(|made| &made.schedule.id);
    let which = Which::following(engine, schedules.clone());
    let mut followed = bindings::following(connection, engine, workspace, schedules).await?;
    let made = made.iter().map(|made| {
        let crew = made.schedule.crew(rule.directory, now);
        (&made.schedule.id, (made, crew))
    });
    let made: HashMap<_, _> = made.collect();
    let (mut changes, mut planned) = (Vec::new(), Vec::new());
    let (mut marked, mut renamed) = (Vec::new(), Vec::new());
    for mut rotation in rotations::load(connection, engine, workspace, &which).await? {
        let made = followed.get(&rotation.id).and_then(|id| made.get(id));
        let Some((made, crew)) = made.filter(|_| rotation.plan != Plan::Unknown) else {
            continue;
        };
        let crew = going_on(&rotation.crew, crew);
        // Somebody may be known as somebody else by now, in the plan too.
        if made.rewritten.is_some() || rotation.crew.members != crew.members {
            planned.push((rotation.id.clone(), *made));
            let keys = known_otherwise(&rotation.crew, &crew);
            renamed.extend(keys.map(|(was, is)| (rotation.id.clone(), was, is)));
        }
        // One that began is noted, and one that ends before its time is not as long.
        let is_rewritten = made.rewritten.is_some() || rotation.crew != crew;
        if is_rewritten || made.schedule.has_override_at(now) {
            marked.push((rotation.id.clone(), *made));
        }
        if rotation.crew != crew {
            changes.push(CrewChange {
                before: mem::replace(&mut rotation.crew, crew),
                after: rotation,
                certain_until: made.certain_until,
                missed: Vec::new(),
            });
        }
    }
    if !changes.is_empty() {
        rotations::write_crews(connection, engine, &changes, now).await?;
    }
    write_plans(connection, engine, workspace, &planned, (rule, now)).await?;
    if !renamed.is_empty() {
        past_overrides::rename(connection, engine, &renamed).await?;
    }
    let plans = plans(&marked, rule);
    let plans = marked.iter().map(|(rotation, made)| {
        let plan: &[Stretch] = &plans[&made.schedule.id];
        (rotation, plan)
    });
    let plans: Vec<_> = plans.collect();
    if !plans.is_empty() {
        past_overrides::record(connection, engine, workspace, &plans, now).await?;
    }
    let changed = changes.into_iter().filter_map(|change| {
        let schedule = followed.remove(&change.after.id)?;
        let change = SyncChange {
            what: difference(&change.before, &change.after.crew),
            rotation: change.after.id,
            rotation_name: change.after.details.name,
        };
        Some((schedule, change))
    });
    Ok(changed.collect())
}

/// Those members who were somebody else `before`, as people of PagerDuty are who were linked to Slack
/// meanwhile: their keys then and now.
fn known_otherwise<'a>(
    before: &'a Crew,
    after: &'a Crew,
) -> impl Iterator<Item = (MemberKey, MemberKey)> + 'a {
    after.members.iter().filter_map(|member| {
        let user = member.pagerduty_user.as_ref()?;
        let mut before = before.members.iter();
        let was = before.find(|was| was.pagerduty_user.as_ref() == Some(user))?;
        (was.key != member.key).then(|| (was.key.clone(), member.key.clone()))
    })
}

/// What each of the schedules plans, once.
fn plans<'a>(
    planned: &[(RotationId, &'a Made<'_>)],
    rule: Rule<'_>,
) -> HashMap<&'a ScheduleId, Vec<Stretch>> {
    let mut plans = HashMap::new();
    for (_, made) in planned {
        let plan = || made.schedule.plan(rule.directory);
        plans.entry(&made.schedule.id).or_insert_with(plan);
    }
    plans
}

/// Writes what is to be told of the plans of rotations, each by the schedule that it follows.
async fn write_plans(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    planned: &[(RotationId, &Made<'_>)],
    (rule, now): (Rule<'_>, Timestamp),
) -> Result<()> {
    let plans = plans(planned, rule);
    let changes = planned.iter().map(|(rotation, made)| {
        let shifts = &plans[&made.schedule.id];
        let Some(rewritten) = &made.rewritten else {
            return PlanChange::none(rotation, shifts);
        };
        PlanChange {
            rotation,
            before: KnownPlan {
                shifts: &rewritten.was,
                until: rewritten.was_known_until,
            },
            after: KnownPlan {
                shifts,
                until: rewritten.known_until,
            },
            told: None,
        }
    });
    let changes: Vec<_> = changes.collect();
    outbox::plans_changed(connection, engine, workspace, &changes, now).await
}
