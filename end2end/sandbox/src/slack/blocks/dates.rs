//! Slack's dates: one moment, written into the message by the reader's own clock.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// The format with its tokens replaced; `None` when it has none that Slack knows, or the moment is none, in
/// which case the fallback is shown.
pub fn written(moment: &str, format: &str, zone: &TimeZone, now: Timestamp) -> Option<String> {
    let moment = Timestamp::from_second(moment.parse().ok()?)
        .ok()?
        .to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let mut text = String::new();
    let mut rest = format;
    let mut known = false;
    while let Some(start) = rest.find('{') {
        let end = start + rest[start..].find('}')?;
        text.push_str(&rest[..start]);
        text.push_str(&token(&rest[start + 1..end], &moment, today)?);
        rest = &rest[end + 1..];
        known = true;
    }
    text.push_str(rest);
    known.then_some(text)
}

fn token(name: &str, moment: &Zoned, today: Date) -> Option<String> {
    let day = moment.date();
    let is_today = || relative(day, today).map(str::to_owned);
    Some(match name {
        "date_num" => moment.strftime("%Y-%m-%d").to_string(),
        "date" => long(moment, "%B"),
        "date_short" => moment.strftime("%b %-d, %Y").to_string(),
        "date_long" => long(moment, "%A, %B"),
        "date_pretty" => is_today().unwrap_or_else(|| long(moment, "%B")),
        "date_short_pretty" => {
            is_today().unwrap_or_else(|| moment.strftime("%b %-d, %Y").to_string())
        }
        "date_long_pretty" => is_today().unwrap_or_else(|| long(moment, "%A, %B")),
        "time" => moment.strftime("%-I:%M %p").to_string(),
        "time_secs" => moment.strftime("%-I:%M:%S %p").to_string(),
        _ => return None,
    })
}

fn relative(day: Date, today: Date) -> Option<&'static str> {
    if day == today {
        return Some("today");
    }
    if today.yesterday().is_ok_and(|yesterday| day == yesterday) {
        return Some("yesterday");
    }
    today
        .tomorrow()
        .is_ok_and(|tomorrow| day == tomorrow)
        .then_some("tomorrow")
}

/// As in "February 18th, 2014".
fn long(moment: &Zoned, before: &str) -> String {
    let day = moment.day();
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!(
        "{} {day}{ending}, {}",
        moment.strftime(before),
        moment.strftime("%Y")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_by_the_readers_clock() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a moment");
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        // 2026-03-02T08:00:00Z
        let monday = "1772438400";
        for (format, text) in [
            ("{date_short_pretty} {time}", Some("tomorrow 9:00 AM")),
            ("until {time_secs}", Some("until 9:00:00 AM")),
            ("{date_num}", Some("2026-03-02")),
            ("{date}", Some("March 2nd, 2026")),
            ("{date_long}", Some("Monday, March 2nd, 2026")),
            ("{date_short}", Some("Mar 2, 2026")),
            ("{nonsense}", None),
            ("no token", None),
        ] {
            assert_eq!(written(monday, format, &berlin, now).as_deref(), text);
        }
        let tokyo = TimeZone::get("Asia/Tokyo").expect("a zone");
        assert_eq!(
            written(monday, "{time}", &tokyo, now).as_deref(),
            Some("5:00 PM")
        );
        assert_eq!(written("soon", "{time}", &tokyo, now), None);
    }
}
