//! By which overrides people have had duty, PagerDuty's as well as our own. What is planned is reckoned
//! anew each time; what has come true is written when it begins, and brought up to date while it runs.

use super::{DatabaseConnection, Engine, Result, as_json, from_json};
use domain::PastOverride;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use types::{MemberKey, Override, RotationId, Stretch, Timestamp, WorkspaceId};

/// One that has begun, as the statements take it.
#[derive(Serialize)]
struct Row<'a> {
    rotation: &'a str,
    holder: &'a str,
    starts_at: Timestamp,
    ends_at: Timestamp,
    instead_of: String,
    is_cover: i64,
}

/// Whether the row `r` is about the override `o` that runs when the row begins.
const THE_SAME: &str = "o.rotation_id = r.rotation and o.holder = r.holder
    and o.instead_of = r.instead_of and o.is_cover = r.is_cover
    and o.starts_at <= r.starts_at and r.starts_at <= o.ends_at";

/// Notes what has come true by `now` of the overrides of these plans. One that runs and is in none of
/// them any more has ended.
pub(super) async fn record(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    plans: &[(&RotationId, &[Stretch])],
    now: Timestamp,
) -> Result<()> {
    let mut rows = Vec::new();
    for (rotation, plan) in plans {
        let has_begun = |stretch: &&Stretch| stretch.starts_at <= now;
        for stretch in plan.iter().take_while(has_begun) {
            let Some(holder) = &stretch.holder else {
                continue;
            };
            let begun = stretch.overrides.iter().filter(|one| one.starts_at <= now);
            rows.extend(begun.map(|one| Row {
                rotation: rotation.as_str(),
                holder: holder.key.as_str(),
                starts_at: one.starts_at,
                ends_at: one.ends_at,
                instead_of: as_json(&one.instead_of),
                is_cover: i64::from(one.is_cover),
            }));
        }
    }
    let none_has_begun = rows.is_empty();
    let rows = as_json(&rows);
    let ids: Vec<_> = plans.iter().map(|(rotation, _)| rotation).collect();
    let begun = format!(
        "with r as (select j.value->>'rotation' as rotation, j.value->>'holder' as holder,
             cast(j.value->>'starts_at' as bigint) as starts_at,
             cast(j.value->>'ends_at' as bigint) as ends_at,
             j.value->>'instead_of' as instead_of,
             cast(j.value->>'is_cover' as bigint) as is_cover from {})",
        engine.rows_of_json()
    );
    let going_on = format!(
        "{begun} update past_overrides as o
         set ends_at = (select max(r.ends_at) from r where {THE_SAME})
         where exists (select 1 from r where {THE_SAME})"
    );
    if !none_has_begun {
        sqlx::query(AssertSqlSafe(going_on))
            .bind(&rows)
            .execute(&mut *connection)
            .await?;
    }
    let ended = format!(
        "{begun} update past_overrides as o
         set ends_at = case when o.starts_at > $2 then o.starts_at else $2 end
         where o.rotation_id in {} and o.ends_at > $2
             and not exists (select 1 from r where {THE_SAME} and r.ends_at > $2)",
        engine.texts_of_json("$3")
    );
    sqlx::query(AssertSqlSafe(ended))
        .bind(&rows)
        .bind(now.as_millis())
        .bind(as_json(&ids))
        .execute(&mut *connection)
        .await?;
    if none_has_begun {
        return Ok(());
    }
    let new = format!(
        "{begun} insert into past_overrides (rotation_id, workspace_id, holder, starts_at, ends_at,
             instead_of, is_cover, made_by)
         select r.rotation, $2, r.holder, r.starts_at, r.ends_at, r.instead_of, r.is_cover,
             (select v.made_by from overrides v join rotations w
                  on w.id = v.rotation_id and w.mode = 'scheduled'
                  where v.rotation_id = r.rotation
                  and 'slack:' || v.person_id = r.holder and v.starts_at <= r.starts_at
                  and r.starts_at < v.ends_at order by v.place desc limit 1)
         from r where not exists (select 1 from past_overrides o where {THE_SAME})
         on conflict (rotation_id, holder, starts_at) do update set ends_at = excluded.ends_at,
             instead_of = excluded.instead_of, is_cover = excluded.is_cover,
             made_by = excluded.made_by"
    );
    sqlx::query(AssertSqlSafe(new))
        .bind(&rows)
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps what was noted of somebody who is known as somebody else by now, each as it was and as it is.
pub(super) async fn rename(
    connection: &mut DatabaseConnection,
    engine: Engine,
    renamed: &[(RotationId, MemberKey, MemberKey)],
) -> Result<()> {
    let statement = format!(
        "update past_overrides as o set holder = j.value->>2 from {}
         where o.rotation_id = j.value->>0 and o.holder = j.value->>1
             and not exists (select 1 from past_overrides x where x.rotation_id = o.rotation_id
                 and x.holder = j.value->>2 and x.starts_at = o.starts_at)",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(renamed))
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that these rotations have no longer the schedule that they had: nothing runs by an override
/// of it.
pub(super) async fn end(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: &[&RotationId],
) -> Result<()> {
    let statement = format!(
        "update past_overrides set ends_at = {now} where ends_at > {now} and rotation_id in {}",
        engine.texts_of_json("$1"),
        now = engine.now()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(rotations))
        .execute(connection)
        .await?;
    Ok(())
}

/// Those of `past_overrides o` for which `condition` holds, by start, as JSON for [`read`].
pub(super) fn as_json_where(engine: Engine, condition: &str) -> String {
    let rows = engine.json_rows(
        "o.holder, o.starts_at, o.ends_at, o.instead_of, q.name, o.is_cover",
        "o.starts_at, o.holder",
    );
    format!(
        "select {rows} from past_overrides o
             left join people q on q.workspace_id = o.workspace_id and q.id = o.made_by
         where {condition}"
    )
}

/// By which overrides people had duty, from [`as_json_where`].
pub(super) fn read(json: &str) -> Result<Vec<PastOverride>> {
    type Row = (String, i64, i64, String, Option<String>, i64);
    let rows: Vec<Row> = from_json(json, "overrides that have come true")?;
    let past = rows.into_iter().map(
        |(holder, starts_at, ends_at, instead_of, made_by, is_cover)| PastOverride {
            holder: MemberKey::new(holder),
            had: Override {
                starts_at: Timestamp::from_millis(starts_at),
                ends_at: Timestamp::from_millis(ends_at),
                // What cannot be read is nobody's place.
                instead_of: serde_json::from_str(&instead_of).unwrap_or_default(),
                made_by,
                is_cover: is_cover != 0,
            },
        },
    );
    Ok(past.collect())
}
