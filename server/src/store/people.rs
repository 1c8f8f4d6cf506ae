//! The directory: the people of each workspace as Slack last told, so that
//! roles are known and people are matched while Slack is away.

use super::{DatabaseConnection, Result, Store, known};
use sqlx::FromRow;
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
    let seen = email.chars().filter(|one| !types::is_invisible(*one));
    seen.collect::<String>().to_lowercase()
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    email: Option<String>,
    role: String,
    deactivated: i64,
    read_at: i64,
}

/// Somebody, and when Slack was asked for what is known of them.
struct Known {
    person: Person,
    read_at: Timestamp,
}

impl Row {
    fn known(self) -> Result<Known> {
        let person = Person {
            id: PersonId::new(self.id),
            name: self.name,
            email: self.email,
            role: known(Role::from_code(&self.role), "a role")?,
            deactivated: self.deactivated != 0,
        };
        Ok(Known {
            person,
            read_at: Timestamp::from_millis(self.read_at),
        })
    }
}

impl Store {
    pub async fn person(&self, workspace: &WorkspaceId, id: &PersonId) -> Result<Option<Person>> {
        let person = self.person_with_age(workspace, id).await?;
        Ok(person.map(|(person, _)| person))
    }

    /// One person, and when Slack last told that they are so: by themselves or
    /// with the whole directory.
    pub async fn person_with_age(
        &self,
        workspace: &WorkspaceId,
        id: &PersonId,
    ) -> Result<Option<(Person, Timestamp)>> {
        let row: Option<Row> = sqlx::query_as(
            "select p.id, p.name, p.email, p.role, p.deactivated,
                 case when w.directory_synced_at > p.read_at then w.directory_synced_at
                     else p.read_at end as read_at
             from people p join workspaces w on w.id = p.workspace_id
             where p.workspace_id = $1 and p.id = $2",
        )
        .bind(workspace.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let known = row.map(Row::known).transpose()?;
        Ok(known.map(|known| (known.person, known.read_at)))
    }

    /// Everybody, the deactivated too, by name.
    pub async fn people(&self, workspace: &WorkspaceId) -> Result<Vec<Person>> {
        let mut connection = self.pool.acquire().await?;
        let known = everybody(&mut connection, workspace).await?;
        let mut people: Vec<_> = known.into_iter().map(|known| known.person).collect();
        people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id.clone()));
        Ok(people)
    }

    /// Brings one person up to date with what Slack was asked at `read_at`.
    pub async fn save_person(
        &self,
        workspace: &WorkspaceId,
        person: &Person,
        read_at: Timestamp,
    ) -> Result<()> {
        let mut connection = self.writer.acquire().await?;
        upsert(&mut connection, workspace, person, read_at).await
    }

    /// Makes the directory what Slack listed from `read_at` on, and tells whether
    /// that changed anything. Whoever is not listed any more stays, deactivated,
    /// since rotations may name them.
    pub async fn replace_directory(
        &self,
        workspace: &WorkspaceId,
        listed: &[Person],
        read_at: Timestamp,
    ) -> Result<bool> {
        self.apply_listing(workspace, listed, read_at, true).await
    }

    /// As [`Self::replace_directory`] with a list that has gaps: it says nothing
    /// about who is not on it, and the directory is not complete with it.
    pub async fn add_to_directory(
        &self,
        workspace: &WorkspaceId,
        listed: &[Person],
        read_at: Timestamp,
    ) -> Result<bool> {
        self.apply_listing(workspace, listed, read_at, false).await
    }

    /// Writes only what differs, so that a large workspace costs little.
    async fn apply_listing(
        &self,
        workspace: &WorkspaceId,
        listed: &[Person],
        read_at: Timestamp,
        complete: bool,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        // Holding the workspace's row, two listings never wait for each other's
        // people, and one that began earlier comes too late.
        let held = sqlx::query(
            "update workspaces set directory_synced_at =
                 case when $3 = 1 then $2 else directory_synced_at end
             where id = $1 and (directory_synced_at is null or directory_synced_at <= $2)",
        )
        .bind(workspace.as_str())
        .bind(read_at.as_millis())
        .bind(i64::from(complete))
        .execute(&mut *transaction)
        .await?;
        if held.rows_affected() == 0 {
            return Ok(false);
        }
        let known = everybody(&mut transaction, workspace).await?;
        let changed = changes(known, listed, read_at, complete);
        for person in &changed {
            upsert(&mut transaction, workspace, person, read_at).await?;
        }
        transaction.commit().await?;
        Ok(!changed.is_empty())
    }
}

/// Who has to be written for the directory to be what was listed from `read_at`
/// on. Whoever was asked for since then is known better than the list knows.
fn changes(
    known: Vec<Known>,
    listed: &[Person],
    read_at: Timestamp,
    complete: bool,
) -> Vec<Person> {
    let mut unlisted: BTreeMap<_, _> = known
        .into_iter()
        .map(|known| (known.person.id.clone(), known))
        .collect();
    // Somebody may be on two pages of a list that changed in between.
    let listed: BTreeMap<_, _> = listed.iter().map(|person| (&person.id, person)).collect();
    let mut changed: Vec<Person> = listed
        .into_iter()
        .filter(|(id, person)| {
            unlisted
                .remove(*id)
                .is_none_or(|known| known.person != **person && known.read_at <= read_at)
        })
        .map(|(_, person)| person.clone())
        .collect();
    if complete {
        let gone = unlisted
            .into_values()
            .filter(|known| !known.person.deactivated && known.read_at <= read_at);
        changed.extend(gone.map(|known| Person {
            deactivated: true,
            ..known.person
        }));
    }
    changed
}

async fn everybody(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<Vec<Known>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, email, role, deactivated, read_at from people where workspace_id = $1",
    )
    .bind(workspace.as_str())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::known).collect()
}

/// Writes unless Slack was asked for the person later than `read_at`.
async fn upsert(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    person: &Person,
    read_at: Timestamp,
) -> Result<()> {
    sqlx::query(
        "insert into people (workspace_id, id, name, email, role, deactivated, read_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (workspace_id, id) do update set name = excluded.name,
             email = excluded.email, role = excluded.role, deactivated = excluded.deactivated,
             read_at = excluded.read_at
         where people.read_at <= excluded.read_at",
    )
    .bind(workspace.as_str())
    .bind(person.id.as_str())
    .bind(&person.name)
    .bind(person.email.as_deref())
    .bind(person.role.code())
    .bind(i64::from(person.deactivated))
    .bind(read_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
