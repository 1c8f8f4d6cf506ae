//! Days and weeks of a calendar, in whichever time zone they are wanted. The zones come from the
//! database inside jiff: what a server's own system holds would make two servers disagree.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};
use types::{Day, Days, DaysProblem, DaysWanted, Offset, Timestamp, WEEKS, Zone};

/// How far back and ahead somebody can look, in days: a little further than who was on duty is
/// kept, and than anything is planned.
const BEHIND_DAYS: i64 = 406;
const AHEAD_DAYS: i64 = 371;
const DAY_SECONDS: i64 = 24 * 3600;

/// The time zone of this name, with what its clocks show for as long as days can be looked at.
/// `None` where there is no such zone.
pub fn zone(name: &str, now: Timestamp) -> Option<Zone> {
    let zone = named(name)?;
    let first = now.plus_seconds(-BEHIND_DAYS * DAY_SECONDS);
    let last = now.plus_seconds((AHEAD_DAYS + 4 * 7) * DAY_SECONDS);
    let seconds = |offset: jiff::tz::Offset| i64::from(offset.seconds());
    let mut offsets = vec![Offset {
        from: first,
        seconds: seconds(zone.to_offset(instant(first))),
    }];
    let changes = zone
        .following(instant(first))
        .map(|change| Offset {
            from: Timestamp::from_millis(change.timestamp().as_millisecond()),
            seconds: seconds(change.offset()),
        })
        .take_while(|change| change.from < last);
    offsets.extend(changes);
    Some(Zone {
        name: zone.iana_name()?.to_owned(),
        offsets,
    })
}

/// The days that are wanted at `now`, `usual_weeks` where no number is; the present ones where
/// what is wanted makes no sense. Days of a zone that does not exist are UTC's.
pub fn days(wanted: &DaysWanted, usual_weeks: u32, now: Timestamp) -> Days {
    let zone = named(&wanted.zone).unwrap_or(TimeZone::UTC);
    let today = instant(now).to_zoned(zone.clone()).date();
    let (from, odd_day) = first_day(&wanted.from, today);
    let weeks = wanted
        .weeks
        .parse()
        .ok()
        .filter(|weeks| WEEKS.contains(weeks));
    let odd_weeks =
        (weeks.is_none() && !wanted.weeks.is_empty()).then_some(DaysProblem::OtherWeeks);
    let weeks = weeks.unwrap_or(usual_weeks);
    let length = i64::from(weeks) * 7;
    let reachable = |date: Date| is_reachable(date, today).then(|| date.to_string());
    Days {
        days: (0..length)
            .map(|place| {
                let date = after(from, place);
                Day {
                    date: date.to_string(),
                    starts_at: midnight(date, &zone),
                }
            })
            .collect(),
        until: midnight(after(from, length), &zone),
        previous: reachable(after(from, -length)),
        next: reachable(after(from, length)),
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        weeks,
        problem: odd_day.or(odd_weeks),
    }
}

/// The Monday of the week that is wanted.
fn first_day(wanted: &str, today: Date) -> (Date, Option<DaysProblem>) {
    let present = monday(today);
    if wanted.is_empty() {
        return (present, None);
    }
    match wanted.parse::<Date>() {
        Ok(date) if is_reachable(date, today) => (monday(date), None),
        Ok(_) => (present, Some(DaysProblem::TooFar)),
        Err(_) => (present, Some(DaysProblem::NotADate)),
    }
}

fn is_reachable(date: Date, today: Date) -> bool {
    after(today, -BEHIND_DAYS) <= date && date <= after(today, AHEAD_DAYS)
}

fn monday(date: Date) -> Date {
    let since_monday = i64::from(date.weekday().since(Weekday::Monday));
    after(date, -since_monday)
}

fn after(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

/// When a day begins: later than midnight where clocks leave midnight out.
fn midnight(date: Date, zone: &TimeZone) -> Timestamp {
    // Only dates thousands of years away have no instant.
    let start = date.to_zoned(zone.clone()).map(|start| start.timestamp());
    Timestamp::from_millis(start.map_or(0, jiff::Timestamp::as_millisecond))
}

fn named(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The nearest that there is to an instant that lies thousands of years away.
fn instant(at: Timestamp) -> jiff::Timestamp {
    let millis = at.as_millis();
    jiff::Timestamp::from_millisecond(millis).unwrap_or(match millis < 0 {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2026-11-25T12:00:00Z`, a Wednesday.
    const NOW: Timestamp = Timestamp::from_millis(1_795_608_000_000);
    const HOUR: i64 = 3600;

    fn wanted(from: &str, weeks: &str, zone: &str) -> DaysWanted {
        DaysWanted {
            from: from.to_owned(),
            weeks: weeks.to_owned(),
            zone: zone.to_owned(),
        }
    }

    fn shown(from: &str, weeks: &str, zone: &str) -> Days {
        days(&wanted(from, weeks, zone), 1, NOW)
    }

    fn first(days: &Days) -> &str {
        &days.days[0].date
    }

    fn starts_at(text: &str) -> Timestamp {
        let instant: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_millis(instant.as_millisecond())
    }

    #[test]
    fn a_week_begins_on_monday_at_midnight_in_its_zone() {
        let week = shown("", "", "America/New_York");
        assert_eq!(
            (first(&week), week.days.len(), week.weeks),
            ("2026-11-23", 7, 1)
        );
        assert_eq!(week.days[0].starts_at, starts_at("2026-11-23T05:00:00Z"));
        assert_eq!(week.until, starts_at("2026-11-30T05:00:00Z"));
        assert_eq!(week.zone, "America/New_York");
        assert_eq!(week.problem, None);
        // Whatever day of it is asked for.
        for day in ["2026-11-23", "2026-11-26", "2026-11-29"] {
            assert_eq!(shown(day, "1", "America/New_York"), week);
        }
        // At that hour it is another day there.
        let late = starts_at("2026-11-23T02:00:00Z");
        let there = days(&wanted("", "", "America/New_York"), 1, late);
        assert_eq!(first(&there), "2026-11-16");
    }

    #[test]
    fn the_way_on_and_back_is_as_long_as_what_is_shown() {
        let shown = shown("", "2", "UTC");
        assert_eq!(shown.days.len(), 14);
        assert_eq!(shown.previous.as_deref(), Some("2026-11-09"));
        assert_eq!(shown.next.as_deref(), Some("2026-12-07"));
    }

    #[test]
    fn a_day_on_which_clocks_change_is_as_long_as_it_is() {
        let lengths = |from: &str, zone: &str| {
            let week = shown(from, "1", zone);
            let ends = (0..7).map(|place| week.end(place));
            let days = week.days.iter().zip(ends);
            let hours = days.map(|(day, end)| end.seconds_since(day.starts_at) / HOUR);
            hours.collect::<Vec<_>>()
        };
        let ordinary = 24;
        assert_eq!(lengths("2026-10-25", "Europe/Berlin")[6], 25);
        assert_eq!(lengths("2027-03-28", "Europe/Berlin")[6], 23);
        assert_eq!(lengths("2026-10-25", "Europe/Berlin")[..6], [ordinary; 6]);
        // In Santiago, midnight itself is left out.
        let week = shown("2026-09-06", "1", "America/Santiago");
        assert_eq!(week.days[6].starts_at, starts_at("2026-09-06T04:00:00Z"));
        assert_eq!(week.end(6).seconds_since(week.days[6].starts_at), 23 * HOUR);
    }

    #[test]
    fn a_day_without_a_midnight_and_one_with_two_are_one_day_each() {
        for (zone, date, begins, hours) in [
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23),
            ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00:00Z", 25),
            ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", 23),
            ("Asia/Beirut", "2026-10-24", "2026-10-23T21:00:00Z", 25),
            // Midnight itself comes twice.
            ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00Z", 25),
        ] {
            let week = shown(date, "1", zone);
            let mut days = week.days.iter();
            let place = days.position(|day| day.date == date).unwrap();
            let day = &week.days[place];
            assert_eq!(day.starts_at, starts_at(begins), "{zone} {date}");
            let length = week.end(place).seconds_since(day.starts_at);
            assert_eq!(length, hours * HOUR, "{zone} {date}");
            // What lies in it is on one day alone.
            let dates: Vec<_> = week.days.iter().map(|day| &day.date).collect();
            assert_eq!(dates.iter().filter(|one| **one == date).count(), 1);
        }
    }

    #[test]
    fn what_makes_no_sense_shows_the_present_week_and_says_why() {
        use DaysProblem::{NotADate, OtherWeeks, TooFar};
        for (from, weeks, problem) in [
            ("banana", "", NotADate),
            ("2026-02-30", "", NotADate),
            ("2026-11-23'--", "", NotADate),
            ("0001-01-01", "1", TooFar),
            ("-009999-01-01", "1", TooFar),
            ("9999-12-31", "4", TooFar),
            ("2025-10-01", "1", TooFar),
            ("", "7", OtherWeeks),
            ("", "-1", OtherWeeks),
            ("", "99999999999999999999", OtherWeeks),
        ] {
            let week = shown(from, weeks, "UTC");
            assert_eq!(
                (first(&week), week.problem),
                ("2026-11-23", Some(problem)),
                "{from} {weeks}"
            );
        }
    }

    #[test]
    fn the_ways_end_where_nothing_is_known_any_more() {
        let far = shown("2027-12-01", "1", "UTC");
        assert_eq!((far.problem, far.next), (None, None));
        let old = shown("2025-10-16", "1", "UTC");
        assert_eq!((old.problem, old.previous), (None, None));
    }

    #[test]
    fn days_of_a_zone_that_does_not_exist_are_utcs() {
        for zone in [
            "",
            "Mars/Olympus",
            "../etc/passwd",
            "Eastern Time (US & Canada)",
        ] {
            assert_eq!(shown("", "", zone), shown("", "", "UTC"), "{zone}");
            assert_eq!(super::zone(zone, NOW), None, "{zone}");
        }
    }

    #[test]
    fn a_zone_tells_what_its_clocks_show() {
        let berlin = zone("europe/berlin", NOW).unwrap();
        assert_eq!(berlin.name, "Europe/Berlin");
        for (at, hours) in [
            ("2026-10-25T00:59:59Z", 2),
            ("2026-10-25T01:00:00Z", 1),
            ("2027-03-28T00:59:59Z", 1),
            ("2027-03-28T01:00:00Z", 2),
            ("2027-11-30T00:00:00Z", 1),
            ("2025-12-30T00:00:00Z", 1),
        ] {
            assert_eq!(berlin.offset(starts_at(at)), hours * HOUR, "{at}");
        }
        assert!(zone("Asia/Kolkata", NOW).unwrap().offsets.len() == 1);
    }
}
