//! The end of a shift that is known ahead passes while somebody looks at the page. Who is on
//! duty then is the server's to say: the page asks, and until it is answered it tells what has
//! ended and takes nobody for the next.

use crate::{
    components::{span, use_clock},
    data::{DataMemo, Source, effect},
    live::{Live, use_live},
};
use leptos::prelude::*;
use types::{Gap, Timestamp};

/// What passing time makes of what a page says about duty.
#[derive(Clone, Copy)]
pub(crate) struct DutyWatch {
    changed_at: DataMemo<Option<Timestamp>>,
    unknown_until: DataMemo<Option<Timestamp>>,
}

impl DutyWatch {
    /// The first change that was known ahead, has come, and is still shown as coming.
    pub(crate) fn changed_at(self) -> Option<Timestamp> {
        self.changed_at.get()
    }

    /// The same where the server cannot say what came of it: changes up to this instant
    /// have been, and nobody knows which way.
    pub(crate) fn unknown_until(self) -> Option<Timestamp> {
        self.unknown_until.get()
    }
}

/// Watches for the instants at which duty changes as far as the page tells ahead, and has
/// the page ask when they come; `failed` is whether what it shows could not be read anew.
pub(crate) fn watch_duty(
    changes: DataMemo<Vec<Timestamp>>,
    failed: impl Fn() -> bool + Send + Sync + 'static,
) -> DutyWatch {
    let live = use_live();
    let clock = use_clock();
    // A page that goes may do so after the next one has begun to watch.
    let number = Live::new_number();
    effect(move || live.expect_duty_changes(number, changes.get()));
    on_cleanup(move || live.expect_duty_changes(number, Vec::new()));
    let passed = move || {
        let now = clock.now();
        changes.with(|changes| passed(changes, now))
    };
    DutyWatch {
        changed_at: DataMemo::new(move || Some(passed()?.0)),
        unknown_until: DataMemo::new(move || {
            let (_, latest) = passed()?;
            (clock.in_browser() && (live.unanswered() || failed())).then_some(latest)
        }),
    }
}

/// Whether `data`, which the page shows, could not be read the last time.
pub(crate) fn failed(data: Source) -> bool {
    matches!(data.get(), Some(Err(_)))
}

/// The first and the last of the changes that have come.
fn passed(changes: &[Timestamp], now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let passed = || changes.iter().copied().filter(|at| *at <= now);
    Some((passed().min()?, passed().max()?))
}

/// Whether a shift that ends at `until` is over, and nobody knows what came after.
pub(crate) fn is_over(until: Option<Timestamp>, unknown_until: Option<Timestamp>) -> bool {
    matches!((until, unknown_until), (Some(until), Some(unknown)) if until <= unknown)
}

/// What is said of what came after a shift where nobody knows.
pub(crate) const UNKNOWN: &str = ", what came after is not known";
/// Said where nobody is known to be, and whoever is may have a shift that makes no sense.
pub(crate) const NOT_KNOWN: &str = "Who is on duty is not known";

/// What is said of an end behind which the plan is not known.
pub(crate) const OR_LATER: &str = " or later";

/// `Then nobody for 24 hours`, to which the start of the gap is added.
pub(crate) fn gap_length(gap: Gap) -> String {
    format!("Then nobody{}", gap_duration(gap))
}

/// ` for 24 hours`, or that no end of it is known.
pub(crate) fn gap_duration(gap: Gap) -> String {
    match gap.until {
        Some(until) => format!(" for {}", span(until.seconds_since(gap.from))),
        None => ", as far as the schedule is known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_change_has_come_at_its_very_instant() {
        let changes = [at(30), at(10), at(20)];
        assert_eq!(passed(&changes, at(9)), None);
        assert_eq!(passed(&changes, at(10)), Some((at(10), at(10))));
        assert_eq!(passed(&changes, at(25)), Some((at(10), at(20))));
    }

    #[test]
    fn a_gap_is_told_by_its_length() {
        let gap = |until: Option<i64>| Gap {
            from: at(0),
            until: until.map(at),
        };
        assert_eq!(gap_length(gap(Some(24 * 3600))), "Then nobody for 24 hours");
        assert_eq!(
            gap_length(gap(None)),
            "Then nobody, as far as the schedule is known"
        );
    }

    #[test]
    fn only_shifts_that_have_ended_are_over() {
        assert!(is_over(Some(at(10)), Some(at(10))));
        assert!(!is_over(Some(at(11)), Some(at(10))));
        assert!(!is_over(None, Some(at(10))));
        assert!(!is_over(Some(at(10)), None));
    }
}
