//! Who is on duty, apart from who takes turns. However many members a rotation has, and however
//! many rotations hand over at once, it takes the same few statements.

use super::{
    DatabaseConnection, Engine, Result, as_json,
    rotations::{MembersChange, ids_of},
};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use types::Timestamp;

/// When the duty of the member `m` began, with its duty `d`. The version before knows no duties:
/// where it wrote last, the member tells.
pub(super) const SINCE: &str =
    "case when m.duty_kept = 1 then d.starts_at else m.on_duty_since end";

/// When the duty of the member `m` will end; see [`SINCE`].
pub(super) const UNTIL: &str = "case when m.duty_kept = 1 then d.ends_at else m.on_duty_until end";

/// Joins the duty `d` of the member `m`.
pub(super) const JOINED: &str =
    "left join duties d on d.rotation_id = m.rotation_id and d.holder = m.key";

#[derive(Serialize)]
struct Row<'a> {
    rotation: &'a str,
    workspace: &'a str,
    holder: &'a str,
    since: i64,
    until: Option<i64>,
    source: &'static str,
}

/// Puts those on duty who are after the changes, in the place of whoever was.
pub(super) async fn write(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &[MembersChange],
) -> Result<()> {
    let rotations = ids_of(changes);
    let these = engine.texts_of_json("$1");
    let relieve = format!("delete from duties where rotation_id in {these}");
    sqlx::query(AssertSqlSafe(relieve))
        .bind(&rotations)
        .execute(&mut *connection)
        .await?;
    let rows = changes.iter().flat_map(|change| {
        let rotation = &change.after;
        rotation.members.iter().filter_map(move |member| {
            let duty = member.duty?;
            Some(Row {
                rotation: rotation.id.as_str(),
                workspace: rotation.workspace.as_str(),
                holder: member.key.as_str(),
                since: duty.since.as_millis(),
                until: duty.until.map(Timestamp::as_millis),
                source: rotation.mode.code(),
            })
        })
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let put_on = format!(
            "insert into duties (rotation_id, workspace_id, holder, starts_at, ends_at, source)
             select j.value->>'rotation', j.value->>'workspace', j.value->>'holder',
                 cast(j.value->>'since' as bigint), cast(j.value->>'until' as bigint),
                 j.value->>'source'
             from {}",
            engine.rows_of_json()
        );
        sqlx::query(AssertSqlSafe(put_on))
            .bind(as_json(&rows))
            .execute(&mut *connection)
            .await?;
    }
    // For servers of the version before.
    let tell_members = format!(
        "update rotation_members set duty_kept = 1,
             on_duty_since = (select d.starts_at from duties d
                 where d.rotation_id = rotation_members.rotation_id
                     and d.holder = rotation_members.key),
             on_duty_until = (select d.ends_at from duties d
                 where d.rotation_id = rotation_members.rotation_id
                     and d.holder = rotation_members.key)
         where rotation_id in {these}"
    );
    sqlx::query(AssertSqlSafe(tell_members))
        .bind(&rotations)
        .execute(connection)
        .await?;
    Ok(())
}
