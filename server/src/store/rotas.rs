//! Rotations' own schedules: what was decided about them, and whose turn it is, each as JSON
//! that this version may be too old to read.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, absences, as_json, audit, bindings,
    connections, former, hand_offs, holidays,
    outbox::{self, PlanChange},
    overrides, past_overrides, people,
    rotations::{self, CrewChange, Which},
    workspaces,
};
use domain::{
    Crew, KnownPlan, Member, Plan, Rotation, going_on, joined,
    rota::{
        Cadence, Days, Hours, OnDaysOff, OwnDay, PassedOver, Region, Rota, Skips, Terms, Times,
        Turn, UpToDate, Weekdays, Zone,
    },
};
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, num::NonZeroU16};
use types::{
    Holder, MemberKey, PersonId, RotationId, RotationMode, Stretch, Timestamp, WorkspaceId,
};

/// That a schedule begins with the second of two times that clocks show alike. A version that knows
/// nothing of that must not take the first one, so to it this is no date.
const AT_SECOND: &str = " second";

/// [`Terms`]. Days of the week are numbered from Monday, which is 1.
#[derive(Serialize, Deserialize)]
struct TermsRow {
    zone: String,
    /// A date, with [`AT_SECOND`] behind it where that was chosen.
    starts_on: String,
    days: DaysRow,
    times: Vec<String>,
    hours: Option<(String, String)>,
    weekends_off: bool,
    /// The codes of regions.
    holidays_of: Vec<String>,
    dates_off: Vec<String>,
    nobody_on_days_off: bool,
    passed_over_lose_turns: bool,
    paused: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum DaysRow {
    Daily,
    Working {
        every: NonZeroU16,
    },
    Weekly {
        weekday: i8,
        every: NonZeroU16,
    },
    Monthly {
        day: u8,
        every: NonZeroU16,
    },
    NthWeekday {
        nth: u8,
        weekday: i8,
        every: NonZeroU16,
    },
    Custom {
        weekdays: Vec<i8>,
    },
}

/// [`Turn`], with the keys and names of the holders.
#[derive(Serialize, Deserialize)]
struct TurnRow {
    holders: Vec<(String, String)>,
    last: Option<String>,
    owed: Vec<String>,
    began: Option<i64>,
    as_of: i64,
}

/// What is stored; nothing where this version cannot read it.
pub(super) fn read(row: RotaRow) -> Option<Rota> {
    let terms: TermsRow = serde_json::from_str(&row.terms?).ok()?;
    let turn: TurnRow = serde_json::from_str(&row.turn?).ok()?;
    Some(Rota {
        terms: terms.terms(&holidays::read(&row.holidays))?,
        turn: turn.turn(),
        overrides: overrides::read(&row.overrides),
        absences: absences::read(&row.absences),
    })
}

/// By which days a rota goes, from its terms, and on which date it began; nothing where this version cannot
/// read it.
pub(super) fn days_and_start(terms: &str) -> Option<(Days, Date)> {
    let terms: TermsRow = serde_json::from_str(terms).ok()?;
    let terms = terms.terms(&[])?;
    Some((terms.cadence.days, terms.cadence.starts_on))
}

/// What a rota is read from, as [`rota_columns`] selects it.
#[derive(Debug, FromRow)]
pub(super) struct RotaRow {
    terms: Option<String>,
    turn: Option<String>,
    overrides: String,
    absences: String,
    holidays: String,
}

/// The columns of a [`RotaRow`]: of the rota `t` of the rotation `r`.
pub(super) fn rota_columns(engine: Engine) -> String {
    let (overrides, absences) = (overrides::as_json(engine), absences::as_json(engine));
    let holidays = holidays::days_as_json(engine);
    format!(
        "t.terms, t.turn, {overrides} as overrides, {absences} as absences,
         {holidays} as holidays"
    )
}

impl TermsRow {
    fn of(terms: &Terms) -> Self {
        let (cadence, skips) = (&terms.cadence, &terms.skips);
        let time = |time: Time| time.to_string();
        let hours = cadence.hours;
        let at_second = if cadence.starts_at_second {
            AT_SECOND
        } else {
            ""
        };
        Self {
            zone: cadence.zone.name().to_owned(),
            starts_on: format!("{}{at_second}", cadence.starts_on),
            days: DaysRow::of(cadence.days),
            times: cadence.times.iter().map(time).collect(),
            hours: hours.map(|hours| (time(hours.from), time(hours.until))),
            weekends_off: skips.weekends,
            holidays_of: skips
                .regions
                .iter()
                .map(|region| region.code.to_owned())
                .collect(),
            dates_off: skips.dates.iter().map(ToString::to_string).collect(),
            nobody_on_days_off: cadence.on_days_off == OnDaysOff::Nobody,
            passed_over_lose_turns: terms.passed_over == PassedOver::LosesTurn,
            paused: terms.paused,
        }
    }

    fn terms(&self, own: &[OwnDay]) -> Option<Terms> {
        let skips = self.skips()?.with_own(own);
        Some(Terms {
            cadence: self.cadence(&skips)?,
            skips,
            passed_over: match self.passed_over_lose_turns {
                true => PassedOver::LosesTurn,
                false => PassedOver::IsNext,
            },
            paused: self.paused,
        })
    }

    fn skips(&self) -> Option<Skips> {
        let dates: Result<_, _> = self.dates_off.iter().map(|date| date.parse()).collect();
        let regions = self.holidays_of.iter().map(|code| Region::named(code));
        Some(Skips {
            weekends: self.weekends_off,
            regions: regions.collect::<Option<_>>()?,
            own: Vec::new(),
            dates: dates.ok()?,
        })
    }

    fn cadence(&self, skips: &Skips) -> Option<Cadence> {
        let times: Result<Vec<_>, _> = self.times.iter().map(|time| time.parse()).collect();
        let hours = match &self.hours {
            Some((from, until)) => Some(Hours {
                from: from.parse().ok()?,
                until: until.parse().ok()?,
            }),
            None => None,
        };
        let at_second = self.starts_on.strip_suffix(AT_SECOND);
        Some(Cadence {
            zone: Zone::named(&self.zone)?,
            starts_on: at_second.unwrap_or(&self.starts_on).parse().ok()?,
            starts_at_second: at_second.is_some(),
            days: self.days.days()?,
            times: Times::new(times.ok()?)?,
            hours,
            off: skips.days_off(),
            on_days_off: match self.nobody_on_days_off {
                true => OnDaysOff::Nobody,
                false => OnDaysOff::StaysOn,
            },
        })
    }
}

impl DaysRow {
    fn of(days: Days) -> Self {
        match days {
            Days::Daily => Self::Daily,
            Days::Working { every } => Self::Working { every },
            Days::Weekly { weekday, every } => Self::Weekly {
                weekday: weekday.to_monday_one_offset(),
                every,
            },
            Days::Monthly { day, every } => Self::Monthly { day, every },
            Days::NthWeekday {
                nth,
                weekday,
                every,
            } => Self::NthWeekday {
                nth,
                weekday: weekday.to_monday_one_offset(),
                every,
            },
            Days::Custom(weekdays) => Self::Custom {
                weekdays: numbers(weekdays),
            },
        }
    }

    fn days(&self) -> Option<Days> {
        Some(match *self {
            Self::Daily => Days::Daily,
            Self::Working { every } => Days::Working { every },
            Self::Weekly { weekday, every } => Days::Weekly {
                weekday: Weekday::from_monday_one_offset(weekday).ok()?,
                every,
            },
            Self::Monthly { day, every } => Days::Monthly { day, every },
            Self::NthWeekday {
                nth,
                weekday,
                every,
            } => Days::NthWeekday {
                nth,
                weekday: Weekday::from_monday_one_offset(weekday).ok()?,
                every,
            },
            Self::Custom { weekdays: ref days } => Days::Custom(weekdays(days)?),
        })
    }
}

fn numbers(weekdays: Weekdays) -> Vec<i8> {
    weekdays.iter().map(Weekday::to_monday_one_offset).collect()
}

fn weekdays(numbers: &[i8]) -> Option<Weekdays> {
    let days = numbers.iter().copied();
    let days: Result<Vec<_>, _> = days.map(Weekday::from_monday_one_offset).collect();
    Some(Weekdays::of(&days.ok()?))
}

impl TurnRow {
    fn of(turn: &Turn) -> Self {
        let key = |key: &MemberKey| key.as_str().to_owned();
        let holders = turn.holders.iter();
        Self {
            holders: holders
                .map(|holder| (key(&holder.key), holder.name.clone()))
                .collect(),
            last: turn.last.as_ref().map(key),
            owed: turn.owed.iter().map(key).collect(),
            began: turn.began.map(Timestamp::as_millis),
            as_of: turn.as_of.as_millis(),
        }
    }

    fn turn(self) -> Turn {
        let holders = self.holders.into_iter().map(|(key, name)| Holder {
            key: MemberKey::new(key),
            name,
        });
        Turn {
            holders: holders.collect(),
            last: self.last.map(MemberKey::new),
            owed: self.owed.into_iter().map(MemberKey::new).collect(),
            began: self.began.map(Timestamp::from_millis),
            as_of: Timestamp::from_millis(self.as_of),
        }
    }
}

/// By which time-zone data and holidays this version sets clocks. What a workspace itself decides about
/// holidays is none of it: whoever writes that sets the clocks that go by it. A version that knows
/// nothing of the holidays here writes the first part alone.
pub(super) fn data_version() -> String {
    format!("{} {}", Zone::data_version(), Region::data_version())
}

impl Store {
    /// Has the clock look at every rotation whose clock was set by other time-zone data, or by other
    /// holidays, as by a server of another version.
    pub async fn reckon_rotas_anew(&self) -> Result<()> {
        let statement = format!(
            "update rotations set next_change_at = {now} where mode = $1
                 and coalesce(next_change_at, {now}) >= {now}
                 and id in (select rotation_id from rotas where zones <> $2)",
            now = self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(RotationMode::Scheduled.code())
            .bind(data_version())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Gives a rotation the rota and the duty size that `make` sets in it, from what the workspace
    /// has decided about holidays, in the place of whatever
    /// decided before. What `make` refuses is handed back and nothing is written; `None` when there is no
    /// such rotation. One that has the same rota already stays as it is.
    pub async fn set_rota<R>(
        &self,
        workspace: &WorkspaceId,
        rotation: &RotationId,
        make: impl FnOnce(&mut Rotation, &[OwnDay], Timestamp) -> std::result::Result<NewAuditEntry, R>
        + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let mut tx = self.begin().await?;
        connections::hold(&mut tx, workspace).await?;
        workspaces::hold(&mut tx, workspace).await?;
        let Some(mut before) =
            rotations::lock_and_load(&mut tx, self.engine, workspace, rotation).await?
        else {
            return Ok(None);
        };
        let now = self.now_in(&mut tx).await?;
        catch_up(&mut tx, self.engine, &mut before, now).await?;
        let mut after = before.clone();
        let own = holidays::days(&mut tx, workspace).await?;
        let entry = match make(&mut after, &own, now) {
            Ok(entry) => NewAuditEntry { at: now, ..entry },
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let Some(rota) = after.plan.rota() else {
            return Ok(Some(Ok(())));
        };
        let same_details = after.details == before.details;
        let same_terms = |present: &Rota| present.terms == rota.terms;
        if same_details && before.plan.rota().is_some_and(same_terms) {
            return Ok(Some(Ok(())));
        }
        if !same_details {
            rotations::write_details(&mut tx, &after).await?;
        }
        sqlx::query("delete from bindings where rotation_id = $1")
            .bind(rotation.as_str())
            .execute(&mut *tx)
            .await?;
        former::forget(&mut tx, rotation).await?;
        bindings::forget_unbound(&mut tx, workspace).await?;
        if before.plan.rota().is_none() {
            // They are of another schedule, which it had before.
            overrides::forget(&mut tx, rotation).await?;
        }
        sqlx::query(
            "insert into rotas (rotation_id, workspace_id, terms, turn, zones, as_of)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (rotation_id) do update set terms = excluded.terms,
                 turn = excluded.turn, zones = excluded.zones, as_of = excluded.as_of",
        )
        .bind(rotation.as_str())
        .bind(workspace.as_str())
        .bind(as_json(&TermsRow::of(&rota.terms)))
        .bind(as_json(&TurnRow::of(&rota.turn)))
        .bind(data_version())
        .bind(rota.turn.as_of.as_millis())
        .execute(&mut *tx)
        .await?;
        sqlx::query("update rotations set mode = $1 where id = $2")
            .bind(RotationMode::Scheduled.code())
            .bind(rotation.as_str())
            .execute(&mut *tx)
            .await?;
        // It was made from what holds now.
        holidays::planned(&mut tx, self.engine, &[rotation]).await?;
        go_on(&mut tx, self.engine, (&before, &mut after), None, now).await?;
        let crew = CrewChange {
            before: before.crew,
            after,
            certain_until: now,
            missed: Vec::new(),
        };
        rotations::write_crews(&mut tx, self.engine, &[crew], now).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [rotation])
            .await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }
}

/// The rotations with a rota in which one of these people takes turns, or is put on duty by an
/// override. They are held already.
pub(super) async fn of_people(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    people: &[&PersonId],
) -> Result<Vec<Rotation>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!("select id from rotations where {}", naming_people(engine));
    let ids: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .bind(as_json(people))
        .fetch_all(&mut *connection)
        .await?;
    let which = Which::these(engine, ids.iter().map(|(id,)| id.as_str()));
    rotations::load(connection, engine, workspace, &which).await
}

/// Has the clock look at those rotations, since one of these people was known by another id.
pub(super) async fn look_again(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    people: &[&PersonId],
) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "update rotations set next_change_at = {now} where id in (
             select id from rotations where coalesce(next_change_at, {now}) >= {now} and {} {held})",
        naming_people(engine),
        now = engine.now(),
        held = engine.held_in_order()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .bind(as_json(people))
        .execute(&mut *connection)
        .await?;
    // Whose shifts are others by that is told.
    let statement = format!(
        "update rotas set zones = '' where rotation_id in (select id from rotations where {})",
        naming_people(engine)
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(RotationMode::Scheduled.code())
        .bind(as_json(people))
        .execute(connection)
        .await?;
    Ok(())
}

/// Rotations of a workspace with a schedule of their own that name people: `$1`, `$2` and `$3`.
fn naming_people(engine: Engine) -> String {
    let people = engine.texts_of_json("$3");
    format!(
        "workspace_id = $1 and mode = $2
             and (id in (select rotation_id from rotation_members
                         where workspace_id = $1 and person_id in {people})
                  or id in (select rotation_id from overrides
                            where workspace_id = $1 and person_id in {people}))"
    )
}

/// Puts those on duty in a rotation with a rota who are at `now`, with the people that it has
/// after a change, and stores whose turn it is, when that changes next, and what is to be told of
/// the plan to all but whoever is `told` of it by another message. The crew is for the caller to
/// write.
pub(super) async fn go_on(
    connection: &mut DatabaseConnection,
    engine: Engine,
    (before, after): (&Rotation, &mut Rotation),
    told: Option<&MemberKey>,
    now: Timestamp,
) -> Result<()> {
    let Plan::Scheduled(rota) = &mut after.plan else {
        return Ok(());
    };
    // Others may be members than those whose absences were read, and what has been since anybody
    // looked goes by who was a member then.
    let members = before.crew.members.iter().chain(&after.crew.members);
    let members: Vec<_> = members.cloned().collect();
    hold_newcomers(connection, engine, (before, &members)).await?;
    let members = (members.as_slice(), rota.turn.as_of);
    rota.absences = absences::of_members(connection, engine, &after.id, members).await?;
    let Some(rota) = after.plan.rota() else {
        return Ok(());
    };
    let present = rota.up_to_date(after, &before.crew.members, now);
    let was_planned = before.plan.rota().map(|rota| {
        let until = rota.horizon(now);
        let planned = rota.planned(&before.crew.members, before.details.duty_size, until);
        (planned, rota.known_until(now))
    });
    let (was_planned, was_known_until) = was_planned.unwrap_or_default();
    let changed = Changed {
        before,
        was_planned: KnownPlan {
            shifts: &was_planned,
            until: was_known_until,
        },
        told,
        after,
        present: &present,
    };
    store_present(connection, engine, &before.workspace, &mut [changed], now).await
}

/// A rotation that goes on otherwise from now on.
pub(super) struct Changed<'a> {
    pub before: &'a Rotation,
    /// From when its turn was reckoned on.
    pub was_planned: KnownPlan<'a>,
    /// Who is told of that by another message.
    pub told: Option<&'a MemberKey>,
    pub after: &'a mut Rotation,
    pub present: &'a UpToDate,
}

/// Puts those on duty who are at `now` in each of these rotations of a workspace, and stores what
/// [`go_on`] does.
pub(super) async fn store_present(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    changed: &mut [Changed<'_>],
    now: Timestamp,
) -> Result<()> {
    for one in &mut *changed {
        let crew = Crew::new(one.after.crew.members.clone(), one.present.duties.clone());
        one.after.crew = going_on(&one.before.crew, &crew);
    }
    let turns = changed.iter();
    let turns: Vec<_> = turns
        .map(|one| {
            let UpToDate {
                turn,
                plan,
                known_until,
                ..
            } = one.present;
            Place::new(&one.after.id, turn, (plan, *known_until))
        })
        .collect();
    write_turns(connection, engine, &turns).await?;
    let clocks = changed.iter();
    let clocks: Vec<_> = clocks
        .map(|one| (one.after.id.clone(), one.present.next_change_at))
        .collect();
    hand_offs::set_clocks(connection, engine, &clocks).await?;
    let come_true = changed.iter();
    let come_true: Vec<_> = come_true
        .map(|one| (&one.after.id, one.present.plan.as_slice()))
        .collect();
    past_overrides::record(connection, engine, workspace, &come_true, now).await?;
    let plans = changed.iter();
    let plans: Vec<_> = plans
        .map(|one| PlanChange {
            rotation: &one.after.id,
            before: one.was_planned,
            after: KnownPlan {
                shifts: &one.present.plan,
                until: one.present.known_until,
            },
            told: one.told,
        })
        .collect();
    outbox::plans_changed(connection, engine, workspace, &plans, now).await
}

/// Holds those who take turns by a schedule from now on and did not before, so that an absence that
/// one of them is noting is known, or whoever notes it knows of this.
async fn hold_newcomers(
    connection: &mut DatabaseConnection,
    engine: Engine,
    (before, members): (&Rotation, &[Member]),
) -> Result<()> {
    let known = match before.plan.rota() {
        Some(_) => before.crew.members.as_slice(),
        None => &[],
    };
    let is_new = |member: &&Member| known.iter().all(|known| known.person != member.person);
    let newcomers = members.iter().filter(is_new);
    let newcomers: Vec<_> = newcomers.filter_map(|one| one.person.as_ref()).collect();
    people::hold(connection, engine, &before.workspace, &newcomers).await
}

/// Hands over what is due in a rotation by the schedule that it has, before anything about it becomes
/// another one: what has been goes by what held then, whoever comes first.
pub(super) async fn catch_up(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotation: &mut Rotation,
    now: Timestamp,
) -> Result<()> {
    let (members, duty_size) = (&rotation.crew.members, rotation.details.duty_size);
    let Some(rota) = rotation.plan.rota() else {
        return Ok(());
    };
    let Some(due) = rota.due(members, duty_size).filter(|due| *due <= now) else {
        return Ok(());
    };
    let present = rota.up_to_date(rotation, members, now);
    let turn = present.turn.clone();
    let handing_over = vec![(rotation.clone(), present.into(), due)];
    let workspace = &rotation.workspace;
    let changed = hand_offs::carry_out(connection, engine, workspace, handing_over, now).await?;
    if let Some(changed) = changed.into_iter().next() {
        rotation.crew = changed.crew;
    }
    if let Plan::Scheduled(rota) = &mut rotation.plan {
        rota.turn = turn;
    }
    Ok(())
}

/// Has rotations that were so `before` go on as their rotas say at `now`, after something was
/// written that decides about them besides their terms and members. Whoever is `told` of it by
/// another message is not told of their shifts once more.
pub(super) async fn follow(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    mut before: Vec<Rotation>,
    told: Option<&MemberKey>,
    now: Timestamp,
) -> Result<()> {
    for rotation in &mut before {
        catch_up(connection, engine, rotation, now).await?;
    }
    let ids = before.iter().map(|rotation| rotation.id.as_str());
    let which = Which::these(engine, ids);
    let after = rotations::load(connection, engine, workspace, &which).await?;
    let mut after: HashMap<_, _> = after
        .into_iter()
        .map(|rotation| (rotation.id.clone(), rotation))
        .collect();
    let mut changes = Vec::new();
    for before in before {
        let Some(mut after) = after.remove(&before.id) else {
            continue;
        };
        go_on(connection, engine, (&before, &mut after), told, now).await?;
        changes.push((before, after));
    }
    write_crews(connection, engine, changes, now).await
}

/// Stores who is on duty by `now` in those of these rotations in which others are than before.
pub(super) async fn write_crews(
    connection: &mut DatabaseConnection,
    engine: Engine,
    changes: Vec<(Rotation, Rotation)>,
    now: Timestamp,
) -> Result<()> {
    let changes = changes.into_iter();
    let changes = changes.filter(|(before, after)| before.crew != after.crew);
    let changes: Vec<_> = changes
        .map(|(before, after)| CrewChange {
            before: before.crew,
            after,
            certain_until: now,
            missed: Vec::new(),
        })
        .collect();
    if !changes.is_empty() {
        rotations::write_crews(connection, engine, &changes, now).await?;
    }
    Ok(())
}

/// How many shifts of a plan are kept to tell whose are others by other data.
const PLAN_KEPT: usize = 60;

/// What is kept of a plan: until when its shifts are all that there are, and who has them.
#[derive(Serialize, Deserialize)]
struct PlanRow(i64, Vec<ShiftRow>);

/// The key and the name of a holder, from when, and until when.
#[derive(Serialize, Deserialize)]
struct ShiftRow(String, String, i64, Option<i64>);

impl PlanRow {
    /// While it is paused nobody knows who will have which shift, and nothing is kept.
    fn of(plan: &[Stretch], known_until: Option<Timestamp>) -> Option<Self> {
        let kept = plan.iter().take(PLAN_KEPT);
        let shifts = kept.filter_map(|shift| {
            let holder = shift.holder.as_ref()?;
            Some(ShiftRow(
                holder.key.to_string(),
                holder.name.clone(),
                shift.starts_at.as_millis(),
                shift.ends_at.map(Timestamp::as_millis),
            ))
        });
        // The last one is kept beyond what counts as known: it may come to begin earlier.
        let last = plan.get(PLAN_KEPT).and(plan.get(PLAN_KEPT - 1));
        let last = last.map(|last| last.starts_at);
        let until = known_until.map(|until| last.map_or(until, |last| last.min(until)));
        until.map(|until| Self(until.as_millis(), shifts.collect()))
    }

    /// With those as one that have come to be one person's.
    fn plan(self) -> (Vec<Stretch>, Timestamp) {
        let at = Timestamp::from_millis;
        let shifts = self.1.into_iter();
        let shifts = shifts.map(|ShiftRow(key, name, starts_at, ends_at)| Stretch {
            holder: Some(Holder {
                key: MemberKey::new(key),
                name,
            }),
            starts_at: at(starts_at),
            ends_at: ends_at.map(at),
            overrides: Vec::new(),
        });
        (joined(shifts.collect()), at(self.0))
    }
}

/// Whose turn it is in a rotation, and what is planned by that, as they are stored.
#[derive(Serialize)]
pub(super) struct Place(RotationId, String, Timestamp, Option<String>);

impl Place {
    pub(super) fn new(
        rotation: &RotationId,
        turn: &Turn,
        (plan, known_until): (&[Stretch], Option<Timestamp>),
    ) -> Self {
        let plan = PlanRow::of(plan, known_until);
        let turn_row = as_json(&TurnRow::of(turn));
        let plan = plan.map(|plan| as_json(&plan));
        Self(rotation.clone(), turn_row, turn.as_of, plan)
    }
}

/// What was planned, and until when that was known, in those of the rotations whose turn was reckoned
/// by other data, or while somebody in them was known by two ids.
pub(super) async fn planned_otherwise(
    connection: &mut DatabaseConnection,
    engine: Engine,
    places: &[Place],
) -> Result<HashMap<RotationId, (Vec<Stretch>, Timestamp)>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = places.iter().map(|place| &place.0).collect();
    let statement = format!(
        "select rotation_id, planned from rotas
         where zones <> $1 and planned_as_of = as_of and planned is not null
             and rotation_id in {}",
        engine.texts_of_json("$2")
    );
    let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(data_version())
        .bind(as_json(&ids))
        .fetch_all(connection)
        .await?;
    let plans = rows.into_iter().filter_map(|(rotation, plan)| {
        let plan: PlanRow = serde_json::from_str(&plan).ok()?;
        Some((RotationId::new(rotation), plan.plan()))
    });
    Ok(plans.collect())
}

/// Stores whose turn it is in each of the rotations.
pub(super) async fn write_turns(
    connection: &mut DatabaseConnection,
    engine: Engine,
    places: &[Place],
) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "update rotas as t set turn = j.value->>1, as_of = cast(j.value->>2 as bigint), zones = $2,
             planned = j.value->>3, planned_as_of = cast(j.value->>2 as bigint)
         from {} where t.rotation_id = j.value->>0",
        engine.rows_of_json()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(as_json(&places))
        .bind(data_version())
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::rota::{Absence, Override, OverrideKind};
    use types::Span;

    fn rota(days: Days) -> Rota {
        let skips = Skips {
            weekends: true,
            regions: vec![Region::named("GB-SCT").unwrap()],
            own: vec![OwnDay {
                date: Date::constant(2026, 5, 4),
                region: Region::named("GB"),
                off: false,
            }],
            dates: [Date::constant(2026, 12, 28)].into(),
        };
        let times = [Time::constant(9, 30, 0, 0), Time::constant(21, 0, 0, 0)];
        let span = Span {
            from: Timestamp::from_millis(8),
            until: Timestamp::from_millis(9),
        };
        Rota {
            terms: Terms {
                cadence: Cadence {
                    zone: Zone::named("America/St_Johns").unwrap(),
                    starts_on: Date::constant(2026, 6, 1),
                    starts_at_second: true,
                    days,
                    times: Times::new(times.to_vec()).unwrap(),
                    hours: Some(Hours {
                        from: Time::constant(8, 0, 0, 0),
                        until: Time::midnight(),
                    }),
                    off: skips.days_off(),
                    on_days_off: OnDaysOff::Nobody,
                },
                skips,
                passed_over: PassedOver::LosesTurn,
                paused: true,
            },
            turn: Turn {
                holders: vec![Holder {
                    key: MemberKey::new("slack:U1"),
                    name: "Ann \"A\"".to_owned(),
                }],
                last: Some(MemberKey::new("slack:U1")),
                owed: vec![MemberKey::new("slack:U2")],
                began: Some(Timestamp::from_millis(5)),
                as_of: Timestamp::from_millis(7),
            },
            overrides: vec![Override {
                span,
                kind: OverrideKind::Empty {
                    of: MemberKey::new("slack:U2"),
                },
            }],
            absences: vec![Absence {
                who: MemberKey::new("slack:U1"),
                span,
            }],
        }
    }

    fn stored(rota: &Rota) -> RotaRow {
        RotaRow {
            terms: Some(as_json(&TermsRow::of(&rota.terms))),
            turn: Some(as_json(&TurnRow::of(&rota.turn))),
            overrides: r#"[[0,1,"lunar",null,null,null,0],[8,9,"empty","slack:U2",null,null,0]]"#
                .to_owned(),
            absences: r#"[["slack:U1",8,9]]"#.to_owned(),
            // One is of elsewhere, and one of a place that this version does not know.
            holidays: r#"[["2026-05-04","GB",0],["2026-05-05","FR",1],["2026-05-06","GB-OZ",1]]"#
                .to_owned(),
        }
    }

    #[test]
    fn a_rota_is_read_back_as_it_is_stored() {
        let every = NonZeroU16::new(3).unwrap();
        let weekday = Weekday::Sunday;
        for days in [
            Days::Daily,
            Days::Working { every },
            Days::Weekly { weekday, every },
            Days::Monthly { day: 31, every },
            Days::NthWeekday {
                nth: 5,
                weekday,
                every,
            },
            Days::Custom(Weekdays::of(&[Weekday::Monday, weekday])),
        ] {
            let rota = rota(days);
            assert_eq!(read(stored(&rota)), Some(rota));
        }
    }

    #[test]
    fn what_this_version_cannot_read_is_none() {
        let row = || stored(&rota(Days::Daily));
        let terms = row().terms.unwrap();
        for (known, odd) in [
            ("\"daily\"", "\"lunar\""),
            ("America/St_Johns", "Mars/Olympus"),
            ("2026-06-01", "2026-06-31"),
            ("09:30:00", "25:30:00"),
            ("GB-SCT", "GB-OZ"),
        ] {
            let odd = terms.replace(known, odd);
            assert_ne!(odd, terms);
            let odd = RotaRow {
                terms: Some(odd),
                ..row()
            };
            assert_eq!(read(odd), None);
        }
        let without = |terms, turn| RotaRow {
            terms,
            turn,
            ..row()
        };
        assert_eq!(read(without(None, row().turn)), None);
        assert_eq!(read(without(Some(terms), None)), None);
    }
}
