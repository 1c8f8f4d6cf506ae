//! Who is on call when: the arithmetic of layer-based schedules, as pure functions of values and time.
//! The product under test trusts PagerDuty's rendered entries blindly, so the stand-in's must come from
//! real layers, restrictions and overrides, and not from canned answers.

use jiff::{
    SignedDuration, Timestamp,
    civil::{self, DateTime, Weekday},
    tz::TimeZone,
};

const DAY: i64 = 86_400;
/// A restriction lasts at most a week, so no window reaches further back than this.
const LONGEST_RESTRICTION_DAYS: i64 = 8;

/// A turn-taking rule. Later layers of a schedule win over earlier ones.
#[derive(Clone, Debug)]
pub struct Layer {
    pub id: String,
    pub name: String,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub rotation_virtual_start: Timestamp,
    pub turn_length_seconds: i64,
    /// User ids in the order in which they take turns.
    pub users: Vec<String>,
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

#[derive(Clone, Debug)]
pub struct Override {
    pub id: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub user: String,
}

/// What is needed to render one schedule.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub zone: &'a TimeZone,
    pub layers: &'a [Layer],
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

    fn widened_by(self, entries: &[Entry]) -> Self {
        entries.iter().fold(self, |wide, entry| Self {
            since: wide.since.min(entry.start),
            until: wide.until.max(entry.end),
        })
    }
}

/// The schedule as it applies: overrides first, then the layers from the last to the first. Entries keep
/// their real start and end, also where these lie outside the window.
pub fn final_entries(plan: &Plan<'_>, window: Window) -> Vec<Entry> {
    // An entry that begins inside the window may be cut short by something beyond its end.
    let reach = plan.layers.iter().fold(
        window.widened_by(&override_entries(plan.overrides, window)),
        |wide, layer| wide.widened_by(&layer_entries(layer, plan.zone, window)),
    );
    let overrides = plan
        .overrides
        .iter()
        .rev()
        .map(|one| override_entries(std::slice::from_ref(one), reach));
    let layers = plan
        .layers
        .iter()
        .rev()
        .map(|layer| layer_entries(layer, plan.zone, reach));
    overrides
        .chain(layers)
        .fold(Vec::new(), fill_gaps)
        .into_iter()
        .filter(|entry| window.meets(entry.start, entry.end))
        .collect()
}

/// Whoever is on call at that instant: nobody or one person in a layer-based schedule.
pub fn on_call_at(plan: &Plan<'_>, instant: Timestamp) -> Option<Entry> {
    final_entries(plan, Window::at(instant)).into_iter().next()
}

/// One layer by itself, as if no other layer and no override existed.
pub fn layer_entries(layer: &Layer, zone: &TimeZone, window: Window) -> Vec<Entry> {
    let Ok(people) = i64::try_from(layer.users.len()) else {
        return Vec::new();
    };
    if people == 0 || layer.turn_length_seconds <= 0 {
        return Vec::new();
    }
    let mut entries = Vec::new();
    let mut turn = first_turn(layer, window.since);
    let mut begins = turn_start(layer, zone, turn);
    while begins <= window.until {
        let ends = turn_start(layer, zone, turn + 1);
        let holder = usize::try_from(turn.rem_euclid(people)).unwrap_or_default();
        for (start, end) in hours_in_force(layer, zone, begins, ends) {
            if window.meets(start, end) {
                entries.push(Entry {
                    start,
                    end,
                    user: layer.users[holder].clone(),
                });
            }
        }
        // The end of representable time: the next turn would begin where this one does.
        if ends <= begins {
            break;
        }
        (turn, begins) = (turn + 1, ends);
    }
    entries
}

pub fn override_entries(overrides: &[Override], window: Window) -> Vec<Entry> {
    overrides
        .iter()
        .filter(|one| window.meets(one.start, one.end))
        .map(|one| Entry {
            start: one.start,
            end: one.end,
            user: one.user.clone(),
        })
        .collect()
}

/// Cuts entries at the ends of the window, as PagerDuty does unless `overflow=true`.
pub fn clipped(entries: Vec<Entry>, window: Window) -> Vec<Entry> {
    entries
        .into_iter()
        .map(|entry| Entry {
            start: entry.start.max(window.since),
            end: entry.end.min(window.until),
            user: entry.user,
        })
        .collect()
}

/// The part of the window in which anybody is on call, in percent with one decimal. Entries of one
/// rendering never overlap, except for overrides among themselves.
pub fn coverage(entries: &[Entry], window: Window) -> f64 {
    let whole = window.until.duration_since(window.since).as_secs_f64();
    if whole <= 0.0 {
        return if entries.is_empty() { 0.0 } else { 100.0 };
    }
    let held: f64 = clipped(entries.to_vec(), window)
        .iter()
        .map(|entry| entry.end.duration_since(entry.start).as_secs_f64())
        .sum();
    ((held / whole * 1000.0).round() / 10.0).min(100.0)
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

/// Lets entries of a lower rank show through wherever nobody of a higher rank is on call. Both lists are
/// sorted and free of overlaps, and so is the result.
fn fill_gaps(upper: Vec<Entry>, lower: Vec<Entry>) -> Vec<Entry> {
    let mut shown = Vec::new();
    let mut first = 0;
    for entry in lower {
        let mut cursor = entry.start;
        while first < upper.len() && upper[first].end <= cursor {
            first += 1;
        }
        for above in upper[first..]
            .iter()
            .take_while(|above| above.start < entry.end)
        {
            if above.start > cursor {
                shown.push(Entry {
                    start: cursor,
                    end: above.start,
                    user: entry.user.clone(),
                });
            }
            cursor = cursor.max(above.end);
        }
        if cursor < entry.end {
            shown.push(Entry {
                start: cursor,
                ..entry
            });
        }
    }
    shown.extend(upper);
    shown.sort_by_key(|entry| entry.start);
    shown
}

#[cfg(test)]
#[path = "rendering_tests.rs"]
mod tests;
