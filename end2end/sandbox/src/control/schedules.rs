//! Levers on schedules, and the truth about them: who is on call by the renderer, against which the
//! product's own idea is measured.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused, done};
use crate::{
    account::{Account, Kind, Presence, Region, Schedule},
    clock::whole_second,
    minting,
    rendering::{Layer, Override, Rotation, on_call_at},
    world::{Sandbox, World},
    zones::{self, stamp},
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/truth", get(truth_of_all))
        .route("/truth/{schedule}", get(truth))
        .route("/schedules", post(add_schedule))
        .route("/schedules/{schedule}/upgrade", post(upgrade))
        .route("/schedules/{schedule}/overrides", post(add_override))
        .route(
            "/schedules/{schedule}/overrides/clear",
            post(clear_overrides),
        )
        .route("/schedules/{schedule}/end-shift", post(end_shift))
        .route("/schedules/{schedule}/rename", post(rename))
        .route("/schedules/{schedule}/hide", post(hide))
        .route("/schedules/{schedule}/delete", post(delete))
}

async fn truth_of_all(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    let now = world.now();
    let truths: Vec<Value> = [&world.us, &world.eu]
        .into_iter()
        .flat_map(|account| {
            account
                .schedules
                .iter()
                .map(move |schedule| truth_about(account, schedule, now))
        })
        .collect();
    Json(json!({"schedules": truths}))
}

async fn truth(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    let world = sandbox.world();
    let account = account_of(&world, &id)?;
    let truths = account
        .schedules
        .iter()
        .filter(|schedule| schedule.id == id);
    let now = world.now();
    truths
        .map(|schedule| Json(truth_about(account, schedule, now)))
        .next()
        .ok_or_else(|| Refused::unknown("schedule", &id))
}

fn truth_about(account: &Account, schedule: &Schedule, now: Timestamp) -> Value {
    let on_call: Vec<Value> = on_call_at(&schedule.plan(), now)
        .into_iter()
        .map(|entry| {
            let user = account.user(&entry.user);
            json!({
                "id": entry.user,
                "name": user.map(|user| &user.name),
                "email": user.filter(|user| user.deleted_at.is_none()).and_then(|user| user.email.as_ref()),
                "start": stamp(entry.start, &TimeZone::UTC),
                "end": stamp(entry.end, &TimeZone::UTC),
            })
        })
        .collect();
    json!({
        "schedule": {"id": schedule.id, "name": schedule.name},
        "shift_based": schedule.kind == Kind::ShiftBased,
        "visible": schedule.presence == Presence::Shown,
        "at": now.to_string(),
        "on_call": on_call,
    })
}

fn account_of<'a>(world: &'a World, schedule: &str) -> Result<&'a Account, Refused> {
    region_of(world, schedule).map(|region| world.account(region))
}

fn region_of(world: &World, schedule: &str) -> Result<Region, Refused> {
    world
        .region_of_schedule(schedule)
        .ok_or_else(|| Refused::unknown("schedule", schedule))
}

/// Adds an override to a schedule that exists, and says what was added: a line for each of its people.
fn overridden(
    world: &mut World,
    schedule: &str,
    start: Timestamp,
    end: Timestamp,
    users: Vec<String>,
) -> Result<Vec<Value>, Refused> {
    let region = region_of(world, schedule)?;
    let account = world.account_mut(region);
    let made = Override {
        id: account.next_override_id(),
        start,
        end,
        users,
    };
    let shown = made
        .users
        .iter()
        .map(|user| {
            json!({
                "id": made.id,
                "start": stamp(start, &TimeZone::UTC),
                "end": stamp(end, &TimeZone::UTC),
                "user": user,
            })
        })
        .collect();
    found(world, schedule)?.overrides.push(made);
    Ok(shown)
}

fn found<'a>(world: &'a mut World, schedule: &str) -> Result<&'a mut Schedule, Refused> {
    world
        .schedule_mut(schedule)
        .ok_or_else(|| Refused::unknown("schedule", schedule))
}

fn employee(account: &Account, who: &str) -> Result<String, Refused> {
    account
        .employee(who)
        .map(|user| user.id.clone())
        .ok_or_else(|| Refused::unknown("user", who))
}

fn seconds_after(instant: Timestamp, seconds: i64) -> Result<Timestamp, Refused> {
    instant
        .saturating_add(SignedDuration::from_secs(seconds))
        .map_err(|_| Refused::invalid("So many seconds cannot be counted."))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOverride {
    user: String,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    seconds: Option<i64>,
}

async fn add_override(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<NewOverride>,
) -> Answer {
    let mut world = sandbox.world();
    let start = order.start.unwrap_or_else(|| whole_second(world.now()));
    let end = match (order.end, order.seconds) {
        (Some(end), None) => end,
        (None, Some(seconds)) => seconds_after(start, seconds)?,
        _ => return Err(Refused::invalid("Give either end or seconds.")),
    };
    if end <= start {
        return Err(Refused::invalid("The override would end before it starts."));
    }
    let user = employee(account_of(&world, &id)?, &order.user)?;
    let made = overridden(&mut world, &id, start, end, vec![user])?;
    Ok(Json(json!({"override": made[0]})))
}

async fn clear_overrides(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    found(&mut sandbox.world(), &id)?.overrides.clear();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndShift {
    seconds: i64,
    next: Option<String>,
}

async fn end_shift(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(EndShift { seconds, next }): Order<EndShift>,
) -> Answer {
    let made = end_running_shift(&mut sandbox.world(), &id, seconds, next.as_deref())?;
    Ok(Json(made))
}

/// Ends a shift as the button on the home page does.
pub fn end_soon(sandbox: &Sandbox, schedule: &str, seconds: i64) -> Result<(), String> {
    let ended = end_running_shift(&mut sandbox.world(), schedule, seconds, None);
    ended.map(drop).map_err(|Refused(_, sentence)| sentence)
}

/// The next person takes over alone, by an override for the rest of the shift, or for an hour if that is
/// longer. A shift that would end before gets an override of its own holders, so that it lasts exactly until
/// then.
fn end_running_shift(
    world: &mut World,
    id: &str,
    seconds: i64,
    next: Option<&str>,
) -> Result<Value, Refused> {
    if seconds < 1 {
        return Err(Refused::invalid("seconds must be at least 1."));
    }
    let now = whole_second(world.now());
    let ends = seconds_after(now, seconds)?;
    let account = account_of(world, id)?;
    let schedule = account
        .schedules
        .iter()
        .find(|schedule| schedule.id == id)
        .ok_or_else(|| Refused::unknown("schedule", id))?;
    let running = on_call_at(&schedule.plan(), now);
    let current: Vec<String> = running.iter().map(|entry| entry.user.clone()).collect();
    let [first_end, last_end] = [
        running.iter().map(|entry| entry.end).min(),
        running.iter().map(|entry| entry.end).max(),
    ]
    .map(|end| end.ok_or_else(|| Refused::impossible("Nobody is on call, so no shift can end.")));
    let (first_end, last_end) = (first_end?, last_end?);
    let next = match next {
        Some(who) => employee(account, who)?,
        None => successor(account, schedule, &current).ok_or_else(|| {
            Refused::impossible("Nobody else is in this schedule: name somebody in next.")
        })?,
    };
    let mut made = Vec::new();
    if first_end < ends {
        made = overridden(world, id, first_end, ends, current.clone())?;
    }
    let until = last_end.max(ends.saturating_add(HOUR).unwrap_or(ends));
    made.extend(overridden(world, id, ends, until, vec![next.clone()])?);
    Ok(json!({
        "ends_at": stamp(ends, &TimeZone::UTC),
        "from": current[0],
        "all_from": current,
        "to": next,
        "overrides": made,
    }))
}

/// Whoever comes after the first of those on call in the roster and still has an account. Where all of
/// them are on call, one of the others stays.
fn successor(account: &Account, schedule: &Schedule, current: &[String]) -> Option<String> {
    let first = current.first()?.as_str();
    let roster = schedule.roster();
    let place = roster
        .iter()
        .position(|id| *id == first)
        .map_or(0, |place| place + 1);
    let others = || {
        roster
            .iter()
            .cycle()
            .skip(place)
            .take(roster.len())
            .filter(|id| **id != first && account.employee(id).is_some())
    };
    others()
        .find(|id| !current.iter().any(|user| user == *id))
        .or_else(|| others().next())
        .map(|id| (*id).to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    name: String,
}

async fn rename(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<Rename>,
) -> Answer {
    found(&mut sandbox.world(), &id)?.name = order.name;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hide {
    hidden: bool,
}

async fn hide(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<Hide>,
) -> Answer {
    let mut world = sandbox.world();
    let schedule = found(&mut world, &id)?;
    schedule.presence = match (schedule.presence, order.hidden) {
        (Presence::Deleted, _) => {
            return Err(Refused::impossible("What is deleted stays deleted."));
        }
        (_, true) => Presence::Hidden,
        (_, false) => Presence::Shown,
    };
    done()
}

async fn delete(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    found(&mut sandbox.world(), &id)?.presence = Presence::Deleted;
    done()
}

/// As PagerDuty's customers do it: the id stays, and so does who is on call when.
async fn upgrade(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    let mut world = sandbox.world();
    let schedule = found(&mut world, &id)?;
    if schedule.kind == Kind::ShiftBased {
        return Err(Refused::impossible("It is shift-based already."));
    }
    schedule.kind = Kind::ShiftBased;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSchedule {
    id: Option<String>,
    name: String,
    users: Vec<String>,
    turn_seconds: i64,
    time_zone: Option<String>,
    /// How long ago the turn of the first user began.
    #[serde(default)]
    offset_seconds: i64,
}

/// To the US account.
async fn add_schedule(State(sandbox): State<Sandbox>, Order(order): Order<NewSchedule>) -> Answer {
    if order.turn_seconds < 1 {
        return Err(Refused::invalid("turn_seconds must be at least 1."));
    }
    let time_zone = order.time_zone.unwrap_or_else(|| "UTC".to_owned());
    let zone = zones::find(&time_zone)
        .ok_or_else(|| Refused::invalid("time_zone is not a known time zone."))?;
    let mut world = sandbox.world();
    let id = order.id.unwrap_or_else(minting::pagerduty_id);
    if world.region_of_schedule(&id).is_some() {
        return Err(Refused::impossible("There is a schedule with this id."));
    }
    let members = order
        .users
        .iter()
        .map(|who| employee(&world.us, who).map(Some))
        .collect::<Result<_, _>>()?;
    let first_turn = seconds_after(whole_second(world.now()), -order.offset_seconds)?;
    let layer = Layer::of_turns(&format!("{id}L1"), order.turn_seconds, first_turn, members);
    world.us.schedules.push(Schedule {
        id: id.clone(),
        name: order.name,
        description: String::new(),
        time_zone,
        zone,
        teams: Vec::new(),
        kind: Kind::LayerBased,
        rotations: vec![Rotation::first_of(&id, vec![layer])],
        overrides: Vec::new(),
        presence: Presence::Shown,
    });
    Ok(Json(json!({"id": id})))
}
