//! Ten thousand hand-offs that Python has reckoned from the same data; `reckon.py` says how.

use crate::support::{cadence, every};
use domain::rota::{Cadence, Days, Weekdays, Zone};
use jiff::civil::Weekday;
use std::num::NonZeroU16;
use types::Timestamp;

const RECKONED: &str = include_str!("reckoned.txt");

#[test]
fn hand_offs_are_those_that_python_reckons() {
    let (version, lines) = RECKONED.split_once('\n').unwrap();
    assert_eq!(
        version,
        format!("# {}", Zone::data_version()),
        "jiff has other data now: reckon.py has to run with that version"
    );
    let mut count = 0;
    for line in lines.lines() {
        let (cadence, number, expected) = read(line);
        let (first, last) = (expected[0], expected[expected.len() - 1]);
        let told = cadence.hand_offs(Timestamp::from_millis(first.as_millis() - 1), last);
        let told: Vec<_> = told.into_iter().map(|hand_off| hand_off.at).collect();
        assert_eq!(told, expected, "{line}");
        // And it is the day of this number, by that zone's clocks.
        let date = cadence.days.nth(cadence.starts_on, number, &cadence.off);
        let date = date.unwrap();
        let shown = cadence.zone.civil(first).date();
        assert!(date == shown || date.tomorrow().unwrap() == shown, "{line}");
        count += told.len();
    }
    assert!(count >= 10_000, "{count}");
}

/// The rota of a line, the number of its first day, and its hand-offs.
fn read(line: &str) -> (Cadence, i64, Vec<Timestamp>) {
    let parts: Vec<_> = line.split(';').collect();
    let [zone, start, days, times, number, moments] = parts[..] else {
        panic!("{line}");
    };
    let times: Vec<_> = times.split('+').collect();
    let mut cadence = cadence(zone, start, read_days(days), &times);
    if matches!(cadence.days, Days::Working { .. }) {
        cadence.off.weekend = Weekdays::WEEKEND;
    }
    let mut moment = 0;
    let moments = moments.split(' ').map(|step| {
        moment += step.parse::<i64>().unwrap();
        Timestamp::from_millis(moment * 1000)
    });
    (cadence, number.parse().unwrap(), moments.collect())
}

fn read_days(text: &str) -> Days {
    let words: Vec<_> = text.split(' ').collect();
    match words[..] {
        ["daily"] => Days::Daily,
        ["working", number] => Days::Working {
            every: read_every(number),
        },
        ["weekly", day, number] => Days::Weekly {
            weekday: read_weekday(day),
            every: read_every(number),
        },
        ["monthly", day, number] => Days::Monthly {
            day: day.parse().unwrap(),
            every: read_every(number),
        },
        ["nth", nth, day, number] => Days::NthWeekday {
            nth: nth.parse().unwrap(),
            weekday: read_weekday(day),
            every: read_every(number),
        },
        ["custom", days] => {
            let days: Vec<_> = days.split('+').map(read_weekday).collect();
            Days::Custom(Weekdays::of(&days))
        }
        _ => panic!("{text}"),
    }
}

fn read_every(text: &str) -> NonZeroU16 {
    every(text.parse().unwrap())
}

fn read_weekday(text: &str) -> Weekday {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = names.iter().position(|name| *name == text).unwrap();
    Weekday::from_monday_zero_offset(day as i8).unwrap()
}
