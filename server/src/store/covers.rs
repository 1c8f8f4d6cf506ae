//! Requests for cover. One that is taken is kept until its time is over, so that whoever comes
//! second is told who was quicker.

use super::{
    DatabaseConnection, Engine, Result, Store, as_json, deliveries::Subject, notifications, outbox,
};
use domain::{Notice, NoticeKey, Occurrence, PersonalNotice, Rotation, rota::CoverRequest};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{CoverId, Holder, MemberKey, RotationId, Span, Timestamp, WorkspaceId};

/// A request whose time is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCover {
    pub id: CoverId,
    pub request: CoverRequest,
    /// What whoever wants to be covered is called, and who is asked.
    pub asked_by_name: String,
    pub asked_name: Option<String>,
}

#[derive(FromRow)]
struct Row {
    id: String,
    rotation_id: String,
    asked_by: String,
    asked_by_name: String,
    asked: Option<String>,
    asked_name: Option<String>,
    starts_at: i64,
    ends_at: i64,
    taken_by: Option<String>,
    taken_by_name: Option<String>,
}

impl From<Row> for StoredCover {
    fn from(row: Row) -> Self {
        let at = Timestamp::from_millis;
        let taken_by = row.taken_by.map(|key| Holder {
            name: row.taken_by_name.unwrap_or_else(|| key.clone()),
            key: MemberKey::new(key),
        });
        Self {
            id: CoverId::new(row.id),
            request: CoverRequest {
                asked_by: MemberKey::new(row.asked_by),
                span: Span {
                    from: at(row.starts_at),
                    until: at(row.ends_at),
                },
                asked: row.asked.map(MemberKey::new),
                taken_by,
            },
            asked_by_name: row.asked_by_name,
            asked_name: row.asked_name,
        }
    }
}

impl Store {
    /// The requests for cover in each of the rotations whose time is not over at `now`, by start.
    pub async fn covers(
        &self,
        rotations: &[&RotationId],
        now: Timestamp,
    ) -> Result<HashMap<RotationId, Vec<StoredCover>>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, self.engine, rotations, now).await
    }

    /// A request, and the rotation that it is for.
    pub async fn cover(
        &self,
        workspace: &WorkspaceId,
        id: &CoverId,
    ) -> Result<Option<(RotationId, StoredCover)>> {
        let statement = format!("{ROWS} where c.workspace_id = $1 and c.id = $2");
        let row: Option<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| (RotationId::new(&row.rotation_id), row.into())))
    }
}

/// Requests for cover, as `c`.
const ROWS: &str = "select c.id, c.rotation_id, c.asked_by,
         coalesce(b.name, c.asked_by_name) as asked_by_name, c.asked, a.name as asked_name,
         c.starts_at, c.ends_at, c.taken_by, c.taken_by_name
     from covers c
         left join people b on b.workspace_id = c.workspace_id and c.asked_by = 'slack:' || b.id
         left join people a on a.workspace_id = c.workspace_id and c.asked = 'slack:' || a.id";

pub(super) async fn load(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: &[&RotationId],
    now: Timestamp,
) -> Result<HashMap<RotationId, Vec<StoredCover>>> {
    let statement = format!(
        "{ROWS} where c.rotation_id in {} and c.ends_at > $2 order by c.starts_at, c.id",
        engine.texts_of_json("$1")
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(as_json(rotations))
        .bind(now.as_millis())
        .fetch_all(connection)
        .await?;
    let mut covers: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let rotation = RotationId::new(row.rotation_id.as_str());
        covers.entry(rotation).or_default().push(row.into());
    }
    Ok(covers)
}

/// What people are told because cover is wanted or taken.
pub(super) async fn tell(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    (cover, notice, targets): (&StoredCover, PersonalNotice, &[&MemberKey]),
    now: Timestamp,
) -> Result<()> {
    if !notifications::may_write(connection, workspace).await? {
        return Ok(());
    }
    let left = cover.request.span.until.as_millis() - now.as_millis();
    let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
    let notices = targets.iter().map(|target| Notice {
        key: NoticeKey {
            occurrence: Occurrence::at(now),
            kind: notice.kind().to_owned(),
            target: target.to_string(),
        },
        due_in: Duration::ZERO,
        expires_in: Some(left),
    });
    let (subject, notices) = (
        Subject::Cover(cover.id.clone()),
        notices.collect::<Vec<_>>(),
    );
    let rows = notices.iter();
    let rows: Vec<_> = rows
        .map(|notice| outbox::Row::new(workspace, &subject, notice))
        .collect();
    outbox::insert(connection, engine, &rows).await
}

pub(super) async fn insert(
    connection: &mut DatabaseConnection,
    rotation: &Rotation,
    cover: &StoredCover,
) -> Result<()> {
    let request = &cover.request;
    sqlx::query(
        "insert into covers (id, workspace_id, rotation_id, asked_by, asked_by_name, asked,
             starts_at, ends_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(cover.id.as_str())
    .bind(rotation.workspace.as_str())
    .bind(rotation.id.as_str())
    .bind(request.asked_by.as_str())
    .bind(&cover.asked_by_name)
    .bind(request.asked.as_ref().map(MemberKey::as_str))
    .bind(request.span.from.as_millis())
    .bind(request.span.until.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn take(
    connection: &mut DatabaseConnection,
    id: &CoverId,
    by: Option<&Holder>,
) -> Result<()> {
    sqlx::query("update covers set taken_by = $1, taken_by_name = $2 where id = $3")
        .bind(by.map(|by| by.key.as_str()))
        .bind(by.map(|by| by.name.as_str()))
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn withdraw(connection: &mut DatabaseConnection, id: &CoverId) -> Result<()> {
    sqlx::query("delete from covers where id = $1")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
