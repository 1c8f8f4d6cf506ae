//! Overrides of rotations' own schedules, in the order in which they were made. What is over is
//! kept for a while, since whose turn it is may have been reckoned before it ended.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, StoredCover, audit, covers,
    notifications, rotas, rotations,
};
use domain::{
    PersonalNotice, Rotation,
    rota::{CoverRequest, Override, OverrideKind},
};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
use types::{
    CoverId, Holder, MemberKey, OverrideId, PersonId, RotationId, Span, Timestamp, WorkspaceId,
};

/// For how long what is over still counts, in milliseconds: longer than a server is ever down.
pub(super) const COUNTED_AFTER_END: i64 = 31 * 24 * 3_600_000;

/// An override that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOverride {
    pub id: OverrideId,
    pub made: Override,
    /// What the member whose place it is about was called.
    pub relieved_name: Option<String>,
    /// Whoever would be on duty by it has left Slack, so it does not hold.
    pub has_left: bool,
    pub made_by: Option<PersonId>,
}

/// What is to become of the overrides of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverrideWrite {
    Make {
        id: OverrideId,
        made: Override,
        /// What the member whose place it is about is called.
        relieved_name: Option<String>,
        /// The request for cover that is taken by it.
        takes: Option<CoverId>,
    },
    /// It ends now, or never begins.
    End(OverrideId),
    /// Nothing changes until somebody takes it.
    Ask(StoredCover),
    Withdraw(CoverId),
}

/// What has been decided about a rotation over its schedule, as far as it is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub overrides: Vec<StoredOverride>,
    /// Also those that are taken.
    pub covers: Vec<StoredCover>,
    /// How many overrides are kept, with those that are over.
    pub kept: usize,
}

impl Decided {
    /// The request that an override answers, if it is one that somebody took, and who did.
    fn covered_by(&self, id: &OverrideId) -> Option<(&StoredCover, &MemberKey)> {
        let mut overrides = self.overrides.iter();
        let StoredOverride { made, .. } = overrides.find(|one| one.id == *id)?;
        let (of, by) = (made.of().filter(|_| made.is_cover())?, &made.by()?.key);
        let is_this = |cover: &&StoredCover| {
            let CoverRequest {
                asked_by,
                taken_by,
                span,
                ..
            } = &cover.request;
            let is_taken = taken_by
                .as_ref()
                .is_some_and(|taken_by| taken_by.key == *by);
            is_taken && asked_by == of && span.until == made.span.until
        };
        let cover = self.covers.iter().find(is_this)?;
        Some((cover, by))
    }
}

/// Of the overrides `o` with the person `p`: as [`JsonRow`] is read.
const VALUES: &str = "o.starts_at, o.ends_at, o.kind, o.relieved, o.person_id,
    coalesce(p.name, o.person_name), o.is_cover";

#[derive(Deserialize)]
struct JsonRow(
    i64,
    i64,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
);

impl JsonRow {
    /// Nothing of a kind that only another version knows.
    fn made(self) -> Option<Override> {
        let Self(from, until, kind, relieved, person, name, is_cover) = self;
        let of = relieved.map(MemberKey::new);
        let by = person.map(|person| Holder {
            name: name.unwrap_or_else(|| person.clone()),
            key: MemberKey::of_person(&PersonId::new(person)),
        });
        let kind = match (kind.as_str(), of, by) {
            ("replace", Some(of), Some(by)) => OverrideKind::Replace {
                of,
                by,
                is_cover: is_cover != 0,
            },
            ("add", _, Some(by)) => OverrideKind::Add(by),
            ("empty", Some(of), _) => OverrideKind::Empty { of },
            _ => return None,
        };
        let at = Timestamp::from_millis;
        let span = Span {
            from: at(from),
            until: at(until),
        };
        Some(Override { span, kind })
    }
}

fn code(kind: &OverrideKind) -> &'static str {
    match kind {
        OverrideKind::Replace { .. } => "replace",
        OverrideKind::Add(_) => "add",
        OverrideKind::Empty { .. } => "empty",
    }
}

/// After when something has to end that decides about the rota `t`: what was over when its turn was
/// reckoned last decides nothing more, however much of it there is.
pub(super) fn decides_after(engine: Engine) -> String {
    format!("coalesce(t.as_of, {} - {COUNTED_AFTER_END})", engine.now())
}

/// A subquery for the overrides of the rotation `r` with the rota `t` that hold, for [`read`].
pub(super) fn as_json(engine: Engine) -> String {
    let rows = engine.json_rows(VALUES, "o.place");
    let after = decides_after(engine);
    format!(
        "(select {rows} from overrides o
             left join people p on p.workspace_id = o.workspace_id and p.id = o.person_id
         where o.rotation_id = r.id and o.ends_at > {after}
             and coalesce(p.deactivated, 0) = 0)"
    )
}

/// What cannot be read is none.
pub(super) fn read(json: &str) -> Vec<Override> {
    let rows: Vec<JsonRow> = serde_json::from_str(json).unwrap_or_default();
    rows.into_iter().filter_map(JsonRow::made).collect()
}

#[derive(FromRow)]
struct Row {
    id: String,
    starts_at: i64,
    ends_at: i64,
    kind: String,
    relieved: Option<String>,
    relieved_name: Option<String>,
    person_id: Option<String>,
    person_name: Option<String>,
    is_cover: i64,
    has_left: i64,
    made_by: Option<String>,
}

impl Row {
    fn stored(self) -> Option<StoredOverride> {
        let made = JsonRow(
            self.starts_at,
            self.ends_at,
            self.kind,
            self.relieved,
            self.person_id,
            self.person_name,
            self.is_cover,
        );
        Some(StoredOverride {
            id: OverrideId::new(self.id),
            made: made.made()?,
            relieved_name: self.relieved_name,
            has_left: self.has_left != 0,
            made_by: self.made_by.map(PersonId::new),
        })
    }
}

impl Store {
    /// The overrides of a rotation that are not over at `now`, by start.
    pub async fn overrides(
        &self,
        rotation: &RotationId,
        now: Timestamp,
    ) -> Result<Vec<StoredOverride>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, rotation, now).await
    }

    /// Lets `decide` change the overrides of a rotation, and has the rotation go on by what it
    /// made of them. What it refuses is handed back and nothing is written; `None` when there is
    /// no such rotation.
    pub async fn change_overrides<R>(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
        decide: impl FnOnce(
            &Rotation,
            &Decided,
            Timestamp,
        ) -> std::result::Result<(OverrideWrite, NewAuditEntry), R>
        + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let mut tx = self.begin().await?;
        let Some(before) =
            rotations::lock_and_load(&mut tx, self.engine, workspace, rotation).await?
        else {
            return Ok(None);
        };
        let now = self.now_in(&mut tx).await?;
        let stored = Decided {
            overrides: load(&mut tx, rotation, now).await?,
            covers: covers::load(&mut tx, self.engine, &[rotation], now)
                .await?
                .remove(rotation)
                .unwrap_or_default(),
            kept: kept(&mut tx, rotation).await?,
        };
        let (write, entry) = match decide(&before, &stored, now) {
            Ok((write, entry)) => (write, NewAuditEntry { at: now, ..entry }),
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let mut told = None;
        match write {
            OverrideWrite::Make {
                id,
                made,
                relieved_name,
                takes,
            } => {
                if let Some(id) = takes {
                    covers::take(&mut tx, &id, made.by()).await?;
                    if let Some(cover) = stored.covers.iter().find(|cover| cover.id == id) {
                        let (asker, notice) = (&cover.request.asked_by, PersonalNotice::CoverTaken);
                        let telling = (cover, notice, &[asker][..]);
                        covers::tell(&mut tx, self.engine, workspace, telling, now).await?;
                        // That says more than that their shifts are others now.
                        let hears = notifications::is_told(&mut tx, workspace, asker, notice);
                        told = hears.await?.then_some(asker);
                    }
                }
                let row = (&id, &made, relieved_name.as_deref());
                insert(&mut tx, &before, row, &entry).await?;
            }
            OverrideWrite::End(id) => {
                end(&mut tx, rotation, &id, now).await?;
                if let Some((cover, backed_out)) = stored.covered_by(&id) {
                    // Whoever asked for it goes on asking for what is left.
                    covers::take(&mut tx, &cover.id, None).await?;
                    let asker = &cover.request.asked_by;
                    // Whoever ended it themselves knows, and may withdraw it.
                    if asker.person().is_none_or(|asker| !entry.actor.is(&asker)) {
                        let notice = PersonalNotice::CoverGone;
                        let telling = (cover, notice, &[asker][..]);
                        covers::tell(&mut tx, self.engine, workspace, telling, now).await?;
                        let mut others = cover.request.addressees(&before.crew.members);
                        others.retain(|other| *other != backed_out);
                        let wanted = (cover, PersonalNotice::CoverWanted, others.as_slice());
                        covers::tell(&mut tx, self.engine, workspace, wanted, now).await?;
                        let hears = notifications::is_told(&mut tx, workspace, asker, notice);
                        told = hears.await?.then_some(asker);
                    }
                }
            }
            OverrideWrite::Ask(cover) => {
                covers::insert(&mut tx, &before, &cover).await?;
                let targets = cover.request.addressees(&before.crew.members);
                let told = (&cover, PersonalNotice::CoverWanted, targets.as_slice());
                covers::tell(&mut tx, self.engine, workspace, told, now).await?;
            }
            OverrideWrite::Withdraw(id) => covers::withdraw(&mut tx, &id).await?,
        }
        rotas::follow(&mut tx, self.engine, workspace, vec![before], told, now).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [rotation])
            .await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }

    /// Forgets overrides, absences and requests for cover that count no more.
    pub async fn purge_overrides(&self) -> Result<()> {
        let now = self.engine.now();
        for table in ["overrides", "absences", "covers"] {
            let purge = format!("delete from {table} where ends_at <= {now} - {COUNTED_AFTER_END}");
            sqlx::query(AssertSqlSafe(purge))
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }
}

async fn kept(connection: &mut DatabaseConnection, rotation: &RotationId) -> Result<usize> {
    let (kept,): (i64,) = sqlx::query_as("select count(*) from overrides where rotation_id = $1")
        .bind(rotation.as_str())
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(kept).unwrap_or_default())
}

async fn load(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    now: Timestamp,
) -> Result<Vec<StoredOverride>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select o.id, o.starts_at, o.ends_at, o.kind, o.relieved,
             coalesce(m.name, o.relieved_name) as relieved_name, o.person_id,
             coalesce(p.name, o.person_name) as person_name, o.is_cover,
             coalesce(p.deactivated, 0) as has_left, o.made_by
         from overrides o
             left join people p on p.workspace_id = o.workspace_id and p.id = o.person_id
             left join people m on m.workspace_id = o.workspace_id
                 and o.relieved = 'slack:' || m.id
         where o.rotation_id = $1 and o.ends_at > $2 order by o.starts_at, o.place",
    )
    .bind(rotation.as_str())
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(Row::stored).collect())
}

async fn insert(
    connection: &mut DatabaseConnection,
    rotation: &Rotation,
    (id, made, relieved_name): (&OverrideId, &Override, Option<&str>),
    entry: &NewAuditEntry,
) -> Result<()> {
    let by = made.by();
    let person = by.and_then(|by| by.key.person());
    sqlx::query(
        "insert into overrides (id, workspace_id, rotation_id, place, starts_at, ends_at, kind,
             relieved, relieved_name, person_id, person_name, made_by, made_at, is_cover)
         select $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         from overrides where rotation_id = $3",
    )
    .bind(id.as_str())
    .bind(rotation.workspace.as_str())
    .bind(rotation.id.as_str())
    .bind(made.span.from.as_millis())
    .bind(made.span.until.as_millis())
    .bind(code(&made.kind))
    .bind(made.of().map(MemberKey::as_str))
    .bind(relieved_name)
    .bind(person.as_ref().map(PersonId::as_str))
    .bind(by.map(|by| by.name.as_str()))
    .bind(entry.actor_id())
    .bind(entry.at.as_millis())
    .bind(i64::from(made.is_cover()))
    .execute(connection)
    .await?;
    Ok(())
}

/// What has run already stays as it was.
async fn end(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    id: &OverrideId,
    now: Timestamp,
) -> Result<()> {
    for statement in [
        "delete from overrides where rotation_id = $1 and id = $2 and starts_at >= $3",
        "update overrides set ends_at = $3 where rotation_id = $1 and id = $2 and ends_at > $3",
    ] {
        sqlx::query(statement)
            .bind(rotation.as_str())
            .bind(id.as_str())
            .bind(now.as_millis())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Forgets all overrides of a rotation, and what was asked for.
pub(super) async fn forget(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
) -> Result<()> {
    for statement in [
        "delete from overrides where rotation_id = $1",
        "delete from covers where rotation_id = $1",
    ] {
        sqlx::query(statement)
            .bind(rotation.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
