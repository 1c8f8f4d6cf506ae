//! Who has duty during a span of time, past or to come, in all rotations that somebody may see:
//! what a week shows, and whatever else looks at more than a moment. However many rotations
//! there are, it takes the same statements.

use super::{
    Failure, overrides,
    rotations::{Present, Searched},
};
use crate::{
    Services,
    store::{HISTORY_KEPT_SECONDS, ListedRotation, PastReach},
};
use domain::{Actor, Past};
use std::{collections::HashMap, ops::Range};
use types::{
    Attention, Coverage, Days, ROWS_PER_PAGE, Remark, RemarkKind, RotationFilter, RotationId, Span,
    Timestamp, WeekFilter,
};

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
    /// When somebody is to be on duty and nobody is, as far as that is known; apart, and by time.
    pub missing: Vec<Span>,
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
                missing: self.present.missing(rotation, &row.coverage),
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
    let days = domain::days(&filter.days, USUAL_WEEKS, services.store.time());
    let search = RotationFilter {
        search: filter.search.clone(),
        ..RotationFilter::default()
    };
    let searched = Searched::read(services, actor, &search).await?;
    let wanted = |present: &Present, place: usize, rotation: &ListedRotation| {
        let mine = || {
            let concern = present.concern(rotation, actor);
            concern.turns || concern.owned
        };
        let found = || searched.finds(present, rotation, &present.listed(place, rotation));
        (!filter.mine || mine()) && (searched.finds_all() || found())
    };
    let rows = ROWS_PER_PAGE as usize;
    let first = (filter.page as usize).saturating_mul(rows);
    let range = first..first.saturating_add(rows);
    let calendar = calendar(
        services,
        actor,
        (days.span(), PastReach::Span),
        range,
        wanted,
    )
    .await?;
    Ok(Week { days, calendar })
}

/// Who has duty during `span`, or in the past as far as `reach` says, in the rotations that the
/// actor may see and that are `wanted`; of these the ones at the places `range`, or as many at the
/// end where that lies behind it.
pub async fn calendar(
    services: &Services,
    actor: &Actor,
    (span, reach): (Span, PastReach),
    range: Range<usize>,
    wanted: impl Fn(&Present, usize, &ListedRotation) -> bool,
) -> Result<Calendar, Failure> {
    let present = Present::read_for(services, actor).await?;
    let rotations = &present.overview.rotations;
    let found: Vec<usize> = present
        .seen_by(actor)
        .filter(|(place, rotation)| wanted(&present, *place, rotation))
        .map(|(place, _)| place)
        .collect();
    let last = found.len().saturating_sub(1) / range.len().max(1) * range.len();
    let first = range.start.min(last);
    let shown = found.iter().copied().skip(first).take(range.len());
    let ids: Vec<&RotationId> = shown.clone().map(|place| &rotations[place].id).collect();
    let mut pasts = pasts(services, actor, &ids, (span, reach), present.now).await?;
    let planned = shown.clone().map(|place| &rotations[place]);
    let planned = planned.filter(|rotation| rotation.plan.rota().is_some());
    let edited = |rotation: &&ListedRotation| actor.may_edit(|one| rotation.relation_to(one));
    let told: Vec<_> = planned.clone().filter(edited).map(|one| &one.id).collect();
    let planned: Vec<_> = planned.map(|rotation| &rotation.id).collect();
    let mut remarks = remarks(services, (&planned, &told), span).await?;
    let rows = shown
        .map(|place| {
            let rotation = &rotations[place];
            let past = pasts.remove(&rotation.id);
            let past = past.unwrap_or_else(|| Past::none(present.now));
            Row {
                place,
                coverage: Coverage {
                    remarks: remarks.remove(&rotation.id).unwrap_or_default(),
                    ..present.coverage(rotation, &past, reach.covered(span))
                },
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

/// How many remarks are made of a rotation.
const REMARKS: usize = 100;

/// What there is to say during a span of the people of rotations with schedules of their own, by
/// start, beside who has duty: in which of them cover is wanted, and in those of which the actor is
/// `told` of it, who is away.
pub(super) async fn remarks(
    services: &Services,
    (rotations, told): (&[&RotationId], &[&RotationId]),
    span: Span,
) -> Result<HashMap<RotationId, Vec<Remark>>, Failure> {
    let (store, now) = (&services.store, services.store.time());
    let mut remarks: HashMap<_, Vec<_>> = HashMap::new();
    if !rotations.is_empty() && now < span.until {
        for (rotation, covers) in store.covers(rotations, now).await? {
            let open = covers.into_iter().filter(overrides::is_open);
            let wanted = open.map(|cover| Remark {
                kind: RemarkKind::CoverWanted,
                name: cover.asked_by_name,
                starts_at: cover.request.span.from,
                ends_at: cover.request.span.until,
            });
            let wanted = wanted.filter(|remark| remark.starts_at < span.until);
            remarks.entry(rotation).or_default().extend(wanted);
        }
    }
    if !told.is_empty() {
        for (rotation, absences) in store.absences_during(told, span).await? {
            let away = absences.into_iter().map(|(name, span)| Remark {
                kind: RemarkKind::Away,
                name,
                starts_at: span.from,
                ends_at: span.until,
            });
            remarks.entry(rotation).or_default().extend(away);
        }
    }
    for remarks in remarks.values_mut() {
        remarks.sort_by_key(|remark| remark.starts_at);
        remarks.truncate(REMARKS);
    }
    Ok(remarks)
}

/// What of the rotations' past lies in the span. What lies ahead needs none.
pub(super) async fn pasts(
    services: &Services,
    actor: &Actor,
    rotations: &[&RotationId],
    (span, reach): (Span, PastReach),
    now: Timestamp,
) -> Result<HashMap<RotationId, Past>, Failure> {
    if rotations.is_empty() || now <= span.from {
        return Ok(HashMap::new());
    }
    let store = &services.store;
    let mut pasts = store
        .pasts(&actor.workspace, rotations, span, reach)
        .await?;
    // Nothing is known any more of what was before.
    let kept_from = now.plus_seconds(-HISTORY_KEPT_SECONDS);
    for past in pasts.values_mut() {
        past.begins_at = past.begins_at.max(kept_from);
    }
    Ok(pasts)
}
