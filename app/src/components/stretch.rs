//! A stretch of duty as pages list and draw it, planned or past.

use types::{DutyRecord, ShiftView, Timestamp};

pub(super) const NOBODY: &str = "Nobody";

/// `[starts_at, ends_at)`; without an end it lasts until somebody ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Who has the duty; nobody where the plan leaves a gap.
    pub(crate) name: Option<String>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Option<Timestamp>,
}

impl Stretch {
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.starts_at <= at && self.ends_at.is_none_or(|end| at < end)
    }

    /// The same as far as somebody has said so: where duty changed and nobody has told how,
    /// the plan alone puts nobody on duty.
    pub(crate) fn is_known_to_hold(&self, at: Timestamp, changed_at: Option<Timestamp>) -> bool {
        self.holds(at) && changed_at.is_none_or(|changed| self.starts_at < changed)
    }

    pub(crate) fn who(&self) -> &str {
        self.name.as_deref().unwrap_or(NOBODY)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.ends_at.is_none_or(|end| other.starts_at < end)
            && other.ends_at.is_none_or(|end| self.starts_at < end)
    }
}

impl From<ShiftView> for Stretch {
    fn from(shift: ShiftView) -> Self {
        Self {
            name: Some(shift.name),
            starts_at: shift.starts_at,
            ends_at: Some(shift.ends_at),
        }
    }
}

impl From<DutyRecord> for Stretch {
    fn from(record: DutyRecord) -> Self {
        Self {
            name: Some(record.name),
            starts_at: record.starts_at,
            ends_at: record.ends_at,
        }
    }
}

/// By their start.
pub(super) fn sort(stretches: &mut [Stretch]) {
    stretches.sort_by_key(|stretch| stretch.starts_at);
}

/// What has been, followed by what is planned. A shift that has begun is in both:
/// it is told once, from where it really began.
pub(crate) fn joined(history: Vec<Stretch>, planned: Vec<Stretch>) -> Vec<Stretch> {
    let mut joined = planned;
    for mut past in history {
        let again = joined
            .iter()
            .find(|shift| shift.name == past.name && shift.overlaps(&past));
        if let Some(shift) = again {
            past.ends_at = Some(shift.starts_at);
        }
        if past.ends_at.is_none_or(|end| past.starts_at < end) {
            joined.push(past);
        }
    }
    sort(&mut joined);
    joined
}

/// The stretches, which come by their start, with the gaps between them, in which
/// nobody has the duty.
pub(crate) fn with_gaps(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut gaps = Vec::new();
    let mut covered: Option<Timestamp> = None;
    for stretch in &stretches {
        if let Some(end) = covered.filter(|end| *end < stretch.starts_at) {
            gaps.push(Stretch {
                name: None,
                starts_at: end,
                ends_at: Some(stretch.starts_at),
            });
        }
        let Some(end) = stretch.ends_at else { break };
        covered = covered.max(Some(end));
    }
    stretches.extend(gaps);
    sort(&mut stretches);
    stretches
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    pub(crate) fn stretch(name: &str, starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            name: Some(name.to_owned()),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
        }
    }

    #[test]
    fn a_stretch_holds_until_its_end() {
        let bounded = stretch("Ann", 10, 20);
        assert!(!bounded.holds(at(9)));
        assert!(bounded.holds(at(10)));
        assert!(!bounded.holds(at(20)));
        assert!(stretch("Ann", 10, None).holds(at(1_000)));
    }

    #[test]
    fn what_begins_at_a_change_that_nobody_has_confirmed_is_not_said_to_hold() {
        let next = stretch("Bob", 20, 30);
        assert!(next.is_known_to_hold(at(25), None));
        assert!(!next.is_known_to_hold(at(25), Some(at(20))));
        assert!(stretch("Ann", 10, 40).is_known_to_hold(at(25), Some(at(20))));
    }

    #[test]
    fn a_shift_that_has_begun_is_told_once() {
        let history = vec![
            stretch("Ann", 12, 30),
            stretch("Bob", 5, 12),
            stretch("Ann", 0, 5),
        ];
        let planned = vec![stretch("Ann", 10, 30), stretch("Bob", 30, 40)];
        assert_eq!(
            joined(history, planned),
            [
                stretch("Ann", 0, 5),
                stretch("Bob", 5, 12),
                stretch("Ann", 10, 30),
                stretch("Bob", 30, 40),
            ]
        );
    }

    #[test]
    fn what_was_done_by_hand_stays_as_it_was() {
        let history = vec![stretch("Ann", 10, None), stretch("Bob", 0, 10)];
        assert_eq!(
            joined(history, Vec::new()),
            [stretch("Bob", 0, 10), stretch("Ann", 10, None)]
        );
    }

    #[test]
    fn a_gap_lies_between_the_end_of_all_before_and_the_next_start() {
        let ann = stretch("Ann", 0, 10);
        let bob = stretch("Bob", 2, 5);
        let cem = stretch("Cem", 12, 20);
        let gap = Stretch {
            name: None,
            ..stretch("", 10, 12)
        };
        assert_eq!(
            with_gaps(vec![ann.clone(), bob.clone(), cem.clone()]),
            [ann, bob, gap, cem]
        );
    }

    #[test]
    fn there_is_no_gap_behind_somebody_without_an_end() {
        let stretches = vec![stretch("Ann", 0, None), stretch("Bob", 20, 30)];
        assert_eq!(with_gaps(stretches.clone()), stretches);
    }
}
