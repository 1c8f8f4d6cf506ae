//! Instants as people read them. The server knows neither the reader's time
//! zone nor their language's habits, so it writes UTC and the browser, once it
//! has taken over, the local time. How long ago is the same everywhere.

use crate::data::{effect, from_page};
use leptos::{html::ElementType, prelude::*, wasm_bindgen::JsCast};
use maud::{Markup, html};
use types::Timestamp;
use web_sys::Element;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What is not further away than this is now: neither clock nor page is more exact.
const NOW: i64 = 10;
const TICK: std::time::Duration = std::time::Duration::from_secs(5);

/// The present, as far as the page is concerned. It follows the server's clock:
/// what the page shows was timed there, and the reader's own clock may be wrong.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    now: RwSignal<Timestamp>,
    /// When the server drew the page.
    drawn: Timestamp,
    /// How far the browser's clock is ahead of the server's, in milliseconds.
    ahead: StoredValue<i64>,
    /// The browser has taken over, so local time may be shown.
    in_browser: RwSignal<bool>,
}

impl Clock {
    pub(crate) fn now(self) -> Timestamp {
        self.now.get()
    }

    pub(crate) const fn drawn(self) -> Timestamp {
        self.drawn
    }

    pub(crate) fn in_browser(self) -> bool {
        self.in_browser.get()
    }

    /// The present, without waiting for the next tick. Nothing follows it.
    pub(crate) fn exactly(self) -> Timestamp {
        Timestamp::from_millis(now().as_millis() - self.ahead.get_value())
    }

    /// Looks at the time between two ticks, because something has just happened.
    pub(crate) fn tick(self) {
        self.now.set(self.exactly());
    }
}

/// Puts the [`Clock`] into the context. It starts at the moment at which the
/// server drew the page, so that hydration finds the same words.
pub(crate) fn provide_clock() {
    let drawn = from_page(now);
    let clock = Clock {
        now: RwSignal::new(drawn),
        drawn,
        ahead: StoredValue::new(0),
        in_browser: RwSignal::new(false),
    };
    provide_context(clock);
    effect(move || {
        clock
            .ahead
            .set_value(ahead(drawn, now(), local::millis_since_asked()));
        clock.tick();
        clock.in_browser.set(true);
        set_interval(move || clock.tick(), TICK);
    });
}

/// How far the browser's clock is ahead of the server's, in milliseconds, as far as
/// the time does not explain it that the page needed to come: the server drew it
/// at `drawn`, and `since_asked` milliseconds ago it had not been asked for.
fn ahead(drawn: Timestamp, browser: Timestamp, since_asked: i64) -> i64 {
    let least = browser.as_millis() - (drawn.as_millis() + since_asked);
    let most = browser.as_millis() - drawn.as_millis();
    0.clamp(least, most)
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

/// Says in which zone the times of the page are.
#[component]
pub(crate) fn ZoneNote() -> impl IntoView {
    let clock = use_clock();
    move || match clock.in_browser() {
        true => "Times are in your own time zone.",
        false => "Times are in UTC.",
    }
}

/// An instant. The exact time and its zone come on hover; where it also tells how
/// far away it is, on focus too.
#[component]
pub(crate) fn Time(
    at: Timestamp,
    /// Adds how far away the instant is.
    #[prop(optional)]
    relative: bool,
    /// One of many, at which the Tab key should not stop.
    #[prop(optional)]
    listed: bool,
) -> impl IntoView {
    let clock = use_clock();
    let text = move || {
        if clock.in_browser() {
            local::short(at, clock.now())
        } else {
            utc(at, clock.now())
        }
    };
    let exact = move || {
        if clock.in_browser() {
            local::exact(at)
        } else {
            utc_exact(at)
        }
    };
    let focusable = relative && !listed;
    view! {
        <time
            translate="no"
            datetime=iso(at)
            title=exact
            class=focusable.then_some("exact")
            tabindex=focusable.then_some("0")
            data-exact=focusable.then_some(exact)
            on:keydown=move |event| {
                if focusable && event.key() == "Escape" {
                    local::leave(&event);
                }
            }
        >
            {text}
        </time>
        {relative.then(|| view! {
            <span class="relative-time" translate="no">{move || beside(at, clock.now())}</span>
        })}
    }
}

/// A listed [`Time`] as text, for lists whose items are written as text. It says what
/// was so at `now`; [`keep_times_true`] sees to the rest.
pub(crate) fn time_markup(at: Timestamp, relative: bool, now: Timestamp) -> Markup {
    let (datetime, exact) = iso_and_exact(at);
    html! {
        time datetime=(datetime) title=(exact) { (utc(at, now)) }
        @if relative {
            span class="relative-time" { (beside(at, now)) }
        }
    }
}

/// Once the browser has taken over, brings every [`time_markup`] inside `list` to local
/// time, and up to date whenever time passes or `contents` change.
pub(crate) fn keep_times_true<E>(list: NodeRef<E>, contents: impl Fn() + 'static)
where
    E: ElementType + 'static,
    E::Output: JsCast + AsRef<Element> + Clone + 'static,
{
    let clock = use_clock();
    effect(move || {
        contents();
        if let Some(list) = list.get().filter(|_| clock.in_browser()) {
            local::tell_all(list.as_ref(), clock.now());
        }
    });
}

/// How far away an instant is, as it stands beside the instant itself.
fn beside(at: Timestamp, now: Timestamp) -> String {
    format!(" ({})", distance(at.seconds_since(now)))
}

/// An instant in words, for where no element can stand.
pub(crate) fn in_words(at: Timestamp, clock: Clock) -> String {
    if clock.in_browser() {
        local::short(at, clock.now())
    } else {
        utc(at, clock.now())
    }
}

/// The name of the day on which an instant lies: `Tue 24`.
pub(crate) fn day_name(at: Timestamp, clock: Clock) -> String {
    if clock.in_browser() {
        local::day_name(at)
    } else {
        format!("{} {}", weekday(at), civil_day(at).2)
    }
}

/// The midnight before an instant, and the one after it.
pub(crate) fn day(at: Timestamp, clock: Clock) -> (Timestamp, Timestamp) {
    if clock.in_browser() {
        local::day(at)
    } else {
        let start = at.as_millis().div_euclid(DAY * 1000) * DAY * 1000;
        let start = Timestamp::from_millis(start);
        (start, start.plus_seconds(DAY))
    }
}

#[cfg(feature = "hydrate")]
mod local {
    //! The reader's own time zone and habits, as their browser knows them.

    use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
    use leptos::{
        ev::KeyboardEvent,
        prelude::*,
        wasm_bindgen::{JsCast, JsValue},
    };
    use std::cell::OnceCell;
    use types::Timestamp;
    use web_sys::{Element, HtmlElement};

    const MINUTE_MILLIS: i64 = 60_000;
    /// By how much clocks are known to be turned back.
    const TURNED_BACK_MINUTES: [i64; 2] = [60, 30];

    /// Ways to write instants. Making one takes far longer than using it, so it is made
    /// once where many instants are written, and forgotten soon after: the reader
    /// may travel to another time zone.
    #[derive(Default)]
    struct Formats {
        time: OnceCell<DateTimeFormat>,
        day_and_time: OnceCell<DateTimeFormat>,
        repeated: OnceCell<DateTimeFormat>,
        exact: OnceCell<DateTimeFormat>,
    }

    impl Formats {
        /// Only the time of day where the day is the present one. In the hour that
        /// comes twice when clocks are turned back, the zone tells which one it is.
        fn short(&self, at: Timestamp, now: Timestamp) -> String {
            const TIME: [(&str, &str); 2] = [("hour", "2-digit"), ("minute", "2-digit")];
            const DAY: [(&str, &str); 3] =
                [("weekday", "short"), ("day", "numeric"), ("month", "short")];
            let (start, end) = day(now);
            let format = if is_repeated(at) {
                self.repeated.get_or_init(|| {
                    format(&[&DAY[..], &TIME, &[("timeZoneName", "short")]].concat())
                })
            } else if start <= at && at < end {
                self.time.get_or_init(|| format(&TIME))
            } else {
                self.day_and_time
                    .get_or_init(|| format(&[&DAY[..], &TIME].concat()))
            };
            written(at, format)
        }

        fn exact(&self, at: Timestamp) -> String {
            let format = self
                .exact
                .get_or_init(|| format(&[("dateStyle", "full"), ("timeStyle", "long")]));
            written(at, format)
        }
    }

    pub(super) fn short(at: Timestamp, now: Timestamp) -> String {
        Formats::default().short(at, now)
    }

    pub(super) fn exact(at: Timestamp) -> String {
        Formats::default().exact(at)
    }

    pub(super) fn day_name(at: Timestamp) -> String {
        let format = format(&[("weekday", "short"), ("day", "numeric")]);
        written(at, &format)
    }

    /// Writes every time inside `list` anew, and how far away it is where that is told.
    pub(super) fn tell_all(list: &Element, now: Timestamp) {
        let formats = Formats::default();
        let Ok(times) = list.query_selector_all("time") else {
            return;
        };
        for time in (0..times.length()).filter_map(|place| times.get(place)) {
            let time: Element = time.unchecked_into();
            let at = time.get_attribute("datetime").unwrap_or_default();
            let at = Timestamp::from_millis(whole(Date::parse(&at)));
            write_into(&time, &formats.short(at, now));
            // The exact time stays: it is translated once, from what the server wrote.
            if time.get_attribute("title") == Some(super::utc_exact(at)) {
                let _any_element_takes_it = time.set_attribute("title", &formats.exact(at));
            }
            if let Some(beside) = time.next_element_sibling() {
                write_into(&beside, &super::beside(at, now));
            }
        }
    }

    /// Leaves alone what is right: a text that somebody has selected stays so.
    fn write_into(element: &Element, text: &str) {
        if element.text_content().is_none_or(|now| now != text) {
            element.set_text_content(Some(text));
        }
    }

    pub(super) fn day(at: Timestamp) -> (Timestamp, Timestamp) {
        let midnight = date(at);
        begin(&midnight);
        let start = timestamp(&midnight);
        // A day with a change of the clocks is longer or shorter than 24 hours, and one
        // without a midnight begins later, which the next one does not.
        midnight.set_date(midnight.get_date() + 1);
        begin(&midnight);
        (start, timestamp(&midnight))
    }

    /// Turns a time into the first one of its day.
    fn begin(day: &Date) {
        day.set_hours(0);
        day.set_minutes(0);
        day.set_seconds(0);
        day.set_milliseconds(0);
    }

    /// Whether clocks show the same time once more, before or after it.
    fn is_repeated(at: Timestamp) -> bool {
        let shown = |millis: i64| {
            let zone = date(Timestamp::from_millis(millis)).get_timezone_offset();
            millis - whole(zone) * MINUTE_MILLIS
        };
        let millis = at.as_millis();
        TURNED_BACK_MINUTES.iter().any(|minutes| {
            let distance = minutes * MINUTE_MILLIS;
            [millis - distance, millis + distance]
                .iter()
                .any(|other| shown(*other) == shown(millis))
        })
    }

    /// Milliseconds since the browser asked for the page.
    pub(super) fn millis_since_asked() -> i64 {
        window()
            .performance()
            .map_or(0, |performance| whole(performance.now()))
    }

    /// Gives the focus up, which puts the exact time away.
    pub(super) fn leave(event: &KeyboardEvent) {
        if let Some(element) = event
            .current_target()
            .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        {
            let _gone = element.blur();
        }
    }

    fn date(at: Timestamp) -> Date {
        #[expect(clippy::cast_precision_loss, reason = "far from 2^53 milliseconds")]
        Date::new(&JsValue::from(at.as_millis() as f64))
    }

    fn timestamp(date: &Date) -> Timestamp {
        Timestamp::from_millis(whole(date.get_time()))
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    fn whole(millis: f64) -> i64 {
        millis as i64
    }

    fn format(options: &[(&str, &str)]) -> DateTimeFormat {
        let wanted = Object::new();
        for (name, value) in options {
            let _a_plain_object_takes_it =
                Reflect::set(&wanted, &JsValue::from(*name), &JsValue::from(*value));
        }
        DateTimeFormat::new(&Array::of1(&JsValue::from(locale())), &wanted)
    }

    fn written(at: Timestamp, format: &DateTimeFormat) -> String {
        format
            .format()
            .call1(&JsValue::UNDEFINED, &date(at))
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_else(|| super::utc_exact(at))
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

    use leptos::ev::KeyboardEvent;
    use types::Timestamp;
    use web_sys::Element;

    pub(super) fn short(at: Timestamp, now: Timestamp) -> String {
        super::utc(at, now)
    }

    pub(super) fn exact(at: Timestamp) -> String {
        super::utc_exact(at)
    }

    pub(super) fn day_name(at: Timestamp) -> String {
        super::weekday(at).to_owned()
    }

    pub(super) fn day(at: Timestamp) -> (Timestamp, Timestamp) {
        (at, at)
    }

    pub(super) fn millis_since_asked() -> i64 {
        0
    }

    pub(super) fn leave(_: &KeyboardEvent) {}

    pub(super) fn tell_all(_: &Element, _: Timestamp) {}
}

/// How far away something is that lies `seconds` ahead, or behind if negative.
fn distance(seconds: i64) -> String {
    let away = seconds.abs();
    if away <= NOW {
        "now".to_owned()
    } else if away < MINUTE {
        match seconds > 0 {
            true => "in less than a minute".to_owned(),
            false => "less than a minute ago".to_owned(),
        }
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

/// For people: `Mon 23 Nov, 17:05 UTC`, and only the time of day on the present
/// one.
fn utc(at: Timestamp, now: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day) = civil_day(at);
    let (hour, minute, _) = time_of_day(at);
    if civil_day(now) == (year, month, day) {
        return format!("{hour:02}:{minute:02} UTC");
    }
    let month = usize::try_from(month - 1).map_or("", |month| MONTHS[month]);
    format!("{} {day} {month}, {hour:02}:{minute:02} UTC", weekday(at))
}

/// For people who want it exact: `2026-11-23 17:05:09 UTC`.
fn utc_exact(at: Timestamp) -> String {
    iso_and_exact(at).1
}

fn weekday(at: Timestamp) -> &'static str {
    // The first of January 1970 was a Thursday.
    const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = at.as_millis().div_euclid(DAY * 1000).rem_euclid(7);
    usize::try_from(days).map_or("", |days| NAMES[days])
}

/// For machines: `2026-11-23T17:05:09Z`.
fn iso(at: Timestamp) -> String {
    iso_and_exact(at).0
}

/// Both at once: a list writes hundreds of instants, each in both ways.
fn iso_and_exact(at: Timestamp) -> (String, String) {
    let (year, month, day) = civil_day(at);
    let (hour, minute, second) = time_of_day(at);
    let day = format!("{year:04}-{month:02}-{day:02}");
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let iso = [&day, "T", &time, "Z"].concat();
    (iso, [&day, " ", &time, " UTC"].concat())
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
        let at = Timestamp::from_millis(1_795_453_509_000);
        assert_eq!(utc_exact(at), "2026-11-23 17:05:09 UTC");
        assert_eq!(utc(at, at.plus_seconds(DAY)), "Mon 23 Nov, 17:05 UTC");
        assert_eq!(utc(at, at.plus_seconds(-HOUR)), "17:05 UTC");
    }

    #[test]
    fn distances_are_told_in_the_largest_fitting_unit() {
        for (seconds, expected) in [
            (0, "now"),
            (-10, "now"),
            (-59, "less than a minute ago"),
            (59, "in less than a minute"),
            (60, "in 1 minute"),
            (-7_199, "1 hour ago"),
            (7_200, "in 2 hours"),
            (-3 * DAY, "3 days ago"),
        ] {
            assert_eq!(distance(seconds), expected);
        }
    }

    #[test]
    fn a_wrong_clock_is_told_from_a_slow_page() {
        let at = Timestamp::from_millis;
        for (drawn, browser, since_asked, expected) in [
            (1_000, 1_400, 500, 0),
            (1_000, 600_000, 500, 598_500),
            (600_000, 1_000, 500, -599_000),
        ] {
            assert_eq!(ahead(at(drawn), at(browser), since_asked), expected);
        }
    }
}
