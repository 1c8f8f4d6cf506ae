//! What a calendar feed tells, as events. A calendar finds an event again by its id, so the id
//! comes from the rotation and from when duty changed hands, and from nothing that may change
//! meanwhile: not from who it is, nor from how long.

use std::fmt::Write;
use types::{Coverage, Holder, MemberKey, RotationId, Stretch, Timestamp};

/// How far back a feed reaches, in seconds.
pub const FEED_PAST_SECONDS: i64 = 30 * 24 * 3600;

/// How far beyond the present what has no end is told, in seconds: some calendars read a feed but
/// once a day, and it lasts today as well.
const OPEN_AHEAD_SECONDS: i64 = 2 * 24 * 3600;

/// How far ahead a feed reaches, in seconds: further than any plan is known.
pub const FEED_AHEAD_SECONDS: i64 = 366 * 24 * 3600;

/// How many events a feed tells, but for a day that has more by itself.
const MOST_EVENTS: usize = 5_000;

const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// So many names stand in an event's title; the rest are counted.
const NAMES_IN_TITLE: usize = 3;

/// A rotation that a feed tells of.
#[derive(Clone, Copy, Debug)]
pub struct FeedRotation<'a> {
    pub id: &'a RotationId,
    pub name: &'a str,
    pub coverage: &'a Coverage,
    pub now: Timestamp,
}

/// An event in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Unique in the feed, and the same as long as the event begins when it does.
    pub uid: String,
    pub starts_at: Timestamp,
    /// Where nobody knows, a day that is to come: calendars draw no event that has no end.
    pub ends_at: Timestamp,
    pub title: String,
    pub description: String,
}

impl FeedRotation<'_> {
    /// One person's shifts that end after `from`.
    pub fn shifts_of(&self, person: &MemberKey, from: Timestamp) -> Vec<FeedEvent> {
        let is_theirs = |holder: &Holder| holder.key == *person;
        let stretches = self.coverage.stretches.iter();
        let theirs = stretches.filter(|stretch| stretch.holder.as_ref().is_some_and(is_theirs));
        theirs
            .filter_map(|stretch| {
                let title = format!("On duty: {}", self.name);
                let span = Span::of(stretch);
                let description = match by_overrides(stretch, span) {
                    Some(words) => format!("{}.", capitalised(&words)),
                    None => String::new(),
                };
                self.event("mine", title, span, description)
            })
            .filter(|event| event.is_told_from(from))
            .collect()
    }

    /// Everybody's duty that ends after `from`: an event from each change of hands to the next.
    pub fn shifts(&self, from: Timestamp) -> Vec<FeedEvent> {
        let told = crews(&self.coverage.stretches).into_iter();
        told.filter_map(|(span, people)| {
            let names: Vec<_> = people.iter().map(|(_, name)| *name).collect();
            let title = format!("{}: {}", self.name, in_short(&names));
            let mut description = String::from("On duty:");
            for (stretch, name) in people {
                let _infallible = write!(description, "\n{name}");
                if let Some(words) = by_overrides(stretch, span) {
                    let _infallible = write!(description, " ({words})");
                }
            }
            self.event("all", title, span, description)
        })
        .filter(|event| event.is_told_from(from))
        .collect()
    }

    /// Nothing of a stretch of which nothing is known but that it begins.
    fn event(
        &self,
        kind: &str,
        title: String,
        span: Span,
        mut description: String,
    ) -> Option<FeedEvent> {
        let begins = span.starts_at.as_millis();
        let cut = self
            .coverage
            .known_until
            .filter(|&known| span.ends_at.is_some_and(|end| end >= known));
        // The horizon moves on all the time, and so does what lasts. Told by the day, each changes
        // the event once a day.
        let (ends_at, not_known) = match (cut, span.ends_at) {
            (Some(known), _) => (
                start_of_day(known),
                "It may go on: the plan is not known any further yet.",
            ),
            (None, Some(end)) => (end, ""),
            (None, None) => (
                start_of_day(self.now.plus_seconds(OPEN_AHEAD_SECONDS)),
                "It lasts until somebody hands over.",
            ),
        };
        // Calendars know whole seconds, and no event that takes no time.
        let second = |at: Timestamp| at.as_millis().div_euclid(1000);
        if second(ends_at) <= second(span.starts_at) {
            return None;
        }
        if !(description.is_empty() || not_known.is_empty()) {
            description.push('\n');
        }
        description.push_str(not_known);
        Some(FeedEvent {
            uid: format!("{}-{begins}-{kind}", self.id),
            starts_at: span.starts_at,
            ends_at,
            title,
            description,
        })
    }
}

impl FeedEvent {
    fn is_told_from(&self, from: Timestamp) -> bool {
        self.ends_at > from
    }

    /// All that a calendar shows of it: where this has changed, the event has.
    pub fn content(&self) -> String {
        // As versions wrote it for which an event could be without an end: what they have told
        // has not changed by that.
        let ends_at = Some(self.ends_at.as_millis());
        format!("{ends_at:?}\n{}\n{}", self.title, self.description)
    }
}

/// As many of the events as calendars take: of more, those of fewer days around the present. The
/// edges are at midnight, so that they move once a day.
/// They reach `ahead` so many seconds.
pub fn bounded(mut events: Vec<FeedEvent>, now: Timestamp, mut ahead: i64) -> Vec<FeedEvent> {
    let mut past = FEED_PAST_SECONDS;
    while events.len() > MOST_EVENTS && ahead > DAY_MILLIS / 1000 {
        (past, ahead) = (past / 2, ahead / 2);
        let from = start_of_day(now.plus_seconds(-past));
        let until = start_of_day(now.plus_seconds(ahead));
        events.retain(|event| event.ends_at > from && event.starts_at < until);
    }
    events
}

#[derive(Clone, Copy)]
struct Span {
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
}

impl Span {
    fn of(stretch: &Stretch) -> Self {
        Self {
            starts_at: stretch.starts_at,
            ends_at: stretch.ends_at,
        }
    }
}

/// Who is on duty together, from each change of hands to the next. Times of nobody are left
/// out.
fn crews(stretches: &[Stretch]) -> Vec<(Span, Vec<(&Stretch, &str)>)> {
    let held: Vec<_> = stretches
        .iter()
        .filter_map(|stretch| Some((stretch, stretch.holder.as_ref()?.name.as_str())))
        .collect();
    let starts = held.iter().map(|(stretch, _)| stretch.starts_at);
    let ends = held.iter().filter_map(|(stretch, _)| stretch.ends_at);
    let mut changes: Vec<_> = starts.chain(ends).collect();
    changes.sort_unstable();
    changes.dedup();
    let mut coming = held.iter().peekable();
    let mut on_duty: Vec<&(&Stretch, &str)> = Vec::new();
    let mut crews = Vec::new();
    for (place, &starts_at) in changes.iter().enumerate() {
        on_duty.retain(|(stretch, _)| stretch.holds(starts_at));
        while let Some(begun) = coming.next_if(|(stretch, _)| stretch.starts_at <= starts_at) {
            if begun.0.holds(starts_at) {
                on_duty.push(begun);
            }
        }
        if !on_duty.is_empty() {
            let ends_at = changes.get(place + 1).copied();
            let mut people: Vec<_> = on_duty.iter().map(|held| **held).collect();
            people.sort_unstable_by_key(|(_, name)| *name);
            crews.push((Span { starts_at, ends_at }, people));
        }
    }
    crews
}

/// How somebody has duty in a part of their stretch otherwise than by their turn, as `by an override, in
/// place of Bob` or `as cover for Bob`.
fn by_overrides(stretch: &Stretch, part: Span) -> Option<String> {
    let reaches = |at: Timestamp| part.ends_at.is_none_or(|end| at < end);
    let within = stretch.overrides.iter();
    let within = within.filter(|one| reaches(one.starts_at) && part.starts_at < one.ends_at);
    let words = within.map(|one| {
        let is_whole =
            one.starts_at <= part.starts_at && part.ends_at.is_some_and(|end| end <= one.ends_at);
        let names = one.instead_of.join(", ");
        let what = match (one.is_cover, names.as_str()) {
            (true, "") => "as cover".to_owned(),
            (true, names) => format!("as cover for {names}"),
            (false, _) => "by an override".to_owned(),
        };
        let part = if is_whole { "" } else { " for a part of it" };
        match one.is_cover || names.is_empty() {
            true => format!("{what}{part}"),
            false => format!("{what}{part}, in place of {names}"),
        }
    });
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| words.join(", and "))
}

/// As the beginning of a sentence.
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn in_short(people: &[&str]) -> String {
    let (named, others) = people.split_at(people.len().min(NAMES_IN_TITLE));
    let mut short = named.join(", ");
    match others.len() {
        0 => {}
        1 => short.push_str(" and 1 other"),
        more => {
            let _infallible = write!(short, " and {more} others");
        }
    }
    short
}

/// The midnight in UTC before an instant, or at it.
fn start_of_day(at: Timestamp) -> Timestamp {
    let millis = at.as_millis();
    Timestamp::from_millis(millis - millis.rem_euclid(DAY_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crew::examples::{key, member},
        shifts::examples::at,
    };
    use types::Override;

    const DAY: i64 = 24 * 3600;

    fn stretch(name: &str, starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }

    fn coverage(stretches: &[Stretch], known_until: Option<i64>) -> Coverage {
        Coverage {
            stretches: stretches.to_vec(),
            known_from: at(0),
            known_until: known_until.map(at),
            remarks: Vec::new(),
        }
    }

    fn shifts(name: &str, coverage: &Coverage) -> Vec<FeedEvent> {
        let id = RotationId::new("r");
        FeedRotation {
            id: &id,
            name,
            coverage,
            now: at(0),
        }
        .shifts(at(0))
    }

    fn shifts_of(person: &str, coverage: &Coverage, from: i64) -> Vec<FeedEvent> {
        let id = RotationId::new("r");
        FeedRotation {
            id: &id,
            name: "Payments",
            coverage,
            now: at(0),
        }
        .shifts_of(&key(person), at(from))
    }

    /// `0-10 Payments: ann, bob`.
    fn told(events: &[FeedEvent]) -> Vec<String> {
        let seconds = |at: Timestamp| at.as_millis() / 1000;
        let line = |event: &FeedEvent| {
            let (from, until) = (seconds(event.starts_at), seconds(event.ends_at));
            format!("{from}-{until} {}", event.title)
        };
        events.iter().map(line).collect()
    }

    #[test]
    fn what_takes_less_than_a_second_is_no_event() {
        let after = |seconds: i64, millis: i64| {
            let whole = at(seconds).as_millis();
            Timestamp::from_millis(whole - whole.rem_euclid(1000) + millis)
        };
        let short = |from, until| Stretch {
            starts_at: from,
            ends_at: Some(until),
            ..stretch("ann", 0, 0)
        };
        let within = short(after(10, 100), after(10, 900));
        assert_eq!(shifts("Ops", &coverage(&[within], None)), []);
        let across = short(after(10, 900), after(11, 100));
        assert_eq!(shifts("Ops", &coverage(&[across], None)).len(), 1);
    }

    #[test]
    fn an_event_lasts_from_each_change_of_hands_to_the_next() {
        let nobody = Stretch {
            holder: None,
            ..stretch("", 30, 40)
        };
        let stretches = [
            stretch("ann", 0, 20),
            stretch("bob", 10, 30),
            nobody,
            stretch("cy", 40, None),
        ];
        let events = shifts("Payments", &coverage(&stretches, None));
        assert_eq!(
            told(&events),
            [
                "0-10 Payments: ann",
                "10-20 Payments: ann, bob",
                "20-30 Payments: bob",
                // It has no end, and a calendar draws none without.
                &*format!("40-{} Payments: cy", 2 * DAY),
            ]
        );
        assert_eq!(
            events[3].description,
            "On duty:\ncy\nIt lasts until somebody hands over."
        );
    }

    #[test]
    fn overrides_are_told_with_whose_place_they_take() {
        let over = |from, until, of: &[&str]| Override {
            starts_at: at(from),
            ends_at: at(until),
            instead_of: of.iter().map(|name| (*name).to_owned()).collect(),
            made_by: None,
            is_cover: false,
        };
        let ann = Stretch {
            overrides: vec![over(0, 10, &["bob"])],
            ..stretch("ann", 0, 10)
        };
        let cy = Stretch {
            overrides: vec![over(15, 18, &[])],
            ..stretch("cy", 10, 20)
        };
        let cover = |from, until| Override {
            is_cover: true,
            ..over(from, until, &["ann"])
        };
        let bob = Stretch {
            overrides: vec![cover(20, 25), over(25, 30, &["ann"])],
            ..stretch("bob", 20, 30)
        };
        let dan = Stretch {
            overrides: vec![cover(30, 40)],
            ..stretch("dan", 30, 40)
        };
        let stretches = coverage(&[ann, cy, bob, dan], None);
        let events = shifts("Payments", &stretches);
        let told: Vec<_> = events.iter().map(|event| &*event.description).collect();
        assert_eq!(
            told,
            [
                "On duty:\nann (by an override, in place of bob)",
                "On duty:\ncy (by an override for a part of it)",
                "On duty:\nbob (as cover for ann for a part of it, and by an override for a part of it, in place of ann)",
                "On duty:\ndan (as cover for ann)",
            ]
        );
        let mine = shifts_of("ann", &stretches, 0);
        assert_eq!(mine[0].description, "By an override, in place of bob.");
        let mine = shifts_of("dan", &stretches, 0);
        assert_eq!(mine[0].description, "As cover for ann.");
    }

    #[test]
    fn somebody_reads_their_own_shifts_whole() {
        let stretches = [
            stretch("ann", 0, 20),
            stretch("bob", 10, 30),
            stretch("ann", 50, 60),
        ];
        let stretches = coverage(&stretches, None);
        let events = shifts_of("ann", &stretches, 0);
        assert_eq!(
            told(&events),
            ["0-20 On duty: Payments", "50-60 On duty: Payments"]
        );
        let late = shifts_of("ann", &stretches, 20);
        assert_eq!(
            told(&late),
            ["50-60 On duty: Payments"],
            "what has ended by then is left out"
        );
    }

    #[test]
    fn an_id_outlives_another_end_another_person_and_another_name() {
        let before = [stretch("ann", 0, 20)];
        let after = [
            stretch("bob", 0, 5),
            stretch("cy", 5, 8),
            stretch("bob", 8, 20),
        ];
        let before = shifts("Payments", &coverage(&before, None));
        let after = shifts("Pay", &coverage(&after, None));
        assert_eq!(before[0].uid, after[0].uid);
        assert_ne!(before[0].content(), after[0].content());
        assert_eq!(after.len(), 3);
        let mut uids: Vec<_> = after.iter().map(|event| &event.uid).collect();
        uids.dedup();
        assert_eq!(uids.len(), 3);
    }

    #[test]
    fn the_end_of_what_is_known_is_told_by_the_day() {
        let at_end = |known| {
            let stretches = [stretch("ann", 0, known), stretch("bob", 2 * DAY + 5, known)];
            let cut = coverage(&stretches, Some(known));
            [shifts_of("ann", &cut, 0), shifts_of("bob", &cut, 0)].concat()
        };
        let events = at_end(2 * DAY + 3_600);
        assert_eq!(told(&events), [format!("0-{} On duty: Payments", 2 * DAY)]);
        assert_eq!(
            events,
            at_end(2 * DAY + 7_200),
            "an hour later it is as before"
        );
        assert_eq!(
            events[0].description,
            "It may go on: the plan is not known any further yet."
        );
    }

    #[test]
    fn what_has_no_end_is_told_until_the_day_after_tomorrow_and_changes_once_a_day() {
        let id = RotationId::new("r");
        let by_hand = coverage(&[stretch("ann", 0, None)], None);
        let told_at = |now| {
            let rotation = FeedRotation {
                id: &id,
                name: "Payments",
                coverage: &by_hand,
                now: at(now),
            };
            rotation.shifts_of(&key("ann"), at(0))
        };
        assert_eq!(told_at(10 * DAY + 5)[0].ends_at, at(12 * DAY));
        assert_eq!(told_at(10 * DAY + 5), told_at(11 * DAY - 1));
        assert_ne!(told_at(10 * DAY + 5), told_at(11 * DAY));
    }

    #[test]
    fn of_more_events_than_calendars_take_those_around_the_present_are_told() {
        let now = at(100 * DAY + 7);
        // Forty a day.
        let event = |number: i64| FeedEvent {
            uid: number.to_string(),
            starts_at: at(70 * DAY + number * DAY / 40),
            ends_at: at(70 * DAY + (number + 1) * DAY / 40),
            title: String::new(),
            description: String::new(),
        };
        let few: Vec<_> = (0..5_000).map(event).collect();
        assert_eq!(bounded(few.clone(), now, FEED_AHEAD_SECONDS), few);
        let many: Vec<_> = (0..400 * 40).map(event).collect();
        let told = bounded(many.clone(), now, FEED_AHEAD_SECONDS);
        assert!(told.len() <= 5_000 && told.len() > 2_000, "{}", told.len());
        assert!(
            told.iter()
                .any(|event| event.starts_at <= now && now < event.ends_at)
        );
        assert_eq!(
            told,
            bounded(many, at(100 * DAY + 9_000), FEED_AHEAD_SECONDS),
            "the same all day"
        );
    }

    #[test]
    fn fifty_people_fit_into_a_title() {
        let names: Vec<_> = (0..50).map(|number| format!("n{number:02}")).collect();
        let stretches: Vec<_> = names.iter().map(|name| stretch(name, 0, 10)).collect();
        let events = shifts("Payments", &coverage(&stretches, None));
        assert_eq!(
            told(&events),
            ["0-10 Payments: n00, n01, n02 and 47 others"]
        );
        assert_eq!(events[0].description.lines().count(), 51);
    }
}
