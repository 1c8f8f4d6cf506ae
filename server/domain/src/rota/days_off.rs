//! The days on which a rota counts nobody's turn: weekends, holidays, and days of its own.

use crate::rota::Weekdays;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What a country, or a part of one, has free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountryDays {
    pub weekend: Weekdays,
    pub holidays: BTreeSet<Date>,
}

/// Days off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaysOff {
    pub weekend: Weekdays,
    pub dates: BTreeSet<Date>,
}

impl DaysOff {
    /// With several countries, what any one of them has free.
    pub fn of_countries<'a>(countries: impl IntoIterator<Item = &'a CountryDays>) -> Self {
        let mut off = Self::default();
        for country in countries {
            off.weekend = off.weekend.or(country.weekend);
            off.dates.extend(&country.holidays);
        }
        off
    }

    pub fn includes(&self, date: Date) -> bool {
        self.weekend.includes(date.weekday()) || self.dates.contains(&date)
    }

    pub(crate) fn is_every_day(&self) -> bool {
        self.weekend.count() == 7
    }

    /// How many days from the first date, up to the second and without it, are not off.
    pub(crate) fn working_days(&self, from: Date, until: Date) -> i64 {
        let days = i64::from(days_between(from, until));
        if days <= 0 {
            return 0;
        }
        let a_week = 7 - i64::from(self.weekend.count());
        let rest = (0..days % 7).filter_map(|day| plus_days(from, day));
        let rest = rest.filter(|date| !self.weekend.includes(date.weekday()));
        let off = self.dates.range(from..until);
        let off = off.filter(|date| !self.weekend.includes(date.weekday()));
        days / 7 * a_week + rest.count() as i64 - off.count() as i64
    }

    /// The first of the days from the first date, up to the second and without it, that is
    /// not off.
    pub(crate) fn first_working_day(&self, from: Date, until: Date) -> Option<Date> {
        let days = 0..i64::from(days_between(from, until));
        let mut days = days.filter_map(|day| plus_days(from, day));
        days.find(|&date| !self.includes(date))
    }
}

/// Days by the calendar, however many hours they have.
pub(crate) fn days_between(from: Date, until: Date) -> i32 {
    from.duration_until(until)
        .as_hours()
        .checked_div(24)
        .and_then(|days| i32::try_from(days).ok())
        .unwrap_or(0)
}

/// The date so many days later, where calendars reach it.
pub(crate) fn plus_days(date: Date, days: i64) -> Option<Date> {
    let days = i32::try_from(days).ok()?;
    date.checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()
}
