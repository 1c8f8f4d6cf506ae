//! What a change of who is on duty means for the record of it. A record tells
//! what the rotation showed: nobody's stretch reaches back into a time at which
//! it was certain that others were on duty.

use crate::{Crew, Duty};
use types::{Stretch as Planned, Timestamp};

/// A change to the records of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordChange<'a> {
    /// A stretch of this duty begins at `from`.
    Begin {
        person: &'a str,
        duty: &'a Duty,
        from: Timestamp,
    },
    /// The stretch that runs, of the duty that was said to have begun at `since`, goes on with
    /// another name, end or beginning.
    GoOn {
        person: &'a str,
        since: Timestamp,
        duty: &'a Duty,
    },
    /// The stretch that runs has ended at `at`.
    End {
        person: &'a str,
        duty: &'a Duty,
        at: Timestamp,
    },
}

/// What changes in the records when the people `before`, who are certain to have
/// been right until `certain_until`, have become those `after` at `now`.
///
/// A shift that begins after that time is recorded from its own start. One that is
/// said to have begun before it was edited, taken up again, or bound just now, and
/// is recorded from now on.
pub fn record_changes<'a>(
    before: &'a Crew,
    after: &'a Crew,
    certain_until: Timestamp,
    now: Timestamp,
) -> Vec<RecordChange<'a>> {
    let (was, is) = (stretches(before), stretches(after));
    let begun: Vec<_> = is
        .iter()
        .filter(|stretch| stretch.same_in(&was).is_none())
        .collect();
    let takeover = begun
        .iter()
        .map(|stretch| stretch.duty.since)
        .filter(|&since| since > certain_until)
        .min()
        .unwrap_or(now);
    let ended = was.iter().filter(|stretch| stretch.same_in(&is).is_none());
    let ends = ended.map(|stretch| RecordChange::End {
        person: stretch.person,
        duty: stretch.duty,
        at: stretch
            .duty
            .until
            .map_or(takeover, |until| until.min(takeover)),
    });
    let goes_on = is.iter().filter_map(|stretch| {
        let before = stretch.same_in(&was).filter(|before| *before != stretch)?;
        Some(RecordChange::GoOn {
            person: stretch.person,
            since: before.duty.since,
            duty: stretch.duty,
        })
    });
    let begins = begun.iter().map(|stretch| RecordChange::Begin {
        person: stretch.person,
        duty: stretch.duty,
        from: if stretch.duty.since > certain_until {
            stretch.duty.since
        } else {
            now
        },
    });
    ends.chain(goes_on).chain(begins).collect()
}

/// Duties that have begun and ended by `now` while nobody looked, by what was planned. Until
/// `certain`, those `before` are certain to have been right.
pub fn missed(plan: &[Planned], before: &Crew, certain: Timestamp, now: Timestamp) -> Vec<Duty> {
    let over = plan.iter().filter(|stretch| {
        let ends_at = stretch.ends_at;
        ends_at.is_some_and(|end| certain < end && end <= now)
    });
    over.filter_map(|stretch| {
        let holder = stretch.holder.clone()?;
        let is_recorded = stretch.starts_at < certain && before.is_on_duty(&holder.key);
        (!is_recorded).then(|| Duty {
            holder,
            since: stretch.starts_at.max(certain),
            until: stretch.ends_at,
        })
    })
    .collect()
}

/// Somebody's present duty.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stretch<'a> {
    /// [`crate::Member::identity`].
    person: &'a str,
    duty: &'a Duty,
}

impl Stretch<'_> {
    /// The one of `others` that is the same person's same duty, without a break between.
    fn same_in<'o>(&self, others: &'o [Self]) -> Option<&'o Self> {
        let begins_before_the_end = |one: &Duty, other: &Duty| match one.until {
            Some(until) => other.since <= until,
            None => true,
        };
        others.iter().find(|other| {
            other.person == self.person
                && begins_before_the_end(self.duty, other.duty)
                && begins_before_the_end(other.duty, self.duty)
        })
    }
}

fn stretches(crew: &Crew) -> Vec<Stretch<'_>> {
    let duties = crew.duties.iter();
    duties
        .map(|duty| Stretch {
            person: crew.identity_of(&duty.holder),
            duty,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crew::examples::duty, shifts::examples::at};

    fn on_duty(name: &str, since: i64, until: i64) -> Crew {
        Crew::new(Vec::new(), vec![duty(name, at(since), at(until))])
    }

    /// `ann ends 10`, `bob from 10`, `bob goes on`.
    fn told(before: &Crew, after: &Crew, certain_until: i64, now: i64) -> Vec<String> {
        let seconds = |at: Timestamp| at.as_millis() / 1000;
        let name = |person: &str| person.replace("slack:U", "").to_lowercase();
        record_changes(before, after, at(certain_until), at(now))
            .into_iter()
            .map(|change| match change {
                RecordChange::Begin { person, from, .. } => {
                    format!("{} from {}", name(person), seconds(from))
                }
                RecordChange::GoOn { person, .. } => format!("{} goes on", name(person)),
                RecordChange::End { person, at, .. } => {
                    format!("{} ends {}", name(person), seconds(at))
                }
            })
            .collect()
    }

    #[test]
    fn a_hand_off_is_recorded_at_the_shifts_end_however_late_it_is_made() {
        let (ann, bob) = (on_duty("ann", 0, 50), on_duty("bob", 50, 100));
        for now in [50, 51, 90] {
            let told = told(&ann, &bob, 40, now);
            assert_eq!(told, ["ann ends 50", "bob from 50"]);
        }
    }

    #[test]
    fn an_override_that_began_since_the_last_look_takes_over_at_its_start() {
        let told = told(&on_duty("ann", 0, 100), &on_duty("bob", 47, 90), 40, 60);
        assert_eq!(told, ["ann ends 47", "bob from 47"]);
    }

    #[test]
    fn a_shift_that_is_taken_up_again_goes_on_from_now() {
        let told = told(&on_duty("bob", 47, 90), &on_duty("ann", 0, 100), 59, 60);
        assert_eq!(told, ["bob ends 60", "ann from 60"]);
    }

    #[test]
    fn what_is_bound_now_is_recorded_from_now() {
        assert_eq!(
            told(&Crew::default(), &on_duty("ann", 0, 100), 60, 60),
            ["ann from 60"]
        );
    }

    #[test]
    fn another_end_or_name_makes_no_other_stretch() {
        let longer = on_duty("ann", 0, 200);
        assert_eq!(
            told(&on_duty("ann", 0, 100), &longer, 59, 60),
            ["ann goes on"]
        );
        let same: [&str; 0] = [];
        assert_eq!(told(&longer, &longer, 59, 60), same);
    }

    #[test]
    fn another_beginning_makes_no_other_stretch_and_a_break_does() {
        let (ann, earlier) = (on_duty("ann", 10, 100), on_duty("ann", 0, 100));
        assert_eq!(told(&ann, &earlier, 59, 60), ["ann goes on"]);
        let after_a_break = on_duty("ann", 110, 200);
        assert_eq!(
            told(&ann, &after_a_break, 99, 120),
            ["ann ends 100", "ann from 110"]
        );
    }

    #[test]
    fn whoever_has_no_successor_ends_now_or_as_planned() {
        let ann = on_duty("ann", 0, 100);
        assert_eq!(told(&ann, &Crew::default(), 59, 60), ["ann ends 60"]);
        assert_eq!(told(&ann, &Crew::default(), 59, 130), ["ann ends 100"]);
    }

    #[test]
    fn what_began_and_ended_unseen_is_told_as_it_was_planned() {
        use crate::outlook::examples::stretch;
        let plan = [
            stretch("ann", 0, 50),
            stretch("bob", 50, 60),
            stretch("cy", 55, 70),
            stretch("ann", 70, 80),
            stretch("bob", 80, 100),
        ];
        let missed = |before: &Crew, certain, now| missed(&plan, before, at(certain), at(now));
        let ann = on_duty("ann", 0, 50);
        let unseen = [
            duty("bob", at(50), at(60)),
            duty("cy", at(55), at(70)),
            duty("ann", at(70), at(80)),
        ];
        assert_eq!(missed(&ann, 50, 90), unseen);
        assert_eq!(missed(&ann, 50, 65), unseen[..1], "Cy's goes on");
        assert_eq!(missed(&ann, 50, 50), []);
        // A plan that was made otherwise meanwhile says nothing of the time before.
        let bob = on_duty("bob", 0, 52);
        assert_eq!(
            missed(&bob, 52, 65),
            [],
            "that Bob had it until then is recorded"
        );
        assert_eq!(missed(&ann, 52, 65), [duty("bob", at(52), at(60))]);
    }
}
