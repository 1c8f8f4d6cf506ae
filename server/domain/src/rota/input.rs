//! What somebody fills in for a rota, checked; and a rota as it is filled in and in words.

use crate::rota::{
    Cadence, Days, Hours, OnDaysOff, PassedOver, Region, Skips, Terms, Times, Unclear, Weekdays,
    Zone,
};
use jiff::civil::{Date, Time, Weekday as Day};
use std::{collections::BTreeSet, num::NonZeroU16};
use types::{
    DUTY_SIZE_MAX, DayOff, ROTA_DAYS_OFF_MAX, ROTA_EVERY_MAX, ROTA_REGIONS_MAX, ROTA_TIMES_MAX,
    RotaField, RotaInput, RotaKind, RotaProblem, Timestamp, Weekday, WhenAway, WhichOne,
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

/// A rota as somebody filled it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledIn {
    pub terms: Terms,
    pub duty_size: u32,
}

impl FilledIn {
    /// What was filled in at `now`, or everything that is wrong with it, by field.
    pub fn checked(input: &RotaInput, now: Timestamp) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let skips = skips(input, &mut problems);
        let size = duty_size(&input.duty_size).ok_or(RotaProblem::DutySize);
        let duty_size = noted(size, RotaField::DutySize, &mut problems);
        let cadence = cadence(input, &skips, now, &mut problems);
        match (cadence, duty_size) {
            (Some(cadence), Some(duty_size)) if problems.is_empty() => Ok(Self {
                terms: Terms {
                    cadence,
                    skips,
                    passed_over: match input.when_away {
                        WhenAway::IsNext => PassedOver::IsNext,
                        WhenAway::LosesTurn => PassedOver::LosesTurn,
                    },
                    paused: input.paused,
                },
                duty_size,
            }),
            _ => Err(problems),
        }
    }
}

/// When duty changes hands by what was filled in.
fn cadence(
    input: &RotaInput,
    skips: &Skips,
    now: Timestamp,
    problems: &mut Problems,
) -> Option<Cadence> {
    let days = days(input, problems);
    let times = noted(times(&input.times), RotaField::Times, problems);
    let zone = Zone::named(input.zone.trim()).ok_or(RotaProblem::Zone);
    let zone = noted(zone, RotaField::Zone, problems);
    let today = zone.as_ref().map(|zone| zone.civil(now).date());
    let starts_on = starts_on(&input.starts_on, today);
    let starts_on = noted(starts_on, RotaField::StartsOn, problems);
    let hours = hours(&input.from, &input.until).ok_or(RotaProblem::Hours);
    let hours = noted(hours, RotaField::Hours, problems);
    let mut cadence = Cadence {
        zone: zone?,
        starts_on: starts_on.flatten()?,
        starts_at_second: false,
        days: days?,
        times: times?,
        hours: hours?,
        off: skips.days_off(),
        on_days_off: match input.on_days_off {
            DayOff::StaysOn => OnDaysOff::StaysOn,
            DayOff::Nobody => OnDaysOff::Nobody,
        },
    };
    let until = *Region::years().end();
    if !skips.regions.is_empty() && cadence.starts_on.year() > until {
        problems.push((RotaField::Holidays, RotaProblem::HolidaysEnd { until }));
    }
    let second = starts_at_second(&cadence, input.starts_which, now);
    cadence.starts_at_second = noted(second, RotaField::Times, problems).unwrap_or_default();
    Some(cadence)
}

/// Whether the very first time of the start date is the second of two that clocks show alike; or what
/// is wrong where they jump over it, or where nobody has said which of two it is. Of what is over nobody
/// is asked.
fn starts_at_second(
    cadence: &Cadence,
    which: WhichOne,
    now: Timestamp,
) -> Result<bool, RotaProblem> {
    let first = cadence.days.nth(cadence.starts_on, 0, &cadence.off);
    if first != Some(cadence.starts_on) {
        return Ok(false);
    }
    let zone = &cadence.zone;
    match (zone.typed(cadence.start(), None), which) {
        (Err(Unclear::Missing { before, after }), _) => Err(RotaProblem::Gap {
            before: before.strftime("%H:%M").to_string(),
            after: after.strftime("%H:%M").to_string(),
        }),
        (Err(Unclear::Twice { .. }), WhichOne::Second) => Ok(true),
        (Err(Unclear::Twice { first, second }), WhichOne::Unasked) if now < second => {
            Err(RotaProblem::Twice {
                first: zone.ahead_in_words(first),
                second: zone.ahead_in_words(second),
            })
        }
        _ => Ok(false),
    }
}

/// The same as it is filled in.
fn starts_which(cadence: &Cadence) -> WhichOne {
    match cadence.zone.typed(cadence.start(), None) {
        Err(Unclear::Twice { .. }) if cadence.starts_at_second => WhichOne::Second,
        Err(Unclear::Twice { .. }) => WhichOne::First,
        _ => WhichOne::Unasked,
    }
}

impl Terms {
    /// As it is filled in.
    pub fn input(&self, duty_size: u32) -> RotaInput {
        let cadence = &self.cadence;
        let hours = cadence.hours;
        let codes: Vec<_> = self
            .skips
            .regions
            .iter()
            .map(|region| region.code)
            .collect();
        let dates: Vec<_> = self.skips.dates.iter().map(Date::to_string).collect();
        let input = RotaInput {
            every: "1".to_owned(),
            times: clock_times(&cadence.times).join(", "),
            zone: cadence.zone.name().to_owned(),
            starts_on: cadence.starts_on.to_string(),
            starts_which: starts_which(cadence),
            from: hours
                .map(|hours| clock_time(hours.from))
                .unwrap_or_default(),
            until: hours
                .map(|hours| clock_time(hours.until))
                .unwrap_or_default(),
            weekends: self.skips.weekends,
            holidays: codes.join(", "),
            days_off: dates.join(", "),
            on_days_off: match cadence.on_days_off {
                OnDaysOff::StaysOn => DayOff::StaysOn,
                OnDaysOff::Nobody => DayOff::Nobody,
            },
            when_away: match self.passed_over {
                PassedOver::IsNext => WhenAway::IsNext,
                PassedOver::LosesTurn => WhenAway::LosesTurn,
            },
            duty_size: duty_size.to_string(),
            paused: self.paused,
            ..RotaInput::default()
        };
        match cadence.days {
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
        let cadence = &self.cadence;
        let days = match cadence.days {
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
        let times = clock_times(&cadence.times);
        let times: Vec<_> = times.iter().map(String::as_str).collect();
        let zone = cadence.zone.name();
        let mut words = format!("{days} at {}, {zone}", listed(&times));
        if let Some(Hours { from, until }) = cadence.hours {
            let (from, until) = (clock_time(from), clock_time(until));
            words.push_str(&format!("; on duty from {from} to {until}"));
        }
        if let Some(skips) = self.skips.in_words() {
            let who = match cadence.on_days_off {
                OnDaysOff::StaysOn => "nobody takes over",
                OnDaysOff::Nobody => "nobody is on duty",
            };
            words.push_str(&format!("; {who} on {skips}"));
        }
        match self.paused {
            true => format!("Paused: nobody is on duty. Else: {}", lower_first(&words)),
            false => words,
        }
    }
}

impl Skips {
    /// None where no day is off.
    fn in_words(&self) -> Option<String> {
        let weekends = match (self.weekends, self.regions.is_empty()) {
            (false, _) => None,
            (true, true) => Some("Saturdays and Sundays".to_owned()),
            (true, false) => Some("weekends".to_owned()),
        };
        let regions: Vec<_> = self.regions.iter().map(Region::in_words).collect();
        let regions: Vec<_> = regions.iter().map(String::as_str).collect();
        let holidays = || format!("holidays of {}", listed(&regions));
        let holidays = (!regions.is_empty()).then(holidays);
        let own = match self.dates.len() {
            0 => None,
            1 => Some("1 more day".to_owned()),
            days => Some(format!("{days} more days")),
        };
        let parts: Vec<_> = [weekends, holidays, own].into_iter().flatten().collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(", on "))
    }
}

fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn clock_times(times: &Times) -> Vec<String> {
    times.iter().map(clock_time).collect()
}

fn clock_time(time: Time) -> String {
    time.strftime("%H:%M").to_string()
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

/// The hours of duty, or none where there are none; nothing where that makes no sense.
fn hours(from: &str, until: &str) -> Option<Option<Hours>> {
    match (from.trim(), until.trim()) {
        ("", "") => Some(None),
        (from, until) => {
            let (from, until) = (time(from)?, time(until)?);
            Some(Some(Hours { from, until }))
        }
    }
}

fn skips(input: &RotaInput, problems: &mut Problems) -> Skips {
    let named = format!("{},{}", input.holidays, input.country);
    let regions = noted(regions(&named), RotaField::Holidays, problems);
    let dates = noted(dates_off(&input.days_off), RotaField::DaysOff, problems);
    let skips = Skips {
        // Without days off, every day would be a working day.
        weekends: input.weekends || input.kind == RotaKind::Working,
        regions: regions.unwrap_or_default(),
        own: Vec::new(),
        dates: dates.unwrap_or_default(),
    };
    if skips.days_off().is_every_day() {
        problems.push((RotaField::Holidays, RotaProblem::EveryDayOff));
    }
    skips
}

fn regions(text: &str) -> Result<Vec<Region>, RotaProblem> {
    let mut regions = Vec::new();
    let names = text.split([',', ';', '\n']).map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        let named = Region::named(name);
        let region = named.ok_or_else(|| RotaProblem::NoHolidays(shortened(name)))?;
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    match regions.len() > ROTA_REGIONS_MAX {
        true => Err(RotaProblem::TooManyRegions),
        false => Ok(regions),
    }
}

fn dates_off(text: &str) -> Result<BTreeSet<Date>, RotaProblem> {
    let words = text.split(|separator: char| separator == ',' || separator.is_whitespace());
    let words = words.filter(|word| !word.is_empty());
    let dates: BTreeSet<_> = words
        .map(|word| date(word).ok_or_else(|| RotaProblem::DayOff(shortened(word))))
        .collect::<Result<_, _>>()?;
    match dates.len() > ROTA_DAYS_OFF_MAX {
        true => Err(RotaProblem::TooManyDaysOff),
        false => Ok(dates),
    }
}

fn date(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text).ok()
}

/// What was typed, as much of it as a sentence can say.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// One where nothing was filled in.
fn duty_size(text: &str) -> Option<u32> {
    let size = match text.trim() {
        "" => Some(1),
        text => text.parse().ok(),
    };
    size.filter(|size| (1..=DUTY_SIZE_MAX).contains(size))
}

/// `today` where nothing was filled in; nothing where that is not known.
fn starts_on(text: &str, today: Option<Date>) -> Result<Option<Date>, RotaProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(today);
    }
    let date = date(text).ok_or(RotaProblem::Date)?;
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
            for (weekends, on_days_off) in [(false, DayOff::StaysOn), (true, DayOff::Nobody)] {
                let filled_in = RotaInput {
                    from: "8:30".to_owned(),
                    until: "00:00".to_owned(),
                    weekends,
                    holidays: "de-by, France".to_owned(),
                    days_off: "2026-12-24 2026-12-31".to_owned(),
                    on_days_off,
                    when_away: [WhenAway::IsNext, WhenAway::LosesTurn][usize::from(weekends)],
                    duty_size: "2".to_owned(),
                    paused: weekends,
                    ..input(kind)
                };
                let checked = FilledIn::checked(&filled_in, NOW).unwrap();
                let again = checked.terms.input(checked.duty_size);
                assert_eq!(FilledIn::checked(&again, NOW), Ok(checked));
            }
        }
    }

    #[test]
    fn each_kind_is_said_in_words() {
        let words = KINDS.map(|kind| in_words(&input(kind)));
        assert_eq!(
            words,
            [
                "Every day at 09:00, Europe/Paris",
                "Every 2 working days at 09:00, Europe/Paris; nobody takes over on Saturdays and Sundays",
                "Every 2 weeks on Tuesday at 09:00, Europe/Paris",
                "Every 2 months on day 31 at 09:00, Europe/Paris",
                "Every 2 months on the last Tuesday at 09:00, Europe/Paris",
                "Every Monday, Wednesday and Friday at 09:00, Europe/Paris",
            ]
        );
        let often = RotaInput {
            times: "21:00 9:00,09:00".to_owned(),
            every: String::new(),
            weekends: true,
            on_days_off: DayOff::Nobody,
            ..input(RotaKind::Weekly)
        };
        assert_eq!(
            in_words(&often),
            "Every Tuesday at 09:00 and 21:00, Europe/Paris; nobody is on duty on Saturdays and Sundays"
        );
        let paused = RotaInput {
            from: "8:00".to_owned(),
            until: "18:00".to_owned(),
            holidays: "fr".to_owned(),
            days_off: "2026-12-24".to_owned(),
            paused: true,
            ..input(RotaKind::Daily)
        };
        assert_eq!(
            in_words(&paused),
            "Paused: nobody is on duty. Else: every day at 09:00, Europe/Paris; on duty from 08:00 to 18:00; nobody takes over on holidays of France (FR), on 1 more day"
        );
    }

    fn in_words(input: &RotaInput) -> String {
        FilledIn::checked(input, NOW).unwrap().terms.in_words()
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
            let checked = FilledIn::checked(&today_there, NOW).unwrap();
            assert_eq!(checked.terms.cadence.starts_on.to_string(), today);
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
            FilledIn::checked(&wrong, NOW).unwrap_err(),
            [
                (RotaField::Every, RotaProblem::Every),
                (RotaField::Times, RotaProblem::Times),
                (RotaField::Zone, RotaProblem::Zone),
                (RotaField::StartsOn, RotaProblem::Date),
            ]
        );
    }

    #[test]
    fn a_country_may_be_chosen_beside_those_that_were_typed() {
        let input = RotaInput {
            holidays: "France".to_owned(),
            country: "DE".to_owned(),
            ..input(RotaKind::Daily)
        };
        let terms = FilledIn::checked(&input, NOW).unwrap().terms;
        assert_eq!(terms.input(1).holidays, "FR, DE");
        assert_eq!(terms.input(1).country, "");
    }

    #[test]
    fn holidays_of_years_that_are_not_known_are_refused_at_their_field() {
        let until = *Region::years().end();
        let starting = |year: i16, holidays: &str| RotaInput {
            starts_on: format!("{year}-01-01"),
            holidays: holidays.to_owned(),
            ..input(RotaKind::Daily)
        };
        let refused = FilledIn::checked(&starting(until + 1, "FR"), NOW).unwrap_err();
        let problem = RotaProblem::HolidaysEnd { until };
        assert_eq!(refused, [(RotaField::Holidays, problem)]);
        assert!(FilledIn::checked(&starting(until + 1, ""), NOW).is_ok());
        assert!(FilledIn::checked(&starting(until, "FR"), NOW).is_ok());
        // One that began long ago goes on.
        assert!(FilledIn::checked(&starting(2020, "FR"), NOW).is_ok());
    }

    #[test]
    fn odd_fields_are_refused_each_with_its_reason() {
        let problem = |change: &dyn Fn(&mut RotaInput), kind| {
            let mut odd = input(kind);
            change(&mut odd);
            let problems = FilledIn::checked(&odd, NOW).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].1.clone()
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
        let half = problem(&|odd| odd.until = "18:00".to_owned(), RotaKind::Daily);
        assert_eq!(half, RotaProblem::Hours);
        let nowhere = problem(&|odd| odd.holidays = "FR, Oz".to_owned(), RotaKind::Daily);
        assert_eq!(nowhere, RotaProblem::NoHolidays("Oz".to_owned()));
        let no_date = problem(&|odd| odd.days_off = "24.12.".to_owned(), RotaKind::Daily);
        assert_eq!(no_date, RotaProblem::DayOff("24.12.".to_owned()));
        for size in ["0", "-1", "1000000", "two"] {
            let size = problem(&|odd| odd.duty_size = size.to_owned(), RotaKind::Daily);
            assert_eq!(size, RotaProblem::DutySize);
        }
    }

    #[test]
    fn a_start_that_clocks_jump_over_is_refused_with_the_nearest_times() {
        let start = |starts_on: &str| RotaInput {
            times: "02:30".to_owned(),
            zone: "America/New_York".to_owned(),
            starts_on: starts_on.to_owned(),
            ..input(RotaKind::Daily)
        };
        let gap = RotaProblem::Gap {
            before: "01:59".to_owned(),
            after: "03:00".to_owned(),
        };
        let refused = FilledIn::checked(&start("2026-03-08"), NOW);
        assert_eq!(refused, Err(vec![(RotaField::Times, gap)]));
        assert!(FilledIn::checked(&start("2026-03-07"), NOW).is_ok());
    }

    #[test]
    fn r3_of_a_start_that_clocks_show_twice_it_is_asked_which_one_it_is() {
        let start = |starts_which| RotaInput {
            times: "01:30".to_owned(),
            zone: "America/New_York".to_owned(),
            starts_on: "2026-11-01".to_owned(),
            starts_which,
            ..input(RotaKind::Daily)
        };
        let twice = RotaProblem::Twice {
            first: "-04:00".to_owned(),
            second: "-05:00".to_owned(),
        };
        let asked = FilledIn::checked(&start(WhichOne::Unasked), NOW);
        assert_eq!(asked, Err(vec![(RotaField::Times, twice)]));
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_millis(at.as_millisecond())
        };
        // The day after there is but one.
        let next = at("2026-11-02T06:30:00Z");
        for (which, first) in [
            (WhichOne::First, at("2026-11-01T05:30:00Z")),
            (WhichOne::Second, at("2026-11-01T06:30:00Z")),
        ] {
            let terms = FilledIn::checked(&start(which), NOW).unwrap().terms;
            let hand_offs = terms.cadence.hand_offs(at("2026-10-31T12:00:00Z"), next);
            let times: Vec<_> = hand_offs.iter().map(|hand_off| hand_off.at).collect();
            assert_eq!(times, [first, next]);
            assert_eq!(terms.input(1).starts_which, which, "and is filled in again");
        }
        // Of what is over nobody is asked, and nobody where it comes once.
        let later = at("2026-12-01T00:00:00Z");
        let over = FilledIn::checked(&start(WhichOne::Unasked), later).unwrap();
        assert!(!over.terms.cadence.starts_at_second);
        let once = RotaInput {
            starts_on: "2026-11-02".to_owned(),
            ..start(WhichOne::Second)
        };
        let once = FilledIn::checked(&once, NOW).unwrap();
        assert!(!once.terms.cadence.starts_at_second);
        assert_eq!(once.terms.input(1).starts_which, WhichOne::Unasked);
    }
}
