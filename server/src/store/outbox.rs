//! The outbox: what is to be told outside is written in the very transaction from which it
//! follows, so that a crash leaves both or neither, and is delivered afterwards (see
//! `deliveries.rs`). However much there is to tell, it takes the same few statements.

use super::{
    DatabaseConnection, Engine, Result, Store, as_json, deliveries::Subject, millis,
    rotations::CrewChange, subscriptions,
};
use domain::{
    Addressee, ChangeNotices, KnownPlan, Notice, NoticeKey, Occurrence, PersonalNotice,
    PlanNotices, Subscription, change_of_duty, notices_of_change, notices_of_members,
    notices_of_plan, shift_changes,
};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use types::{MemberKey, RotationId, Stretch, Timestamp, WorkspaceId};
use uuid::Uuid;

/// The channel of Postgres' on which servers hear that something has been written.
pub const OUTBOX_CHANNEL: &str = "roundrobin_outbox";

/// A plan that may have been rewritten. Where it was not, both sides are the same, and what
/// lacks in the outbox is written all the same.
pub(super) struct PlanChange<'a> {
    pub(super) rotation: &'a RotationId,
    pub(super) before: KnownPlan<'a>,
    pub(super) after: KnownPlan<'a>,
    /// Who is told of the change by another message.
    pub(super) told: Option<&'a MemberKey>,
}

impl<'a> PlanChange<'a> {
    /// Of a plan that is the same as before.
    pub(super) const fn none(rotation: &'a RotationId, shifts: &'a [Stretch]) -> Self {
        let plan = KnownPlan {
            shifts,
            until: None,
        };
        Self {
            rotation,
            before: plan,
            after: plan,
            told: None,
        }
    }
}

/// A notice, as the statements take it.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    id: Uuid,
    workspace: &'a str,
    subject_kind: &'static str,
    subject: &'a str,
    occurrence: i64,
    kind: &'a str,
    target: &'a str,
    due_in: i64,
    expires_in: Option<i64>,
}

impl<'a> Row<'a> {
    pub(super) fn new(
        workspace: &'a WorkspaceId,
        subject: &'a Subject,
        notice: &'a Notice,
    ) -> Self {
        let NoticeKey {
            occurrence,
            kind,
            target,
        } = &notice.key;
        let (subject_kind, subject) = subject.columns();
        Self {
            id: Uuid::now_v7(),
            workspace: workspace.as_str(),
            subject_kind,
            subject,
            occurrence: occurrence.moment().as_millis(),
            kind,
            target,
            due_in: millis(notice.due_in),
            expires_in: notice.expires_in.map(millis),
        }
    }
}

/// Of these kinds only what is for these targets is of use; without a target, the kind alone.
#[derive(Serialize)]
struct Use<'a> {
    rotation: &'a str,
    kind: &'a str,
    target: Option<&'a str>,
}

#[derive(Serialize)]
struct Move<'a> {
    subject: &'a str,
    kind: &'a str,
    target: &'a str,
    from: i64,
    to: i64,
}

/// Whether the row `o` is about a rotation, and of the kind and for the target of `j`.
const SAME: &str = "o.subject_kind = 'rotation' and o.subject_id = j.value->>'subject'
    and o.kind = j.value->>'kind' and o.target = j.value->>'target'";

/// Writes what is to be told where others are on duty, or take turns, by these changes.
pub(super) async fn people_changed(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &[CrewChange],
    now: Timestamp,
) -> Result<()> {
    let changed = changes.iter().filter_map(|change| {
        let (before, rotation) = (&change.before, &change.after);
        let duty = change_of_duty(before, &rotation.crew, change.certain_until, now);
        let is_other = duty.is_some() || !before.has_same_members(&rotation.crew);
        is_other.then_some((rotation, duty))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return Ok(());
    }
    let ids = changed.iter().map(|(rotation, _)| &rotation.id);
    let subscriptions = subscriptions::of_rotations(connection, engine, ids).await?;
    let notices = changed.iter().map(|(rotation, duty)| {
        let subscriptions = of(&subscriptions, &rotation.id);
        let notices = match duty {
            Some(change) => notices_of_change(&subscriptions, change),
            None => notices_of_members(&subscriptions, now),
        };
        (*rotation, Subject::Rotation(rotation.id.clone()), notices)
    });
    let notices: Vec<_> = notices.collect();
    let (mut due, mut uses) = (Vec::new(), Vec::new());
    for (
        rotation,
        subject,
        ChangeNotices {
            due: told,
            only_for,
        },
    ) in &notices
    {
        let rows = told.iter();
        due.extend(rows.map(|notice| Row::new(&rotation.workspace, subject, notice)));
        for (kind, targets) in only_for {
            let targets = targets.iter().map(|target| Some(target.as_str()));
            uses.extend(targets.chain([None]).map(|target| Use {
                rotation: rotation.id.as_str(),
                kind,
                target,
            }));
        }
    }
    keep_what_is_of_use(connection, engine, &uses).await?;
    take_places(connection, engine, &due).await?;
    insert(connection, engine, &due).await
}

/// Brings what is to be told before shifts begin in line with the plans.
pub(super) async fn plans_changed(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    plans: &[PlanChange<'_>],
    now: Timestamp,
) -> Result<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let ids = plans.iter().map(|plan| plan.rotation);
    let subscriptions = subscriptions::of_rotations(connection, engine, ids).await?;
    let subscribed = plans
        .iter()
        .filter(|plan| subscriptions.contains_key(plan.rotation));
    let notices = subscribed.map(|plan| {
        let changes = shift_changes(plan.before.shifts, plan.after.shifts, now);
        let subscriptions = of(&subscriptions, plan.rotation);
        let (plans, changes) = ((plan.before, plan.after), (changes.as_slice(), plan.told));
        let notices = notices_of_plan(&subscriptions, plans, changes, now);
        let subject = Subject::Rotation(plan.rotation.clone());
        (plan.rotation, subject, notices)
    });
    let notices: Vec<_> = notices.collect();
    let (mut due, mut moves) = (Vec::new(), Vec::new());
    for (rotation, subject, PlanNotices { moved, due: told }) in &notices {
        let rows = told.iter();
        due.extend(rows.map(|notice| Row::new(workspace, subject, notice)));
        moves.extend(moved.iter().map(|(key, to)| Move {
            subject: rotation.as_str(),
            kind: &key.kind,
            target: &key.target,
            from: key.occurrence.moment().as_millis(),
            to: to.moment().as_millis(),
        }));
    }
    follow(connection, engine, &moves).await?;
    let rotations = notices.iter().map(|(rotation, ..)| *rotation);
    withdraw_others(connection, engine, rotations, &due).await?;
    insert(connection, engine, &due).await
}

/// Withdraws what was to be told before shifts of rotations that have no plan any more.
pub(super) async fn no_shifts_come(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: impl Iterator<Item = &RotationId>,
) -> Result<()> {
    withdraw_others(connection, engine, rotations, &[]).await
}

impl Store {
    /// Has a target told how things are now, whether or not anything has changed. What waits for
    /// it already waits no longer, and counts as a notice of now: whoever tells the target at this
    /// moment may have looked before, and does not end it.
    pub async fn tell_now(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
        (kind, target): (&str, &str),
    ) -> Result<()> {
        let now = self.now().await?;
        let mut tx = self.begin().await?;
        let whose = (workspace, rotation);
        tell_now(&mut tx, self.engine, whose, (kind, target), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The targets for which something of this kind waits or is being sent.
    pub async fn targets_told(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
    ) -> Result<HashSet<String>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select distinct target from outbox
             where workspace_id = $1 and kind = $2 and state in ('waiting', 'sending')",
        )
        .bind(workspace.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(target,)| target).collect())
    }
}

/// As [`Store::tell_now`] does.
pub(super) async fn tell_now(
    connection: &mut DatabaseConnection,
    engine: Engine,
    (workspace, rotation): (&WorkspaceId, &RotationId),
    (kind, target): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    let waiting = sqlx::query(
        "update outbox as o set retry_at = 0, occurrence = (
             select case when max(t.occurrence) < $4 then $4 else max(t.occurrence) + 1 end
             from outbox t where t.subject_kind = o.subject_kind
                 and t.subject_id = o.subject_id and t.kind = o.kind and t.target = o.target)
         where o.id = (select w.id from outbox w
             where w.workspace_id = $1 and w.kind = $2 and w.target = $3
                 and w.state = 'waiting' and w.expires_at is null
             order by w.not_before, w.id limit 1)",
    )
    .bind(workspace.as_str())
    .bind(kind)
    .bind(target)
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if waiting.rows_affected() > 0 {
        return announce(connection, engine).await;
    }
    let told = [(kind, target.to_owned())];
    tell_at_once(connection, engine, (workspace, rotation), &told, now).await
}

/// Has what was given up under a subscription that ends count as given up for this `reason` alone, so
/// that nobody takes it for the trouble of a later subscription.
pub(super) async fn leave_given_up(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    (kind, target): (&str, &str),
    reason: &str,
) -> Result<()> {
    sqlx::query(
        "update outbox set problem = $4
         where subject_kind = 'rotation' and subject_id = $1 and kind = $2 and target = $3
             and state = 'given_up'",
    )
    .bind(rotation.as_str())
    .bind(kind)
    .bind(target)
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(())
}

/// Withdraws what was to be told under a subscription.
pub(super) async fn withdraw(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    kind: &str,
    addressee: &Addressee,
) -> Result<()> {
    let target = match addressee {
        Addressee::Target(target) => Some(target.as_str()),
        Addressee::Holder | Addressee::People(_) => None,
    };
    sqlx::query(
        "delete from outbox where subject_kind = 'rotation' and subject_id = $1 and kind = $2
             and target = coalesce($3, target) and state = 'waiting'",
    )
    .bind(rotation.as_str())
    .bind(kind)
    .bind(target)
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells a target how things are now.
fn notice_at_once((kind, target): (&str, &str), now: Timestamp) -> Notice {
    Notice {
        key: NoticeKey {
            occurrence: Occurrence::at(now),
            kind: kind.to_owned(),
            target: target.to_owned(),
        },
        due_in: Duration::ZERO,
        expires_in: None,
    }
}

/// Withdraws whatever was to be told of a rotation that is deleted, and has these kinds and targets
/// told that it is gone.
pub(super) async fn forget(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    rotation: &RotationId,
    (told, now): (&[(&str, String)], Timestamp),
) -> Result<()> {
    sqlx::query(
        "delete from outbox where subject_kind = 'rotation' and subject_id = $1
             and state = 'waiting'",
    )
    .bind(rotation.as_str())
    .execute(&mut *connection)
    .await?;
    tell_at_once(connection, engine, (workspace, rotation), told, now).await
}

/// Has these kinds and targets told how things are now, also where nothing else has changed.
pub(super) async fn tell_at_once(
    connection: &mut DatabaseConnection,
    engine: Engine,
    (workspace, rotation): (&WorkspaceId, &RotationId),
    told: &[(&str, String)],
    now: Timestamp,
) -> Result<()> {
    let told = told.iter();
    let notices: Vec<_> = told
        .map(|(kind, target)| notice_at_once((kind, target), now))
        .collect();
    let subject = Subject::Rotation(rotation.clone());
    let rows: Vec<_> = notices
        .iter()
        .map(|notice| Row::new(workspace, &subject, notice))
        .collect();
    insert(connection, engine, &rows).await
}

fn of<'a>(
    subscriptions: &'a HashMap<RotationId, Vec<Subscription>>,
    rotation: &RotationId,
) -> Vec<&'a Subscription> {
    subscriptions.get(rotation).into_iter().flatten().collect()
}

/// Withdraws what is for those who are not on duty any more, and was not told yet.
async fn keep_what_is_of_use(
    connection: &mut DatabaseConnection,
    engine: Engine,
    uses: &[Use<'_>],
) -> Result<()> {
    let rows = engine.rows_of_json();
    let statement = format!(
        "delete from outbox where subject_kind = 'rotation' and state = 'waiting'
             and expires_at is null
             and (subject_id, kind) in
                 (select j.value->>'rotation', j.value->>'kind' from {rows})
             and (subject_id, kind, target) not in
                 (select j.value->>'rotation', j.value->>'kind', j.value->>'target' from {rows}
                  where j.value->>'target' is not null)"
    );
    execute(connection, statement, uses).await
}

/// What waits for the same as the row `o` does, as `w`.
const BESIDE: &str = "w.subject_kind = o.subject_kind and w.subject_id = o.subject_id
    and w.kind = o.kind and w.target = o.target and w.state = 'waiting' and w.expires_at is null";

/// What was being sent while duty changed, and came back since it was not told, waits beside what
/// tells of the change. The one that tells of the latest takes the place of the others, waits as
/// long as they had to, and they go.
pub(super) async fn join_waiting(
    connection: &mut DatabaseConnection,
    engine: Engine,
) -> Result<()> {
    let held = engine.held_unless_taken();
    let latest = format!(
        "update outbox as o set
             not_before = (select min(w.not_before) from outbox w where {BESIDE}),
             retry_at = (select max(w.retry_at) from outbox w where {BESIDE}),
             attempts = (select max(w.attempts) from outbox w where {BESIDE})
         where id in (select o.id from outbox o
             where o.state = 'waiting' and o.expires_at is null
                 and exists (select 1 from outbox w where {BESIDE} and w.occurrence < o.occurrence)
                 and not exists (select 1 from outbox w
                     where {BESIDE} and w.occurrence > o.occurrence)
             {held})"
    );
    let others = format!(
        "delete from outbox where id in (select o.id from outbox o
             where o.state = 'waiting' and o.expires_at is null
                 and exists (select 1 from outbox w where {BESIDE} and w.occurrence > o.occurrence)
             {held})"
    );
    for statement in [latest, others] {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// That no other row is known by the occurrence which the field of this name in the JSON has.
fn no_other_at(field: &str) -> String {
    format!(
        "not exists (select 1 from outbox t where t.subject_kind = o.subject_kind
             and t.subject_id = o.subject_id and t.kind = o.kind and t.target = o.target
             and t.occurrence = cast(j.value->>'{field}' as bigint))"
    )
}

/// Has what was not told yet, the latest of it, tell of the later change: it goes on where it is in
/// the order, and waits as long as it had to.
async fn take_places(
    connection: &mut DatabaseConnection,
    engine: Engine,
    due: &[Row<'_>],
) -> Result<()> {
    let statement = format!(
        "update outbox as o set occurrence = cast(j.value->>'occurrence' as bigint)
         from {} where {SAME} and o.state = 'waiting' and o.expires_at is null
             and not exists (select 1 from outbox w where {BESIDE} and w.occurrence > o.occurrence)
             and {}",
        engine.rows_of_json(),
        no_other_at("occurrence")
    );
    execute(connection, statement, due).await
}

/// Has notices follow their shifts, those too that were told.
async fn follow(
    connection: &mut DatabaseConnection,
    engine: Engine,
    moves: &[Move<'_>],
) -> Result<()> {
    let statement = format!(
        "update outbox as o set occurrence = cast(j.value->>'to' as bigint)
         from {} where {SAME} and o.occurrence = cast(j.value->>'from' as bigint)
             and {}",
        engine.rows_of_json(),
        no_other_at("to")
    );
    execute(connection, statement, moves).await
}

/// Withdraws what was to be told before shifts of these rotations and is not `due` any more. That
/// a shift has moved stays true when the plan is read again, which says nothing of it.
async fn withdraw_others(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: impl Iterator<Item = &RotationId>,
    due: &[Row<'_>],
) -> Result<()> {
    let rotations: Vec<_> = rotations.collect();
    if rotations.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "delete from outbox where subject_kind = 'rotation' and state = 'waiting'
             and expires_at is not null and kind <> $3 and subject_id in {}
             and (subject_id, occurrence, kind, target) not in
                 (select j.value->>'subject', cast(j.value->>'occurrence' as bigint),
                      j.value->>'kind', j.value->>'target' from {})",
        engine.texts_of_json("$2"),
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(due))
        .bind(as_json(&rotations))
        .bind(PersonalNotice::Moves.kind())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds what is not there yet. What waits for its time goes by how long that is as of now. That a
/// shift has moved to where it was before, and whoever has it was told so then, is told again: each
/// move is known once, in the transaction that makes it.
pub(super) async fn insert(
    connection: &mut DatabaseConnection,
    engine: Engine,
    due: &[Row<'_>],
) -> Result<()> {
    let now = engine.now();
    let statement = format!(
        "insert into outbox (id, workspace_id, subject_kind, subject_id, occurrence, kind, target,
             state, attempts, not_before, expires_at, retry_at)
         select j.value->>'id', j.value->>'workspace', j.value->>'subject_kind',
             j.value->>'subject',
             cast(j.value->>'occurrence' as bigint), j.value->>'kind', j.value->>'target',
             'waiting', 0, {now} + cast(j.value->>'due_in' as bigint),
             {now} + cast(j.value->>'expires_in' as bigint), 0
         from {} where true
         on conflict (subject_kind, subject_id, occurrence, kind, target) do update
             set not_before = excluded.not_before, expires_at = excluded.expires_at,
                 state = 'waiting', retry_at = 0, ended_at = null, problem = null
             where outbox.state = 'waiting' and outbox.attempts = 0
                     and outbox.expires_at is not null
                 or outbox.kind = $2 and outbox.ended_at is not null",
        engine.rows_of_json()
    );
    if due.is_empty() {
        return Ok(());
    }
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(due))
        .bind(PersonalNotice::Moves.kind())
        .execute(&mut *connection)
        .await?;
    announce(connection, engine).await
}

/// Has the deliverer look once the transaction is committed, whichever server it is on.
pub(super) async fn announce(connection: &mut DatabaseConnection, engine: Engine) -> Result<()> {
    connection.note_outbox_written();
    if engine == Engine::Postgres {
        sqlx::query("select pg_notify($1, '')")
            .bind(OUTBOX_CHANNEL)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Executes a statement that takes the rows as JSON; none where there are no rows.
async fn execute<T: Serialize>(
    connection: &mut DatabaseConnection,
    statement: String,
    rows: &[T],
) -> Result<()> {
    if !rows.is_empty() {
        sqlx::query(AssertSqlSafe(statement))
            .bind(as_json(rows))
            .execute(connection)
            .await?;
    }
    Ok(())
}
