//! What a workspace has decided about holidays. All rotations whose schedules skip these go on by it
//! in the transaction that writes it.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, audit, rotas,
    rotations::{self, Which},
    workspaces,
};
use domain::{
    Plan, Rotation,
    rota::{HolidayWrite, OwnDay, OwnHoliday, Region, Turn, UpToDate, holidays_needed_from},
};
use jiff::civil::Date;
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use types::{RotationId, RotationMode, Stretch, Timestamp, WorkspaceId};

#[derive(Deserialize)]
struct JsonRow(String, String, i64);

/// A subquery for the days that may concern the rota `t` of the rotation `r`, for [`read`]: a country
/// is told in the terms by its code, or by one that begins with it.
pub(super) fn as_json(engine: Engine) -> String {
    let rows = engine.json_rows("h.day, h.region, h.is_off", "h.day, h.region");
    format!(
        "(select {rows} from workspace_holidays h
          where h.workspace_id = r.workspace_id and {SKIPS_HOLIDAYS}
              and (h.region = '' or t.terms like '%\"' || h.region || '%'))"
    )
}

/// Whether the rota `t` skips holidays of any country.
const SKIPS_HOLIDAYS: &str = r#"t.terms not like '%"holidays_of":[]%'"#;

/// What cannot be read is none.
pub(super) fn read(text: &str) -> Vec<OwnDay> {
    let rows: Vec<JsonRow> = serde_json::from_str(text).unwrap_or_default();
    let rows = rows.iter();
    rows.filter_map(|JsonRow(day, region, is_off)| own_day(day, region, *is_off))
        .collect()
}

/// None where this version knows no such day or region.
fn own_day(day: &str, region: &str, is_off: i64) -> Option<OwnDay> {
    Some(OwnDay {
        date: day.parse().ok()?,
        region: match region {
            "" => None,
            code => Some(Region::named(code)?),
        },
        off: is_off != 0,
    })
}

/// What the workspace has decided, by date.
pub(super) async fn load(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<Vec<OwnHoliday>> {
    let rows: Vec<(String, String, i64, String)> = sqlx::query_as(
        "select day, region, is_off, name from workspace_holidays where workspace_id = $1
         order by day, region",
    )
    .bind(workspace.as_str())
    .fetch_all(connection)
    .await?;
    let holidays = rows.into_iter().filter_map(|(day, region, is_off, name)| {
        let day = own_day(&day, &region, is_off)?;
        Some(OwnHoliday { day, name })
    });
    Ok(holidays.collect())
}

/// The days of [`load`].
pub(super) async fn days(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<Vec<OwnDay>> {
    let holidays = load(connection, workspace).await?;
    Ok(holidays.into_iter().map(|holiday| holiday.day).collect())
}

impl Store {
    /// What the workspace has decided about holidays, by date.
    pub async fn own_holidays(&self, workspace: &WorkspaceId) -> Result<Vec<OwnHoliday>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, workspace).await
    }

    /// Lets `decide` change what the workspace has decided about holidays, and has all rotations that
    /// skip these go on by it. Returns those, or what it refuses, and then nothing is written.
    pub async fn change_holidays<R>(
        &self,
        workspace: &WorkspaceId,
        now: &(dyn Fn() -> Timestamp + Sync),
        decide: impl FnOnce(
            &[OwnHoliday],
            Timestamp,
        ) -> std::result::Result<(HolidayWrite, NewAuditEntry), R>
        + Send,
    ) -> Result<std::result::Result<Vec<RotationId>, R>> {
        let mut tx = self.begin().await?;
        // Whoever gives a rotation a schedule holds it as well, so that each knows what the other did.
        workspaces::hold(&mut tx, workspace).await?;
        let held = hold_rotations(&mut tx, self.engine, workspace).await?;
        let which = Which::these(self.engine, held.iter().map(String::as_str));
        let before = rotations::load(&mut tx, self.engine, workspace, &which).await?;
        let present = load(&mut tx, workspace).await?;
        let now = now();
        let (write, entry) = match decide(&present, now) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(needed) = holidays_needed_from(&before, now) {
            forget_before(&mut tx, workspace, needed).await?;
        }
        let concerned: Vec<_> = before
            .into_iter()
            .filter(|rotation| skips(rotation, write.day()))
            .collect();
        let ids: Vec<_> = concerned.iter().map(|one| one.id.clone()).collect();
        let moved = moved(concerned, &write.applied(&present), now).await;
        put(&mut tx, workspace, &write).await?;
        let mut changes = Vec::with_capacity(moved.len());
        for Moved {
            before,
            was_planned,
            mut after,
            present,
        } in moved
        {
            let (was, is) = ((&before, was_planned.as_slice()), (&mut after, present));
            rotas::store_present(&mut tx, self.engine, was, is, now).await?;
            changes.push((before, after));
        }
        rotas::write_crews(&mut tx, self.engine, changes, now).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, &ids).await?;
        tx.commit().await?;
        Ok(Ok(ids))
    }
}

fn skips(rotation: &Rotation, day: &OwnDay) -> bool {
    let rota = rotation.plan.rota();
    rota.is_some_and(|rota| rota.terms.skips.is_concerned_by(day))
}

/// A rotation in which holidays change something.
struct Moved {
    before: Rotation,
    /// From when its turn was reckoned on.
    was_planned: Vec<Stretch>,
    after: Rotation,
    present: UpToDate,
}

/// Those rotations of which anything that is stored or told becomes another one when their workspace
/// has decided this. Whose turn it is by `now` goes by the days until now, so one whose hand-off is due
/// is among them: whoever makes it later would go by the others.
async fn moved(concerned: Vec<Rotation>, own: &[OwnDay], now: Timestamp) -> Vec<Moved> {
    let mut moved = Vec::new();
    for before in concerned {
        // Of many rotations it takes a while, in which others are served.
        tokio::task::yield_now().await;
        let Some(rota) = before.plan.rota() else {
            continue;
        };
        let members = &before.crew.members;
        let was = rota.up_to_date(&before, members, now);
        let changed = rota.with_holidays(own, &before, was.turn.clone());
        let present = changed.up_to_date(&before, members, now);
        let is_due = Turn {
            as_of: was.turn.as_of,
            ..rota.turn.clone()
        } != was.turn;
        if is_due || was != present {
            moved.push(Moved {
                was_planned: was.plan,
                after: Rotation {
                    plan: Plan::Scheduled(Box::new(changed)),
                    ..before.clone()
                },
                present,
                before,
            });
        }
    }
    moved
}

/// Forgets what was decided about days that no schedule counts any more.
async fn forget_before(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    needed: Date,
) -> Result<()> {
    sqlx::query("delete from workspace_holidays where workspace_id = $1 and day < $2")
        .bind(workspace.as_str())
        .bind(needed.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn put(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    write: &HolidayWrite,
) -> Result<()> {
    let OwnDay { date, region, off } = write.day();
    let (day, region) = (date.to_string(), region.map_or("", |region| region.code));
    sqlx::query(
        "delete from workspace_holidays where workspace_id = $1 and day = $2 and region = $3",
    )
    .bind(workspace.as_str())
    .bind(&day)
    .bind(region)
    .execute(&mut *connection)
    .await?;
    let HolidayWrite::Put(holiday) = write else {
        return Ok(());
    };
    sqlx::query(
        "insert into workspace_holidays (workspace_id, day, region, is_off, name)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(workspace.as_str())
    .bind(&day)
    .bind(region)
    .bind(i64::from(*off))
    .bind(&holiday.name)
    .execute(connection)
    .await?;
    Ok(())
}

/// The rotations whose schedules skip holidays; their rows are held until the transaction ends, in
/// the order in which everybody holds several.
async fn hold_rotations(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
) -> Result<Vec<String>> {
    let statement = format!(
        "update rotations set mode = mode where id in (
             select id from rotations where workspace_id = $1 and mode = $2 and id in (
                 select t.rotation_id from rotas t where t.workspace_id = $1
                     and {SKIPS_HOLIDAYS}) {})
         returning id",
        engine.held_in_order()
    );
    let ids: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}
