//! Layer-based schedules: the list for pickers, and one schedule with its rendered entries.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    Call,
    gate::Problem,
    shapes::{self, Frame},
};
use crate::{
    account::{Kind, Schedule},
    rendering::{self, Window},
    zones::stamp,
};

pub fn list(call: &Call<'_>) -> Result<Value, Problem> {
    let page = call.query.page()?;
    let window = call.query.range()?;
    let zone = call.query.zone()?;
    if window.is_some() && zone.is_none() {
        return Err(Problem::invalid(
            "time_zone",
            "is needed together with since and until",
        ));
    }
    let frame = Frame {
        window,
        zone: zone.unwrap_or(TimeZone::UTC),
        overflow: false,
    };
    Ok(
        page.of("schedules", wanted(call, Kind::LayerBased), |schedule| {
            // The real list gives layers when asked, but never the final schedule nor the overrides.
            let mut shown = shapes::schedule(call.account, schedule);
            if call.query.includes("schedule_layers") {
                shown["schedule_layers"] = shapes::layers(call.account, schedule, &frame);
            }
            shown
        }),
    )
}

/// Those of one kind that the query leaves.
pub fn wanted<'a>(call: &Call<'a>, kind: Kind) -> impl Iterator<Item = &'a Schedule> {
    let text = call.query.one("query").unwrap_or_default().to_lowercase();
    let query = call.query;
    call.account
        .visible_schedules()
        .filter(move |schedule| schedule.kind == kind)
        .filter(move |schedule| schedule.name.to_lowercase().contains(&text))
        .filter(move |schedule| {
            let teams: Vec<&str> = schedule.teams.iter().map(String::as_str).collect();
            query.admits("team_ids[]", &teams)
        })
}

pub fn show(call: &Call<'_>, id: &str) -> Result<Value, Problem> {
    let schedule = found(call, id, Kind::LayerBased)?;
    let frame = Frame {
        window: call.query.range()?,
        zone: call.query.zone()?.unwrap_or_else(|| schedule.zone.clone()),
        overflow: call.query.flag("overflow")?,
    };
    Ok(json!({"schedule": shapes::whole_schedule(call.account, schedule, &frame)}))
}

/// Not the roster but the people on call in the range; a deleted one is a bare reference.
pub fn users(call: &Call<'_>, id: &str) -> Result<Value, Problem> {
    let schedule = found(call, id, Kind::LayerBased)?;
    let window = call.query.range()?.unwrap_or_else(|| Window::at(call.now));
    let mut people: Vec<String> = Vec::new();
    for entry in rendering::final_entries(&schedule.plan(), window) {
        if !people.contains(&entry.user) {
            people.push(entry.user);
        }
    }
    let shown: Vec<Value> = people
        .iter()
        .map(|id| match call.account.employee(id) {
            Some(user) => shapes::user(call.account, user, call.base_url, false),
            None => shapes::user_reference(call.account, id),
        })
        .collect();
    Ok(json!({"users": shown}))
}

pub fn overrides(call: &Call<'_>, id: &str) -> Result<Value, Problem> {
    let schedule = found(call, id, Kind::LayerBased)?;
    if call.query.one("since").is_none() || call.query.one("until").is_none() {
        return Err(Problem::invalid("since", "and until are both needed"));
    }
    let window = call.query.range()?.unwrap_or_else(|| Window::at(call.now));
    let zone = call.query.zone()?.unwrap_or_else(|| schedule.zone.clone());
    let overflow = call.query.flag("overflow")?;
    let mut shown = Vec::new();
    for one in &schedule.overrides {
        let mut entries = rendering::override_entries(std::slice::from_ref(one), window);
        if !overflow {
            entries = rendering::clipped(entries, window);
        }
        for entry in entries {
            shown.push(json!({
                "id": one.id,
                "start": stamp(entry.start, &zone),
                "end": stamp(entry.end, &zone),
                "user": shapes::user_reference(call.account, &entry.user),
            }));
        }
    }
    Ok(json!({"overrides": shown}))
}

/// A schedule that the version of this kind shows.
pub fn found<'a>(call: &Call<'a>, id: &str, kind: Kind) -> Result<&'a Schedule, Problem> {
    let schedule = call
        .account
        .visible_schedule(id)
        .ok_or_else(Problem::schedule_not_found)?;
    if schedule.kind != kind {
        return Err(Problem::other_kind(schedule.kind));
    }
    Ok(schedule)
}
