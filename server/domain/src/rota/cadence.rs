//! When duty changes hands, and when nobody has it though it is somebody's turn. All of it is
//! reckoned in the rota's time zone, from its start date.

use crate::rota::{Days, DaysOff, Fold, Zone, days_off::plus_days};
use jiff::civil::{Date, DateTime, Time};
use types::{Span, Timestamp};

/// When duty changes hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    pub zone: Zone,
    pub starts_on: Date,
    /// Clocks show the very first time of the start date twice, and the second one is meant.
    pub starts_at_second: bool,
    pub days: Days,
    pub times: Times,
    /// Absent where somebody is on duty round the clock.
    pub hours: Option<Hours>,
    pub off: DaysOff,
    pub on_days_off: OnDaysOff,
}

/// The times of a day at which duty changes hands: at least one, by the clock, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times(Vec<Time>);

/// From when until when somebody is on duty each day. An end before the beginning is one of the
/// next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    pub from: Time,
    pub until: Time,
}

/// Who is on duty on a day off. It begins at the first time of day at which duty changes hands,
/// and ends at the same time of the next day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDaysOff {
    /// Whoever was before.
    #[default]
    StaysOn,
    Nobody,
}

/// Duty changes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandOff {
    pub at: Timestamp,
    /// When the turn begins by the calendar. The hand-off is later where that is a day off.
    pub turn: Timestamp,
}

impl Times {
    /// None where there is no time.
    pub fn new(mut times: Vec<Time>) -> Option<Self> {
        times.sort_unstable();
        times.dedup();
        (!times.is_empty()).then_some(Self(times))
    }

    pub fn first(&self) -> Time {
        self.0[0]
    }

    pub fn iter(&self) -> impl Iterator<Item = Time> {
        self.0.iter().copied()
    }
}

/// By how many days a time that clocks jump over can end up at another date, generously.
const JUMP_DAYS: i64 = 2;

impl Cadence {
    /// The hand-offs after the first moment, up to the second and with it. A turn whose days are
    /// all off has none; another one begins on the first of its days that is not off. Several at
    /// one moment, as after clocks jumped over a day, are one.
    pub fn hand_offs(&self, after: Timestamp, until: Timestamp) -> Vec<HandOff> {
        let last = plus_days(self.zone.civil(until).date(), JUMP_DAYS);
        let turns = self.turns_from(after);
        let turns = turns.take_while(|turn| last.is_none_or(|last| turn.date <= last));
        let mut hand_offs: Vec<_> = turns.filter_map(|turn| turn.hand_off).collect();
        hand_offs.retain(|hand_off| after < hand_off.at && hand_off.at <= until);
        in_order(&mut hand_offs);
        hand_offs
    }

    /// The first hand-off after a moment, if there is any, that begins a later turn than this one.
    pub fn next_hand_off(&self, after: Timestamp, turn: Option<Timestamp>) -> Option<HandOff> {
        let mut next: Option<HandOff> = None;
        for coming in self.turns_from(after) {
            let hand_off = coming.hand_off;
            let hand_off = hand_off.filter(|it| it.at > after && Some(it.turn) > turn);
            next = match (next, hand_off) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            let last = next.and_then(|next| plus_days(self.zone.civil(next.at).date(), JUMP_DAYS));
            if last.is_some_and(|last| coming.date > last) {
                break;
            }
        }
        next
    }

    /// The turns by the calendar, from the one on that a moment is in or a little before. There
    /// are none where every day is off.
    fn turns_from(&self, at: Timestamp) -> impl Iterator<Item = CalendarTurn> {
        let (start, off, times) = (self.starts_on, &self.off, &self.times.0);
        let first = plus_days(self.zone.civil(at).date(), -JUMP_DAYS);
        let first = first.and_then(|date| self.days.number_at(start, date, off));
        let numbers = first.unwrap_or(0)..;
        let days = numbers.map_while(move |number| {
            if off.is_every_day() {
                return None;
            }
            let date = self.days.nth(start, number, off)?;
            Some((date, self.days.nth(start, number + 1, off)))
        });
        days.flat_map(move |(date, next)| {
            let one_day = plus_days(date, 1);
            let last = times.len() - 1;
            times.iter().enumerate().map(move |(place, &time)| {
                let end = if place == last { next } else { one_day };
                let end = end.or(one_day).unwrap_or(Date::MAX);
                let begins = self.off.first_working_day(date, end);
                CalendarTurn {
                    date,
                    hand_off: begins.map(|begins| HandOff {
                        at: self.hand_off_at(begins.to_datetime(time)),
                        turn: self.hand_off_at(date.to_datetime(time)),
                    }),
                }
            })
        })
    }

    /// The moment of a hand-off by the calendar. Of those of the very first day somebody has said which
    /// they are.
    fn hand_off_at(&self, civil: DateTime) -> Timestamp {
        if self.starts_at_second && civil.date() == self.starts_on {
            let second = self.zone.typed(civil, Some(Fold::Second));
            return second.unwrap_or_else(|_| self.zone.planned(civil));
        }
        self.zone.planned(civil)
    }

    /// The very first time of the start date.
    pub(super) fn start(&self) -> DateTime {
        self.starts_on.to_datetime(self.times.first())
    }

    /// When, within a span, nobody is on duty since it is a day off: apart, and by time.
    pub(crate) fn free(&self, within: Span) -> Vec<Span> {
        if self.on_days_off == OnDaysOff::StaysOn {
            return Vec::new();
        }
        let time = self.times.first();
        self.each_day(within, |date| {
            let next = self.off.includes(date).then(|| plus_days(date, 1))??;
            Some((date.to_datetime(time), next.to_datetime(time)))
        })
    }

    /// When, within a span, somebody is on duty by the hours: apart, and by time.
    pub(crate) fn open(&self, within: Span) -> Vec<Span> {
        let Some(Hours { from, until }) = self.hours else {
            return vec![within];
        };
        self.each_day(within, |date| {
            let end = plus_days(date, i64::from(until <= from))?;
            Some((date.to_datetime(from), end.to_datetime(until)))
        })
    }

    /// When, within a span, somebody is to be on duty: by the hours, and not on a day off on which
    /// nobody is; apart, and by time.
    pub(crate) fn staffed(&self, within: Span) -> Vec<Span> {
        let free = self.free(within);
        let mut staffed = Vec::new();
        for mut open in self.open(within) {
            for free in &free {
                if open.from < free.from.min(open.until) {
                    staffed.push(Span {
                        from: open.from,
                        until: free.from.min(open.until),
                    });
                }
                open.from = open.from.max(free.until);
            }
            if open.from < open.until {
                staffed.push(open);
            }
        }
        staffed
    }

    /// What each day of a span has of something, joined where it touches.
    fn each_day(
        &self,
        within: Span,
        part: impl Fn(Date) -> Option<(DateTime, DateTime)>,
    ) -> Vec<Span> {
        let day = |at, days| plus_days(self.zone.civil(at).date(), days);
        let (Some(mut date), Some(last)) = (day(within.from, -JUMP_DAYS), day(within.until, 1))
        else {
            return Vec::new();
        };
        let mut spans: Vec<Span> = Vec::new();
        while date <= last {
            if let Some((from, until)) = part(date) {
                let from = self.zone.planned(from).max(within.from);
                let until = self.zone.planned(until).min(within.until);
                match spans.last_mut() {
                    Some(span) if from <= span.until => span.until = span.until.max(until),
                    _ if from < until => spans.push(Span { from, until }),
                    _ => {}
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        spans
    }
}

/// A turn by the calendar, begun on this date.
struct CalendarTurn {
    date: Date,
    /// Absent where all of its days are off.
    hand_off: Option<HandOff>,
}

/// By time; of several at one moment the last turn, so that none of them comes again.
fn in_order(hand_offs: &mut Vec<HandOff>) {
    hand_offs.sort_unstable_by_key(|hand_off| (hand_off.at, std::cmp::Reverse(hand_off.turn)));
    hand_offs.dedup_by_key(|hand_off| hand_off.at);
}
