//! Instants as people read them. The server knows neither the reader's time
//! zone nor their language's habits, so it writes UTC and the browser, once it
//! has taken over, the local time. How long ago is the same everywhere.

use leptos::prelude::*;
use types::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The present, as far as the page is concerned.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    now: RwSignal<Timestamp>,
    /// The browser has taken over, so local time may be shown.
    in_browser: RwSignal<bool>,
}

impl Clock {
    pub(crate) fn now(self) -> Timestamp {
        self.now.get()
    }

    pub(crate) fn in_browser(self) -> bool {
        self.in_browser.get()
    }
}

/// Puts the [`Clock`] into the context. It starts at the moment at which the
/// server drew the page, so that hydration finds the same words.
pub(crate) fn provide_clock() {
    let drawn = SharedValue::new(now).into_inner();
    let clock = Clock {
        now: RwSignal::new(drawn),
        in_browser: RwSignal::new(false),
    };
    provide_context(clock);
    Effect::new(move |_| {
        clock.now.set(now());
        clock.in_browser.set(true);
        set_interval(
            move || clock.now.set(now()),
            std::time::Duration::from_secs(20),
        );
    });
}

pub(crate) fn use_clock() -> Clock {
    expect_context()
}

#[cfg(feature = "hydrate")]
#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
fn now() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

#[cfg(not(feature = "hydrate"))]
fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// An instant, with how far away it is; the full date on hover.
#[component]
pub(crate) fn Time(
    at: Timestamp,
    /// Adds how far away the instant is.
    #[prop(optional)]
    relative: bool,
) -> impl IntoView {
    let clock = use_clock();
    let text = move || {
        if clock.in_browser() {
            local::short(at)
        } else {
            utc(at)
        }
    };
    let full = move || clock.in_browser().then(|| local::full(at));
    view! {
        <time datetime=iso(at) title=full>{text}</time>
        {relative.then(|| view! {
            <span class="relative-time">" ("{move || distance(at.seconds_since(clock.now()))}")"</span>
        })}
    }
}

#[cfg(feature = "hydrate")]
mod local {
    //! The reader's own time zone and habits, as their browser knows them.

    use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
    use leptos::{prelude::*, wasm_bindgen::JsValue};
    use types::Timestamp;

    pub(super) fn short(at: Timestamp) -> String {
        format(
            at,
            &[
                ("weekday", "short"),
                ("day", "numeric"),
                ("month", "short"),
                ("hour", "2-digit"),
                ("minute", "2-digit"),
            ],
        )
    }

    pub(super) fn full(at: Timestamp) -> String {
        format(at, &[("dateStyle", "full"), ("timeStyle", "long")])
    }

    fn format(at: Timestamp, options: &[(&str, &str)]) -> String {
        let wanted = Object::new();
        for (name, value) in options {
            let _a_plain_object_takes_it =
                Reflect::set(&wanted, &JsValue::from(*name), &JsValue::from(*value));
        }
        #[expect(clippy::cast_precision_loss, reason = "far from 2^53 milliseconds")]
        let date = Date::new(&JsValue::from(at.as_millis() as f64));
        DateTimeFormat::new(&Array::of1(&JsValue::from(locale())), &wanted)
            .format()
            .call1(&JsValue::UNDEFINED, &date)
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_else(|| super::utc(at))
    }

    /// The pages are in English: dates follow the reader's kind of English, or
    /// the one with the day before the month.
    fn locale() -> String {
        window()
            .navigator()
            .language()
            .filter(|language| language.starts_with("en"))
            .unwrap_or_else(|| "en-GB".to_owned())
    }
}

#[cfg(not(feature = "hydrate"))]
mod local {
    //! The server has no reader's time zone; it never comes here.

    use types::Timestamp;

    pub(super) fn short(at: Timestamp) -> String {
        super::utc(at)
    }

    pub(super) fn full(at: Timestamp) -> String {
        super::utc(at)
    }
}

/// How far away something is that lies `seconds` ahead, or behind if negative.
fn distance(seconds: i64) -> String {
    let away = seconds.abs();
    if away < MINUTE {
        // The page's clock ticks seldom, so what has just happened may seem to
        // lie a little ahead.
        "now".to_owned()
    } else if seconds > 0 {
        format!("in {}", span(away))
    } else {
        format!("{} ago", span(away))
    }
}

/// A length of time in the largest unit that fits: `14 minutes`.
pub(crate) fn span(seconds: i64) -> String {
    let (count, unit) = if seconds < MINUTE {
        (seconds, "second")
    } else if seconds < HOUR {
        (seconds / MINUTE, "minute")
    } else if seconds < 2 * DAY {
        (seconds / HOUR, "hour")
    } else {
        (seconds / DAY, "day")
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// For people: `2026-11-23 17:05 UTC`.
fn utc(at: Timestamp) -> String {
    let (year, month, day) = civil_day(at);
    let (hour, minute, _) = time_of_day(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// For machines: `2026-11-23T17:05:09Z`.
fn iso(at: Timestamp) -> String {
    let (year, month, day) = civil_day(at);
    let (hour, minute, second) = time_of_day(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn time_of_day(at: Timestamp) -> (i64, i64, i64) {
    let seconds = at.as_millis().div_euclid(1000).rem_euclid(DAY);
    (seconds / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE)
}

/// Year, month and day in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day comes last: the days
/// before a month are then a straight line (153 days per five months), and 400
/// years always have 146,097 days.
fn civil_day(at: Timestamp) -> (i64, i64, i64) {
    let days = at.as_millis().div_euclid(DAY * 1000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59Z"),
            (1_795_453_509_000, "2026-11-23T17:05:09Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso(Timestamp::from_millis(millis)), expected);
        }
        assert_eq!(
            utc(Timestamp::from_millis(1_795_453_509_000)),
            "2026-11-23 17:05 UTC"
        );
    }

    #[test]
    fn distances_are_told_in_the_largest_fitting_unit() {
        for (seconds, expected) in [
            (0, "now"),
            (-59, "now"),
            (59, "now"),
            (60, "in 1 minute"),
            (-7_199, "1 hour ago"),
            (7_200, "in 2 hours"),
            (-3 * DAY, "3 days ago"),
        ] {
            assert_eq!(distance(seconds), expected);
        }
    }
}
