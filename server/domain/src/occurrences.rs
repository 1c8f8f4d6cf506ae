//! The hand-offs of a rotation, and by what they are known again: whoever was told of one must
//! not be told twice because somebody else takes it over, or because it begins a little later.

use crate::{Crew, RecordChange, record_changes};
use std::collections::{BTreeMap, BTreeSet};
use types::{Holder, MemberKey, Stretch, Timestamp};

/// One hand-off of a rotation: the moment at which duty begins, by the plan's clock. Schedules
/// tell no ids of shifts that stay, so the moment is the key.
///
/// - Another end, or another holder, leaves the moment as it is, and so the key.
/// - Those who begin together share it, and are told apart by who they are.
/// - Shifts of one holder that touch are one stretch, and the seam is no hand-off.
/// - An override in the middle of a shift leaves that shift its key, and adds two: where the
///   override begins, and where the shift is taken up again.
/// - Where the beginning itself moves, [`shift_changes`] says from where to where, and what was
///   told under the former key counts as told under the new one.
/// - A change that nobody planned is known by the moment from which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurrence(Timestamp);

impl Occurrence {
    pub const fn at(moment: Timestamp) -> Self {
        Self(moment)
    }

    pub const fn moment(self) -> Timestamp {
        self.0
    }
}

/// What has become of somebody's shift to come. Another end alone is no change, since whoever
/// needs the end reads it when it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftChange<'a> {
    Came(&'a Stretch),
    Went(&'a Stretch),
    /// It is the same holder's same shift, since the two overlap, and begins at another time.
    Moved {
        before: &'a Stretch,
        after: &'a Stretch,
    },
}

impl ShiftChange<'_> {
    /// When the first of the shifts begins that it is about.
    fn starts_at(&self) -> Timestamp {
        match self {
            Self::Came(shift) | Self::Went(shift) => shift.starts_at,
            Self::Moved { before, after } => before.starts_at.min(after.starts_at),
        }
    }

    /// Whether a shift is meant that has not begun.
    fn is_to_come(&self, now: Timestamp) -> bool {
        match self {
            Self::Came(shift) | Self::Went(shift) => shift.starts_at > now,
            Self::Moved { before, after } => before.starts_at.max(after.starts_at) > now,
        }
    }
}

/// What came, went and moved when a plan was rewritten at `now`. Both sides are what
/// [`crate::planned`] makes of shifts: no two stretches of one holder touch. The changes are
/// by time. A shift that another one takes over at the same moment went for the one and came
/// for the other, under one key.
pub fn shift_changes<'a>(
    before: &'a [Stretch],
    after: &'a [Stretch],
    now: Timestamp,
) -> Vec<ShiftChange<'a>> {
    let (was, mut is) = (by_holder(before), by_holder(after));
    let mut changes = Vec::new();
    for (holder, was) in was {
        let is = is.remove(holder).unwrap_or_default();
        changes.extend(changes_of_one(was, is));
    }
    changes.extend(is.into_values().flatten().map(ShiftChange::Came));
    changes.retain(|change| change.is_to_come(now));
    changes.sort_by_key(ShiftChange::starts_at);
    changes
}

fn by_holder(plan: &[Stretch]) -> BTreeMap<&str, Vec<&Stretch>> {
    let mut shifts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for shift in plan {
        if let Some(holder) = &shift.holder {
            shifts.entry(holder.key.as_str()).or_default().push(shift);
        }
    }
    shifts
}

fn changes_of_one<'a>(mut was: Vec<&'a Stretch>, mut is: Vec<&'a Stretch>) -> Vec<ShiftChange<'a>> {
    let starts = |shifts: &[&Stretch]| -> BTreeSet<_> {
        shifts.iter().map(|shift| shift.starts_at).collect()
    };
    let (started, starting) = (starts(&was), starts(&is));
    was.retain(|shift| !starting.contains(&shift.starts_at));
    is.retain(|shift| !started.contains(&shift.starts_at));
    let mut changes = Vec::new();
    for before in was {
        let after = is.iter().position(|after| overlap(before, after));
        changes.push(match after {
            Some(place) => ShiftChange::Moved {
                before,
                after: is.remove(place),
            },
            None => ShiftChange::Went(before),
        });
    }
    changes.extend(is.into_iter().map(ShiftChange::Came));
    changes
}

fn overlap(one: &Stretch, other: &Stretch) -> bool {
    let begins_in =
        |one: &Stretch, other: &Stretch| other.ends_at.is_none_or(|end| one.starts_at < end);
    begins_in(one, other) && begins_in(other, one)
}

/// A change of who is on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOfDuty<'a> {
    pub occurrence: Occurrence,
    /// Who is on duty that was not before.
    pub began: Vec<&'a Holder>,
    /// Who was on duty before and is not any more.
    pub ended: Vec<&'a Holder>,
    /// Everybody who is on duty.
    pub on_duty: BTreeSet<&'a MemberKey>,
}

/// Whether others are on duty when the people `before`, who are certain to have been right until
/// `certain_until`, have become those `after` at `now`. It holds from when the history says that
/// it does. Where the same people stay on duty, nothing has changed.
pub fn change_of_duty<'a>(
    before: &'a Crew,
    after: &'a Crew,
    certain_until: Timestamp,
    now: Timestamp,
) -> Option<ChangeOfDuty<'a>> {
    let (was, is) = (identities(before), identities(after));
    let changes = record_changes(before, after, certain_until, now);
    let moments = changes.into_iter().filter_map(|change| match change {
        RecordChange::Begin { person, from, .. } if !was.contains(person) => Some(from),
        RecordChange::End { person, at, .. } if !is.contains(person) => Some(at),
        _ => None,
    });
    let moment = moments.max()?;
    let duties = || after.duties.iter().map(|duty| &duty.holder);
    let former = before.duties.iter().map(|duty| &duty.holder);
    Some(ChangeOfDuty {
        ended: former
            .filter(|holder| !is.contains(before.identity_of(holder)))
            .collect(),
        occurrence: Occurrence(moment),
        began: duties()
            .filter(|holder| !was.contains(after.identity_of(holder)))
            .collect(),
        on_duty: duties().map(|holder| &holder.key).collect(),
    })
}

fn identities(crew: &Crew) -> BTreeSet<&str> {
    let duties = crew.duties.iter();
    duties.map(|duty| crew.identity_of(&duty.holder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crew::examples::{duty, member},
        shifts::examples::at,
    };
    use types::PagerDutyUserId;

    fn shift(name: &str, starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }

    fn seconds(moment: Timestamp) -> i64 {
        moment.as_millis() / 1000
    }

    /// `+ann 10, -bob 20, cy 30>35`.
    fn told(before: &[Stretch], after: &[Stretch], now: i64) -> String {
        let name = |shift: &Stretch| shift.holder.as_ref().unwrap().name.clone();
        let changes = shift_changes(before, after, at(now));
        let words = changes.into_iter().map(|change| match change {
            ShiftChange::Came(shift) => format!("+{} {}", name(shift), seconds(shift.starts_at)),
            ShiftChange::Went(shift) => format!("-{} {}", name(shift), seconds(shift.starts_at)),
            ShiftChange::Moved { before, after } => format!(
                "{} {}>{}",
                name(before),
                seconds(before.starts_at),
                seconds(after.starts_at)
            ),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn another_end_is_no_change() {
        let before = [shift("ann", 10, 20), shift("bob", 20, 30)];
        let after = [shift("ann", 10, 25), shift("bob", 20, None)];
        assert_eq!(told(&before, &after, 0), "");
    }

    #[test]
    fn who_takes_over_a_shift_has_it_under_the_same_key() {
        let before = [shift("ann", 10, 20)];
        assert_eq!(
            told(&before, &[shift("bob", 10, 20)], 0),
            "-ann 10, +bob 10"
        );
        // And so do two who change places.
        let before = [shift("ann", 10, 20), shift("bob", 20, 30)];
        let after = [shift("bob", 10, 20), shift("ann", 20, 30)];
        let words = "-ann 10, +bob 10, -bob 20, +ann 20";
        assert_eq!(words_of(&told(&before, &after, 0)), words_of(words));
    }

    fn words_of(told: &str) -> BTreeSet<&str> {
        told.split(", ").collect()
    }

    #[test]
    fn of_two_who_begin_together_one_may_be_relieved() {
        let before = [shift("ann", 10, 20), shift("bob", 10, 20)];
        let after = [shift("cy", 10, 20), shift("bob", 10, 20)];
        assert_eq!(told(&before, &after, 0), "-ann 10, +cy 10");
    }

    #[test]
    fn an_override_that_splits_a_shift_adds_its_beginning_and_the_return() {
        let before = [shift("ann", 10, 40)];
        let split = [
            shift("ann", 10, 20),
            shift("bob", 20, 30),
            shift("ann", 30, 40),
        ];
        assert_eq!(told(&before, &split, 0), "+bob 20, +ann 30");
        assert_eq!(told(&split, &before, 0), "-bob 20, -ann 30");
        // At its very beginning the shift itself begins later.
        let late = [shift("bob", 10, 20), shift("ann", 20, 40)];
        assert_eq!(told(&before, &late, 0), "ann 10>20, +bob 10");
    }

    #[test]
    fn a_beginning_that_moves_a_little_is_the_same_shift() {
        let before = [shift("ann", 10, 20), shift("bob", 20, 30)];
        let after = [shift("ann", 10, 21), shift("bob", 21, 30)];
        assert_eq!(told(&before, &after, 0), "bob 20>21");
        let earlier = [shift("ann", 10, 19), shift("bob", 19, 30)];
        assert_eq!(told(&before, &earlier, 0), "bob 20>19");
    }

    #[test]
    fn one_that_moves_beyond_its_end_is_another_shift() {
        let before = [shift("ann", 10, 20)];
        for starts_at in [20, 50] {
            let after = [shift("ann", starts_at, starts_at + 10)];
            let expected = format!("-ann 10, +ann {starts_at}");
            assert_eq!(told(&before, &after, 0), expected);
        }
    }

    #[test]
    fn what_has_begun_is_no_shift_to_come() {
        let before = [shift("ann", 0, 10), shift("bob", 10, 20)];
        assert_eq!(told(&before, &[shift("bob", 10, 20)], 5), "");
        assert_eq!(told(&[], &before, 5), "+bob 10");
        assert_eq!(told(&before, &[], 10), "");
        // It begins at once, or will begin later after all.
        assert_eq!(told(&before, &[shift("bob", 4, 20)], 5), "bob 10>4");
        assert_eq!(told(&[shift("bob", 4, 20)], &before, 5), "bob 4>10");
        assert_eq!(told(&[shift("bob", 1, 9)], &[shift("bob", 2, 9)], 5), "");
    }

    #[test]
    fn gaps_and_a_plan_that_stays_yield_nothing() {
        let gap = Stretch {
            holder: None,
            ..shift("", 20, 30)
        };
        let plan = [shift("ann", 10, 20), gap];
        assert_eq!(told(&plan, &plan, 0), "");
        assert_eq!(told(&plan[1..], &[], 0), "");
    }

    /// Every plan of up to three shifts of two people on a line of six moments, against every
    /// other: what is left, with what came and moved, is what is planned now.
    #[test]
    fn the_changes_lead_from_any_plan_to_any_other() {
        let plans = plans();
        assert!(plans.len() > 100, "{}", plans.len());
        for before in &plans {
            for after in &plans {
                let mut keys = keys(before);
                let mut add = Vec::new();
                for change in shift_changes(before, after, at(-1)) {
                    match change {
                        ShiftChange::Came(shift) => add.push(key(shift)),
                        ShiftChange::Went(shift) => {
                            assert!(keys.remove(&key(shift)), "{before:?} {after:?}");
                        }
                        ShiftChange::Moved {
                            before: from,
                            after: to,
                        } => {
                            assert!(keys.remove(&key(from)), "{before:?} {after:?}");
                            assert_eq!(from.holder, to.holder);
                            add.push(key(to));
                        }
                    }
                }
                for key in add {
                    assert!(keys.insert(key), "{before:?} {after:?}");
                }
                assert_eq!(keys, self::keys(after));
            }
        }
    }

    fn plans() -> Vec<Vec<Stretch>> {
        let mut shifts = Vec::new();
        for name in ["ann", "bob"] {
            for starts_at in 0..5 {
                for ends_at in starts_at + 1..6 {
                    shifts.push(shift(name, starts_at, ends_at));
                }
            }
        }
        let mut plans = vec![Vec::new()];
        for one in &shifts {
            for other in &shifts {
                let apart = one.holder != other.holder || one.ends_at < Some(other.starts_at);
                if apart && one.starts_at <= other.starts_at {
                    plans.push(vec![one.clone(), other.clone()]);
                }
            }
            plans.push(vec![one.clone()]);
        }
        plans
    }

    fn key(shift: &Stretch) -> (String, Timestamp) {
        let holder = shift.holder.as_ref().unwrap();
        (holder.name.clone(), shift.starts_at)
    }

    fn keys(plan: &[Stretch]) -> BTreeSet<(String, Timestamp)> {
        plan.iter().map(key).collect()
    }

    fn on_duty(duties: &[(&str, i64, i64)]) -> Crew {
        let duties = duties.iter();
        let duties = duties.map(|&(name, since, until)| duty(name, at(since), at(until)));
        Crew::new(Vec::new(), duties.collect())
    }

    /// When it changed, and who began.
    fn changed(
        before: &Crew,
        after: &Crew,
        certain_until: i64,
        now: i64,
    ) -> Option<(i64, Vec<String>)> {
        let change = change_of_duty(before, after, at(certain_until), at(now))?;
        let began = change.began.iter().map(|holder| holder.name.clone());
        Some((seconds(change.occurrence.moment()), began.collect()))
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_hand_off_is_known_by_the_shifts_beginning_however_late_it_is_made() {
        let (ann, bob) = (on_duty(&[("ann", 0, 50)]), on_duty(&[("bob", 50, 100)]));
        for now in [50, 51, 90] {
            let expected = Some((50, names(&["bob"])));
            assert_eq!(changed(&ann, &bob, 40, now), expected);
        }
    }

    #[test]
    fn whoever_stays_on_duty_yields_nothing() {
        let ann = on_duty(&[("ann", 0, 50)]);
        for after in [
            ("ann", 0, 90),
            ("ann", 10, 50),
            ("ann", 50, 90),
            ("ann", 55, 90),
        ] {
            assert_eq!(changed(&ann, &on_duty(&[after]), 40, 60), None);
        }
        // Nor does being linked to Slack.
        let of_pagerduty = |mut member: crate::Member| {
            member.pagerduty_user = Some(PagerDutyUserId::new("PANN"));
            member
        };
        let linked = of_pagerduty(member("ann"));
        let unlinked = crate::Member {
            key: MemberKey::new("pagerduty:PANN"),
            person: None,
            ..linked.clone()
        };
        let crew = |member: crate::Member| {
            let duty = crate::Duty {
                holder: member.holder(),
                since: at(0),
                until: None,
            };
            Crew::new(vec![member], vec![duty])
        };
        assert_eq!(changed(&crew(unlinked), &crew(linked), 40, 60), None);
    }

    #[test]
    fn each_change_has_a_key_of_its_own_also_where_a_shift_is_taken_up_again() {
        let ann = on_duty(&[("ann", 0, 100)]);
        let bob = on_duty(&[("bob", 40, 90)]);
        assert_eq!(changed(&ann, &bob, 39, 41), Some((40, names(&["bob"]))));
        assert_eq!(changed(&bob, &ann, 45, 50), Some((50, names(&["ann"]))));
        assert_eq!(changed(&ann, &bob, 55, 60), Some((60, names(&["bob"]))));
    }

    #[test]
    fn who_comes_to_others_and_who_leaves_them_is_a_change() {
        let ann = on_duty(&[("ann", 0, 100)]);
        let both = on_duty(&[("ann", 0, 100), ("bob", 50, 70)]);
        assert_eq!(changed(&ann, &both, 40, 51), Some((50, names(&["bob"]))));
        assert_eq!(changed(&both, &ann, 60, 72), Some((70, Vec::new())));
        let change = change_of_duty(&ann, &both, at(40), at(51)).unwrap();
        assert_eq!(change.on_duty.len(), 2);
        assert_eq!(
            changed(&ann, &Crew::default(), 40, 130),
            Some((100, Vec::new()))
        );
        // After a gap it is known by what began.
        let later = on_duty(&[("bob", 110, 150)]);
        assert_eq!(changed(&ann, &later, 40, 130), Some((110, names(&["bob"]))));
    }
}
