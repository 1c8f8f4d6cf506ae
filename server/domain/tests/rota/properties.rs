//! What holds of every rota: random ones, in every time zone of the data.

use crate::support::*;
use domain::{
    Plan, Rotation,
    rota::{
        Absence, Cadence, Days, DaysOff, Hours, OnDaysOff, Override, OverrideKind, PassedOver,
        Rota, Segment, Shifted, Staffing, Times, Weekdays, Why, Zone, preview_absence, preview_end,
        preview_members, preview_override, preview_return,
    },
};
use jiff::civil::{Date, Time, Weekday};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRng, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet};
use types::{Span, Stretch, Timestamp};

const NAMES: [&str; 6] = ["ann", "bob", "cy", "dan", "eve", "fay"];
const DAY: i64 = 24 * 3600;

/// A random rota in each zone, another one in each and the same in every run.
fn for_all(holds: impl Fn(Team) -> Result<(), TestCaseError>) {
    for_all_with(|| Just(()), |(team, ())| holds(team));
}

/// The same with something else that is random.
fn for_all_with<S: Strategy>(
    with: impl Fn() -> S,
    holds: impl Fn((Team, S::Value)) -> Result<(), TestCaseError>,
) {
    for (place, name) in Zone::names().iter().enumerate() {
        let config = Config {
            cases: 1,
            failure_persistence: None,
            ..Config::default()
        };
        let algorithm = config.rng_algorithm;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&place.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(algorithm, &seed));
        let result = runner.run(&(teams(name), with()), &holds);
        result.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}

/// Rotas that start in a year with a change of clocks, near one where the zone has any.
fn teams(zone: &str) -> impl Strategy<Value = Team> + use<> {
    let people = (1..=NAMES.len(), 1..4_u32, any::<bool>());
    (cadences(zone), people, changes()).prop_map(
        |(cadence, (count, duty_size, is_next), changes)| {
            let start = cadence
                .zone
                .planned(cadence.starts_on.to_datetime(Time::midnight()));
            let moved = |span: Span| Span {
                from: start.plus_seconds(span.from.as_millis()),
                until: start.plus_seconds(span.until.as_millis()),
            };
            let (absences, overrides) = changes;
            let mut team = team(cadence, &NAMES[..count]);
            team.duty_size = duty_size;
            team.passed_over = if is_next {
                PassedOver::IsNext
            } else {
                PassedOver::LosesTurn
            };
            team.absences = absences;
            team.overrides = overrides;
            team.absences
                .iter_mut()
                .for_each(|absence| absence.span = moved(absence.span));
            team.overrides
                .iter_mut()
                .for_each(|one| one.span = moved(one.span));
            team
        },
    )
}

fn cadences(zone: &str) -> impl Strategy<Value = Cadence> + use<> {
    let zone = Zone::named(zone).unwrap();
    let off = (
        weekdays(),
        vec(0..60_i64, 0..4),
        any::<bool>(),
        any::<bool>(),
    );
    (dates(), days(), times(), hours(), off).prop_map(
        move |(starts_on, days, times, hours, (weekend, own, are_off, nobody))| {
            let own = own.into_iter();
            let own = own.map(|days| starts_on.checked_add(jiff::Span::new().days(days)).unwrap());
            Cadence {
                zone: zone.clone(),
                starts_on,
                starts_at_second: false,
                days,
                times,
                hours,
                off: if are_off {
                    DaysOff {
                        weekend,
                        dates: own.collect(),
                    }
                } else {
                    DaysOff::default()
                },
                on_days_off: if nobody {
                    OnDaysOff::Nobody
                } else {
                    OnDaysOff::StaysOn
                },
            }
        },
    )
}

/// Half of them in the weeks in which most clocks change.
fn dates() -> impl Strategy<Value = Date> {
    let month = prop_oneof![select(vec![3_i8, 10]), 1..=12_i8];
    (1990..2045_i16, month, 1..=28_i8)
        .prop_map(|(year, month, day)| Date::constant(year, month, day))
}

fn times() -> impl Strategy<Value = Times> {
    vec(time(), 1..4).prop_map(|times| Times::new(times).unwrap())
}

/// Half of them at night, when clocks change.
fn time() -> impl Strategy<Value = Time> {
    let hour = prop_oneof![0..4_i8, 0..24_i8];
    (hour, select(vec![0_i8, 15, 30, 59]))
        .prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
}

fn hours() -> impl Strategy<Value = Option<Hours>> {
    let hours = (time(), time()).prop_map(|(from, until)| Hours { from, until });
    prop_oneof![Just(None), hours.prop_map(Some)]
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (1..=7_i8).prop_map(|day| Weekday::from_monday_one_offset(day).unwrap())
}

/// Some of them, seldom all.
fn weekdays() -> impl Strategy<Value = Weekdays> {
    vec(weekday(), 0..8).prop_map(|days| Weekdays::of(&days))
}

fn days() -> impl Strategy<Value = Days> {
    let every = || (1..5_u16).prop_map(every);
    prop_oneof![
        Just(Days::Daily),
        every().prop_map(|every| Days::Working { every }),
        (weekday(), every()).prop_map(|(weekday, every)| Days::Weekly { weekday, every }),
        (1..=31_u8, every()).prop_map(|(day, every)| Days::Monthly { day, every }),
        (1..=5_u8, weekday(), every()).prop_map(|(nth, weekday, every)| Days::NthWeekday {
            nth,
            weekday,
            every
        }),
        weekdays().prop_map(Days::Custom),
    ]
}

/// In seconds since the start, as if these were milliseconds.
fn spans() -> impl Strategy<Value = Span> {
    (0..70 * 24_i64, 1..10 * 24_i64).prop_map(|(from, length)| Span {
        from: Timestamp::from_millis(from * 3600),
        until: Timestamp::from_millis((from + length) * 3600),
    })
}

fn changes() -> impl Strategy<Value = (Vec<Absence>, Vec<Override>)> {
    let who = || select(NAMES.to_vec());
    let absence = (who(), spans()).prop_map(|(name, span)| Absence {
        who: key(name),
        span,
    });
    let one = (who(), who(), 0..3_u8, spans()).prop_map(|(of, by, kind, span)| Override {
        span,
        kind: match kind {
            0 => OverrideKind::Add(member(by).holder()),
            1 => OverrideKind::Empty { of: key(of) },
            _ => OverrideKind::Replace {
                of: key(of),
                by: member(by).holder(),
                is_cover: false,
            },
        },
    });
    (vec(absence, 0..6), vec(one, 0..6))
}

impl Team {
    /// A little before the start.
    fn beginning(&self) -> Timestamp {
        let start = self.cadence.starts_on.to_datetime(Time::midnight());
        self.cadence.zone.planned(start).plus_seconds(-3600)
    }

    fn at_beginning(&self) -> domain::rota::Turn {
        let crew = domain::Crew::new(self.members.clone(), Vec::new());
        self.basis().begin(&crew, self.beginning())
    }
}

fn holders(segment: &Segment) -> Vec<&str> {
    match &segment.on {
        Staffing::These(on) => on.iter().map(|one| one.holder.key.as_str()).collect(),
        Staffing::Nobody(_) => Vec::new(),
    }
}

/// What of the segments lies between two moments.
fn between(segments: &[Segment], from: Timestamp, until: Timestamp) -> Vec<Segment> {
    let parts = segments.iter().cloned().map(|mut segment| {
        segment.span.from = segment.span.from.max(from);
        segment.span.until = segment.span.until.min(until);
        segment
    });
    parts
        .filter(|part| part.span.from < part.span.until)
        .collect()
}

#[test]
fn hand_offs_strictly_increase_and_are_the_same_in_every_window() {
    for_all(|team| {
        let cadence = &team.cadence;
        let (from, until) = (team.beginning(), team.beginning().plus_seconds(400 * DAY));
        let all = cadence.hand_offs(from, until);
        for pair in all.windows(2) {
            prop_assert!(pair[0].at < pair[1].at);
        }
        for days in [0, 9, 33, 100, 250] {
            let from = from.plus_seconds(days * DAY);
            let later: Vec<_> = all.iter().filter(|it| it.at > from).copied().collect();
            prop_assert_eq!(cadence.hand_offs(from, until), later.clone());
            let next = cadence
                .next_hand_off(from, None)
                .filter(|next| next.at <= until);
            prop_assert_eq!(next, later.first().copied());
        }
        Ok(())
    });
}

#[test]
fn a_number_names_one_day_and_that_day_has_this_number() {
    for_all(|team| {
        let Cadence {
            days,
            starts_on,
            off,
            ..
        } = &team.cadence;
        let mut before: Option<Date> = None;
        for number in 0..40 {
            let Some(date) = days.nth(*starts_on, number, off) else {
                break;
            };
            prop_assert!(before.map_or(*starts_on <= date, |before| before < date));
            prop_assert_eq!(days.number_at(*starts_on, date, off), Some(number));
            let eve = date.yesterday().unwrap();
            let earlier = (number > 0).then(|| number - 1);
            prop_assert_eq!(days.number_at(*starts_on, eve, off), earlier);
            before = Some(date);
        }
        Ok(())
    });
}

#[test]
fn a_plan_has_no_holes_and_no_overlaps_and_nobody_twice() {
    for_all(|team| {
        let turn = team.at_beginning();
        let until = turn.as_of.plus_seconds(80 * DAY);
        let segments = team.basis().segments(&turn, until);
        prop_assert_eq!(segments[0].span.from, turn.as_of);
        prop_assert_eq!(segments[segments.len() - 1].span.until, until);
        for pair in segments.windows(2) {
            prop_assert_eq!(pair[0].span.until, pair[1].span.from);
            prop_assert_ne!(&pair[0].on, &pair[1].on);
        }
        for segment in &segments {
            prop_assert!(segment.span.from < segment.span.until);
            let holders = holders(segment);
            let once: BTreeSet<_> = holders.iter().collect();
            prop_assert_eq!(once.len(), holders.len());
            prop_assert!(
                matches!(&segment.on, Staffing::Nobody(_)) == holders.is_empty(),
                "{:?}",
                segment
            );
        }
        Ok(())
    });
}

#[test]
fn nobody_who_is_away_is_on_duty_unless_an_override_says_so() {
    for_all(|team| {
        let turn = team.at_beginning();
        let until = turn.as_of.plus_seconds(80 * DAY);
        for segment in team.basis().segments(&turn, until) {
            let Staffing::These(on) = &segment.on else {
                continue;
            };
            for placed in on {
                let theirs = team.absences.iter();
                let mut theirs = theirs.filter(|absence| absence.who == placed.holder.key);
                let is_away = theirs.any(|absence| {
                    absence.span.from < segment.span.until && segment.span.from < absence.span.until
                });
                prop_assert!(!is_away || matches!(placed.why, Why::Override(_)));
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_shown_beforehand_is_what_then_happens_however_often_one_looks() {
    for_all(|team| {
        let basis = team.basis();
        let mut turn = team.at_beginning();
        let until = turn.as_of.plus_seconds(80 * DAY);
        let shown = basis.segments(&turn, until);
        let leap = basis.advanced(&turn, turn.as_of.plus_seconds(40 * DAY));
        // As the clock of the rotations does it, and at times of its own.
        let mut looks = 0;
        while turn.as_of < leap.as_of {
            let next = basis.next_change(&turn, until).unwrap_or(until);
            let at_odds = turn.as_of.plus_seconds(61 * 3600);
            let now = if looks % 3 == 0 { at_odds } else { next };
            turn = basis.advanced(&turn, now.min(leap.as_of));
            let soon = turn.as_of.plus_seconds(5 * DAY).min(until);
            let happens = basis.segments(&turn, soon);
            prop_assert_eq!(happens, between(&shown, turn.as_of, soon));
            looks += 1;
        }
        prop_assert_eq!(turn, leap);
        Ok(())
    });
}

/// What one plan has and another has not, as a preview tells it.
struct Told<'a> {
    gained: &'a [Stretch],
    lost: &'a [Stretch],
}

/// Whether the one is the other with what is gained and without what is lost, for everybody and at each
/// moment from `from` until `until`.
fn explains(
    told: &Told<'_>,
    (before, after): (&[Stretch], &[Stretch]),
    (from, until): (Timestamp, Timestamp),
) -> Result<(), TestCaseError> {
    let all = [before, after, told.gained, told.lost];
    let moments = all.iter().flat_map(|plan| plan.iter());
    let moments = moments.flat_map(|one| [Some(one.starts_at), one.ends_at]);
    let moments: BTreeSet<_> = moments
        .flatten()
        .filter(|at| from <= *at && *at < until)
        .collect();
    for at in moments {
        for name in NAMES {
            let has = |plan: &[Stretch]| {
                let mut theirs = plan.iter().filter(|one| {
                    let holder = one.holder.as_ref();
                    holder.is_some_and(|holder| holder.key == key(name))
                });
                theirs.any(|one| one.holds(at))
            };
            let expected = has(before) && !has(told.lost) || has(told.gained);
            prop_assert_eq!(has(after), expected, "{} at {:?}", name, at);
        }
    }
    Ok(())
}

#[test]
fn what_a_preview_says_of_an_override_and_of_an_absence_is_what_is_planned_once_it_is_saved() {
    for_all(|mut team| {
        let (made, absence) = (team.overrides.pop(), team.absences.pop());
        let turn = team.at_beginning();
        let now = turn.as_of;
        // Of each list a hundred are told at most: as far as all of them are.
        let told_until = |lists: &[&[Stretch]]| {
            let last = lists.iter().filter_map(|list| list.get(60));
            let last = last.map(|one| one.starts_at).min();
            let until = now.plus_seconds(40 * DAY);
            last.map_or(until, |last| last.min(until))
        };
        let rotation = team.rotation(turn);
        let (members, size) = (&rotation.crew.members, rotation.details.duty_size);
        let rota = rotation.plan.rota().unwrap();
        let plan = |rota: &Rota| rota.planned(members, size, now.plus_seconds(42 * DAY));
        let before = plan(rota);
        if let Some(made) = made {
            let mut saved = rota.clone();
            saved.overrides.push(made.clone());
            let after = plan(&saved);
            let preview = preview_override(made, String::new(), &rotation, now);
            let told = Told {
                gained: &preview.gained,
                lost: &preview.lost,
            };
            let until = told_until(&[&preview.plan, told.gained, told.lost]);
            explains(&told, (&before, &after), (now, until))?;
            let shown = |plan: &[Stretch]| {
                let soon = |one: &&Stretch| one.ends_at.is_some_and(|end| end < until);
                let mut people: Vec<_> = plan.iter().filter(soon).cloned().collect();
                people.retain(|one| one.holder.is_some());
                let whose = |one: &Stretch| one.holder.as_ref().map(|holder| holder.name.clone());
                people.sort_by_key(|one| (one.starts_at, whose(one)));
                people
            };
            prop_assert_eq!(shown(&preview.plan), shown(&after));
        }
        if let Some(absence) = absence {
            let mut saved = rota.clone();
            saved.absences.push(absence.clone());
            let Shifted { gained, lost, .. } = preview_absence(rota, (members, size), absence, now);
            let told = Told {
                gained: &gained,
                lost: &lost,
            };
            let until = told_until(&[told.gained, told.lost]);
            explains(&told, (&before, &plan(&saved)), (now, until))?;
        }
        Ok(())
    });
}

#[test]
fn what_a_preview_says_of_an_end_and_of_other_members_is_what_is_planned_once_it_is_saved() {
    for_all(|team| {
        let turn = team.at_beginning();
        // In the middle of some of what was decided.
        let now = turn.as_of.plus_seconds(20 * DAY);
        let until = now.plus_seconds(6 * DAY);
        let rotation = team.rotation(turn);
        let (members, size) = (&rotation.crew.members, rotation.details.duty_size);
        let rota = rotation.plan.rota().unwrap();
        let plan = |rota: &Rota, members: &[domain::Member]| rota.planned(members, size, until);
        let before = plan(rota, members);
        if let Some(place) = rota.overrides.iter().position(|one| now < one.span.until) {
            let mut saved = rota.clone();
            let ended = saved.overrides.remove(place);
            if ended.span.from < now {
                let span = Span {
                    until: now,
                    ..ended.span
                };
                let kind = ended.kind.clone();
                saved.overrides.insert(place, Override { span, kind });
            }
            let preview = preview_end(&ended, String::new(), &rotation, now);
            let told = Told {
                gained: &preview.gained,
                lost: &preview.lost,
            };
            explains(&told, (&before, &plan(&saved, members)), (now, until))?;
        }
        if let Some(place) = rota.absences.iter().position(|one| now < one.span.until) {
            let mut saved = rota.clone();
            let ended = saved.absences.remove(place);
            if ended.span.from < now {
                let mut left = ended.clone();
                left.span.until = now;
                saved.absences.insert(place, left);
            }
            let Shifted { gained, lost, .. } = preview_return(rota, (members, size), &ended, now);
            let told = Told {
                gained: &gained,
                lost: &lost,
            };
            explains(&told, (&before, &plan(&saved, members)), (now, until))?;
        }
        let (mut fewer, mut more, mut turned) =
            (rotation.clone(), rotation.clone(), rotation.clone());
        fewer.crew.members.remove(0);
        more.crew.members.push(member("gus"));
        turned.crew.members.rotate_left(1);
        for changed in [fewer, more, turned] {
            let mut saved = rota.clone();
            saved.turn = saved.up_to_date(&changed, members, now).turn;
            let after = plan(&saved, &changed.crew.members);
            let absences = rota.absences.clone();
            let preview = preview_members(changed, absences, String::new(), &rotation, now);
            let told = Told {
                gained: &preview.gained,
                lost: &preview.lost,
            };
            explains(&told, (&before, &after), (now, until))?;
        }
        Ok(())
    });
}

#[test]
fn an_edit_changes_nothing_of_what_has_been() {
    for_all(|mut team| {
        let turn = team.at_beginning();
        let until = turn.as_of.plus_seconds(80 * DAY);
        let now = turn.as_of.plus_seconds(30 * DAY);
        let then = team.basis().advanced(&turn, now);
        let before = team.members.clone();
        team.members.rotate_left(1);
        team.members.push(member("gus"));
        team.cadence.times = Times::new(vec![Time::constant(2, 30, 0, 0)]).unwrap();
        team.cadence.off.weekend = Weekdays::of(&[Weekday::Friday]);
        let had = then.holders.clone();
        let then = team.basis().rearranged(&then, &before, now);
        prop_assert_eq!(then.as_of, now);
        let after = team.basis().segments(&then, until);
        prop_assert_eq!(after[0].span.from, now);
        for hand_off in team.cadence.hand_offs(now, until) {
            prop_assert!(hand_off.at > now);
        }
        // Who has the turn has it still, and whoever joined has it too only where there were too few.
        prop_assert_eq!(&then.holders[..had.len()], &had[..]);
        let mut able = before.iter().filter(|member| member.link.can_be_on_duty());
        let was_short = able.all(|member| had.iter().any(|holder| holder.key == member.key));
        prop_assert!(was_short || then.holders.len() == had.len());
        Ok(())
    });
}

/// A rotation as time goes by, and who had duty when, as it was recorded when somebody looked.
#[derive(Clone)]
struct Watched {
    rotation: Rotation,
    past: BTreeMap<(String, Timestamp), Timestamp>,
}

impl Watched {
    fn rota(&self) -> &Rota {
        self.rotation.plan.rota().unwrap()
    }

    /// Goes through all that was due by `now`, as the clock of the rotations does it, at once.
    fn look(&mut self, now: Timestamp) {
        let (members, size) = (
            self.rotation.crew.members.clone(),
            self.rotation.details.duty_size,
        );
        let rota = self.rota().clone();
        let since = rota.turn.as_of;
        for one in rota.planned(&members, size, now) {
            let from = one.starts_at.max(since);
            let until = one.ends_at.map_or(now, |end| end.min(now));
            if let Some(holder) = one.holder.filter(|_| from < until) {
                self.record(holder.key.to_string(), from, until);
            }
        }
        let turn = rota.up_to_date(&self.rotation, &members, now).turn;
        self.rotation.plan = Plan::Scheduled(Box::new(Rota { turn, ..rota }));
    }

    /// Where duty goes on over a look, it is one.
    fn record(&mut self, who: String, from: Timestamp, until: Timestamp) {
        let mut before = self.past.iter_mut();
        let goes_on = before.find(|((one, _), end)| *one == who && **end == from);
        match goes_on {
            Some((_, end)) => *end = until,
            None => drop(self.past.insert((who, from), until)),
        }
    }

    /// Somebody changes something at `now`, of a kind by number, once all that was due is done.
    fn edit(&mut self, kind: u8, now: Timestamp) {
        self.look(now);
        let before = self.rotation.crew.members.clone();
        let mut rota = self.rota().clone();
        let span = Span {
            from: now,
            until: now.plus_seconds(2 * DAY),
        };
        let members = &mut self.rotation.crew.members;
        match kind {
            0 if members.iter().all(|member| member.key != key("gus")) => {
                members.push(member("gus"));
            }
            1 if members.len() > 1 => drop(members.remove(0)),
            0..=2 => members.rotate_left(1),
            3 => rota.overrides.push(Override {
                span,
                kind: OverrideKind::Add(member("hal").holder()),
            }),
            4 => {
                let ended = rota.overrides.iter().map(|one| one.cut_short(now));
                rota.overrides = ended.flatten().collect();
            }
            5 => rota.absences.push(Absence {
                who: key("ann"),
                span,
            }),
            _ => {
                let mut terms = rota.terms.clone();
                terms.paused = kind == 6 && !terms.paused;
                terms.cadence.on_days_off = OnDaysOff::Nobody;
                rota = Rota::begun(terms, &self.rotation, now);
            }
        }
        if self.rotation.crew.members != before {
            rota.turn = rota.up_to_date(&self.rotation, &before, now).turn;
        }
        self.rotation.plan = Plan::Scheduled(Box::new(rota));
    }
}

#[test]
fn r15_the_past_never_changes_over_an_outage_whatever_is_edited_meanwhile() {
    let edits = || vec((0..8_u8, 1..8 * 24_i64), 1..5);
    for_all_with(edits, |(team, edits)| {
        let turn = team.at_beginning();
        let mut now = turn.as_of;
        let rotation = team.rotation(turn);
        let past = BTreeMap::new();
        // No server looks at the one, but for whoever edits it; at the other somebody looks each day.
        let mut slept = Watched { rotation, past };
        let mut awake = slept.clone();
        for (kind, hours) in edits {
            let end = now.plus_seconds(hours * 3600);
            while now < end {
                now = now.plus_seconds(29 * 3600).min(end);
                let known = awake.past.clone();
                awake.look(now);
                for ((who, from), until) in known {
                    let still = awake.past.get(&(who, from)).copied();
                    prop_assert!(still.is_some_and(|still| until <= still));
                }
            }
            slept.edit(kind, now);
            awake.edit(kind, now);
            prop_assert_eq!(&slept.past, &awake.past);
            prop_assert_eq!(slept.rota(), awake.rota());
        }
        Ok(())
    });
}

#[test]
fn everybody_gets_as_many_turns_as_everybody_else() {
    for_all(|mut team| {
        team.absences.clear();
        team.overrides.clear();
        team.cadence.hours = None;
        team.cadence.on_days_off = OnDaysOff::StaysOn;
        let mut turn = team.at_beginning();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let people = team.members.len();
        for _ in 0..people * 2 {
            let Some(next) = team.cadence.next_hand_off(turn.as_of, turn.began) else {
                return Ok(());
            };
            turn = team.basis().advanced(&turn, next.at);
            for holder in &turn.holders {
                *counts.entry(holder.name.clone()).or_default() += 1;
            }
        }
        let size = people.min(team.duty_size as usize);
        prop_assert_eq!(counts.len(), people);
        for count in counts.values() {
            prop_assert_eq!(*count, 2 * size);
        }
        Ok(())
    });
}

#[test]
fn somebody_who_was_away_gets_a_turn_once_back() {
    for_all(|mut team| {
        team.passed_over = PassedOver::IsNext;
        team.overrides.clear();
        let mut turn = team.at_beginning();
        let back = team.absences.iter().map(|absence| absence.span.until).max();
        turn = team.basis().advanced(&turn, back.unwrap_or(turn.as_of));
        let mut had = BTreeSet::new();
        // Those who are owed a turn, and then the whole order.
        for _ in 0..team.members.len() * 2 {
            let Some(next) = team.cadence.next_hand_off(turn.as_of, turn.began) else {
                return Ok(());
            };
            turn = team.basis().advanced(&turn, next.at);
            had.extend(turn.holders.iter().map(|holder| holder.name.clone()));
        }
        prop_assert_eq!(had.len(), team.members.len());
        prop_assert!(turn.owed.is_empty());
        Ok(())
    });
}

#[test]
fn the_order_of_absences_and_of_overrides_that_are_apart_does_not_matter() {
    for_all(|mut team| {
        let turn = team.at_beginning();
        let until = turn.as_of.plus_seconds(80 * DAY);
        team.overrides.sort_by_key(|one| one.span.from);
        let mut end = turn.as_of;
        team.overrides.retain(|one| {
            let is_apart = one.span.from >= end;
            end = if is_apart { one.span.until } else { end };
            is_apart
        });
        let who = |team: &Team| -> Vec<_> {
            let segments = team.basis().segments(&turn, until);
            segments.iter().map(in_words).collect()
        };
        let before = who(&team);
        team.absences.reverse();
        team.overrides.reverse();
        prop_assert_eq!(who(&team), before);
        Ok(())
    });
}
