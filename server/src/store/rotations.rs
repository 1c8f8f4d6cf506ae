//! Rotations with their members and owners.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, StoreError, as_json, audit, bindings,
    connections,
    duties::{self, JOINED, SINCE, STAND_INS, StandInRow, UNTIL},
    from_json, history, outbox,
    rotas::{self, RotaRow, rota_columns},
    subscriptions, undos,
};
use domain::{Crew, Duty, Member, Plan, Rotation, Undo};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};
use types::{
    AuditId, LinkState, MemberKey, PagerDutyUserId, PersonId, RotationDetails, RotationId,
    ScheduleId, Timestamp, UndoId, Visibility, WorkspaceId,
};

#[derive(FromRow)]
struct RotationRow {
    id: String,
    name: String,
    description: String,
    notes: String,
    code: Option<String>,
    duty_size: i64,
    visibility: String,
    mode: String,
    schedule_id: Option<String>,
    #[sqlx(flatten)]
    rota: RotaRow,
    owners: String,
    members: String,
    stand_ins: String,
    last_edit: Option<String>,
}

/// What a member is read from, in the order of [`MEMBER_VALUES`].
#[derive(Deserialize)]
pub(super) struct MemberRow {
    key: String,
    person_id: Option<String>,
    pagerduty_user_id: Option<String>,
    name: String,
    email: Option<String>,
    unlinked: Option<String>,
    on_duty_since: Option<i64>,
    on_duty_until: Option<i64>,
    directory_name: Option<String>,
    directory_email: Option<String>,
    deactivated: Option<i64>,
    by_hand: i64,
}

/// What a [`MemberRow`] is read from: of `rotation_members m` as [`who_they_are`] joins them.
const MEMBER_VALUES: [&str; 12] = [
    "m.key",
    "m.person_id",
    "m.pagerduty_user_id",
    "m.name",
    "m.email",
    "m.unlinked",
    SINCE,
    UNTIL,
    "p.name",
    "p.email",
    "p.deactivated",
    "case when l.person_id = m.person_id then 1 else 0 end",
];

/// The members `m`, in their order, as JSON of [`MemberRow`]s.
pub(super) fn members_as_json(engine: Engine) -> String {
    engine.json_rows(&MEMBER_VALUES.join(", "), "m.position")
}

/// The owners `o` as JSON, for [`read_people`].
pub(super) fn owners_as_json(engine: Engine) -> String {
    engine.json_rows("o.person_id", "o.person_id")
}

/// Of rows with nothing but a person's id.
pub(super) fn read_people(json: &str) -> Result<Vec<PersonId>> {
    let rows: Vec<(String,)> = from_json(json, "people")?;
    Ok(rows.into_iter().map(|(id,)| PersonId::new(id)).collect())
}

/// Joins what is known of the member `m`: the person `p` in the directory, the link `l` by
/// hand, and the duty `d`.
pub(super) fn who_they_are() -> String {
    format!(
        "left join people p on p.workspace_id = m.workspace_id and p.id = m.person_id
         left join person_links l on l.workspace_id = m.workspace_id
             and l.pagerduty_user_id = m.pagerduty_user_id
         {JOINED}"
    )
}

impl MemberRow {
    fn member(self) -> (Member, Option<Duty>) {
        let link = match (&self.person_id, self.deactivated, &self.unlinked) {
            (Some(_), Some(0), _) if self.by_hand != 0 => LinkState::LinkedByHand,
            (Some(_), Some(0), _) => LinkState::Linked,
            (Some(_), _, _) => LinkState::Deactivated,
            (None, _, Some(code)) => LinkState::from_code(code).unwrap_or(LinkState::NotYetKnown),
            (None, _, None) => LinkState::NoMatch,
        };
        let member = Member {
            key: MemberKey::new(self.key),
            person: self.person_id.map(PersonId::new),
            pagerduty_user: self.pagerduty_user_id.map(PagerDutyUserId::new),
            name: self.directory_name.unwrap_or(self.name),
            email: self.directory_email.or(self.email),
            link,
        };
        let duty = self.on_duty_since.map(|since| Duty {
            holder: member.holder(),
            since: Timestamp::from_millis(since),
            until: self.on_duty_until.map(Timestamp::from_millis),
        });
        (member, duty)
    }
}

/// Of members and stand-ins as JSON: those who take turns, in their order, and whoever is on duty
/// without doing so.
pub(super) fn crew(members: &str, stand_ins: &str) -> Result<Crew> {
    let members: Vec<MemberRow> = from_json(members, "members")?;
    let stand_ins: Vec<StandInRow> = from_json(stand_ins, "duties")?;
    let members = members.into_iter().map(MemberRow::member);
    let (members, duties): (Vec<_>, Vec<_>) = members.unzip();
    let duties = duties.into_iter().flatten();
    Ok(Crew {
        members,
        duties: duties
            .chain(stand_ins.into_iter().map(StandInRow::duty))
            .collect(),
    })
}

/// Who sees a rotation: by what another version knows and this one does not, as few as may be.
pub(super) fn visibility(code: &str) -> Visibility {
    Visibility::from_code(code).unwrap_or(Visibility::Private)
}

/// What is written beside a change to a rotation.
#[derive(Clone, Debug)]
pub struct RotationChange {
    pub entry: NewAuditEntry,
    /// Under which it is kept how to take the change back, if that is to be possible.
    pub undo: Option<UndoId>,
}

impl From<NewAuditEntry> for RotationChange {
    fn from(entry: NewAuditEntry) -> Self {
        Self { entry, undo: None }
    }
}

/// A rotation whose members have become others, or have handed over.
#[derive(Debug)]
pub(super) struct CrewChange {
    pub(super) before: Crew,
    pub(super) after: Rotation,
    /// Until when those before are certain to have been right.
    pub(super) certain_until: Timestamp,
    /// What has begun and ended since then.
    pub(super) missed: Vec<Duty>,
}

/// The ids of the rotations, as JSON.
pub(super) fn ids_of<'a>(changes: impl IntoIterator<Item = &'a CrewChange>) -> String {
    let ids = changes.into_iter().map(|change| change.after.id.as_str());
    as_json(&ids.collect::<Vec<_>>())
}

/// Some rotations of a workspace, which is bound to `$1`: a condition on their id, of which
/// `$2` is the value.
#[derive(Clone, Debug)]
pub(super) struct Which {
    condition: String,
    value: String,
}

impl Which {
    fn all() -> Self {
        Self {
            condition: "is not null and $2 = ''".to_owned(),
            value: String::new(),
        }
    }

    fn one(id: &RotationId) -> Self {
        Self {
            condition: "= $2".to_owned(),
            value: id.as_str().to_owned(),
        }
    }

    pub(super) fn these<'a>(engine: Engine, ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            condition: format!("in {}", engine.texts_of_json("$2")),
            value: as_json(&ids.into_iter().collect::<Vec<_>>()),
        }
    }

    /// Those that follow one of the schedules.
    pub(super) fn following<'a>(
        engine: Engine,
        schedules: impl IntoIterator<Item = &'a ScheduleId>,
    ) -> Self {
        let schedules = schedules.into_iter().map(ScheduleId::as_str);
        Self {
            condition: format!(
                "in (select b.rotation_id from bindings b
                  where b.workspace_id = $1 and b.schedule_id in {})",
                engine.texts_of_json("$2")
            ),
            value: as_json(&schedules.collect::<Vec<_>>()),
        }
    }
}

impl RotationRow {
    fn rotation(self, workspace: &WorkspaceId) -> Result<Rotation> {
        Ok(Rotation {
            id: RotationId::new(self.id),
            workspace: workspace.clone(),
            details: RotationDetails {
                name: self.name,
                description: self.description,
                notes: self.notes,
                code: self.code,
                duty_size: u32::try_from(self.duty_size).unwrap_or(1),
                visibility: visibility(&self.visibility),
            },
            plan: Plan::stored(
                &self.mode,
                self.schedule_id.map(ScheduleId::new),
                rotas::read(self.rota),
            ),
            owners: read_people(&self.owners)?,
            crew: crew(&self.members, &self.stand_ins)?,
            last_edit: self.last_edit.map(AuditId::new),
        })
    }
}

impl Store {
    /// Every rotation of the workspace by name.
    pub async fn rotations(&self, workspace: &WorkspaceId) -> Result<Vec<Rotation>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, self.engine, workspace, &Which::all()).await
    }

    pub async fn rotation(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
    ) -> Result<Option<Rotation>> {
        let mut connection = self.pool.acquire().await?;
        let which = Which::one(id);
        Ok(load(&mut connection, self.engine, workspace, &which)
            .await?
            .pop())
    }

    /// Writes a new rotation.
    ///
    /// # Errors
    /// [`StoreError::CodeTaken`] when another rotation has its code.
    pub async fn create_rotation(&self, rotation: &Rotation, entry: &NewAuditEntry) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into rotations (id, workspace_id, name, description, code, duty_size,
                 visibility, mode, created_at, notes)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(rotation.id.as_str())
        .bind(rotation.workspace.as_str())
        .bind(&rotation.details.name)
        .bind(&rotation.details.description)
        .bind(rotation.details.code.as_deref())
        .bind(i64::from(rotation.details.duty_size))
        .bind(rotation.details.visibility.code())
        .bind(rotation.plan.mode().code())
        .bind(entry.at.as_millis())
        .bind(&rotation.details.notes)
        .execute(&mut *tx)
        .await
        .map_err(code_taken)?;
        write_owners(&mut tx, self.engine, rotation).await?;
        let crew = CrewChange {
            before: Crew::default(),
            after: rotation.clone(),
            certain_until: entry.at,
            missed: Vec::new(),
        };
        write_crews(&mut tx, self.engine, &[crew], entry.at).await?;
        audit::insert(&mut tx, entry).await?;
        self.rotations_changed(&mut tx, &rotation.workspace, [&rotation.id])
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Reads a rotation, lets `change` decide, and writes what it made of it, all
    /// in one transaction; two people who change the same rotation at once come
    /// one after the other. What `change` refuses is handed back and nothing is
    /// written. `None` when there is no such rotation; else whether anything changed, and
    /// without that there is nothing to record.
    ///
    /// # Errors
    /// [`StoreError::CodeTaken`] when another rotation has the new code.
    pub async fn change_rotation<R, C: Into<RotationChange>>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        change: impl FnOnce(&mut Rotation) -> std::result::Result<C, R> + Send,
    ) -> Result<Option<std::result::Result<bool, R>>> {
        let mut tx = self.begin().await?;
        let Some(mut before) = lock_and_load(&mut tx, self.engine, workspace, id).await? else {
            return Ok(None);
        };
        // Which tells `change`, too, what time it is.
        let now = self.now_in(&mut tx).await?;
        let moves_by_itself = before.plan.rota().is_some();
        if moves_by_itself {
            rotas::catch_up(&mut tx, self.engine, &mut before, now).await?;
        }
        let mut after = before.clone();
        let RotationChange { mut entry, undo } = match change(&mut after) {
            Ok(change) => change.into(),
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if moves_by_itself {
            entry.at = now;
        }
        if after == before {
            return Ok(Some(Ok(false)));
        }
        if after.details != before.details {
            write_details(&mut tx, &after).await?;
        }
        if after.owners != before.owners {
            write_owners(&mut tx, self.engine, &after).await?;
        }
        let taking_turns = |rotation: &Rotation| {
            let size = rotation.details.duty_size;
            (rotation.crew.members.clone(), size)
        };
        if taking_turns(&after) != taking_turns(&before) {
            rotas::go_on(&mut tx, self.engine, (&before, &mut after), None, entry.at).await?;
        }
        if let Some(undo) = undo {
            let crews = Undo {
                before: before.crew.clone(),
                after: after.crew.clone(),
            };
            undos::keep(&mut tx, self.engine, &undo, &entry, id, &crews).await?;
        }
        if after.crew != before.crew {
            let crew = CrewChange {
                before: before.crew,
                after,
                certain_until: entry.at,
                missed: Vec::new(),
            };
            write_crews(&mut tx, self.engine, &[crew], entry.at).await?;
        }
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [id]).await?;
        tx.commit().await?;
        Ok(Some(Ok(true)))
    }

    /// Deletes a rotation if `allow` does not refuse; `None` when there is none. What is told of it
    /// by notices of these kinds is told that it is gone.
    pub async fn delete_rotation<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        kinds: &[&'static str],
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let now = self.now().await?;
        let mut tx = self.begin().await?;
        connections::hold(&mut tx, workspace).await?;
        let Some(rotation) = lock_and_load(&mut tx, self.engine, workspace, id).await? else {
            return Ok(None);
        };
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let mut told = Vec::new();
        for &kind in kinds {
            let target = subscriptions::told_of(&mut tx, id, kind).await?;
            told.extend(target.map(|(target, _)| (kind, target)));
        }
        sqlx::query("delete from rotations where workspace_id = $1 and id = $2")
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        bindings::forget_unbound(&mut tx, workspace).await?;
        outbox::forget(&mut tx, self.engine, workspace, id, (&told, now)).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [id]).await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }
}

fn code_taken(error: sqlx::Error) -> StoreError {
    match &error {
        // The id is random, so the code is the only thing that can collide.
        sqlx::Error::Database(database) if database.is_unique_violation() => StoreError::CodeTaken,
        _ => error.into(),
    }
}

/// The rotation, whose row is held until the transaction ends.
pub(super) async fn lock_and_load(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    id: &RotationId,
) -> Result<Option<Rotation>> {
    let held = sqlx::query("update rotations set mode = mode where workspace_id = $1 and id = $2")
        .bind(workspace.as_str())
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
    if held.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(load(connection, engine, workspace, &Which::one(id))
        .await?
        .pop())
}

/// Holds the rotations that name one of these people, in the order in which everybody holds
/// several, so that two transactions cannot wait for each other.
pub(super) async fn hold_those_of(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    people: &[&PersonId],
) -> Result<()> {
    let people_of = engine.texts_of_json("$2");
    let statement = format!(
        "update rotations set mode = mode where id in (
             select id from rotations where workspace_id = $1 and (
                 id in (select rotation_id from rotation_members where workspace_id = $1
                     and person_id in {people_of})
                 or id in (select rotation_id from rotation_owners where workspace_id = $1
                     and person_id in {people_of})
                 or id in (select rotation_id from duties where workspace_id = $1
                     and substr(holder, 7) in {people_of})
                 or id in (select rotation_id from overrides where workspace_id = $1
                     and (person_id in {people_of} or substr(relieved, 7) in {people_of})))
             {})",
        engine.held_in_order()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(as_json(people))
        .execute(connection)
        .await?;
    Ok(())
}

/// The rotations, by name, with everybody on them, in one statement.
pub(super) async fn load(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    which: &Which,
) -> Result<Vec<Rotation>> {
    let (owners, members) = (owners_as_json(engine), members_as_json(engine));
    let (stand_ins, who_they_are) = (duties::stand_ins_as_json(engine), who_they_are());
    let (rota, last_edit) = (rota_columns(engine), audit::last_edit("r.id"));
    let statement = format!(
        "select r.id, r.name, r.description, r.notes, r.code, r.duty_size, r.visibility, r.mode,
             b.schedule_id, {rota}, {last_edit} as last_edit,
             (select {owners} from rotation_owners o where o.rotation_id = r.id) as owners,
             (select {members} from rotation_members m {who_they_are}
              where m.rotation_id = r.id) as members,
             (select {stand_ins} from {STAND_INS} and d.rotation_id = r.id) as stand_ins
         from rotations r left join bindings b on b.rotation_id = r.id
             left join rotas t on t.rotation_id = r.id
         where r.workspace_id = $1 and r.id {} order by lower(r.name), r.id",
        which.condition
    );
    let rows: Vec<RotationRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(&which.value)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| row.rotation(workspace))
        .collect()
}

pub(super) async fn write_details(
    connection: &mut DatabaseConnection,
    rotation: &Rotation,
) -> Result<()> {
    sqlx::query(
        "update rotations set name = $1, description = $2, code = $3, duty_size = $4,
             visibility = $5, notes = $6
         where id = $7",
    )
    .bind(&rotation.details.name)
    .bind(&rotation.details.description)
    .bind(rotation.details.code.as_deref())
    .bind(i64::from(rotation.details.duty_size))
    .bind(rotation.details.visibility.code())
    .bind(&rotation.details.notes)
    .bind(rotation.id.as_str())
    .execute(connection)
    .await
    .map_err(code_taken)?;
    Ok(())
}

async fn write_owners(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotation: &Rotation,
) -> Result<()> {
    sqlx::query("delete from rotation_owners where rotation_id = $1")
        .bind(rotation.id.as_str())
        .execute(&mut *connection)
        .await?;
    let statement = format!(
        "insert into rotation_owners (rotation_id, workspace_id, person_id)
         select $2, $3, value from {} as owners",
        engine.texts_of_json("$1")
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&rotation.owners))
        .bind(rotation.id.as_str())
        .bind(rotation.workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes people who have become others, whose duty begins or ends by that at `now`, and what is
/// to be told of it; in a fixed number of statements.
pub(super) async fn write_crews(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &[CrewChange],
    now: Timestamp,
) -> Result<()> {
    history::record(connection, engine, changes, now).await?;
    let other_people = |change: &&CrewChange| change.before.members != change.after.crew.members;
    let other_people: Vec<_> = changes.iter().filter(other_people).collect();
    if !other_people.is_empty() {
        write_rosters(connection, engine, &other_people).await?;
    }
    duties::write(connection, engine, changes).await?;
    outbox::people_changed(connection, engine, changes, now).await
}

#[derive(Serialize)]
struct RosterRow<'a> {
    rotation: &'a str,
    workspace: &'a str,
    key: &'a str,
    position: usize,
    person: Option<&'a str>,
    pagerduty_user: Option<&'a str>,
    name: &'a str,
    email: Option<&'a str>,
    unlinked: Option<&'static str>,
}

/// Writes who takes turns, and in which order. Whether they are on duty is for
/// [`duties::write`] to say.
async fn write_rosters(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &[&CrewChange],
) -> Result<()> {
    let delete = format!(
        "delete from rotation_members where rotation_id in {}",
        engine.texts_of_json("$1")
    );
    sqlx::query(AssertSqlSafe(delete))
        .bind(ids_of(changes.iter().copied()))
        .execute(&mut *connection)
        .await?;
    let rows = changes.iter().flat_map(|change| {
        let rotation = &change.after;
        let members = rotation.crew.members.iter().enumerate();
        members.map(move |(position, member)| RosterRow {
            rotation: rotation.id.as_str(),
            workspace: rotation.workspace.as_str(),
            key: member.key.as_str(),
            position,
            person: member.person.as_ref().map(PersonId::as_str),
            pagerduty_user: member.pagerduty_user.as_ref().map(PagerDutyUserId::as_str),
            name: &member.name,
            email: member.email.as_deref(),
            unlinked: member.person.is_none().then(|| member.link.code()),
        })
    });
    let insert = format!(
        "insert into rotation_members (rotation_id, workspace_id, key, position, person_id,
             pagerduty_user_id, name, email, unlinked)
         select j.value->>'rotation', j.value->>'workspace', j.value->>'key',
             cast(j.value->>'position' as bigint), j.value->>'person',
             j.value->>'pagerduty_user', j.value->>'name', j.value->>'email',
             j.value->>'unlinked'
         from {}",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(insert))
        .bind(as_json(&rows.collect::<Vec<_>>()))
        .execute(connection)
        .await?;
    Ok(())
}
