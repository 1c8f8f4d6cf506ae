//! What a workspace has decided about holidays. Of a thousand rotations that go by it each is planned
//! anew, some at a time: until its turn comes, a rotation goes by what held before. So no transaction
//! takes long, and whoever does it next goes on where it was broken off.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, as_json, audit, rotas,
    rotations::{self, Which},
    workspaces,
};
use domain::{
    KnownPlan, Plan, Rotation,
    rota::{HolidayWrite, OwnDay, OwnHoliday, Region, UpToDate, holidays_needed_from},
};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use types::{RotationId, RotationMode, Timestamp, WorkspaceId};

#[derive(Deserialize)]
struct JsonRow(String, String, i64);

/// So many rotations are planned anew in one transaction. Whoever else writes has a turn in between.
const AT_ONCE: i64 = 50;

/// A subquery for the days that may concern the rota `t` of the rotation `r`, for [`read`]: what was
/// decided, or what held before where the rotation has still to go on by that.
pub(super) fn days_as_json(engine: Engine) -> String {
    let rows = engine.json_rows("h.day, h.region, h.is_off", "h.day, h.region");
    let concerned = concerned_by("h.region");
    format!(
        "(select {rows} from (
              select h.day, h.region, h.is_off from workspace_holidays h
              where h.workspace_id = r.workspace_id and {concerned}
                  and not exists (select 1 from holidays_unplanned u
                      where u.rotation_id = r.id and u.day = h.day and u.region = h.region)
              union all
              select u.day, u.region, u.was_off from holidays_unplanned u
              where u.rotation_id = r.id and u.was_off is not null) h)"
    )
}

/// Whether a day of this region may concern the rota `t`: a country is told in the terms by its code, or
/// by one that begins with it.
fn concerned_by(region: &str) -> String {
    format!("{SKIPS_HOLIDAYS} and ({region} = '' or t.terms like '%\"' || {region} || '%')")
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

    /// Lets `decide` change what the workspace has decided about holidays. What it refuses is handed back,
    /// and then nothing is written. The rotations that it concerns go on as they did until they are
    /// planned anew.
    pub async fn change_holidays<R>(
        &self,
        workspace: &WorkspaceId,
        decide: impl FnOnce(
            &[OwnHoliday],
            Timestamp,
        ) -> std::result::Result<(HolidayWrite, NewAuditEntry), R>
        + Send,
    ) -> Result<std::result::Result<(), R>> {
        let mut tx = self.begin().await?;
        // Whoever gives a rotation a schedule holds it as well, so that each knows what the other did.
        workspaces::hold(&mut tx, workspace).await?;
        let present = load(&mut tx, workspace).await?;
        let now = self.now_in(&mut tx).await?;
        let (write, entry) = match decide(&present, now) {
            Ok((write, entry)) => (write, NewAuditEntry { at: now, ..entry }),
            Err(refusal) => return Ok(Err(refusal)),
        };
        forget_old(&mut tx, workspace, now).await?;
        have_planned(&mut tx, workspace, (write.day(), &present)).await?;
        put(&mut tx, workspace, &write).await?;
        audit::insert(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Has some of the rotations go on at `now` by what was decided about holidays that go by what held
    /// before still. Returns them; `None` where there are none any more.
    pub async fn plan_by_holidays(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Option<Vec<RotationId>>> {
        let unplanned =
            "select rotation_id from holidays_unplanned where workspace_id = $1 limit 1";
        let unplanned: Option<(String,)> = sqlx::query_as(unplanned)
            .bind(workspace.as_str())
            .fetch_optional(&self.pool)
            .await?;
        if unplanned.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        // Nobody decides anything else meanwhile.
        workspaces::hold(&mut tx, workspace).await?;
        let ids = hold_unplanned(&mut tx, self.engine, workspace).await?;
        if ids.is_empty() {
            return Ok(Some(ids));
        }
        let which = Which::these(self.engine, ids.iter().map(RotationId::as_str));
        let mut before = rotations::load(&mut tx, self.engine, workspace, &which).await?;
        let own = days(&mut tx, workspace).await?;
        let now = self.now_in(&mut tx).await?;
        for rotation in &mut before {
            rotas::catch_up(&mut tx, self.engine, rotation, now).await?;
        }
        let mut moved = moved(before, &own, now).await;
        planned(&mut tx, self.engine, &ids.iter().collect::<Vec<_>>()).await?;
        if !moved.is_empty() {
            let mut changed: Vec<_> = moved.iter_mut().map(Moved::changed).collect();
            rotas::store_present(&mut tx, self.engine, workspace, &mut changed, now).await?;
            let crews = moved.into_iter().map(|one| (one.before, one.after));
            rotas::write_crews(&mut tx, self.engine, crews.collect(), now).await?;
        }
        self.rotations_changed(&mut tx, workspace, &ids).await?;
        tx.commit().await?;
        Ok(Some(ids))
    }
}

/// A rotation in which holidays change something.
struct Moved {
    before: Rotation,
    /// By what was decided until now.
    was: UpToDate,
    after: Rotation,
    present: UpToDate,
}

impl Moved {
    fn changed(&mut self) -> rotas::Changed<'_> {
        rotas::Changed {
            before: &self.before,
            was_planned: KnownPlan {
                shifts: &self.was.plan,
                until: self.was.known_until,
            },
            told: None,
            after: &mut self.after,
            present: &self.present,
        }
    }
}

/// Those rotations of which anything that is stored or told becomes another one when their workspace
/// has decided this. Nothing is due in them by `now`.
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
        if was != present {
            moved.push(Moved {
                was,
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
async fn forget_old(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<()> {
    let schedules = format!(
        "select t.terms from rotas t join rotations r on r.id = t.rotation_id
         where r.workspace_id = $1 and r.mode = $2 and {SKIPS_HOLIDAYS}"
    );
    let schedules: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(schedules))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .fetch_all(&mut *connection)
        .await?;
    let schedules = schedules
        .iter()
        .map(|(terms,)| rotas::days_and_start(terms));
    let Some(needed) = holidays_needed_from(schedules, now) else {
        return Ok(());
    };
    sqlx::query("delete from workspace_holidays where workspace_id = $1 and day < $2")
        .bind(workspace.as_str())
        .bind(needed.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Has all rotations that a day may concern planned anew later, and go on until then by what was decided
/// about it before. Where one does so already, that holds.
async fn have_planned(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    (day, present): (&OwnDay, &[OwnHoliday]),
) -> Result<()> {
    let before = present
        .iter()
        .find(|holiday| holiday.day.is_about(day.date, day.region));
    let concerned = concerned_by("$4");
    let statement = format!(
        "insert into holidays_unplanned (rotation_id, workspace_id, day, region, was_off)
         select t.rotation_id, $1, $3, $4, $5
         from rotas t join rotations r on r.id = t.rotation_id
         where r.workspace_id = $1 and r.mode = $2 and {concerned}
         on conflict (rotation_id, day, region) do nothing"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .bind(day.date.to_string())
        .bind(day.region.map_or("", |region| region.code))
        .bind(before.map(|before| i64::from(before.day.off)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that these rotations go by all that was decided.
pub(super) async fn planned(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: &[&RotationId],
) -> Result<()> {
    let statement = format!(
        "delete from holidays_unplanned where rotation_id in {}",
        engine.texts_of_json("$1")
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(rotations))
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

/// Some of the rotations that are to be planned anew; their rows are held until the transaction ends, in
/// the order in which everybody holds several.
async fn hold_unplanned(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
) -> Result<Vec<RotationId>> {
    let statement = format!(
        "update rotations set mode = mode where id in (
             select id from rotations where id in (
                 select rotation_id from holidays_unplanned where workspace_id = $1
                 group by rotation_id order by rotation_id limit {AT_ONCE}) {})
         returning id",
        engine.held_in_order()
    );
    let ids: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(|(id,)| RotationId::new(id)).collect())
}
