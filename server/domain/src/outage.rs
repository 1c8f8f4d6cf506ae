//! When admins are told that PagerDuty needs to be reconnected: once for each time that it does, and
//! not for one that only comes and goes.

use types::Timestamp;

/// What comes again sooner than this after it had passed is the same.
const APART_SECONDS: i64 = 3600;

/// The last time that a workspace's PagerDuty needed to be reconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub told_at: Timestamp,
    /// Since when it does not need it any more, though it may have come again since; not while it
    /// does.
    pub well_since: Option<Timestamp>,
}

/// What there is to keep, and whether admins are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageStep {
    Nothing,
    Tell(Outage),
    /// Nobody is told of this.
    Note(Outage),
}

/// What follows from that it needs to be reconnected at `now`, or not.
pub fn outage_step(known: Option<Outage>, is_ill: bool, now: Timestamp) -> OutageStep {
    let begins = OutageStep::Tell(Outage {
        told_at: now,
        well_since: None,
    });
    match (known, is_ill) {
        (None, true) => begins,
        (None, false) => OutageStep::Nothing,
        (Some(known), true) => match known.well_since {
            // What comes again too soon is told once it has not gone by itself for so long.
            Some(since) if now.seconds_since(since) >= APART_SECONDS => begins,
            None | Some(_) => OutageStep::Nothing,
        },
        (Some(known), false) => match known.well_since {
            Some(_) => OutageStep::Nothing,
            None => OutageStep::Note(Outage {
                well_since: Some(now),
                ..known
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shifts::examples::at;

    #[test]
    fn what_comes_again_soon_and_stays_is_told() {
        let known = Outage {
            told_at: at(10),
            well_since: Some(at(30)),
        };
        let step = |now| outage_step(Some(known), true, at(now));
        assert_eq!(step(40), OutageStep::Nothing);
        assert_eq!(step(29 + APART_SECONDS), OutageStep::Nothing);
        let OutageStep::Tell(outage) = step(30 + APART_SECONDS) else {
            panic!("nobody is told");
        };
        assert_eq!(outage.well_since, None);
    }

    #[test]
    fn admins_are_told_once_for_each_time_and_not_of_what_comes_and_goes() {
        let mut known = None;
        let mut told = Vec::new();
        for (now, is_ill) in [
            (0, false),
            (10, true),
            (20, true),
            (30, false),
            (40, true),
            (50, false),
            (60, false),
            (50 + APART_SECONDS, true),
            (60 + APART_SECONDS, true),
        ] {
            match outage_step(known, is_ill, at(now)) {
                OutageStep::Nothing => {}
                OutageStep::Note(outage) => known = Some(outage),
                OutageStep::Tell(outage) => {
                    told.push(now);
                    known = Some(outage);
                }
            }
        }
        assert_eq!(told, [10, 50 + APART_SECONDS]);
        assert_eq!(known.unwrap().well_since, None);
    }
}
