//! Who is on duty, apart from who takes turns. However many members a rotation has, and however
//! many rotations hand over at once, it takes the same few statements.

use super::{
    DatabaseConnection, Engine, Result, as_json,
    rotations::{CrewChange, ids_of},
};
use domain::Duty;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use std::collections::HashSet;
use types::{Holder, MemberKey, Timestamp};

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
    /// Nothing reads it: what decided is told by the history.
    source: &'static str,
    name: Option<&'a str>,
}

/// The duty of somebody who takes no turns, in the order of [`stand_ins_as_json`].
#[derive(Deserialize)]
pub(super) struct StandInRow {
    holder: String,
    name: String,
    starts_at: i64,
    ends_at: Option<i64>,
}

/// The duties `d`, as [`STAND_INS`] picks them, as JSON of [`StandInRow`]s.
pub(super) fn stand_ins_as_json(engine: Engine) -> String {
    let values = "d.holder, coalesce(p.name, d.name, d.holder), d.starts_at, d.ends_at";
    engine.json_rows(values, "d.holder")
}

/// The duties `d` of those who take no turns, with the person `p` in the directory. The version
/// before knows none: where it wrote last, there are none.
pub(super) const STAND_INS: &str = "duties d
    left join people p on p.workspace_id = d.workspace_id and d.holder = 'slack:' || p.id
    where not exists (select 1 from rotation_members m where m.rotation_id = d.rotation_id
        and (m.key = d.holder or m.duty_kept = 0))";

impl StandInRow {
    pub(super) fn duty(self) -> Duty {
        Duty {
            holder: Holder {
                key: MemberKey::new(self.holder),
                name: self.name,
            },
            since: Timestamp::from_millis(self.starts_at),
            until: self.ends_at.map(Timestamp::from_millis),
        }
    }
}

/// Puts those on duty who are after the changes, in the place of whoever was.
pub(super) async fn write(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: &[CrewChange],
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
        let members = rotation.crew.members.iter().map(|member| &member.key);
        let members: HashSet<_> = members.collect();
        rotation.crew.duties.iter().map(move |duty| Row {
            rotation: rotation.id.as_str(),
            workspace: rotation.workspace.as_str(),
            holder: duty.holder.key.as_str(),
            since: duty.since.as_millis(),
            until: duty.until.map(Timestamp::as_millis),
            source: rotation.plan.mode().code(),
            name: (!members.contains(&duty.holder.key)).then_some(&duty.holder.name),
        })
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let put_on = format!(
            "insert into duties (rotation_id, workspace_id, holder, starts_at, ends_at, source, name)
             select j.value->>'rotation', j.value->>'workspace', j.value->>'holder',
                 cast(j.value->>'since' as bigint), cast(j.value->>'until' as bigint),
                 j.value->>'source', j.value->>'name'
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
