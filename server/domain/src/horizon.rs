//! How far ahead the shifts of a schedule are known. Most readings ask for the days that people
//! look at; now and then one asks for as long as people plan ahead, and what lies beyond the
//! others is kept from it.

use crate::Shift;
use types::Timestamp;

/// PagerDuty may answer with nothing for a window that begins right now.
const LEAD_SECONDS: i64 = 60;
/// How far ahead every reading asks.
const SHORT_SECONDS: i64 = 14 * 24 * 3600;
/// How far ahead shifts are known.
const LONG_SECONDS: i64 = 35 * 24 * 3600;
/// How old the knowledge of what lies farther ahead becomes.
const LONG_EVERY_SECONDS: i64 = 3600;

/// A stretch of time that shifts are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Window {
    /// As far ahead as shifts are known.
    pub const fn long(now: Timestamp) -> Self {
        Self {
            from: now.plus_seconds(-LEAD_SECONDS),
            until: now.plus_seconds(LONG_SECONDS),
        }
    }

    /// What to read of a schedule whose shifts are known until `known_until`.
    pub fn next(now: Timestamp, known_until: Option<Timestamp>) -> Self {
        let long = Self::long(now);
        let fresh = |until| until > long.until.plus_seconds(-LONG_EVERY_SECONDS);
        if known_until.is_some_and(fresh) {
            Self {
                until: now.plus_seconds(SHORT_SECONDS),
                ..long
            }
        } else {
            long
        }
    }
}

/// Until when the shifts are known of a schedule that was confirmed at that time, where it is not
/// stored how far ahead the readings asked.
pub fn known_at_least_until(confirmed_at: Timestamp) -> Timestamp {
    confirmed_at.plus_seconds(SHORT_SECONDS)
}

/// Shifts, and until when they are all that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownShifts {
    pub shifts: Vec<Shift>,
    pub until: Timestamp,
}

/// What is known after a reading, where more was known before. What begins after the reading's
/// end is kept as it was, unless what the two say of that end differs: then somebody has changed
/// the schedule, and what lies beyond is not known any more.
pub fn spliced(read: KnownShifts, before: &KnownShifts) -> KnownShifts {
    let end = read.until;
    if before.until <= end {
        return read;
    }
    let at_the_end = |shifts: &[Shift]| -> Vec<Shift> {
        let reaching = |shift: &&Shift| shift.starts_at < end && end <= shift.ends_at;
        shifts.iter().filter(reaching).cloned().collect()
    };
    // PagerDuty is asked for whole shifts. Where it cuts them off all the same, the rest is known.
    let same = |one: &Shift, other: &Shift| {
        one.user == other.user && (one.ends_at == other.ends_at || one.ends_at == end)
    };
    let (is, was) = (at_the_end(&read.shifts), at_the_end(&before.shifts));
    let agree = is.len() == was.len()
        && is
            .iter()
            .all(|one| was.iter().any(|other| same(one, other)));
    if !agree {
        return read;
    }
    let whole = |shift: Shift| {
        let known = was.iter().find(|known| known.user == shift.user);
        match known.filter(|_| shift.ends_at == end) {
            Some(known) => Shift {
                ends_at: known.ends_at,
                ..shift
            },
            None => shift,
        }
    };
    let beyond = before.shifts.iter().filter(|shift| shift.starts_at >= end);
    let mut shifts: Vec<_> = read.shifts.into_iter().map(whole).collect();
    // Of those that begin right then, a reading may have told already.
    let begins = |shift: &Shift| (shift.starts_at, shift.ends_at, shift.user.clone());
    let told: Vec<_> = shifts.iter().map(begins).collect();
    let beyond: Vec<_> = beyond
        .filter(|shift| !told.contains(&begins(shift)))
        .cloned()
        .collect();
    shifts.extend(beyond);
    shifts.sort();
    KnownShifts {
        shifts,
        until: before.until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shifts::examples::{at, shift};

    const NOW: i64 = 1_000_000;
    const DAY: i64 = 24 * 3600;

    fn known(until: i64, shifts: &[Shift]) -> KnownShifts {
        KnownShifts {
            shifts: shifts.to_vec(),
            until: at(until),
        }
    }

    #[test]
    fn far_ahead_is_asked_once_an_hour() {
        let days = |window: Window| window.until.seconds_since(at(NOW)) / DAY;
        assert_eq!(days(Window::next(at(NOW), None)), 35);
        let until = Window::long(at(NOW - 600)).until;
        assert_eq!(days(Window::next(at(NOW), Some(until))), 14);
        let until = Window::long(at(NOW - 3600)).until;
        assert_eq!(days(Window::next(at(NOW), Some(until))), 35);
    }

    #[test]
    fn what_lies_beyond_a_reading_is_kept() {
        let before = [
            shift("P1", 0, 10),
            shift("P2", 10, 20),
            shift("P1", 20, 30),
            shift("P2", 30, 40),
        ];
        let before = known(50, &before);
        // Whole shifts, as they are asked for; and one that is cut off.
        for end in [20, 15] {
            let read = known(15, &[shift("P1", 5, 10), shift("P2", 10, end)]);
            let now = spliced(read, &before);
            let told = [
                shift("P1", 5, 10),
                shift("P2", 10, 20),
                shift("P1", 20, 30),
                shift("P2", 30, 40),
            ];
            assert_eq!(now, known(50, &told), "cut at {end}");
        }
    }

    #[test]
    fn a_seam_at_the_end_of_a_reading_is_one_seam() {
        let before = known(50, &[shift("P1", 0, 15), shift("P2", 15, 30)]);
        let read = known(15, &[shift("P1", 0, 15)]);
        assert_eq!(spliced(read, &before), before);
        let read = known(15, &[shift("P1", 0, 15), shift("P2", 15, 30)]);
        assert_eq!(spliced(read, &before), before);
    }

    #[test]
    fn after_a_change_at_its_end_only_the_reading_counts() {
        let before = known(50, &[shift("P1", 0, 20), shift("P2", 20, 40)]);
        for changed in [
            vec![shift("P3", 0, 20)],
            vec![shift("P1", 0, 18)],
            vec![shift("P1", 0, 12)],
            vec![shift("P1", 0, 20), shift("P3", 5, 20)],
            vec![],
        ] {
            let read = known(15, &changed);
            assert_eq!(spliced(read.clone(), &before), read);
        }
    }

    #[test]
    fn a_reading_that_reaches_farther_is_all_there_is() {
        let before = known(50, &[shift("P1", 0, 20), shift("P2", 20, 40)]);
        let read = known(50, &[shift("P1", 0, 60)]);
        assert_eq!(spliced(read.clone(), &before), read);
    }
}
