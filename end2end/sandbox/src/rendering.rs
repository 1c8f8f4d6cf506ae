//! Who is on call when: the arithmetic of schedules, as pure functions of values and time. The product
//! under test trusts PagerDuty's rendered entries blindly, so the stand-in's must come from real layers,
//! restrictions and overrides, and not from canned answers.
//!
//! A schedule is rotations side by side, and a rotation is a stack of layers in which the later win. Overrides
//! lie over all of it. A layer-based schedule is one such stack; several rotations put several people on call.

use jiff::{
    SignedDuration, Timestamp,
    civil::{self, DateTime, Weekday},
    tz::TimeZone,
};

const DAY: i64 = 86_400;
/// How far into the past a layer reaches that is made now.
const PAST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A restriction lasts at most a week, so no window reaches further back than this.
const LONGEST_RESTRICTION_DAYS: i64 = 8;

/// How those in a layer share its turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    TakingTurns,
    /// All of them have every turn.
    AllAtOnce,
}

/// A turn-taking rule.
#[derive(Clone, Debug)]
pub struct Layer {
    pub id: String,
    pub name: String,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub rotation_virtual_start: Timestamp,
    pub turn_length_seconds: i64,
    /// User ids in the order in which they take turns; `None` is an empty slot, whose turn nobody has.
    pub members: Vec<Option<String>>,
    pub strategy: Strategy,
    /// The layer is in force only inside these hours; without any, always.
    pub restrictions: Vec<Restriction>,
}

#[derive(Clone, Debug)]
pub struct Restriction {
    /// `None` is a daily restriction.
    pub weekday: Option<Weekday>,
    pub start: civil::Time,
    pub duration_seconds: i64,
}

impl Layer {
    /// Members who take turns of this length, of which the first one's begins then. It was so before, too.
    pub fn of_turns(
        id: &str,
        turn_length_seconds: i64,
        first_turn: Timestamp,
        members: Vec<Option<String>>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            name: format!("Layer {id}"),
            start: first_turn.saturating_sub(PAST).unwrap_or(first_turn),
            end: None,
            rotation_virtual_start: first_turn,
            turn_length_seconds,
            members,
            strategy: Strategy::TakingTurns,
            restrictions: Vec::new(),
        }
    }

    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.members.iter().flatten().map(String::as_str)
    }
}

/// Layers of which the later win over the earlier.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub id: String,
    pub layers: Vec<Layer>,
}

impl Rotation {
    /// The only one of most schedules; its id comes of the schedule's.
    pub fn first_of(schedule: &str, layers: Vec<Layer>) -> Self {
        Self {
            id: format!("{schedule}R1"),
            layers,
        }
    }
}

/// Takes the place of everybody on call, in all rotations.
#[derive(Clone, Debug)]
pub struct Override {
    pub id: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub users: Vec<String>,
}

/// What is needed to render one schedule.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub zone: &'a TimeZone,
    pub rotations: &'a [Rotation],
    pub overrides: &'a [Override],
}

/// One stretch of duty, half-open. Two turns of the same person that touch stay two entries, so that
/// every entry has an end even in a schedule of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub start: Timestamp,
    pub end: Timestamp,
    pub user: String,
}

/// A stretch of duty as shift-based schedules tell it: an empty slot is a stretch of nobody, and one that
/// several have is told once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    pub start: Timestamp,
    pub end: Timestamp,
    pub user: Option<&'a str>,
    pub by_override: bool,
}

impl Assignment<'_> {
    fn entry(self) -> Option<Entry> {
        Some(Entry {
            start: self.start,
            end: self.end,
            user: self.user?.to_owned(),
        })
    }
}

/// Who has a stretch, before it is told person by person.
#[derive(Clone, Copy)]
enum Holders<'a> {
    Members(&'a [Option<String>]),
    Substitutes(&'a [String]),
}

/// A turn or an override, or the part of one that nothing of a higher rank covers.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    start: Timestamp,
    end: Timestamp,
    holders: Holders<'a>,
}

impl<'a> Stretch<'a> {
    fn assignments(self) -> Vec<Assignment<'a>> {
        let assigned = |user, by_override| Assignment {
            start: self.start,
            end: self.end,
            user,
            by_override,
        };
        match self.holders {
            Holders::Members(members) => members
                .iter()
                .map(|member| assigned(member.as_deref(), false))
                .collect(),
            Holders::Substitutes(users) => users
                .iter()
                .map(|user| assigned(Some(user.as_str()), true))
                .collect(),
        }
    }
}

/// The range asked for. Both ends may be the same instant, which asks for that instant.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Window {
    pub fn at(instant: Timestamp) -> Self {
        Self {
            since: instant,
            until: instant,
        }
    }

    fn meets(&self, start: Timestamp, end: Timestamp) -> bool {
        end > self.since && (start < self.until || start == self.since)
    }

    fn widened_by(self, stretches: &[Stretch<'_>]) -> Self {
        stretches.iter().fold(self, |wide, stretch| Self {
            since: wide.since.min(stretch.start),
            until: wide.until.max(stretch.end),
        })
    }

    /// What of a stretch lies inside, as PagerDuty shows it unless `overflow=true`.
    pub fn cut(&self, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
        (start.max(self.since), end.min(self.until))
    }
}

/// The schedule as it applies, empty slots included: the overrides, and of every rotation what they leave
/// free. Stretches keep their real start and end, also where these lie outside the window.
pub fn assignments<'a>(plan: &Plan<'a>, window: Window) -> Vec<Assignment<'a>> {
    // A stretch that begins inside the window may be cut short by something beyond its end.
    let reach = plan
        .rotations
        .iter()
        .flat_map(|rotation| &rotation.layers)
        .fold(
            window.widened_by(&substitutions(plan.overrides, window)),
            |wide, layer| wide.widened_by(&turns(layer, plan.zone, window)),
        );
    let overrides = plan
        .overrides
        .iter()
        .rev()
        .map(|one| substitutions(std::slice::from_ref(one), reach))
        .fold(Vec::new(), stacked);
    let mut shown: Vec<Stretch<'a>> = plan
        .rotations
        .iter()
        .flat_map(|rotation| {
            let stack = rotation
                .layers
                .iter()
                .rev()
                .map(|layer| turns(layer, plan.zone, reach))
                .fold(Vec::new(), stacked);
            uncovered(&overrides, stack)
        })
        .collect();
    shown.extend(overrides);
    shown.sort_by_key(|stretch| stretch.start);
    shown
        .into_iter()
        .filter(|stretch| window.meets(stretch.start, stretch.end))
        .flat_map(Stretch::assignments)
        .collect()
}

/// The schedule as it applies, as far as anybody is on call.
pub fn final_entries(plan: &Plan<'_>, window: Window) -> Vec<Entry> {
    people_of(assignments(plan, window))
}

/// Whoever is on call at that instant: nobody or one person in a layer-based schedule.
pub fn on_call_at(plan: &Plan<'_>, instant: Timestamp) -> Vec<Entry> {
    final_entries(plan, Window::at(instant))
}

/// One layer by itself, as if no other layer and no override existed.
pub fn layer_entries(layer: &Layer, zone: &TimeZone, window: Window) -> Vec<Entry> {
    told(turns(layer, zone, window))
}

pub fn override_entries(overrides: &[Override], window: Window) -> Vec<Entry> {
    told(substitutions(overrides, window))
}

fn told(stretches: Vec<Stretch<'_>>) -> Vec<Entry> {
    people_of(stretches.into_iter().flat_map(Stretch::assignments))
}

/// The assignments that are somebody's.
pub fn people_of<'a>(assignments: impl IntoIterator<Item = Assignment<'a>>) -> Vec<Entry> {
    assignments
        .into_iter()
        .filter_map(Assignment::entry)
        .collect()
}

/// Cuts entries at the ends of the window.
pub fn clipped(entries: Vec<Entry>, window: Window) -> Vec<Entry> {
    entries
        .into_iter()
        .map(|entry| {
            let (start, end) = window.cut(entry.start, entry.end);
            Entry {
                start,
                end,
                ..entry
            }
        })
        .collect()
}

/// The part of the window in which anybody is on call, in percent with one decimal.
pub fn coverage(entries: &[Entry], window: Window) -> f64 {
    let whole = window.until.duration_since(window.since).as_secs_f64();
    if whole <= 0.0 {
        return if entries.is_empty() { 0.0 } else { 100.0 };
    }
    let inside = entries
        .iter()
        .map(|entry| window.cut(entry.start, entry.end))
        .collect();
    let held: f64 = joined(inside)
        .into_iter()
        .map(|(start, end)| end.duration_since(start).as_secs_f64())
        .sum();
    (held / whole * 1000.0).round() / 10.0
}

fn turns<'a>(layer: &'a Layer, zone: &TimeZone, window: Window) -> Vec<Stretch<'a>> {
    let Ok(members) = i64::try_from(layer.members.len()) else {
        return Vec::new();
    };
    if members == 0 || layer.turn_length_seconds <= 0 {
        return Vec::new();
    }
    let mut stretches = Vec::new();
    let mut turn = first_turn(layer, window.since);
    let mut begins = turn_start(layer, zone, turn);
    while begins <= window.until {
        let ends = turn_start(layer, zone, turn + 1);
        let holders = match layer.strategy {
            Strategy::AllAtOnce => &layer.members[..],
            Strategy::TakingTurns => {
                let holder = usize::try_from(turn.rem_euclid(members)).unwrap_or_default();
                std::slice::from_ref(&layer.members[holder])
            }
        };
        for (start, end) in hours_in_force(layer, zone, begins, ends) {
            if window.meets(start, end) {
                stretches.push(Stretch {
                    start,
                    end,
                    holders: Holders::Members(holders),
                });
            }
        }
        // The end of representable time: the next turn would begin where this one does.
        if ends <= begins {
            break;
        }
        (turn, begins) = (turn + 1, ends);
    }
    stretches
}

fn substitutions(overrides: &[Override], window: Window) -> Vec<Stretch<'_>> {
    overrides
        .iter()
        .filter(|one| window.meets(one.start, one.end))
        .map(|one| Stretch {
            start: one.start,
            end: one.end,
            holders: Holders::Substitutes(&one.users),
        })
        .collect()
}

/// A turn that is certain to begin before the instant; one to spare for the hour that clocks are changed by.
fn first_turn(layer: &Layer, instant: Timestamp) -> i64 {
    let since_start = instant
        .duration_since(layer.rotation_virtual_start)
        .as_secs();
    since_start.div_euclid(layer.turn_length_seconds) - 1
}

/// Turns of whole days hand over at the same local time all year; shorter turns are exact seconds.
fn turn_start(layer: &Layer, zone: &TimeZone, turn: i64) -> Timestamp {
    let elapsed = SignedDuration::from_secs(turn.saturating_mul(layer.turn_length_seconds));
    let origin = layer.rotation_virtual_start;
    if layer.turn_length_seconds % DAY == 0 {
        instant_of(zone, zone.to_datetime(origin).saturating_add(elapsed))
    } else {
        origin.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

/// A local time that clocks skip is taken as much later, one that occurs twice is taken the first time.
fn instant_of(zone: &TimeZone, local: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(local)
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

/// The parts of a turn in which the layer exists and its restrictions let it apply.
fn hours_in_force(
    layer: &Layer,
    zone: &TimeZone,
    begins: Timestamp,
    ends: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let from = begins.max(layer.start);
    let to = layer.end.map_or(ends, |end| end.min(ends));
    if from >= to {
        return Vec::new();
    }
    if layer.restrictions.is_empty() {
        return vec![(from, to)];
    }
    joined(restriction_hours(&layer.restrictions, zone, from, to))
        .into_iter()
        .map(|(start, end)| (start.max(from), end.min(to)))
        .filter(|(start, end)| start < end)
        .collect()
}

fn restriction_hours(
    restrictions: &[Restriction],
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut hours = Vec::new();
    let last = zone.to_datetime(to).date();
    let mut date = zone
        .to_datetime(from)
        .date()
        .saturating_sub(SignedDuration::from_secs(LONGEST_RESTRICTION_DAYS * DAY));
    while date <= last {
        for restriction in restrictions {
            if restriction
                .weekday
                .is_none_or(|weekday| weekday == date.weekday())
            {
                let opens = date.to_datetime(restriction.start);
                let closes =
                    opens.saturating_add(SignedDuration::from_secs(restriction.duration_seconds));
                hours.push((instant_of(zone, opens), instant_of(zone, closes)));
            }
        }
        let Ok(tomorrow) = date.tomorrow() else { break };
        date = tomorrow;
    }
    hours
}

/// Joins hours that touch or overlap: five restrictions of one working day each are one working week.
fn joined(mut hours: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    hours.sort_unstable();
    let mut whole: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in hours {
        match whole.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => whole.push((start, end)),
        }
    }
    whole
}

/// Both of two ranks, the lower only where nothing of the higher is. Either list is sorted and free of
/// overlaps, and so is the result.
fn stacked<'a>(upper: Vec<Stretch<'a>>, lower: Vec<Stretch<'a>>) -> Vec<Stretch<'a>> {
    let mut shown = uncovered(&upper, lower);
    shown.extend(upper);
    shown.sort_by_key(|stretch| stretch.start);
    shown
}

/// What of the lower rank shows through the gaps of the higher.
fn uncovered<'a>(upper: &[Stretch<'a>], lower: Vec<Stretch<'a>>) -> Vec<Stretch<'a>> {
    let mut shown = Vec::new();
    let mut first = 0;
    for stretch in lower {
        let mut cursor = stretch.start;
        while first < upper.len() && upper[first].end <= cursor {
            first += 1;
        }
        for above in upper[first..]
            .iter()
            .take_while(|above| above.start < stretch.end)
        {
            if above.start > cursor {
                shown.push(Stretch {
                    start: cursor,
                    end: above.start,
                    ..stretch
                });
            }
            cursor = cursor.max(above.end);
        }
        if cursor < stretch.end {
            shown.push(Stretch {
                start: cursor,
                ..stretch
            });
        }
    }
    shown
}

#[cfg(test)]
#[path = "rendering_tests.rs"]
mod tests;
