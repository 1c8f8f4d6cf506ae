//! Shift-based schedules, which only version 3 of the API shows: people by id alone, several at once, and
//! slots of nobody.

use serde_json::{Value, json};

use super::{
    Call,
    gate::Problem,
    schedules::{found, wanted},
    shapes::{self, Frame},
};
use crate::account::Kind;

pub fn list(call: &Call<'_>) -> Result<Value, Problem> {
    let page = call.query.page_of_version_3()?;
    Ok(
        page.of("schedules", wanted(call, Kind::ShiftBased), |schedule| {
            shapes::schedule_reference(call.account, schedule)
        }),
    )
}

pub fn show(call: &Call<'_>, id: &str) -> Result<Value, Problem> {
    let schedule = found(call, id, Kind::ShiftBased)?;
    let frame = Frame {
        window: call.query.range()?,
        zone: call.query.zone()?.unwrap_or_else(|| schedule.zone.clone()),
        overflow: call.query.flag("overflow")?,
    };
    let mut shown = shapes::shift_based(call.account, schedule);
    if call.query.includes("final_schedule") {
        shown["final_schedule"] = shapes::computed_shifts(schedule, &frame);
    }
    Ok(json!({"schedule": shown}))
}
