//! Who was on duty when. A row is written when a duty begins, and brought up to
//! date when its end changes, so that applying the same thing twice adds nothing.

use super::{
    DatabaseConnection, Engine, Result, Store, as_json, from_json, past_overrides,
    rotations::CrewChange,
};
use domain::{Duty, Past, PastOverride, Record, RecordChange, holder_of, record_changes};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use types::{Holder, MemberKey, RotationId, RotationMode, Span, Timestamp, WorkspaceId};

/// How long it is kept who was on duty, in seconds: a little more than a year.
pub const HISTORY_KEPT_SECONDS: i64 = 400 * 24 * 3600;

/// How many records a rotation's page shows.
const SHOWN: i64 = 20;

/// A stretch of duty that has begun, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// [`Member::identity`].
    pub person: String,
    pub name: String,
    /// Who that was when it was recorded, where that is known.
    pub holder: Option<MemberKey>,
    /// When the duty began, perhaps before it was followed here.
    pub duty_since: Timestamp,
    pub starts_at: Timestamp,
    /// When it ended or will end; unknown while somebody who was put on duty by hand
    /// still is.
    pub ends_at: Option<Timestamp>,
    /// What decided when it began, as far as it is known.
    pub source: Option<RotationMode>,
}

/// Which of the past is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastReach {
    /// What reaches into a span, and what lies next before and behind it: there ends the time in
    /// which nobody was on duty.
    Span,
    /// And all that overlaps this: who was on duty together is then told alike whenever the span
    /// begins.
    Overlapping,
}

impl PastReach {
    /// The span that is told of what was read for this one.
    pub const fn covered(self, span: Span) -> Span {
        match self {
            Self::Span => span,
            Self::Overlapping => Span {
                from: Timestamp::from_millis(0),
                ..span
            },
        }
    }
}

/// What a rotation's page tells of its past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The latest first.
    pub records: Vec<StoredRecord>,
    /// By which overrides people had those duties, by start.
    pub overrides: Vec<PastOverride>,
}

/// What [`RECORD_VALUES`] are, and two columns more.
#[derive(Deserialize)]
struct RecordRow(
    String,
    String,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
);

/// Of `duty_history h`.
const RECORD_VALUES: &str = "h.person, h.name, h.shift_starts_at, h.starts_at, h.ends_at";
/// As it was recorded.
const AS_RECORDED: &str = "h.holder, h.source";
/// Who it is about, of the members `m` and the people `p` of Slack, or as it was recorded.
const WITH_MEMBERS: &str = "coalesce(m.key, h.holder), coalesce(p.name, m.name, h.name)";
/// The latest first.
const LATEST_FIRST: &str = "h.starts_at desc, h.name";

impl RecordRow {
    /// With the columns of [`AS_RECORDED`].
    fn recorded(self) -> StoredRecord {
        let Self(person, name, duty_since, starts_at, ends_at, holder, source) = self;
        StoredRecord {
            person,
            name,
            holder: holder.map(MemberKey::new),
            duty_since: Timestamp::from_millis(duty_since),
            starts_at: Timestamp::from_millis(starts_at),
            ends_at: ends_at.map(Timestamp::from_millis),
            source: source.and_then(|code| RotationMode::from_code(&code)),
        }
    }

    /// With the columns of [`WITH_MEMBERS`].
    fn of_member(self) -> Record {
        let Self(person, name, duty_since, starts_at, ends_at, key, member_name) = self;
        let holder = match key.zip(member_name) {
            Some((key, name)) => Holder {
                key: MemberKey::new(key),
                name,
            },
            None => holder_of(&person, &name, &[]),
        };
        Record {
            holder,
            duty_since: Timestamp::from_millis(duty_since),
            starts_at: Timestamp::from_millis(starts_at),
            ends_at: ends_at.map(Timestamp::from_millis),
            overrides: Vec::new(),
        }
    }
}

impl Store {
    /// Who was on duty in a rotation of late.
    pub async fn duty_history(&self, rotation: &RotationId) -> Result<History> {
        let values = format!("{RECORD_VALUES}, {AS_RECORDED}");
        let records = self.engine.json_rows(&values, LATEST_FIRST);
        let during_those =
            "o.rotation_id = $1 and o.ends_at > (select min(h.starts_at) from latest h)";
        let overrides = past_overrides::as_json_where(self.engine, during_those);
        let statement = format!(
            "with latest as (select person, name, shift_starts_at, starts_at, ends_at, source, holder
                 from duty_history h
                 where h.rotation_id = $1 order by {LATEST_FIRST} limit $2)
             select (select {records} from latest h), ({overrides})"
        );
        let (records, overrides): (String, String) = sqlx::query_as(AssertSqlSafe(statement))
            .bind(rotation.as_str())
            .bind(SHOWN)
            .fetch_one(&self.pool)
            .await?;
        let records: Vec<RecordRow> = from_json(&records, "the history of a rotation")?;
        Ok(History {
            records: records.into_iter().map(RecordRow::recorded).collect(),
            overrides: past_overrides::read(&overrides)?,
        })
    }

    /// The past of these rotations of a workspace during a span: what reaches into it, what was
    /// recorded while duties began that do, the last before it and the first behind it. One statement, and one row
    /// for each rotation.
    pub async fn pasts(
        &self,
        workspace: &WorkspaceId,
        rotations: &[&RotationId],
        span: Span,
        reach: PastReach,
    ) -> Result<HashMap<RotationId, Past>> {
        let (earliest, overlapping, from) = match reach {
            PastReach::Span => ("", "", "$2"),
            PastReach::Overlapping => (
                "left join (select rotation_id, min(starts_at) as starts_at from duty_history
                     where workspace_id = $1 and (ends_at is null or ends_at > $2)
                     group by rotation_id) e on e.rotation_id = r.id",
                "or h.ends_at > e.starts_at",
                "coalesce(e.starts_at, $2)",
            ),
        };
        let values = format!("{RECORD_VALUES}, {WITH_MEMBERS}");
        let records = self.engine.json_rows(&values, LATEST_FIRST);
        let these = self.engine.texts_of_json("$4");
        let during_the_span =
            format!("o.rotation_id = r.id and o.ends_at > {from} and o.starts_at < $3");
        let overrides = past_overrides::as_json_where(self.engine, &during_the_span);
        let statement = format!(
            "select r.id, r.created_at,
                 (select {records} from duty_history h
                  left join rotation_members m on m.rotation_id = h.rotation_id
                      and coalesce(m.pagerduty_user_id, m.key) = h.person
                  left join people p on p.workspace_id = r.workspace_id and p.id =
                      coalesce(m.person_id, case when m.key is null and h.holder like 'slack:%'
                          then substr(h.holder, 7) end)
                  where h.rotation_id = r.id
                      and (h.starts_at < $3 or h.shift_starts_at < $3
                          or h.starts_at = (select min(o.starts_at) from duty_history o
                              where o.rotation_id = r.id and o.starts_at >= $3))
                      and (h.ends_at is null
                          or h.ends_at >= coalesce((select max(o.ends_at) from duty_history o
                              where o.rotation_id = r.id and o.ends_at <= $2), $2)
                          {overlapping}
                          or exists (select 1 from duty_history o where o.rotation_id = r.id
                              and o.shift_starts_at < h.ends_at and h.starts_at < o.starts_at
                              and (o.ends_at is null or o.ends_at > $2)))) as records,
                 ({overrides}) as overrides
             from rotations r {earliest} where r.workspace_id = $1 and r.id in {these}"
        );
        let rows: Vec<(String, i64, String, String)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(span.from.as_millis())
            .bind(span.until.as_millis())
            .bind(as_json(rotations))
            .fetch_all(&self.pool)
            .await?;
        let pasts = rows
            .into_iter()
            .map(|(id, created_at, records, overrides)| {
                let records: Vec<RecordRow> = from_json(&records, "the past of a rotation")?;
                let overrides = past_overrides::read(&overrides)?;
                let records = records.into_iter().map(|row| {
                    let mut record = row.of_member();
                    record.note_overrides(&overrides);
                    record
                });
                let past = Past {
                    records: records.collect(),
                    begins_at: Timestamp::from_millis(created_at),
                };
                Ok((RotationId::new(id), past))
            });
        pasts.collect()
    }

    /// Deletes what ended before `before`.
    pub async fn purge_history(&self, before: Timestamp) -> Result<()> {
        for purge in [
            "delete from duty_history where ends_at < $1",
            "delete from past_overrides where ends_at < $1",
        ] {
            sqlx::query(purge)
                .bind(before.as_millis())
                .execute(&self.writer)
                .await?;
        }
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
    source: &'static str,
    holder: &'a str,
}

const END: &str = "update duty_history as h
    set ends_at = case when h.starts_at > r.at then h.starts_at else r.at end
    from r where h.rotation_id = r.rotation and h.person = r.person
        and h.shift_starts_at = r.known_since and (h.ends_at is null or h.ends_at > r.at)";

/// Of a duty that was broken off and taken up again, the last stretch runs.
const GO_ON: &str = "update duty_history as h
    set ends_at = r.until, name = r.name, holder = r.holder, shift_starts_at = r.since
    from r where h.rotation_id = r.rotation and h.person = r.person
        and h.shift_starts_at = r.known_since and h.starts_at =
            (select max(l.starts_at) from duty_history l where l.rotation_id = r.rotation
                 and l.person = r.person and l.shift_starts_at = r.known_since)";

const BEGIN: &str = "insert into duty_history (rotation_id, person, shift_starts_at, ends_at, name,
        workspace_id, starts_at, source, holder)
    select r.rotation, r.person, r.since, r.until, r.name, r.workspace, r.at, r.source, r.holder
    from r
    where r.rotation is not null
    on conflict (rotation_id, starts_at, person) do update set name = excluded.name,
        ends_at = excluded.ends_at, shift_starts_at = excluded.shift_starts_at,
        source = excluded.source, holder = excluded.holder";

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
            source: rotation.plan.mode().code(),
            holder: duty.holder.key.as_str(),
        };
        let after = &rotation.crew;
        begins.extend(change.missed.iter().map(|duty| {
            let person = after.identity_of(&duty.holder);
            row(person, duty.since, duty, duty.since)
        }));
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
             cast(j.value->>'until' as bigint) as until, j.value->>'source' as source,
             j.value->>'holder' as holder
             from {}) {statement}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(rows))
        .execute(connection)
        .await?;
    Ok(())
}
