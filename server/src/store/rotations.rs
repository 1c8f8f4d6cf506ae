//! Rotations with their members and owners.

use super::{
    DatabaseConnection, NewAuditEntry, Result, Store, StoreError, audit, history, revisions,
};
use domain::{Duty, Member, Rotation};
use serde::Deserialize;
use sqlx::FromRow;
use std::collections::HashMap;
use types::{
    LinkState, MemberKey, PagerDutyUserId, PersonId, RotationDetails, RotationId, RotationMode,
    Timestamp, Visibility, WorkspaceId,
};

#[derive(FromRow)]
struct RotationRow {
    id: String,
    name: String,
    description: String,
    code: Option<String>,
    duty_size: i64,
    visibility: String,
    mode: String,
}

/// What a member is read from, in the order of [`MEMBER_COLUMNS`].
#[derive(FromRow, Deserialize)]
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

/// Of `rotation_members m` with the person `p` in the directory and the link `l` by
/// hand.
pub(super) const MEMBER_COLUMNS: &str = "m.key, m.person_id, m.pagerduty_user_id, m.name, m.email,
    m.unlinked, m.on_duty_since, m.on_duty_until, p.name, p.email, p.deactivated,
    case when l.person_id = m.person_id then 1 else 0 end";

impl MemberRow {
    pub(super) fn member(self) -> Member {
        let link = match (&self.person_id, self.deactivated, &self.unlinked) {
            (Some(_), Some(0), _) if self.by_hand != 0 => LinkState::LinkedByHand,
            (Some(_), Some(0), _) => LinkState::Linked,
            (Some(_), _, _) => LinkState::Deactivated,
            (None, _, Some(code)) => LinkState::from_code(code).unwrap_or(LinkState::NotYetKnown),
            (None, _, None) => LinkState::NoMatch,
        };
        Member {
            key: MemberKey::new(self.key),
            person: self.person_id.map(PersonId::new),
            pagerduty_user: self.pagerduty_user_id.map(PagerDutyUserId::new),
            name: self.directory_name.unwrap_or(self.name),
            email: self.directory_email.or(self.email),
            link,
            duty: self.on_duty_since.map(|since| Duty {
                since: Timestamp::from_millis(since),
                until: self.on_duty_until.map(Timestamp::from_millis),
            }),
        }
    }
}

/// Who sees a rotation: by what another version knows and this one does not, as few as may be.
pub(super) fn visibility(code: &str) -> Visibility {
    Visibility::from_code(code).unwrap_or(Visibility::Private)
}

pub(super) fn mode(code: &str) -> RotationMode {
    RotationMode::from_code(code).unwrap_or(RotationMode::Unknown)
}

#[derive(FromRow)]
struct RotationMemberRow {
    rotation_id: String,
    #[sqlx(flatten)]
    member: MemberRow,
}

impl RotationRow {
    fn rotation(
        self,
        workspace: &WorkspaceId,
        members: Vec<Member>,
        owners: Vec<PersonId>,
    ) -> Rotation {
        Rotation {
            id: RotationId::new(self.id),
            workspace: workspace.clone(),
            details: RotationDetails {
                name: self.name,
                description: self.description,
                code: self.code,
                duty_size: u32::try_from(self.duty_size).unwrap_or(1),
                visibility: visibility(&self.visibility),
            },
            mode: mode(&self.mode),
            owners,
            members,
        }
    }
}

impl Store {
    /// Every rotation of the workspace by name, in a fixed number of statements.
    pub async fn rotations(&self, workspace: &WorkspaceId) -> Result<Vec<Rotation>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, workspace, None).await
    }

    pub async fn rotation(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
    ) -> Result<Option<Rotation>> {
        let mut connection = self.pool.acquire().await?;
        Ok(load(&mut connection, workspace, Some(id)).await?.pop())
    }

    /// Writes a new rotation.
    ///
    /// # Errors
    /// [`StoreError::CodeTaken`] when another rotation has its code.
    pub async fn create_rotation(&self, rotation: &Rotation, entry: &NewAuditEntry) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into rotations (id, workspace_id, name, description, code, duty_size,
                 visibility, mode, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(rotation.id.as_str())
        .bind(rotation.workspace.as_str())
        .bind(&rotation.details.name)
        .bind(&rotation.details.description)
        .bind(rotation.details.code.as_deref())
        .bind(i64::from(rotation.details.duty_size))
        .bind(rotation.details.visibility.code())
        .bind(rotation.mode.code())
        .bind(entry.at.as_millis())
        .execute(&mut *tx)
        .await
        .map_err(code_taken)?;
        write_owners(&mut tx, rotation).await?;
        write_members(&mut tx, &[], rotation, (entry.at, entry.at)).await?;
        audit::insert(&mut tx, entry).await?;
        revisions::rotations_changed(&mut tx, &rotation.workspace).await?;
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
    pub async fn change_rotation<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        change: impl FnOnce(&mut Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<bool, R>>> {
        let mut tx = self.begin().await?;
        let Some(before) = lock_and_load(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        let mut after = before.clone();
        let entry = match change(&mut after) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if after == before {
            return Ok(Some(Ok(false)));
        }
        if after.details != before.details {
            write_details(&mut tx, &after).await?;
        }
        if after.owners != before.owners {
            write_owners(&mut tx, &after).await?;
        }
        if after.members != before.members {
            write_members(&mut tx, &before.members, &after, (entry.at, entry.at)).await?;
        }
        audit::insert(&mut tx, &entry).await?;
        revisions::rotations_changed(&mut tx, workspace).await?;
        tx.commit().await?;
        Ok(Some(Ok(true)))
    }

    /// Deletes a rotation if `allow` does not refuse; `None` when there is none.
    pub async fn delete_rotation<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        allow: impl FnOnce(&Rotation) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let mut tx = self.begin().await?;
        super::connections::hold(&mut tx, workspace).await?;
        let Some(rotation) = lock_and_load(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        let entry = match allow(&rotation) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        sqlx::query("delete from rotations where workspace_id = $1 and id = $2")
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        super::schedules::forget_unbound(&mut tx, workspace).await?;
        audit::insert(&mut tx, &entry).await?;
        revisions::rotations_changed(&mut tx, workspace).await?;
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
    Ok(load(connection, workspace, Some(id)).await?.pop())
}

/// One rotation, or all of the workspace when `only` is absent.
pub(super) async fn load(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    only: Option<&RotationId>,
) -> Result<Vec<Rotation>> {
    let only = only.map(RotationId::as_str);
    let rows: Vec<RotationRow> = sqlx::query_as(
        "select id, name, description, code, duty_size, visibility, mode from rotations
         where workspace_id = $1 and (id = $2 or $3 = 1) order by lower(name), id",
    )
    .bind(workspace.as_str())
    .bind(only.unwrap_or_default())
    .bind(i64::from(only.is_none()))
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut members = load_members(connection, workspace, only).await?;
    let mut owners = load_owners(connection, workspace, only).await?;
    let rotations = rows.into_iter().map(|row| {
        let members = members.remove(&row.id).unwrap_or_default();
        let owners = owners.remove(&row.id).unwrap_or_default();
        row.rotation(workspace, members, owners)
    });
    Ok(rotations.collect())
}

async fn load_members(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    only: Option<&str>,
) -> Result<HashMap<String, Vec<Member>>> {
    let rows: Vec<RotationMemberRow> = sqlx::query_as(
        "select m.rotation_id, m.key, m.person_id, m.pagerduty_user_id, m.name, m.email,
             m.unlinked, m.on_duty_since, m.on_duty_until,
             p.name as directory_name, p.email as directory_email, p.deactivated,
             case when l.person_id = m.person_id then 1 else 0 end as by_hand
         from rotation_members m
         left join people p on p.workspace_id = m.workspace_id and p.id = m.person_id
         left join person_links l on l.workspace_id = m.workspace_id
             and l.pagerduty_user_id = m.pagerduty_user_id
         where m.workspace_id = $1 and (m.rotation_id = $2 or $3 = 1)
         order by m.rotation_id, m.position",
    )
    .bind(workspace.as_str())
    .bind(only.unwrap_or_default())
    .bind(i64::from(only.is_none()))
    .fetch_all(connection)
    .await?;
    let mut members: HashMap<String, Vec<Member>> = HashMap::new();
    for row in rows {
        let member = row.member.member();
        members.entry(row.rotation_id).or_default().push(member);
    }
    Ok(members)
}

async fn load_owners(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    only: Option<&str>,
) -> Result<HashMap<String, Vec<PersonId>>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select rotation_id, person_id from rotation_owners
         where workspace_id = $1 and (rotation_id = $2 or $3 = 1)
         order by rotation_id, person_id",
    )
    .bind(workspace.as_str())
    .bind(only.unwrap_or_default())
    .bind(i64::from(only.is_none()))
    .fetch_all(connection)
    .await?;
    let mut owners: HashMap<String, Vec<PersonId>> = HashMap::new();
    for (rotation, person) in rows {
        owners
            .entry(rotation)
            .or_default()
            .push(PersonId::new(person));
    }
    Ok(owners)
}

async fn write_details(connection: &mut DatabaseConnection, rotation: &Rotation) -> Result<()> {
    sqlx::query(
        "update rotations set name = $1, description = $2, code = $3, duty_size = $4,
             visibility = $5
         where id = $6",
    )
    .bind(&rotation.details.name)
    .bind(&rotation.details.description)
    .bind(rotation.details.code.as_deref())
    .bind(i64::from(rotation.details.duty_size))
    .bind(rotation.details.visibility.code())
    .bind(rotation.id.as_str())
    .execute(connection)
    .await
    .map_err(code_taken)?;
    Ok(())
}

async fn write_owners(connection: &mut DatabaseConnection, rotation: &Rotation) -> Result<()> {
    sqlx::query("delete from rotation_owners where rotation_id = $1")
        .bind(rotation.id.as_str())
        .execute(&mut *connection)
        .await?;
    for owner in &rotation.owners {
        sqlx::query(
            "insert into rotation_owners (rotation_id, workspace_id, person_id)
             values ($1, $2, $3)",
        )
        .bind(rotation.id.as_str())
        .bind(rotation.workspace.as_str())
        .bind(owner.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Puts the members of `rotation` in the place of those `before`, who are certain
/// to have been right until the first of two times, and notes whose duty that
/// begins or ends at the second.
pub(super) async fn write_members(
    connection: &mut DatabaseConnection,
    before: &[Member],
    rotation: &Rotation,
    times: (Timestamp, Timestamp),
) -> Result<()> {
    let which = (&rotation.workspace, &rotation.id);
    history::record(connection, which, before, &rotation.members, times).await?;
    sqlx::query("delete from rotation_members where rotation_id = $1")
        .bind(rotation.id.as_str())
        .execute(&mut *connection)
        .await?;
    for (position, member) in (0i64..).zip(&rotation.members) {
        sqlx::query(
            "insert into rotation_members (rotation_id, workspace_id, key, position, person_id,
                 pagerduty_user_id, name, email, unlinked, on_duty_since, on_duty_until)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(rotation.id.as_str())
        .bind(rotation.workspace.as_str())
        .bind(member.key.as_str())
        .bind(position)
        .bind(member.person.as_ref().map(PersonId::as_str))
        .bind(member.pagerduty_user.as_ref().map(PagerDutyUserId::as_str))
        .bind(&member.name)
        .bind(member.email.as_deref())
        .bind(member.person.is_none().then(|| member.link.code()))
        .bind(member.duty.map(|duty| duty.since.as_millis()))
        .bind(
            member
                .duty
                .and_then(|duty| duty.until)
                .map(Timestamp::as_millis),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
