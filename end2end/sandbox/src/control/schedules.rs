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
    account::{Account, Presence, Region, Schedule},
    rendering::{Override, on_call_at},
    world::{Sandbox, World},
    zones::stamp,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/truth", get(truth_of_all))
        .route("/truth/{schedule}", get(truth))
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
    let now = Timestamp::now();
    let world = sandbox.world();
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
    let now = Timestamp::now();
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
                "email": user.filter(|user| user.deleted_at.is_none()).map(|user| &user.email),
                "start": stamp(entry.start, &TimeZone::UTC),
                "end": stamp(entry.end, &TimeZone::UTC),
            })
        })
        .collect();
    json!({
        "schedule": {"id": schedule.id, "name": schedule.name},
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

/// Adds an override to a schedule that exists, and says what was added.
fn overridden(
    world: &mut World,
    schedule: &str,
    start: Timestamp,
    end: Timestamp,
    user: &str,
) -> Result<Value, Refused> {
    let region = region_of(world, schedule)?;
    let account = world.account_mut(region);
    let made = Override {
        id: account.next_override_id(),
        start,
        end,
        user: user.to_owned(),
    };
    let shown = json!({
        "id": made.id,
        "start": stamp(start, &TimeZone::UTC),
        "end": stamp(end, &TimeZone::UTC),
        "user": user,
    });
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

/// Whole seconds, since the wire format knows no others.
fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
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
    let start = order
        .start
        .unwrap_or_else(|| whole_second(Timestamp::now()));
    let end = match (order.end, order.seconds) {
        (Some(end), None) => end,
        (None, Some(seconds)) => seconds_after(start, seconds)?,
        _ => return Err(Refused::invalid("Give either end or seconds.")),
    };
    if end <= start {
        return Err(Refused::invalid("The override would end before it starts."));
    }
    let mut world = sandbox.world();
    let user = employee(account_of(&world, &id)?, &order.user)?;
    Ok(Json(
        json!({"override": overridden(&mut world, &id, start, end, &user)?}),
    ))
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

/// The next person takes over by an override for the rest of the shift, or for an hour if that is longer.
/// A shift that would end before gets an override of its own holder, so that it lasts exactly until then.
async fn end_shift(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<EndShift>,
) -> Answer {
    if order.seconds < 1 {
        return Err(Refused::invalid("seconds must be at least 1."));
    }
    let now = whole_second(Timestamp::now());
    let ends = seconds_after(now, order.seconds)?;
    let mut world = sandbox.world();
    let account = account_of(&world, &id)?;
    let schedule = account.schedules.iter().find(|schedule| schedule.id == id);
    let current = schedule
        .and_then(|schedule| on_call_at(&schedule.plan(), now))
        .ok_or_else(|| Refused::impossible("Nobody is on call, so no shift can end."))?;
    let next = match &order.next {
        Some(who) => employee(account, who)?,
        None => schedule
            .and_then(|schedule| successor(account, schedule, &current.user))
            .ok_or_else(|| {
                Refused::impossible("Nobody else is in this schedule: name somebody in next.")
            })?,
    };
    let mut made = Vec::new();
    if current.end < ends {
        made.push(overridden(
            &mut world,
            &id,
            current.end,
            ends,
            &current.user,
        )?);
    }
    let until = current.end.max(ends.saturating_add(HOUR).unwrap_or(ends));
    made.push(overridden(&mut world, &id, ends, until, &next)?);
    Ok(Json(json!({
        "ends_at": stamp(ends, &TimeZone::UTC),
        "from": current.user,
        "to": next,
        "overrides": made,
    })))
}

/// Whoever comes after this person in the roster and still has an account.
fn successor(account: &Account, schedule: &Schedule, current: &str) -> Option<String> {
    let roster = schedule.roster();
    let place = roster
        .iter()
        .position(|id| *id == current)
        .map_or(0, |place| place + 1);
    roster
        .iter()
        .cycle()
        .skip(place)
        .take(roster.len())
        .find(|id| **id != current && account.employee(id).is_some())
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
