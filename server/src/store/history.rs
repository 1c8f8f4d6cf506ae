//! Who was on duty when. A row is written when a duty begins, and brought up to
//! date when its end changes, so that applying the same thing twice adds nothing.

use super::{DatabaseConnection, Engine, Result, Store, as_json, rotations::CrewChange};
use domain::{Duty, RecordChange, record_changes};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use types::{RotationId, Timestamp};

/// How many records a rotation's page shows.
const SHOWN: i64 = 20;

/// A stretch of duty that has begun, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// [`Member::identity`].
    pub person: String,
    pub name: String,
    /// When the duty began, perhaps before it was followed here.
    pub duty_since: Timestamp,
    pub starts_at: Timestamp,
    /// When it ended or will end; unknown while somebody who was put on duty by hand
    /// still is.
    pub ends_at: Option<Timestamp>,
}

impl Store {
    /// Who was on duty in a rotation, the latest first.
    pub async fn duty_history(&self, rotation: &RotationId) -> Result<Vec<StoredRecord>> {
        let rows: Vec<(String, String, i64, i64, Option<i64>)> = sqlx::query_as(
            "select person, name, shift_starts_at, starts_at, ends_at from duty_history
             where rotation_id = $1 order by starts_at desc, name limit $2",
        )
        .bind(rotation.as_str())
        .bind(SHOWN)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(
                |(person, name, duty_since, starts_at, ends_at)| StoredRecord {
                    person,
                    name,
                    duty_since: Timestamp::from_millis(duty_since),
                    starts_at: Timestamp::from_millis(starts_at),
                    ends_at: ends_at.map(Timestamp::from_millis),
                },
            )
            .collect())
    }

    /// Deletes what ended before `before`.
    pub async fn purge_history(&self, before: Timestamp) -> Result<()> {
        sqlx::query("delete from duty_history where ends_at < $1")
            .bind(before.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// A change to a record, as the statements take it.
#[derive(Serialize)]
struct Row<'a> {
    rotation: &'a str,
    workspace: &'a str,
    person: &'a str,
    name: &'a str,
    /// When the duty was said to have begun until now.
    known_since: i64,
    /// When it began.
    since: i64,
    /// When the record begins, or its duty has ended.
    at: i64,
    until: Option<i64>,
}

const END: &str = "update duty_history as h
    set ends_at = case when h.starts_at > r.at then h.starts_at else r.at end
    from r where h.rotation_id = r.rotation and h.person = r.person
        and h.shift_starts_at = r.known_since and (h.ends_at is null or h.ends_at > r.at)";

/// Of a duty that was broken off and taken up again, the last stretch runs.
const GO_ON: &str = "update duty_history as h
    set ends_at = r.until, name = r.name, shift_starts_at = r.since
    from r where h.rotation_id = r.rotation and h.person = r.person
        and h.shift_starts_at = r.known_since and h.starts_at =
            (select max(l.starts_at) from duty_history l where l.rotation_id = r.rotation
                 and l.person = r.person and l.shift_starts_at = r.known_since)";

const BEGIN: &str = "insert into duty_history (rotation_id, person, shift_starts_at, ends_at, name,
        workspace_id, starts_at)
    select r.rotation, r.person, r.since, r.until, r.name, r.workspace, r.at from r
    where r.rotation is not null
    on conflict (rotation_id, starts_at, person) do update set name = excluded.name,
        ends_at = excluded.ends_at, shift_starts_at = excluded.shift_starts_at";

/// Notes whose duty began, changed or ended by what has changed at `now`.
pub(super) async fn record<'a>(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &'a [CrewChange],
    now: Timestamp,
) -> Result<()> {
    let (mut ends, mut go_on, mut begins) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        let rotation = &change.after;
        let row = |person: &'a str, known_since: Timestamp, duty: &'a Duty, at: Timestamp| Row {
            rotation: rotation.id.as_str(),
            workspace: rotation.workspace.as_str(),
            person,
            name: &duty.holder.name,
            known_since: known_since.as_millis(),
            since: duty.since.as_millis(),
            at: at.as_millis(),
            until: duty.until.map(Timestamp::as_millis),
        };
        let after = &rotation.crew;
        for recorded in record_changes(&change.before, after, change.certain_until, now) {
            match recorded {
                RecordChange::Begin { person, duty, from } => {
                    begins.push(row(person, duty.since, duty, from));
                }
                RecordChange::GoOn {
                    person,
                    since,
                    duty,
                } => go_on.push(row(person, since, duty, duty.since)),
                RecordChange::End { person, duty, at } => {
                    ends.push(row(person, duty.since, duty, at));
                }
            }
        }
    }
    for (statement, rows) in [(END, ends), (GO_ON, go_on), (BEGIN, begins)] {
        if !rows.is_empty() {
            execute(connection, engine, statement, &rows).await?;
        }
    }
    Ok(())
}

/// Executes a statement that takes the changes as `r`.
async fn execute(
    connection: &mut DatabaseConnection,
    engine: Engine,
    statement: &str,
    rows: &[Row<'_>],
) -> Result<()> {
    let statement = format!(
        "with r as (select j.value->>'rotation' as rotation, j.value->>'workspace' as workspace,
             j.value->>'person' as person, j.value->>'name' as name,
             cast(j.value->>'known_since' as bigint) as known_since,
             cast(j.value->>'since' as bigint) as since, cast(j.value->>'at' as bigint) as at,
             cast(j.value->>'until' as bigint) as until
             from {}) {statement}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(rows))
        .execute(connection)
        .await?;
    Ok(())
}
