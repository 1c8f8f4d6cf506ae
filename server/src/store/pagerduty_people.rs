//! The people of a PagerDuty account, as far as they were needed: who they are, and how far
//! the list of them has been read.

use super::{
    Connection, DatabaseConnection, Engine, Result, Store, as_json,
    connections::{self, RosterPlace},
    millis,
};
use domain::SchedulePerson;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{PagerDutyUserId, ScheduleId, WorkspaceId};

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

impl Store {
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
            write(&mut tx, self.engine, workspace, batch.iter().copied()).await?;
            self.rotations_changed(&mut tx, workspace, []).await?;
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

    /// Has the next reading of the list of people go on at `place`.
    pub async fn read_roster_from(
        &self,
        connection: &Connection,
        place: RosterPlace,
    ) -> Result<()> {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        sqlx::query(
            "update pagerduty_connections set roster_offset = $1, roster_limit = $2
             where workspace_id = $3 and generation = $4",
        )
        .bind(number(place.offset))
        .bind(number(place.limit))
        .bind(connection.workspace.as_str())
        .bind(&connection.generation)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct NewPerson<'a> {
    id: &'a PagerDutyUserId,
    name: &'a str,
    email: Option<&'a str>,
    deleted: i64,
    asked_for: i64,
}

/// What a schedule alone names is no news of somebody who was asked for, and an id that
/// stands for a name is none for anybody.
pub(super) async fn write<'a>(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    people: impl IntoIterator<Item = &'a SchedulePerson>,
) -> Result<()> {
    let people = people.into_iter().map(|person| NewPerson {
        id: &person.id,
        name: &person.name,
        email: person.email.as_deref(),
        deleted: i64::from(person.deleted),
        asked_for: i64::from(person.asked_for),
    });
    let statement = format!(
        "insert into pagerduty_users (workspace_id, id, name, email, deleted, asked_for)
         select $2, j.value->>'id', j.value->>'name', j.value->>'email',
             cast(j.value->>'deleted' as bigint), cast(j.value->>'asked_for' as bigint)
         from {} where j.value is not null
         on conflict (workspace_id, id) do update set
             name = case when excluded.name = excluded.id then pagerduty_users.name
                 else excluded.name end,
             email = excluded.email, deleted = excluded.deleted,
             asked_for = excluded.asked_for
         where excluded.asked_for = 1 or pagerduty_users.asked_for = 0",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&people.collect::<Vec<_>>()))
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
