//! When people are away. All rotations in which they take turns by a schedule go on by it in the
//! transaction that writes it.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, Transaction, as_json as json, audit,
    overrides::decides_after, people, rotas, rotations,
};
use domain::{Member, Rotation, rota::Absence};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::collections::{HashMap, HashSet};
use types::{
    AbsenceId, MemberKey, PersonId, RotationId, RotationMode, Span, Timestamp, WorkspaceId,
};

/// An absence that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAbsence {
    pub id: AbsenceId,
    pub person: PersonId,
    pub span: Span,
    /// The rotations that it is for; absent where it is for all.
    pub rotations: Option<Vec<RotationId>>,
    pub note: String,
}

impl StoredAbsence {
    /// The same for whoever looks after a rotation of theirs: what they noted for all their rotations
    /// is for nobody who came by such a rotation, but that they are away is.
    #[must_use]
    pub fn without_private_note(self) -> Self {
        let note = match self.rotations {
            Some(_) => self.note,
            None => String::new(),
        };
        Self { note, ..self }
    }
}

/// What is to become of somebody's absences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbsenceWrite {
    Note(StoredAbsence),
    /// It ends now, or never begins.
    End(AbsenceId),
}

/// Whether the absence `a` is for the rotation `r`.
const CONCERNS: &str = "(a.everywhere = 1 or exists (select 1 from absence_rotations x
    where x.absence_id = a.id and x.rotation_id = r.id))";

#[derive(Deserialize)]
struct JsonRow(String, i64, i64);

/// A subquery for the absences of the members of the rotation `r` with the rota `t`, for [`read`].
pub(super) fn as_json(engine: Engine) -> String {
    let rows = engine.json_rows("m.key, a.starts_at, a.ends_at", "a.starts_at, a.id");
    let after = decides_after(engine);
    format!(
        "(select {rows} from absences a join rotation_members m
             on m.workspace_id = a.workspace_id and m.person_id = a.person_id
         where m.rotation_id = r.id and a.ends_at > {after} and {CONCERNS})"
    )
}

/// What cannot be read is none.
pub(super) fn read(text: &str) -> Vec<Absence> {
    let rows: Vec<JsonRow> = serde_json::from_str(text).unwrap_or_default();
    let at = Timestamp::from_millis;
    let rows = rows.into_iter().map(|JsonRow(who, from, until)| Absence {
        who: MemberKey::new(who),
        span: Span {
            from: at(from),
            until: at(until),
        },
    });
    rows.collect()
}

/// The absences that count in a rotation with these members `after` a moment.
pub(super) async fn of_members(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotation: &RotationId,
    (members, after): (&[Member], Timestamp),
) -> Result<Vec<Absence>> {
    let people = members.iter().filter_map(|member| member.person.as_ref());
    let statement = format!(
        "select a.person_id, a.starts_at, a.ends_at from absences a
             join rotations r on r.workspace_id = a.workspace_id
         where r.id = $2 and a.person_id in {}
             and a.ends_at > $3 and {CONCERNS}
         order by a.starts_at, a.id",
        engine.texts_of_json("$1")
    );
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(json(&people.collect::<Vec<_>>()))
        .bind(rotation.as_str())
        .bind(after.as_millis())
        .fetch_all(connection)
        .await?;
    let at = Timestamp::from_millis;
    let absences = rows.into_iter().filter_map(|(person, from, until)| {
        let is_them = |one: &PersonId| one.as_str() == person;
        let mut members = members.iter();
        let member = members.find(|member| member.person.as_ref().is_some_and(is_them))?;
        Some(Absence {
            who: member.key.clone(),
            span: Span {
                from: at(from),
                until: at(until),
            },
        })
    });
    Ok(absences.collect())
}

#[derive(FromRow)]
struct Row {
    id: String,
    person_id: String,
    starts_at: i64,
    ends_at: i64,
    everywhere: i64,
    note: String,
    rotations: String,
}

impl From<Row> for StoredAbsence {
    fn from(row: Row) -> Self {
        let at = Timestamp::from_millis;
        let rotations: Vec<(String,)> = serde_json::from_str(&row.rotations).unwrap_or_default();
        let rotations = rotations.into_iter().map(|(id,)| RotationId::new(id));
        Self {
            id: AbsenceId::new(row.id),
            person: PersonId::new(row.person_id),
            span: Span {
                from: at(row.starts_at),
                until: at(row.ends_at),
            },
            rotations: (row.everywhere == 0).then(|| rotations.collect()),
            note: row.note,
        }
    }
}

/// Whose absences are asked for.
enum Whose<'a> {
    Person(&'a PersonId),
    MembersOf(&'a RotationId),
}

impl Store {
    /// The absences of somebody that are not over at `now`, by start.
    pub async fn absences(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<StoredAbsence>> {
        let mut connection = self.pool.acquire().await?;
        let whose = Whose::Person(person);
        load(&mut connection, self.engine, workspace, whose, now).await
    }

    /// Those that count in a rotation.
    pub async fn absences_in(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
        now: Timestamp,
    ) -> Result<Vec<StoredAbsence>> {
        let mut connection = self.pool.acquire().await?;
        let whose = Whose::MembersOf(rotation);
        load(&mut connection, self.engine, workspace, whose, now).await
    }

    /// When members of these rotations are away during a span, by start, each with their name.
    pub async fn absences_during(
        &self,
        rotations: &[&RotationId],
        span: Span,
    ) -> Result<HashMap<RotationId, Vec<(String, Span)>>> {
        let statement = format!(
            "select r.id, coalesce(p.name, m.name), a.starts_at, a.ends_at
             from rotations r join rotation_members m on m.rotation_id = r.id
                 join absences a on a.workspace_id = r.workspace_id and a.person_id = m.person_id
                 left join people p on p.workspace_id = r.workspace_id and p.id = m.person_id
             where r.id in {} and a.ends_at > $2 and a.starts_at < $3 and {CONCERNS}
             order by a.starts_at, a.id",
            self.engine.texts_of_json("$1")
        );
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(json(rotations))
            .bind(span.from.as_millis())
            .bind(span.until.as_millis())
            .fetch_all(&self.pool)
            .await?;
        let at = Timestamp::from_millis;
        let mut absences: HashMap<_, Vec<_>> = HashMap::new();
        for (rotation, name, from, until) in rows {
            let span = Span {
                from: at(from),
                until: at(until),
            };
            let theirs = absences.entry(RotationId::new(rotation)).or_default();
            theirs.push((name, span));
        }
        Ok(absences)
    }

    /// When the members of a rotation are away `after` a moment.
    pub async fn absences_of_members(
        &self,
        rotation: &Rotation,
        after: Timestamp,
    ) -> Result<Vec<Absence>> {
        let mut connection = self.pool.acquire().await?;
        let members = (rotation.crew.members.as_slice(), after);
        of_members(&mut connection, self.engine, &rotation.id, members).await
    }

    /// Lets `decide` change the absences of somebody, of which so many are kept with those that are
    /// over, and has all rotations go on by what it made of them. Returns these, or what it refuses,
    /// and then nothing is written.
    pub async fn change_absences<R>(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        decide: impl FnOnce(
            &[StoredAbsence],
            usize,
            Timestamp,
        ) -> std::result::Result<(AbsenceWrite, NewAuditEntry), R>
        + Send,
    ) -> Result<std::result::Result<Vec<RotationId>, R>> {
        let (mut tx, before) = self.begin_holding_rotations_of(workspace, person).await?;
        let now = self.now_in(&mut tx).await?;
        let whose = Whose::Person(person);
        let stored = load(&mut tx, self.engine, workspace, whose, now).await?;
        let kept = kept(&mut tx, workspace, person).await?;
        let (write, entry) = match decide(&stored, kept, now) {
            Ok((write, entry)) => (write, NewAuditEntry { at: now, ..entry }),
            Err(refusal) => return Ok(Err(refusal)),
        };
        match write {
            AbsenceWrite::Note(absence) => {
                insert(&mut tx, self.engine, workspace, &absence).await?;
            }
            AbsenceWrite::End(id) => end(&mut tx, person, &id, now).await?,
        }
        let rotations: Vec<_> = before.iter().map(|rotation| rotation.id.clone()).collect();
        rotas::follow(&mut tx, self.engine, workspace, before, None, now).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, &rotations)
            .await?;
        tx.commit().await?;
        Ok(Ok(rotations))
    }

    /// A transaction that holds somebody, and before them all rotations in which they take turns by
    /// a schedule. Whoever brings somebody into one holds that rotation first and then the person:
    /// so each of the two knows what the other did.
    async fn begin_holding_rotations_of(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
    ) -> Result<(Transaction, Vec<Rotation>)> {
        loop {
            let mut tx = self.begin().await?;
            let held = hold_rotations_of(&mut tx, self.engine, workspace, person).await?;
            people::hold(&mut tx, self.engine, workspace, &[person]).await?;
            let theirs = format!("select id from rotations where {THEIRS}");
            // One that they came into before they were held is not among those.
            if ids(&mut tx, theirs, workspace, person)
                .await?
                .is_subset(&held)
            {
                let ids = held.iter().map(String::as_str);
                let which = rotations::Which::these(self.engine, ids);
                let before = rotations::load(&mut tx, self.engine, workspace, &which).await?;
                return Ok((tx, before));
            }
        }
    }
}

/// The rotations in which somebody takes turns by a schedule, whose rows are held until the
/// transaction ends, in the order in which everybody holds several.
async fn hold_rotations_of(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<HashSet<String>> {
    let statement = format!(
        "update rotations set mode = mode where id in (
             select id from rotations where {THEIRS} {})
         returning id",
        engine.held_in_order()
    );
    ids(connection, statement, workspace, person).await
}

/// Rotations in which somebody takes turns by a schedule.
const THEIRS: &str = "workspace_id = $1 and mode = $2 and id in (select rotation_id
    from rotation_members where workspace_id = $1 and person_id = $3)";

/// What a statement with the parameters of [`THEIRS`] returns.
async fn ids(
    connection: &mut DatabaseConnection,
    statement: String,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<HashSet<String>> {
    let ids: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .bind(person.as_str())
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

async fn kept(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<usize> {
    let count = "select count(*) from absences where workspace_id = $1 and person_id = $2";
    let (kept,): (i64,) = sqlx::query_as(count)
        .bind(workspace.as_str())
        .bind(person.as_str())
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(kept).unwrap_or_default())
}

async fn load(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    whose: Whose<'_>,
    now: Timestamp,
) -> Result<Vec<StoredAbsence>> {
    let rotations = engine.json_rows("x.rotation_id", "x.rotation_id");
    let (condition, id) = match whose {
        Whose::Person(person) => ("a.person_id = $2".to_owned(), person.as_str()),
        Whose::MembersOf(rotation) => (
            format!(
                "exists (select 1 from rotations r join rotation_members m
                     on m.rotation_id = r.id
                 where r.id = $2 and m.person_id = a.person_id and {CONCERNS})"
            ),
            rotation.as_str(),
        ),
    };
    let statement = format!(
        "select a.id, a.person_id, a.starts_at, a.ends_at, a.everywhere, a.note,
             (select {rotations} from absence_rotations x where x.absence_id = a.id) as rotations
         from absences a where a.workspace_id = $1 and {condition} and a.ends_at > $3
         order by a.starts_at, a.id"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(id)
        .bind(now.as_millis())
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(StoredAbsence::from).collect())
}

async fn insert(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    absence: &StoredAbsence,
) -> Result<()> {
    sqlx::query(
        "insert into absences (id, workspace_id, person_id, starts_at, ends_at, everywhere, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(absence.id.as_str())
    .bind(workspace.as_str())
    .bind(absence.person.as_str())
    .bind(absence.span.from.as_millis())
    .bind(absence.span.until.as_millis())
    .bind(i64::from(absence.rotations.is_none()))
    .bind(&absence.note)
    .execute(&mut *connection)
    .await?;
    let Some(rotations) = &absence.rotations else {
        return Ok(());
    };
    let statement = format!(
        "insert into absence_rotations (absence_id, rotation_id)
         select $2, m.rotation_id from rotation_members m
         where m.workspace_id = $3 and m.person_id = $4 and m.rotation_id in {}",
        engine.texts_of_json("$1")
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(json(rotations))
        .bind(absence.id.as_str())
        .bind(workspace.as_str())
        .bind(absence.person.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// What has been of it stays as it was.
async fn end(
    connection: &mut DatabaseConnection,
    person: &PersonId,
    id: &AbsenceId,
    now: Timestamp,
) -> Result<()> {
    for statement in [
        "delete from absences where person_id = $1 and id = $2 and starts_at >= $3",
        "update absences set ends_at = $3 where person_id = $1 and id = $2 and ends_at > $3",
    ] {
        sqlx::query(statement)
            .bind(person.as_str())
            .bind(id.as_str())
            .bind(now.as_millis())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
