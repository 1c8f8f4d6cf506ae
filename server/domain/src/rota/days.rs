//! The days on which duty changes hands: each kind is a function of a start date and a number,
//! never of the day before it.

use crate::rota::{
    DaysOff,
    days_off::{days_between, plus_days},
};
use jiff::civil::{Date, Weekday};
use std::num::NonZeroU16;

/// Some days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

/// The days on which duty changes hands. Weeks and months are counted from the first such day
/// on or after the start date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    Daily,
    /// Each so-manieth day that is not off.
    Working {
        every: NonZeroU16,
    },
    Weekly {
        weekday: Weekday,
        every: NonZeroU16,
    },
    /// On a day of the month, or its last day where it is shorter.
    Monthly {
        day: u8,
        every: NonZeroU16,
    },
    /// On, say, the third Tuesday of a month; the fifth is the last where there are four.
    NthWeekday {
        nth: u8,
        weekday: Weekday,
        every: NonZeroU16,
    },
    Custom(Weekdays),
}

impl Weekdays {
    pub const WEEKEND: Self = Self(0b110_0000);

    pub fn of(days: &[Weekday]) -> Self {
        let bits = days.iter().map(|&day| bit(day));
        Self(bits.fold(0, |all, bit| all | bit))
    }

    pub fn includes(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// From Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        let week = Weekday::Monday.cycle_forward().take(7);
        week.filter(move |&day| self.includes(day))
    }

    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

impl Days {
    /// The day with this number, counted from 0 at `start`. There may be none, as where every
    /// day is off, or none that calendars reach.
    pub fn nth(&self, start: Date, number: i64, off: &DaysOff) -> Option<Date> {
        match *self {
            Self::Daily => plus_days(start, number),
            Self::Working { every } => nth_working_day(start, number * step(every), off),
            Self::Weekly { weekday, every } => {
                plus_days(first_weekday(start, weekday), number * 7 * step(every))
            }
            Self::Monthly { every, .. } | Self::NthWeekday { every, .. } => {
                self.in_month(self.first_month(start) + number * step(every))
            }
            Self::Custom(weekdays) => {
                let offsets = offsets(start, weekdays);
                let count = offsets.len() as i64;
                let weeks = number.checked_div(count)?;
                plus_days(start, weeks * 7 + offsets[(number % count) as usize])
            }
        }
    }

    /// The number of the last such day on or before `date`; absent before the first.
    pub fn number_at(&self, start: Date, date: Date, off: &DaysOff) -> Option<i64> {
        let since = |first: Date| i64::from(days_between(first, date));
        let number = match *self {
            Self::Daily => since(start),
            Self::Working { every } => {
                let worked = off.working_days(start, plus_days(date, 1)?);
                (worked - 1).div_euclid(step(every))
            }
            Self::Weekly { weekday, every } => {
                since(first_weekday(start, weekday)).div_euclid(7 * step(every))
            }
            Self::Monthly { every, .. } | Self::NthWeekday { every, .. } => {
                let reached = self.in_month(month_of(date)).is_some_and(|day| day <= date);
                let last = month_of(date) - i64::from(!reached);
                (last - self.first_month(start)).div_euclid(step(every))
            }
            Self::Custom(weekdays) => {
                let (offsets, days) = (offsets(start, weekdays), since(start));
                let reached = |offset: &&i64| **offset <= days.rem_euclid(7);
                let this_week = offsets.iter().filter(reached).count() as i64;
                days.div_euclid(7) * offsets.len() as i64 + this_week - 1
            }
        };
        (number >= 0).then_some(number)
    }

    /// The month of the first such day on or after `start`.
    fn first_month(&self, start: Date) -> i64 {
        let month = month_of(start);
        let is_over = self.in_month(month).is_some_and(|day| day < start);
        month + i64::from(is_over)
    }

    /// The day in a month, for the kinds that have one in each.
    fn in_month(&self, month: i64) -> Option<Date> {
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let first = Date::new(year, month.rem_euclid(12) as i8 + 1, 1).ok()?;
        let last = first.last_of_month();
        match *self {
            Self::Monthly { day, .. } => {
                plus_days(first, i64::from(day) - 1).map(|day| day.min(last))
            }
            Self::NthWeekday { nth, weekday, .. } => {
                let nth = first.nth_weekday_of_month(nth.try_into().ok()?, weekday);
                nth.or_else(|_| first.nth_weekday_of_month(-1, weekday))
                    .ok()
            }
            _ => None,
        }
    }
}

fn step(every: NonZeroU16) -> i64 {
    i64::from(every.get())
}

/// Months since the year 0.
fn month_of(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

fn first_weekday(start: Date, weekday: Weekday) -> Date {
    let days = start.weekday().until(weekday);
    plus_days(start, i64::from(days)).unwrap_or(start)
}

/// How many days after `start` these weekdays come for the first time, the nearest first.
fn offsets(start: Date, weekdays: Weekdays) -> Vec<i64> {
    let days = weekdays
        .iter()
        .map(|day| i64::from(start.weekday().until(day)));
    let mut days: Vec<_> = days.collect();
    days.sort_unstable();
    days
}

/// The working day with this number, counted from 0 at the first one on or after `start`.
fn nth_working_day(start: Date, number: i64, off: &DaysOff) -> Option<Date> {
    let a_week = 7 - i64::from(off.weekend.count());
    // Days off that are no weekend only make it later.
    let weeks = number.checked_div(a_week)?;
    let mut day = plus_days(start, weeks * 7)?;
    let mut before = off.working_days(start, day);
    while before < number || off.includes(day) {
        before += i64::from(!off.includes(day));
        day = day.tomorrow().ok()?;
    }
    Some(day)
}
