//! The directory: the people of each workspace as Slack last told, so that
//! roles are known and people are matched while Slack is away.

use super::{
    DatabaseConnection, Engine, Result, Store, as_json, connections, revisions, rotas, rotations,
};
use domain::{Directory, KnownPerson, Person, PersonChange, Rotation};
use sqlx::FromRow;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use types::{PersonId, Role, SlackProblem, Timestamp, WorkspaceId};

#[derive(FromRow)]
struct Row {
    id: String,
    other_id: Option<String>,
    name: String,
    email: Option<String>,
    role: String,
    deactivated: i64,
    time_zone: Option<String>,
    read_at: i64,
}

/// A role that another version knows and this one does not has the fewest rights here.
pub(super) fn role(code: &str) -> Role {
    Role::from_code(code).unwrap_or(Role::Guest)
}

impl Row {
    fn known(self) -> KnownPerson {
        let person = Person {
            id: PersonId::new(self.id),
            name: self.name,
            email: self.email,
            role: role(&self.role),
            deactivated: self.deactivated != 0,
        };
        KnownPerson {
            person,
            other_id: self.other_id.map(PersonId::new),
            time_zone: self.time_zone,
            read_at: Timestamp::from_millis(self.read_at),
        }
    }
}

impl Store {
    /// Somebody by either of their ids.
    pub async fn person(&self, workspace: &WorkspaceId, id: &PersonId) -> Result<Option<Person>> {
        let known = self.known_person(workspace, id).await?;
        Ok(known.map(|known| known.person))
    }

    /// One person, by either of their ids, and when Slack last told that they are
    /// so: by themselves or with the whole directory.
    pub async fn known_person(
        &self,
        workspace: &WorkspaceId,
        id: &PersonId,
    ) -> Result<Option<KnownPerson>> {
        let row: Option<Row> = sqlx::query_as(
            "select p.id, p.other_id, p.name, p.email, p.role, p.deactivated, p.time_zone,
                 case when w.directory_synced_at > p.read_at then w.directory_synced_at
                     else p.read_at end as read_at
             from people p join workspaces w on w.id = p.workspace_id
             where p.workspace_id = $1 and (p.id = $2 or p.other_id = $2)
             order by case when p.id = $2 then 0 else 1 end limit 1",
        )
        .bind(workspace.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Row::known))
    }

    /// Everybody, the deactivated too, by name, and who of PagerDuty is who among them.
    pub async fn directory(&self, workspace: &WorkspaceId) -> Result<Arc<Directory>> {
        self.directory_since(workspace, Instant::now()).await
    }

    /// The same as it was at `since`, or later.
    pub async fn directory_since(
        &self,
        workspace: &WorkspaceId,
        since: Instant,
    ) -> Result<Arc<Directory>> {
        let revision = async { Ok(self.revisions(workspace).await?.people) };
        let read = async {
            let known = self.known_people(workspace).await?;
            let others = known.iter();
            let others = others.filter_map(|known| {
                let other = known.other_id.clone()?;
                Some((other, known.person.id.clone()))
            });
            let others: Vec<_> = others.collect();
            let mut people: Vec<_> = known.into_iter().map(|known| known.person).collect();
            people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id.clone()));
            let directory = Directory::new(people, self.links(workspace).await?);
            Ok(directory.with_other_ids(others))
        };
        let directories = &self.directories;
        directories.since(workspace, since, revision, read).await
    }

    /// Everybody, with when Slack was asked for what differed last about each.
    pub async fn known_people(&self, workspace: &WorkspaceId) -> Result<Vec<KnownPerson>> {
        let rows: Vec<Row> = sqlx::query_as(
            "select id, other_id, name, email, role, deactivated, time_zone, read_at
             from people where workspace_id = $1",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Row::known).collect())
    }

    /// Writes what Slack told of people. Whoever was asked for later than that is
    /// known better already and stays.
    pub async fn save_told(&self, workspace: &WorkspaceId, changes: &[PersonChange]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let absorbed = changes.iter().filter_map(|change| change.absorbs.as_ref());
        let absorbed: Vec<_> = absorbed.collect();
        if !absorbed.is_empty() {
            connections::hold(&mut transaction, workspace).await?;
        }
        let people = changes.iter().map(|change| &change.person.person.id);
        let people: Vec<_> = people.collect();
        // Before the people, as whoever notes an absence holds both.
        let all: Vec<_> = people.iter().chain(&absorbed).copied().collect();
        rotations::hold_those_of(&mut transaction, self.engine, workspace, &all).await?;
        hold(&mut transaction, self.engine, workspace, &all).await?;
        let now = self.now_in(&mut transaction).await?;
        let moving = leaving_or_coming(&mut transaction, self.engine, workspace, changes).await?;
        let before = rotas::of_people(&mut transaction, self.engine, workspace, &moving).await?;
        for change in changes {
            if let Some(absorbed) = &change.absorbs {
                let person = &change.person.person.id;
                absorb(&mut transaction, workspace, absorbed, person).await?;
            }
            upsert(&mut transaction, workspace, &change.person).await?;
        }
        let renamed = changes.iter().filter(|change| change.absorbs.is_some());
        let renamed: Vec<_> = renamed.map(|change| &change.person.person.id).collect();
        rotas::look_again(&mut transaction, self.engine, workspace, &renamed).await?;
        self.rotations_go_on(&mut transaction, workspace, before, now)
            .await?;
        revisions::people_changed(&mut transaction, workspace).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that Slack confirmed a person at `read_at`, or, when it said that
    /// there is no such member, lets them go. Their row stays, since rotations may
    /// name them. Returns whether that is new.
    pub async fn confirm_person(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        is_member: bool,
        read_at: Timestamp,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let known: Option<(i64,)> =
            sqlx::query_as("select deactivated from people where workspace_id = $1 and id = $2")
                .bind(workspace.as_str())
                .bind(person.as_str())
                .fetch_optional(&mut *transaction)
                .await?;
        let now = self.now_in(&mut transaction).await?;
        let mut before = Vec::new();
        if known.is_some_and(|(deactivated,)| deactivated != i64::from(!is_member)) {
            rotations::hold_those_of(&mut transaction, self.engine, workspace, &[person]).await?;
            before = rotas::of_people(&mut transaction, self.engine, workspace, &[person]).await?;
        }
        let left_or_came = sqlx::query(
            "update people set deactivated = $3
             where workspace_id = $1 and id = $2 and read_at <= $4 and deactivated <> $3",
        )
        .bind(workspace.as_str())
        .bind(person.as_str())
        .bind(i64::from(!is_member))
        .bind(read_at.as_millis())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update people set read_at = $3
             where workspace_id = $1 and id = $2 and read_at <= $3",
        )
        .bind(workspace.as_str())
        .bind(person.as_str())
        .bind(read_at.as_millis())
        .execute(&mut *transaction)
        .await?;
        let left_or_came = left_or_came.rows_affected() > 0;
        if left_or_came {
            if before.is_empty() {
                // Somebody else has noted the opposite meanwhile.
                rotas::look_again(&mut transaction, self.engine, workspace, &[person]).await?;
            }
            self.rotations_go_on(&mut transaction, workspace, before, now)
                .await?;
            revisions::people_changed(&mut transaction, workspace).await?;
        }
        transaction.commit().await?;
        Ok(left_or_came)
    }

    /// Has rotations that were so `before` go on without those who have left Slack, or with those who
    /// came back, and whoever's shifts to come move by that told.
    async fn rotations_go_on(
        &self,
        connection: &mut DatabaseConnection,
        workspace: &WorkspaceId,
        before: Vec<Rotation>,
        now: Timestamp,
    ) -> Result<()> {
        if before.is_empty() {
            return Ok(());
        }
        let rotations: Vec<_> = before.iter().map(|rotation| rotation.id.clone()).collect();
        rotas::follow(connection, self.engine, workspace, before, None, now).await?;
        self.rotations_changed(connection, workspace, &rotations)
            .await
    }

    /// Makes `reader` the one who reads the workspace's directory for as long as
    /// `reserved`, unless somebody else has reserved it.
    pub async fn reserve_directory(
        &self,
        workspace: &WorkspaceId,
        reader: &str,
        reserved: Duration,
    ) -> Result<bool> {
        let now = self.engine.now();
        let statement = format!(
            "update workspaces set directory_reader = $2, directory_reserved_until = {now} + $3
             where id = $1 and (directory_reader is null or directory_reader = $2
                 or directory_reserved_until <= {now})"
        );
        let reserved = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(reader)
            .bind(super::millis(reserved))
            .execute(&self.writer)
            .await?;
        Ok(reserved.rows_affected() == 1)
    }

    /// Notes why a reading that goes on does not come on at the moment.
    pub async fn note_directory_problem(
        &self,
        workspace: &WorkspaceId,
        reader: &str,
        problem: &SlackProblem,
    ) -> Result<()> {
        sqlx::query(
            "update workspaces set directory_problem = $3
             where id = $1 and directory_reader = $2",
        )
        .bind(workspace.as_str())
        .bind(reader)
        .bind(json(problem))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Ends a reading: whether Slack has told of everybody, at `complete_from` or
    /// later, or else why not. The next reader waits for as long as Slack asked to.
    pub async fn end_reading(
        &self,
        workspace: &WorkspaceId,
        reader: &str,
        complete_from: Option<Timestamp>,
        problem: Option<&SlackProblem>,
        wait: Duration,
    ) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update workspaces set directory_synced_at = coalesce($3, directory_synced_at),
                 directory_problem = $4,
                 directory_reader = case when $5 > 0 then directory_reader else null end,
                 directory_reserved_until = {now} + $5
             where id = $1 and directory_reader = $2"
        );
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(reader)
            .bind(complete_from.map(Timestamp::as_millis))
            .bind(problem.map(json))
            .bind(super::millis(wait))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// How long ago each installed workspace's people were last read completely.
    pub async fn directory_ages(&self) -> Result<Vec<(WorkspaceId, Duration)>> {
        let now = self.engine.now();
        let statement = format!(
            "select id, {now} - directory_synced_at from workspaces
             where directory_synced_at is not null and bot_token_sealed is not null"
        );
        let rows: Vec<(String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(workspace, age)| (WorkspaceId::new(workspace), super::duration(age)))
            .collect())
    }
}

fn json(problem: &SlackProblem) -> String {
    serde_json::to_string(problem).expect("a problem of Slack's is plain JSON")
}

/// Those of the people of whom Slack tells that they have left or come, and not that they were known
/// by another id until now.
async fn leaving_or_coming<'a>(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    changes: &'a [PersonChange],
) -> Result<Vec<&'a PersonId>> {
    let people = changes.iter().filter(|change| change.absorbs.is_none());
    let people: Vec<_> = people.map(|change| &change.person.person).collect();
    let ids: Vec<_> = people.iter().map(|person| &person.id).collect();
    let statement = format!(
        "select id, deactivated from people where workspace_id = $1 and id in {}",
        engine.texts_of_json("$2")
    );
    let known: Vec<(String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(&ids))
        .fetch_all(connection)
        .await?;
    let known: HashMap<_, _> = known.into_iter().collect();
    let moving = people.into_iter().filter(|person| {
        let known = known.get(person.id.as_str());
        known.is_none_or(|deactivated| (*deactivated != 0) != person.deactivated)
    });
    Ok(moving.map(|person| &person.id).collect())
}

/// Writes unless Slack was asked for the person later.
async fn upsert(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    known: &KnownPerson,
) -> Result<()> {
    let person = &known.person;
    sqlx::query(
        "insert into people (workspace_id, id, other_id, name, email, role, deactivated, read_at,
             time_zone)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (workspace_id, id) do update set other_id = excluded.other_id,
             name = excluded.name, email = excluded.email, role = excluded.role,
             deactivated = excluded.deactivated, read_at = excluded.read_at,
             time_zone = excluded.time_zone
         where people.read_at <= excluded.read_at",
    )
    .bind(workspace.as_str())
    .bind(person.id.as_str())
    .bind(known.other_id.as_ref().map(PersonId::as_str))
    .bind(&person.name)
    .bind(person.email.as_deref())
    .bind(person.role.code())
    .bind(i64::from(person.deactivated))
    .bind(known.read_at.as_millis())
    .bind(known.time_zone.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds people until the transaction ends, in the order in which everybody holds several; the
/// rotations that name them are held before.
pub(super) async fn hold(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    people: &[&PersonId],
) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "select id from people where workspace_id = $1 and id in {} {}",
        engine.texts_of_json("$2"),
        engine.held_in_order()
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(people))
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// Whoever may manage integrations, as Slack last told.
pub(super) async fn admins(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<Vec<PersonId>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select id, role from people where workspace_id = $1 and deactivated = 0 order by id",
    )
    .bind(workspace.as_str())
    .fetch_all(connection)
    .await?;
    let admins = rows
        .into_iter()
        .filter(|(_, code)| role(code).administers());
    Ok(admins.map(|(id, _)| PersonId::new(id)).collect())
}

/// What puts one id of a person ($3) wherever the other ($2) is named. Where both
/// are in one rotation, one stays: whichever is on duty.
const ABSORBING: [&str; 36] = [
    "delete from rotation_owners where workspace_id = $1 and person_id = $2
         and exists (select 1 from rotation_owners o where o.person_id = $3
             and o.rotation_id = rotation_owners.rotation_id)",
    "update rotation_owners set person_id = $3 where workspace_id = $1 and person_id = $2",
    "delete from rotation_members where workspace_id = $1 and person_id = $3
         and on_duty_since is null
         and exists (select 1 from rotation_members m where m.person_id = $2
             and m.on_duty_since is not null and m.rotation_id = rotation_members.rotation_id)",
    "delete from rotation_members where workspace_id = $1 and person_id = $2
         and exists (select 1 from rotation_members m where m.person_id = $3
             and m.rotation_id = rotation_members.rotation_id)",
    "update rotation_members set person_id = $3,
         key = case when key = 'slack:' || $2 then 'slack:' || $3 else key end
     where workspace_id = $1 and person_id = $2",
    "delete from duties where workspace_id = $1 and holder = 'slack:' || $2
         and exists (select 1 from duties d where d.holder = 'slack:' || $3
             and d.rotation_id = duties.rotation_id)",
    "update duties set holder = 'slack:' || $3
         where workspace_id = $1 and holder = 'slack:' || $2",
    r#"update rotas set turn = replace(turn, '"slack:' || $2 || '"', '"slack:' || $3 || '"')
     where workspace_id = $1 and turn like '%"slack:' || $2 || '"%'"#,
    r#"update rotas set planned = replace(planned, '"slack:' || $2 || '"', '"slack:' || $3 || '"')
     where workspace_id = $1 and planned like '%"slack:' || $2 || '"%'"#,
    "update overrides set relieved = 'slack:' || $3
         where workspace_id = $1 and relieved = 'slack:' || $2",
    "update overrides set person_id = $3 where workspace_id = $1 and person_id = $2",
    "update overrides set made_by = $3 where workspace_id = $1 and made_by = $2",
    "delete from past_overrides where workspace_id = $1 and holder = 'slack:' || $2
         and exists (select 1 from past_overrides o where o.holder = 'slack:' || $3
             and o.rotation_id = past_overrides.rotation_id
             and o.starts_at = past_overrides.starts_at)",
    "update past_overrides set holder = 'slack:' || $3
         where workspace_id = $1 and holder = 'slack:' || $2",
    "update past_overrides set made_by = $3 where workspace_id = $1 and made_by = $2",
    "update covers set asked_by = 'slack:' || $3
         where workspace_id = $1 and asked_by = 'slack:' || $2",
    "update covers set asked = 'slack:' || $3
         where workspace_id = $1 and asked = 'slack:' || $2",
    "update covers set taken_by = 'slack:' || $3
         where workspace_id = $1 and taken_by = 'slack:' || $2",
    "update absences set person_id = $3 where workspace_id = $1 and person_id = $2",
    r#"update duty_groups set
         permanent = replace(permanent, '"' || $2 || '"', '"' || $3 || '"'),
         fallback = replace(fallback, '"' || $2 || '"', '"' || $3 || '"'),
         not_taken = replace(not_taken, '"' || $2 || '"', '"' || $3 || '"'),
         asked = replace(asked, '"' || $2 || '"', '"' || $3 || '"')
     where workspace_id = $1"#,
    "update group_writers set person_id = $3 where workspace_id = $1 and person_id = $2",
    r#"update mentions set
         person_id = case when person_id = $2 then $3 else person_id end,
         taken_by = case when taken_by = $2 then $3 else taken_by end,
         calls = replace(calls, '"' || $2 || '"', '"' || $3 || '"')
     where workspace_id = $1"#,
    "update person_links set person_id = $3 where workspace_id = $1 and person_id = $2",
    "delete from notifications where workspace_id = $1 and person_id = $2
         and exists (select 1 from notifications n where n.workspace_id = $1
             and n.person_id = $3)",
    "update notifications set person_id = $3 where workspace_id = $1 and person_id = $2",
    "update sessions set person_id = $3 where workspace_id = $1 and person_id = $2",
    // Of two addresses for the same the one of the account that stays is kept.
    "delete from feeds where workspace_id = $1 and person_id = $2
         and exists (select 1 from feeds f where f.workspace_id = $1 and f.person_id = $3
             and f.subject = feeds.subject)",
    "update feeds set person_id = $3 where workspace_id = $1 and person_id = $2",
    "update undos set person_id = $3 where workspace_id = $1 and person_id = $2",
    "update former_bindings set given_up_by = $3 where workspace_id = $1 and given_up_by = $2",
    "delete from duty_history where workspace_id = $1 and person = 'slack:' || $2
         and exists (select 1 from duty_history h where h.rotation_id = duty_history.rotation_id
             and h.starts_at = duty_history.starts_at and h.person = 'slack:' || $3)",
    "update duty_history set person = 'slack:' || $3
         where workspace_id = $1 and person = 'slack:' || $2",
    "update duty_history set holder = 'slack:' || $3
         where workspace_id = $1 and holder = 'slack:' || $2",
    "delete from outbox where workspace_id = $1 and target = 'slack:' || $2
         and exists (select 1 from outbox o where o.subject_kind = outbox.subject_kind
             and o.subject_id = outbox.subject_id and o.occurrence = outbox.occurrence
             and o.kind = outbox.kind and o.target = 'slack:' || $3)",
    "update outbox set target = 'slack:' || $3
         where workspace_id = $1 and target = 'slack:' || $2",
    "delete from people where workspace_id = $1 and id = $2 and id <> $3",
];

/// Makes `person` of `absorbed`, who is the same by another id.
async fn absorb(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    absorbed: &PersonId,
    person: &PersonId,
) -> Result<()> {
    for statement in ABSORBING {
        sqlx::query(statement)
            .bind(workspace.as_str())
            .bind(absorbed.as_str())
            .bind(person.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
