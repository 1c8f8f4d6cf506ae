//! What a rota would bring its rotation, by the very function that then runs.

use crate::{
    Plan, Rotation, ShiftChange,
    outlook::{gaps, sort},
    rota::{Absence, FilledIn, Override, Rota, Zone, rotation::PLANNED_AHEAD_SECONDS},
    shift_changes,
};
use types::{RotaPreview, Stretch, Timestamp};

/// How many shifts are told of each list.
const TOLD: usize = 100;

/// What the next eight weeks would be by what was filled in while members are away at these times,
/// and who has other shifts by it.
pub fn preview(
    filled_in: FilledIn,
    rotation: &Rotation,
    absences: Vec<Absence>,
    now: Timestamp,
) -> RotaPreview {
    let FilledIn { terms, duty_size } = filled_in;
    let words = terms.in_words();
    let mut changed = rotation.clone();
    changed.details.duty_size = duty_size;
    let rota = Rota {
        absences,
        ..Rota::begun(terms, &changed, now)
    };
    changed.plan = Plan::Scheduled(Box::new(rota));
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    compared(words, rotation, &changed, (now, until))
}

/// The same of an override, which `words` tells, and at least until it ends.
pub fn preview_override(
    made: Override,
    words: String,
    rotation: &Rotation,
    now: Timestamp,
) -> RotaPreview {
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    let until = until.max(made.span.until);
    let mut changed = rotation.clone();
    if let Plan::Scheduled(rota) = &mut changed.plan {
        rota.overrides.push(made);
    }
    compared(words, rotation, &changed, (now, until))
}

/// What is planned for `changed`, and what differs from `rotation` by it.
fn compared(
    words: String,
    rotation: &Rotation,
    changed: &Rotation,
    (now, until): (Timestamp, Timestamp),
) -> RotaPreview {
    let planned = |rotation: &Rotation| {
        let rota = rotation.plan.rota()?;
        let (members, size) = (&rotation.crew.members, rotation.details.duty_size);
        Some(rota.planned(members, size, until))
    };
    let before = planned(rotation).unwrap_or_default();
    let mut plan = planned(changed).unwrap_or_default();
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    if rotation.plan.rota().is_some() {
        for change in shift_changes(&before, &plan, now) {
            match change {
                ShiftChange::Came(shift) => gained.push(shift.clone()),
                ShiftChange::Went(shift) => lost.push(shift.clone()),
                ShiftChange::Moved { before, after } => {
                    lost.push(before.clone());
                    gained.push(after.clone());
                }
            }
        }
    }
    let nobody = gaps(&plan, now, Some(until));
    plan.extend(nobody);
    plan.retain(|stretch| stretch.ends_at.is_none_or(|end| now < end));
    sort(&mut plan);
    RotaPreview {
        words,
        plan: first(plan),
        gained: first(gained),
        lost: first(lost),
        zone_data: Zone::data_version().to_owned(),
    }
}

fn first(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.truncate(TOLD);
    stretches
}
