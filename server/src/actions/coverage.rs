//! Who has duty during a span of time, past or to come, in all rotations that somebody may see:
//! what a week shows, and whatever else looks at more than a moment. However many rotations
//! there are, it takes the same statements.

use super::{
    Failure,
    rotations::{Present, is_seen},
};
use crate::{
    Services,
    store::{HISTORY_KEPT_SECONDS, ListedRotation},
};
use domain::{Actor, Past};
use std::{collections::HashMap, ops::Range};
use types::{Attention, Coverage, RotationId, Span, Timestamp};

/// The coverage of some of the rotations that were found, in the order of the overview.
pub struct Calendar {
    present: Present,
    rows: Vec<Row>,
    /// How many rotations were found.
    pub found: usize,
}

struct Row {
    /// In the overview.
    place: usize,
    coverage: Coverage,
}

/// A rotation and who has its duty.
pub struct Covered<'a> {
    pub rotation: &'a ListedRotation,
    pub coverage: &'a Coverage,
    /// Why what its schedule says cannot be confirmed at present, if so.
    pub attention: Option<Attention>,
}

impl Calendar {
    /// By the clock that duties go by.
    pub const fn now(&self) -> Timestamp {
        self.present.now
    }

    pub fn rows(&self) -> impl Iterator<Item = Covered<'_>> {
        self.rows.iter().map(|row| {
            let rotation = &self.present.overview.rotations[row.place];
            Covered {
                rotation,
                coverage: &row.coverage,
                attention: self.present.attention(rotation),
            }
        })
    }
}

/// Who has duty during `span` in the rotations that the actor may see and that are `wanted`; of
/// these the ones at the places `range`.
pub async fn calendar(
    services: &Services,
    actor: &Actor,
    span: Span,
    range: Range<usize>,
    wanted: impl Fn(&ListedRotation) -> bool,
) -> Result<Calendar, Failure> {
    let present = Present::read(services, actor).await?;
    let rotations = &present.overview.rotations;
    let found: Vec<usize> = rotations
        .iter()
        .enumerate()
        .filter(|(_, rotation)| is_seen(rotation, actor) && wanted(rotation))
        .map(|(place, _)| place)
        .collect();
    let shown = found.iter().copied().skip(range.start).take(range.len());
    let ids: Vec<&RotationId> = shown.clone().map(|place| &rotations[place].id).collect();
    // What lies ahead needs no history.
    let mut pasts = match span.from < present.now && !ids.is_empty() {
        true => services.store.pasts(&actor.workspace, &ids, span).await?,
        false => HashMap::new(),
    };
    let kept_from = present.now.plus_seconds(-HISTORY_KEPT_SECONDS);
    let rows = shown
        .map(|place| {
            let rotation = &rotations[place];
            let past = pasts.remove(&rotation.id);
            let mut past = past.unwrap_or_else(|| Past::none(present.now));
            past.begins_at = past.begins_at.max(kept_from);
            let foresight = present.foresight(rotation);
            Row {
                place,
                coverage: foresight.coverage(
                    &rotation.crew,
                    &past,
                    span,
                    present.time_of(rotation),
                ),
            }
        })
        .collect();
    Ok(Calendar {
        rows,
        found: found.len(),
        present,
    })
}
