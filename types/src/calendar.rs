//! Days and time zones as pages tell them. The server works them out, so that no browser has to
//! load a table of all zones: a zone travels as what its clocks show around the present.

use crate::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// A time zone, as far as a page needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// As in the IANA's database: `Europe/Berlin`.
    pub name: String,
    /// What its clocks show, by when it begins. The first holds for all time before, too.
    pub offsets: Vec<Offset>,
}

/// How far clocks are ahead of UTC from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    pub from: Timestamp,
    pub seconds: i64,
}

impl Zone {
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            offsets: Vec::new(),
        }
    }

    /// How far its clocks are ahead of UTC at an instant, in seconds.
    pub fn offset(&self, at: Timestamp) -> i64 {
        let later = self.offsets.partition_point(|offset| offset.from <= at);
        let offset = self.offsets.get(later.saturating_sub(1));
        offset.map_or(0, |offset| offset.seconds)
    }

    /// Whether its clocks show the same time once more, since they are turned back.
    pub fn is_repeated(&self, at: Timestamp) -> bool {
        self.offsets.windows(2).any(|change| {
            let back = change[0].seconds - change[1].seconds;
            let from = change[1].from;
            back > 0 && from.plus_seconds(-back) <= at && at < from.plus_seconds(back)
        })
    }
}

/// The zone in which a document tells its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageZone {
    pub zone: Zone,
    /// Somebody chose it, in this browser. Else it is the browser's own, or UTC where that is
    /// not known yet.
    pub chosen: bool,
}

impl Default for PageZone {
    fn default() -> Self {
        Self {
            zone: Zone::utc(),
            chosen: false,
        }
    }
}

/// Which days somebody wants to see, as it stands in an address. Anything can stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaysWanted {
    /// A day of the first week, `2026-11-23`; empty for the present one.
    pub from: String,
    /// How many weeks; empty for as many as are usual.
    pub weeks: String,
    /// The name of the time zone whose days they are.
    pub zone: String,
}

/// The numbers of weeks that can be shown at once.
pub const WEEKS: [u32; 3] = [1, 2, 4];

/// Whole weeks of days in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The name of the zone in which they begin at midnight.
    pub zone: String,
    /// One of [`WEEKS`].
    pub weeks: u32,
    /// From a Monday on. At least one.
    pub days: Vec<Day>,
    /// When the last one ends.
    pub until: Timestamp,
    /// The first day of as many weeks before and after, unless that is too far away.
    pub previous: Option<String>,
    pub next: Option<String>,
    /// Why these are not the days that were wanted.
    pub problem: Option<DaysProblem>,
}

/// A day: 24 hours, unless clocks are changed on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// `2026-11-23`.
    pub date: String,
    pub starts_at: Timestamp,
}

impl Days {
    pub fn span(&self) -> Span {
        Span {
            from: self.days.first().map_or(self.until, |day| day.starts_at),
            until: self.until,
        }
    }

    /// When the day at this place ends.
    pub fn end(&self, place: usize) -> Timestamp {
        self.days
            .get(place + 1)
            .map_or(self.until, |next| next.starts_at)
    }

    /// Whether an instant lies on the day at this place.
    pub fn is_at(&self, place: usize, at: Timestamp) -> bool {
        let starts_at = self.days.get(place).map(|day| day.starts_at);
        starts_at.is_some_and(|start| start <= at && at < self.end(place))
    }
}

/// Why other days are shown than the address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DaysProblem {
    NotADate,
    TooFar,
    OtherWeeks,
}

impl Display for DaysProblem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADate => {
                "The address asks for a day that is no date such as 2026-11-23. This week is \
                 shown: go on from here with Previous and Next."
            }
            Self::TooFar => {
                "The address asks for a day of which nothing is kept any more, or more than a \
                 year ahead. This week is shown: go on from here with Previous and Next."
            }
            Self::OtherWeeks => {
                "The address asks for a number of weeks that cannot be shown at once. Choose 1, 2 \
                 or 4 weeks."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_show_what_holds_since_the_last_change() {
        let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        let zone = Zone {
            name: "Europe/Berlin".to_owned(),
            offsets: vec![
                Offset {
                    from: at(10),
                    seconds: 7200,
                },
                Offset {
                    from: at(20),
                    seconds: 3600,
                },
            ],
        };
        for (hours, offset) in [(5, 7200), (10, 7200), (19, 7200), (20, 3600), (99, 3600)] {
            assert_eq!(zone.offset(at(hours)), offset, "{hours}");
        }
        assert_eq!(Zone::utc().offset(at(5)), 0);
        for (hours, repeated) in [
            (10, false),
            (18, false),
            (19, true),
            (20, true),
            (21, false),
        ] {
            assert_eq!(zone.is_repeated(at(hours)), repeated, "{hours}");
        }
    }
}
