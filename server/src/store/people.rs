//! The directory: the people of each workspace as Slack last told, so that
//! roles are known and people are matched while Slack is away.

use super::{Result, Store, known};
use sqlx::{AnyConnection, FromRow};
use std::collections::BTreeMap;
use types::{PersonId, PersonView, Role, Timestamp, WorkspaceId};

/// Somebody of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// As Slack shows it; absent when Slack shows none.
    pub email: Option<String>,
    pub role: Role,
    /// Deactivated in Slack, or not listed there any more.
    pub deactivated: bool,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: person.id,
            name: person.name,
            email: person.email,
            role: person.role,
            deactivated: person.deactivated,
        }
    }
}

/// What people are matched by: the address without the spaces around it, in
/// lower case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    email: Option<String>,
    role: String,
    deactivated: i64,
}

impl Row {
    fn person(self) -> Result<Person> {
        Ok(Person {
            id: PersonId::new(self.id),
            name: self.name,
            email: self.email,
            role: known(Role::from_code(&self.role), "a role")?,
            deactivated: self.deactivated != 0,
        })
    }
}

impl Store {
    pub async fn person(&self, workspace: &WorkspaceId, id: &PersonId) -> Result<Option<Person>> {
        let row: Option<Row> = sqlx::query_as(
            "select id, name, email, role, deactivated from people
             where workspace_id = $1 and id = $2",
        )
        .bind(workspace.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(Row::person).transpose()
    }

    /// Everybody, the deactivated too, by name.
    pub async fn people(&self, workspace: &WorkspaceId) -> Result<Vec<Person>> {
        let mut connection = self.pool.acquire().await?;
        let mut people = everybody(&mut connection, workspace).await?;
        people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id.clone()));
        Ok(people)
    }

    /// Brings one person up to date.
    pub async fn save_person(&self, workspace: &WorkspaceId, person: &Person) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        upsert(&mut connection, workspace, person).await
    }

    /// Makes the directory what Slack listed at `read_at`. Whoever is not
    /// listed any more stays, deactivated, since rotations may name them.
    /// Writes only what differs, so that a large workspace costs little.
    pub async fn replace_directory(
        &self,
        workspace: &WorkspaceId,
        listed: &[Person],
        read_at: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let mut gone: BTreeMap<PersonId, Person> = everybody(&mut transaction, workspace)
            .await?
            .into_iter()
            .map(|person| (person.id.clone(), person))
            .collect();
        for person in listed {
            if gone.remove(&person.id).as_ref() != Some(person) {
                upsert(&mut transaction, workspace, person).await?;
            }
        }
        for mut person in gone.into_values().filter(|person| !person.deactivated) {
            person.deactivated = true;
            upsert(&mut transaction, workspace, &person).await?;
        }
        sqlx::query("update workspaces set directory_synced_at = $2 where id = $1")
            .bind(workspace.as_str())
            .bind(read_at.as_millis())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn everybody(connection: &mut AnyConnection, workspace: &WorkspaceId) -> Result<Vec<Person>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, email, role, deactivated from people where workspace_id = $1",
    )
    .bind(workspace.as_str())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::person).collect()
}

async fn upsert(
    connection: &mut AnyConnection,
    workspace: &WorkspaceId,
    person: &Person,
) -> Result<()> {
    sqlx::query(
        "insert into people (workspace_id, id, name, email, email_key, role, deactivated)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (workspace_id, id) do update set name = excluded.name,
             email = excluded.email, email_key = excluded.email_key, role = excluded.role,
             deactivated = excluded.deactivated",
    )
    .bind(workspace.as_str())
    .bind(person.id.as_str())
    .bind(&person.name)
    .bind(person.email.as_deref())
    .bind(person.email.as_deref().map(email_key))
    .bind(person.role.code())
    .bind(i64::from(person.deactivated))
    .execute(connection)
    .await?;
    Ok(())
}
