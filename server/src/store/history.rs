//! Who was on duty when. A row is written when a duty begins, and brought up to
//! date when its end changes, so that applying the same thing twice adds nothing.

use super::{Result, Store};
use crate::rotations::{Duty, Member};
use sqlx::AnyConnection;
use types::{DutyRecord, RotationId, Timestamp, WorkspaceId};

/// How many records a rotation's page shows.
const SHOWN: i64 = 20;

impl Store {
    /// Who was on duty in a rotation, the latest first.
    pub async fn duty_history(&self, rotation: &RotationId) -> Result<Vec<DutyRecord>> {
        let rows: Vec<(String, i64, Option<i64>)> = sqlx::query_as(
            "select name, starts_at, ends_at from duty_history where rotation_id = $1
             order by starts_at desc, name limit $2",
        )
        .bind(rotation.as_str())
        .bind(SHOWN)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(name, starts_at, ends_at)| DutyRecord {
                name,
                starts_at: Timestamp::from_millis(starts_at),
                ends_at: ends_at.map(Timestamp::from_millis),
            })
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

/// Notes whose duty began, changed or ended when the members `before` became
/// those `after` at `now`.
pub(super) async fn record(
    connection: &mut AnyConnection,
    (workspace, rotation): (&WorkspaceId, &RotationId),
    before: &[Member],
    after: &[Member],
    now: Timestamp,
) -> Result<()> {
    let (was, is) = (duties(before), duties(after));
    for (person, _, duty) in &was {
        let goes_on = is
            .iter()
            .any(|(same, _, other)| same == person && other.since == duty.since);
        if !goes_on {
            end(connection, rotation, person, duty, now).await?;
        }
    }
    for duty in is.iter().filter(|duty| !was.contains(duty)) {
        begin(connection, workspace, rotation, duty).await?;
    }
    Ok(())
}

type PersonsDuty<'a> = (&'a str, &'a str, Duty);

/// Who is on duty: the person, their name, and the duty.
fn duties(members: &[Member]) -> Vec<PersonsDuty<'_>> {
    members
        .iter()
        .filter_map(|member| Some((person(member), member.name.as_str(), member.duty?)))
        .collect()
}

fn person(member: &Member) -> &str {
    match &member.pagerduty_user {
        Some(user) => user.as_str(),
        None => member.key.as_str(),
    }
}

async fn begin(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    rotation: &RotationId,
    (person, name, duty): &PersonsDuty<'_>,
) -> Result<()> {
    sqlx::query(
        "insert into duty_history (rotation_id, workspace_id, person, starts_at, name, ends_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (rotation_id, starts_at, person) do update set name = excluded.name,
             ends_at = excluded.ends_at",
    )
    .bind(rotation.as_str())
    .bind(workspace.as_str())
    .bind(*person)
    .bind(duty.since.as_millis())
    .bind(*name)
    .bind(duty.until.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}

/// A duty ends at its planned end, or now when that would be later.
async fn end(
    connection: &mut AnyConnection,
    rotation: &RotationId,
    person: &str,
    duty: &Duty,
    now: Timestamp,
) -> Result<()> {
    let ends_at = duty.until.map_or(now, |until| until.min(now));
    sqlx::query(
        "update duty_history set ends_at = $1
         where rotation_id = $2 and starts_at = $3 and person = $4",
    )
    .bind(ends_at.max(duty.since).as_millis())
    .bind(rotation.as_str())
    .bind(duty.since.as_millis())
    .bind(person)
    .execute(connection)
    .await?;
    Ok(())
}
