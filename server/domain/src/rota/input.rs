//! What somebody fills in for a rota, checked; and a rota as it is filled in and in words.

use crate::rota::{Cadence, Days, DaysOff, OnDaysOff, Times, Weekdays, Zone};
use jiff::civil::{Date, Time, Weekday as Day};
use std::num::NonZeroU16;
use types::{
    ROTA_EVERY_MAX, ROTA_TIMES_MAX, RotaField, RotaInput, RotaKind, RotaProblem, Timestamp,
    Weekday, Weekends,
};

/// The years in which a rota may start.
const FIRST_YEAR: i16 = 2000;
const LAST_YEAR: i16 = 2100;

const WEEK: [(Weekday, Day, &str); 7] = [
    (Weekday::Monday, Day::Monday, "Monday"),
    (Weekday::Tuesday, Day::Tuesday, "Tuesday"),
    (Weekday::Wednesday, Day::Wednesday, "Wednesday"),
    (Weekday::Thursday, Day::Thursday, "Thursday"),
    (Weekday::Friday, Day::Friday, "Friday"),
    (Weekday::Saturday, Day::Saturday, "Saturday"),
    (Weekday::Sunday, Day::Sunday, "Sunday"),
];
const NTHS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

type Problems = Vec<(RotaField, RotaProblem)>;

impl Cadence {
    /// What was filled in at `now`, or everything that is wrong with it, by field.
    pub fn filled_in(input: &RotaInput, now: Timestamp) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let days = days(input, &mut problems);
        let times = noted(times(&input.times), RotaField::Times, &mut problems);
        let zone = Zone::named(input.zone.trim()).ok_or(RotaProblem::Zone);
        let zone = noted(zone, RotaField::Zone, &mut problems);
        let today = zone.as_ref().map(|zone| zone.civil(now).date());
        let starts_on = starts_on(&input.starts_on, today);
        let starts_on = noted(starts_on, RotaField::StartsOn, &mut problems);
        match (zone, starts_on.flatten(), days, times) {
            (Some(zone), Some(starts_on), Some(days), Some(times)) if problems.is_empty() => {
                Ok(Self {
                    zone,
                    starts_on,
                    days,
                    times,
                    hours: None,
                    off: DaysOff {
                        weekend: match input.weekends {
                            Weekends::Duty => Weekdays::default(),
                            Weekends::StaysOn | Weekends::Nobody => Weekdays::WEEKEND,
                        },
                        ..DaysOff::default()
                    },
                    on_days_off: match input.weekends {
                        Weekends::Duty | Weekends::StaysOn => OnDaysOff::StaysOn,
                        Weekends::Nobody => OnDaysOff::Nobody,
                    },
                })
            }
            _ => Err(problems),
        }
    }

    /// As it is filled in.
    pub fn input(&self) -> RotaInput {
        let input = RotaInput {
            every: "1".to_owned(),
            times: self.clock_times().join(", "),
            zone: self.zone.name().to_owned(),
            starts_on: self.starts_on.to_string(),
            weekends: self.weekends(),
            ..RotaInput::default()
        };
        match self.days {
            Days::Daily => input,
            Days::Working { every } => RotaInput {
                kind: RotaKind::Working,
                every: every.to_string(),
                ..input
            },
            Days::Weekly { weekday, every } => RotaInput {
                kind: RotaKind::Weekly,
                weekday: named(weekday).0,
                every: every.to_string(),
                ..input
            },
            Days::Monthly { day, every } => RotaInput {
                kind: RotaKind::Monthly,
                day: day.to_string(),
                every: every.to_string(),
                ..input
            },
            Days::NthWeekday {
                nth,
                weekday,
                every,
            } => RotaInput {
                kind: RotaKind::NthWeekday,
                nth: nth.to_string(),
                weekday: named(weekday).0,
                every: every.to_string(),
                ..input
            },
            Days::Custom(days) => RotaInput {
                kind: RotaKind::Custom,
                days: days.iter().map(|day| named(day).0).collect(),
                ..input
            },
        }
    }

    /// When duty changes hands, as `Every Monday at 09:00, Europe/Paris`.
    pub fn in_words(&self) -> String {
        let days = match self.days {
            Days::Daily => "Every day".to_owned(),
            Days::Working { every } => format!("Every {}", times_of(every, "working day")),
            Days::Weekly { weekday, every } => match every.get() {
                1 => format!("Every {}", named(weekday).1),
                _ => format!("Every {} on {}", times_of(every, "week"), named(weekday).1),
            },
            Days::Monthly { day, every } => {
                format!("Every {} on day {day}", times_of(every, "month"))
            }
            Days::NthWeekday {
                nth,
                weekday,
                every,
            } => {
                let nth = NTHS[usize::from(nth.clamp(1, 5)) - 1];
                let (month, day) = (times_of(every, "month"), named(weekday).1);
                format!("Every {month} on the {nth} {day}")
            }
            Days::Custom(days) => {
                let days: Vec<_> = days.iter().map(|day| named(day).1).collect();
                format!("Every {}", listed(&days))
            }
        };
        let times = self.clock_times();
        let times: Vec<_> = times.iter().map(String::as_str).collect();
        let off = match self.weekends() {
            Weekends::Duty => "",
            Weekends::StaysOn => "; nobody takes over on Saturdays and Sundays",
            Weekends::Nobody => "; nobody is on duty on Saturdays and Sundays",
        };
        let zone = self.zone.name();
        format!("{days} at {}, {zone}{off}", listed(&times))
    }

    fn weekends(&self) -> Weekends {
        match (self.off.weekend == Weekdays::WEEKEND, self.on_days_off) {
            (false, _) => Weekends::Duty,
            (true, OnDaysOff::StaysOn) => Weekends::StaysOn,
            (true, OnDaysOff::Nobody) => Weekends::Nobody,
        }
    }

    fn clock_times(&self) -> Vec<String> {
        let times = self.times.iter();
        times
            .map(|time| time.strftime("%H:%M").to_string())
            .collect()
    }
}

/// The value, if there is one; else the problem is one of this field.
fn noted<T>(value: Result<T, RotaProblem>, field: RotaField, problems: &mut Problems) -> Option<T> {
    value
        .map_err(|problem| problems.push((field, problem)))
        .ok()
}

fn days(input: &RotaInput, problems: &mut Problems) -> Option<Days> {
    let kind = input.kind;
    let weekday = day_of(input.weekday);
    let repeats = !matches!(kind, RotaKind::Daily | RotaKind::Custom);
    let every = match repeats {
        true => noted(every(&input.every), RotaField::Every, problems)?,
        false => NonZeroU16::MIN,
    };
    Some(match kind {
        RotaKind::Daily => Days::Daily,
        RotaKind::Working => Days::Working { every },
        RotaKind::Weekly => Days::Weekly { weekday, every },
        RotaKind::Monthly => {
            let day = number(&input.day, 31).ok_or(RotaProblem::Day);
            let day = noted(day, RotaField::Day, problems)?;
            Days::Monthly { day, every }
        }
        RotaKind::NthWeekday => {
            let nth = number(&input.nth, 5).ok_or(RotaProblem::Nth);
            let nth = noted(nth, RotaField::Nth, problems)?;
            Days::NthWeekday {
                nth,
                weekday,
                every,
            }
        }
        RotaKind::Custom => {
            let days: Vec<_> = input.days.iter().copied().map(day_of).collect();
            if days.is_empty() {
                problems.push((RotaField::Days, RotaProblem::NoDays));
                return None;
            }
            Days::Custom(Weekdays::of(&days))
        }
    })
}

fn every(text: &str) -> Result<NonZeroU16, RotaProblem> {
    let every = match text.trim() {
        "" => Some(NonZeroU16::MIN),
        text => text.parse().ok(),
    };
    every
        .filter(|every| every.get() <= ROTA_EVERY_MAX)
        .ok_or(RotaProblem::Every)
}

/// A number from 1 to `most`.
fn number(text: &str, most: u8) -> Option<u8> {
    let number = text.trim().parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}

fn times(text: &str) -> Result<Times, RotaProblem> {
    let words = text.split(|separator: char| separator == ',' || separator.is_whitespace());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    if words.len() > ROTA_TIMES_MAX {
        return Err(RotaProblem::TooManyTimes);
    }
    let times: Option<Vec<_>> = words.into_iter().map(time).collect();
    times.and_then(Times::new).ok_or(RotaProblem::Times)
}

/// `9:00` or `09:00`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `today` where nothing was filled in; nothing where that is not known.
fn starts_on(text: &str, today: Option<Date>) -> Result<Option<Date>, RotaProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(today);
    }
    let date = Date::strptime("%Y-%m-%d", text).map_err(|_| RotaProblem::Date)?;
    let (from, until) = (FIRST_YEAR, LAST_YEAR);
    match (from..=until).contains(&date.year()) {
        true => Ok(Some(date)),
        false => Err(RotaProblem::DateFarOff { from, until }),
    }
}

fn day_of(weekday: Weekday) -> Day {
    let mut week = WEEK.into_iter();
    let day = week.find(|(one, ..)| *one == weekday);
    day.map_or(Day::Monday, |(_, day, _)| day)
}

/// On the wire, and by name.
fn named(day: Day) -> (Weekday, &'static str) {
    let (weekday, _, name) = WEEK[usize::from(day.to_monday_zero_offset().unsigned_abs())];
    (weekday, name)
}

/// `week`, or `3 weeks`.
fn times_of(every: NonZeroU16, what: &str) -> String {
    match every.get() {
        1 => what.to_owned(),
        number => format!("{number} {what}s"),
    }
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn input(kind: RotaKind) -> RotaInput {
        RotaInput {
            kind,
            day: "31".to_owned(),
            nth: "5".to_owned(),
            days: vec![Weekday::Friday, Weekday::Monday, Weekday::Wednesday],
            weekday: Weekday::Tuesday,
            every: "2".to_owned(),
            times: "9:00".to_owned(),
            zone: "europe/paris".to_owned(),
            starts_on: "2026-06-01".to_owned(),
            ..RotaInput::default()
        }
    }

    const KINDS: [RotaKind; 6] = [
        RotaKind::Daily,
        RotaKind::Working,
        RotaKind::Weekly,
        RotaKind::Monthly,
        RotaKind::NthWeekday,
        RotaKind::Custom,
    ];

    #[test]
    fn what_is_filled_in_is_the_same_when_it_is_opened_again() {
        for kind in KINDS {
            for weekends in [Weekends::Duty, Weekends::StaysOn, Weekends::Nobody] {
                let filled_in = RotaInput {
                    weekends,
                    ..input(kind)
                };
                let cadence = Cadence::filled_in(&filled_in, NOW).unwrap();
                assert_eq!(Cadence::filled_in(&cadence.input(), NOW), Ok(cadence));
            }
        }
    }

    #[test]
    fn each_kind_is_said_in_words() {
        let words = KINDS.map(|kind| Cadence::filled_in(&input(kind), NOW).unwrap().in_words());
        assert_eq!(
            words,
            [
                "Every day at 09:00, Europe/Paris",
                "Every 2 working days at 09:00, Europe/Paris",
                "Every 2 weeks on Tuesday at 09:00, Europe/Paris",
                "Every 2 months on day 31 at 09:00, Europe/Paris",
                "Every 2 months on the last Tuesday at 09:00, Europe/Paris",
                "Every Monday, Wednesday and Friday at 09:00, Europe/Paris",
            ]
        );
        let often = RotaInput {
            times: "21:00 9:00,09:00".to_owned(),
            every: String::new(),
            weekends: Weekends::Nobody,
            ..input(RotaKind::Weekly)
        };
        assert_eq!(
            Cadence::filled_in(&often, NOW).unwrap().in_words(),
            "Every Tuesday at 09:00 and 21:00, Europe/Paris; nobody is on duty on Saturdays and Sundays"
        );
    }

    #[test]
    fn a_start_that_is_left_empty_is_today_by_the_clocks_of_the_zone() {
        let zones = [("Asia/Tokyo", "1970-01-01"), ("America/Lima", "1969-12-31")];
        for (zone, today) in zones {
            let today_there = RotaInput {
                zone: zone.to_owned(),
                starts_on: " ".to_owned(),
                ..input(RotaKind::Daily)
            };
            let cadence = Cadence::filled_in(&today_there, NOW).unwrap();
            assert_eq!(cadence.starts_on.to_string(), today);
        }
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let wrong = RotaInput {
            every: "0".to_owned(),
            times: "9:00, 24:00".to_owned(),
            zone: "Paris".to_owned(),
            starts_on: "2026-02-30".to_owned(),
            ..input(RotaKind::Weekly)
        };
        assert_eq!(
            Cadence::filled_in(&wrong, NOW).unwrap_err(),
            [
                (RotaField::Every, RotaProblem::Every),
                (RotaField::Times, RotaProblem::Times),
                (RotaField::Zone, RotaProblem::Zone),
                (RotaField::StartsOn, RotaProblem::Date),
            ]
        );
    }

    #[test]
    fn odd_fields_are_refused_each_with_its_reason() {
        let problem = |change: &dyn Fn(&mut RotaInput), kind| {
            let mut odd = input(kind);
            change(&mut odd);
            let problems = Cadence::filled_in(&odd, NOW).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].1
        };
        for times in [
            "", " , ", "9", "9:0", "+9:00", "9:60", "09:00:00", "nine", "0９:00",
        ] {
            let problem = problem(&|odd| odd.times = times.to_owned(), RotaKind::Daily);
            assert_eq!(problem, RotaProblem::Times, "{times}");
        }
        let many = ["09:00"; ROTA_TIMES_MAX + 1].join(" ");
        let too_many = problem(&|odd| odd.times.clone_from(&many), RotaKind::Daily);
        assert_eq!(too_many, RotaProblem::TooManyTimes);
        for every in ["53", "-1", "1.5", "99999999999999999999", "two"] {
            let problem = problem(&|odd| odd.every = every.to_owned(), RotaKind::Working);
            assert_eq!(problem, RotaProblem::Every, "{every}");
        }
        for day in ["", "0", "32"] {
            let monthly = problem(&|odd| odd.day = day.to_owned(), RotaKind::Monthly);
            assert_eq!(monthly, RotaProblem::Day, "{day}");
        }
        let sixth = problem(&|odd| odd.nth = "6".to_owned(), RotaKind::NthWeekday);
        assert_eq!(sixth, RotaProblem::Nth);
        let none = problem(&|odd| odd.days.clear(), RotaKind::Custom);
        assert_eq!(none, RotaProblem::NoDays);
        for date in ["1999-12-31", "2101-01-01"] {
            let far = problem(&|odd| odd.starts_on = date.to_owned(), RotaKind::Daily);
            let (from, until) = (FIRST_YEAR, LAST_YEAR);
            assert_eq!(far, RotaProblem::DateFarOff { from, until });
        }
    }
}
