//! Who has duty during a span of time, past or to come, in all rotations that somebody may see:
//! what a week shows, and whatever else looks at more than a moment. However many rotations
//! there are, it takes the same statements.

use super::{
    Failure,
    rotations::{Present, is_seen},
};
use crate::{
    Services, clock,
    store::{HISTORY_KEPT_SECONDS, ListedRotation},
};
use domain::{Actor, Past};
use std::{collections::HashMap, ops::Range};
use types::{Attention, Coverage, Days, ROWS_PER_PAGE, RotationId, Span, Timestamp, WeekFilter};

/// How many weeks are shown where nobody says how many.
const USUAL_WEEKS: u32 = 1;

/// The coverage of some of the rotations that were found, in the order of the overview.
pub struct Calendar {
    present: Present,
    rows: Vec<Row>,
    /// How many rotations were found.
    pub found: usize,
    /// The place of the first of the rows among them.
    pub first: usize,
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
    /// In which zone its schedule is made, where it says so.
    pub time_zone: Option<&'a str>,
    /// Why what its schedule says cannot be confirmed at present, if so.
    pub attention: Option<Attention>,
}

impl Calendar {
    pub fn rows(&self) -> impl Iterator<Item = Covered<'_>> {
        self.rows.iter().map(|row| {
            let rotation = &self.present.overview.rotations[row.place];
            Covered {
                rotation,
                coverage: &row.coverage,
                time_zone: self.present.time_zone(rotation),
                attention: self.present.attention(rotation),
            }
        })
    }
}

/// A week, or some, of the rotations that somebody wants to see.
pub struct Week {
    pub days: Days,
    pub calendar: Calendar,
}

/// Who has duty on which day, in those rotations that the actor may see.
pub async fn week(
    services: &Services,
    actor: &Actor,
    filter: &WeekFilter,
) -> Result<Week, Failure> {
    let days = domain::days(&filter.days, USUAL_WEEKS, clock::now());
    let wanted = |rotation: &ListedRotation| {
        let relation = actor.person().map(|person| rotation.relation_to(person));
        !filter.mine || relation.is_some_and(|relation| relation.owner || relation.member)
    };
    let rows = ROWS_PER_PAGE as usize;
    let first = (filter.page as usize).saturating_mul(rows);
    let range = first..first.saturating_add(rows);
    let calendar = calendar(services, actor, days.span(), range, wanted).await?;
    Ok(Week { days, calendar })
}

/// Who has duty during `span` in the rotations that the actor may see and that are `wanted`; of
/// these the ones at the places `range`, or as many at the end where that lies behind it.
pub async fn calendar(
    services: &Services,
    actor: &Actor,
    span: Span,
    range: Range<usize>,
    wanted: impl Fn(&ListedRotation) -> bool,
) -> Result<Calendar, Failure> {
    let present = Present::read(services, &actor.workspace).await?;
    let rotations = &present.overview.rotations;
    let found: Vec<usize> = rotations
        .iter()
        .enumerate()
        .filter(|(_, rotation)| is_seen(rotation, actor) && wanted(rotation))
        .map(|(place, _)| place)
        .collect();
    let last = found.len().saturating_sub(1) / range.len().max(1) * range.len();
    let first = range.start.min(last);
    let shown = found.iter().copied().skip(first).take(range.len());
    let ids: Vec<&RotationId> = shown.clone().map(|place| &rotations[place].id).collect();
    let mut pasts = pasts(services, actor, &ids, span, present.now).await?;
    let rows = shown
        .map(|place| {
            let rotation = &rotations[place];
            let past = pasts.remove(&rotation.id);
            let past = past.unwrap_or_else(|| Past::none(present.now));
            Row {
                place,
                coverage: present.coverage(rotation, &past, span),
            }
        })
        .collect();
    Ok(Calendar {
        rows,
        found: found.len(),
        first,
        present,
    })
}

/// What of the rotations' past lies in the span. What lies ahead needs none.
pub(super) async fn pasts(
    services: &Services,
    actor: &Actor,
    rotations: &[&RotationId],
    span: Span,
    now: Timestamp,
) -> Result<HashMap<RotationId, Past>, Failure> {
    if rotations.is_empty() || now <= span.from {
        return Ok(HashMap::new());
    }
    let store = &services.store;
    let mut pasts = store.pasts(&actor.workspace, rotations, span).await?;
    // Nothing is known any more of what was before.
    let kept_from = now.plus_seconds(-HISTORY_KEPT_SECONDS);
    for past in pasts.values_mut() {
        past.begins_at = past.begins_at.max(kept_from);
    }
    Ok(pasts)
}
