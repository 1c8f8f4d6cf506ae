//! Who was on duty when. A row is written when a duty begins, and brought up to
//! date when its end changes, so that applying the same thing twice adds nothing.

use super::{DatabaseConnection, Result, Store};
use domain::{Member, RecordChange, record_changes};
use types::{RotationId, Timestamp, WorkspaceId};

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

/// Notes whose duty began, changed or ended when the members `before`, who are
/// certain to have been right until the first of two times, became those `after` at
/// the second.
pub(super) async fn record(
    connection: &mut DatabaseConnection,
    (workspace, rotation): (&WorkspaceId, &RotationId),
    before: &[Member],
    after: &[Member],
    (certain_until, now): (Timestamp, Timestamp),
) -> Result<()> {
    for change in record_changes(before, after, certain_until, now) {
        let statement = match change {
            RecordChange::Begin {
                person,
                name,
                duty,
                from,
            } => sqlx::query(
                "insert into duty_history (rotation_id, person, shift_starts_at, ends_at, name,
                     workspace_id, starts_at)
                 values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (rotation_id, starts_at, person) do update set name = excluded.name,
                     ends_at = excluded.ends_at, shift_starts_at = excluded.shift_starts_at",
            )
            .bind(rotation.as_str())
            .bind(person)
            .bind(duty.since.as_millis())
            .bind(duty.until.map(Timestamp::as_millis))
            .bind(name)
            .bind(workspace.as_str())
            .bind(from.as_millis()),
            // Of a duty that was broken off and taken up again, the last stretch runs.
            RecordChange::GoOn {
                person,
                name,
                since,
                duty,
            } => sqlx::query(
                "update duty_history set ends_at = $4, name = $5, shift_starts_at = $6
                 where rotation_id = $1 and person = $2 and shift_starts_at = $3 and starts_at =
                     (select max(starts_at) from duty_history
                      where rotation_id = $1 and person = $2 and shift_starts_at = $3)",
            )
            .bind(rotation.as_str())
            .bind(person)
            .bind(since.as_millis())
            .bind(duty.until.map(Timestamp::as_millis))
            .bind(name)
            .bind(duty.since.as_millis()),
            RecordChange::End { person, duty, at } => sqlx::query(
                "update duty_history set
                     ends_at = case when starts_at > $4 then starts_at else $4 end
                 where rotation_id = $1 and person = $2 and shift_starts_at = $3
                     and (ends_at is null or ends_at > $4)",
            )
            .bind(rotation.as_str())
            .bind(person)
            .bind(duty.since.as_millis())
            .bind(at.as_millis()),
        };
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}
