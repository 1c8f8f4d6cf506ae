//! Shifts, whoever told them, and what they say of a moment.

use types::{PagerDutyUserId, Timestamp};

/// A stretch of time for which one person is on call: `[starts_at, ends_at)`,
/// never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    // The order of the fields is the order of shifts.
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub user: PagerDutyUserId,
    pub cause: Cause,
}

impl Shift {
    /// Whether it says anything of this user: that they have it, or had to.
    pub fn names(&self, user: &PagerDutyUserId) -> bool {
        let instead = |cause: &Cause| match cause {
            Cause::Turn => false,
            Cause::Override { instead_of } => instead_of.contains(user),
        };
        self.user == *user || instead(&self.cause)
    }
}

/// Why somebody has a shift.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It is their turn.
    Turn,
    /// Somebody put them there: an override.
    Override {
        /// Whose turn it would have been, by their turns; empty where that was not told, or not clearly.
        instead_of: Vec<PagerDutyUserId>,
    },
}

/// Whether somebody has a shift at `now`. Its end is excluded: at the very second at which a
/// shift ends, the next one has begun.
pub fn is_on_call(shifts: &[Shift], user: &PagerDutyUserId, now: Timestamp) -> bool {
    shifts
        .iter()
        .any(|shift| shift.user == *user && shift.starts_at <= now && now < shift.ends_at)
}

/// When who is on duty changes next, as far as the shifts are known.
pub fn next_change(shifts: &[Shift], now: Timestamp) -> Option<Timestamp> {
    shifts
        .iter()
        .flat_map(|shift| [shift.starts_at, shift.ends_at])
        .filter(|&boundary| boundary > now)
        .min()
}

#[cfg(test)]
pub(crate) mod examples {
    //! Shifts for the tests of the rules.

    use super::*;

    pub fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    pub fn shift(user: &str, from: i64, until: i64) -> Shift {
        Shift {
            user: PagerDutyUserId::new(user),
            starts_at: at(from),
            ends_at: at(until),
            cause: Cause::Turn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        examples::{at, shift},
        *,
    };

    #[test]
    fn the_next_change_is_the_nearest_boundary_to_come() {
        let shifts = [shift("P1", 0, 10), shift("P2", 12, 20)];
        assert_eq!(next_change(&shifts, at(3)), Some(at(10)));
        assert_eq!(next_change(&shifts, at(10)), Some(at(12)));
        assert_eq!(next_change(&shifts, at(20)), None);
    }
}
