//! What a schedule makes of its rotations' members, written: after a reading, and from the
//! stored shifts at the end of each. However many rotations and members there are, it takes
//! the same number of statements.

use super::{
    Connection, DatabaseConnection, Engine, Result, Store, bindings, connections,
    rotations::{self, CrewChange, Which},
    schedules,
};
use domain::{Crew, Plan, ScheduleSnapshot, difference, going_on};
use std::{collections::HashMap, mem, time::Duration};
use types::{ScheduleId, SyncChange, Timestamp, WorkspaceId};

/// What makes a crew of a schedule. The time is asked for when nobody else can
/// write any more: worked out earlier, a crew could undo a hand-off that came in
/// between.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// PagerDuty's clock.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
    pub crew: &'a (dyn Fn(&ScheduleSnapshot, Timestamp) -> Crew + Sync),
}

/// A schedule whose shifts have changed hands since anybody looked.
#[derive(Clone, Debug)]
pub struct HandOff {
    pub schedule: ScheduleId,
    /// When the first of them did, by PagerDuty's clock.
    pub due_at: Timestamp,
}

impl Store {
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

    /// Writes what was asked of a schedule at `asked_at`, by PagerDuty's clock, and
    /// gives its rotations the people that `rule` makes of it. PagerDuty is asked
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
        let Some(known) = schedules::load(&mut tx, workspace, &schedule.id).await? else {
            return Ok(None);
        };
        self.poll_again_in(&mut tx, workspace, &schedule.id, poll_in)
            .await?;
        let now = (rule.now)();
        if is_later(known.confirmed_at, asked_at, now) {
            tx.commit().await?;
            return Ok(None);
        }
        let applied_at = known.applied_at;
        let stored =
            schedules::load_snapshots(&mut tx, self.engine, workspace, vec![known]).await?;
        let same = stored.first() == Some(schedule);
        let times = (asked_at, now);
        if same {
            schedules::confirm(&mut tx, workspace, schedule, times).await?;
        } else {
            schedules::write(&mut tx, self.engine, workspace, schedule, times).await?;
        }
        let made = Made {
            schedule: &schedule.id,
            crew: (rule.crew)(schedule, now),
            certain_until: applied_at.unwrap_or(NEVER),
        };
        let changed = write_crews(&mut tx, self.engine, workspace, &[made], now).await?;
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

    /// Gives the rotations of these schedules the people that `rule` makes of the stored
    /// shifts, without having asked PagerDuty, and has PagerDuty asked for them at the next
    /// opportunity. Returns what changed, and by which schedule; `None` when the credential has
    /// changed or gone. Schedules to which nothing is bound any more are passed over.
    pub async fn hand_off(
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
        let known = schedules::load_all(&mut tx, self.engine, workspace, schedules).await?;
        let applied_at: Vec<_> = known.iter().map(|known| known.applied_at).collect();
        let snapshots = schedules::load_snapshots(&mut tx, self.engine, workspace, known).await?;
        let now = (rule.now)();
        schedules::note_hand_offs(&mut tx, self.engine, workspace, &snapshots, now).await?;
        let made = snapshots.iter().zip(applied_at);
        let made = made.map(|(snapshot, applied_at)| Made {
            schedule: &snapshot.id,
            crew: (rule.crew)(snapshot, now),
            certain_until: applied_at.unwrap_or(NEVER),
        });
        let made: Vec<_> = made.collect();
        let changed = write_crews(&mut tx, self.engine, workspace, &made, now).await?;
        if !changed.is_empty() {
            let rotations = changed.iter().map(|(_, change)| &change.rotation);
            self.rotations_changed(&mut tx, workspace, rotations)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(changed))
    }
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

/// The people that a schedule makes of its rotations.
pub(super) struct Made<'a> {
    pub(super) schedule: &'a ScheduleId,
    pub(super) crew: Crew,
    /// Until when those that its rotations have are certain to have been right.
    pub(super) certain_until: Timestamp,
}

/// Gives every rotation that follows one of the schedules the people that it makes, from `now`
/// on, and returns what that changes, and by which schedule.
pub(super) async fn write_crews(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    made: &[Made<'_>],
    now: Timestamp,
) -> Result<Vec<(ScheduleId, SyncChange)>> {
    let schedules = made.iter().map(|made| made.schedule);
    let which = Which::following(engine, schedules.clone());
    let mut followed = bindings::following(connection, engine, workspace, schedules).await?;
    let made: HashMap<_, _> = made.iter().map(|made| (made.schedule, made)).collect();
    let mut changes = Vec::new();
    for mut rotation in rotations::load(connection, workspace, &which).await? {
        let made = followed.get(&rotation.id).and_then(|id| made.get(id));
        let Some(made) = made.filter(|_| rotation.plan != Plan::Unknown) else {
            continue;
        };
        let crew = going_on(&rotation.crew, &made.crew);
        if rotation.crew != crew {
            changes.push(CrewChange {
                before: mem::replace(&mut rotation.crew, crew),
                after: rotation,
                certain_until: made.certain_until,
            });
        }
    }
    if !changes.is_empty() {
        rotations::write_crews(connection, engine, &changes, now).await?;
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
