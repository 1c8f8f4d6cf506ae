//! The week over all rotations.

use crate::actions::coverage::{Covered, Week};
use types::{ROWS_PER_PAGE, WeekRow, WeekView};

pub(in crate::backend) fn week(week: Week) -> WeekView {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let calendar = week.calendar;
    WeekView {
        days: week.days,
        rows: calendar.rows().map(row).collect(),
        found: count(calendar.found),
        page: count(calendar.first) / ROWS_PER_PAGE,
    }
}

fn row(covered: Covered<'_>) -> WeekRow {
    let rotation = covered.rotation;
    WeekRow {
        id: rotation.id.clone(),
        name: rotation.details.name.clone(),
        visibility: rotation.details.visibility,
        coverage: covered.coverage.clone(),
        missing: covered.missing,
        time_zone: covered.time_zone.map(str::to_owned),
        attention: covered.attention,
    }
}
