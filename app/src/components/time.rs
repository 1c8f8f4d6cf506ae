//! Instants as people read them. The server writes them in the zone of the page: the one that
//! the reader chose, or their browser's own as far as it has told it, or else UTC. Their habits
//! only the browser knows, and writes them so once it has taken over. How long ago is the same
//! everywhere.

use super::redrawn;
use crate::{
    data::{effect, from_page},
    view,
};
use leptos::{html::ElementType, prelude::*, wasm_bindgen::JsCast};
use maud::{Markup, html};
use types::{PageZone, Timestamp, Zone};
use web_sys::Element;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const HALF_A_YEAR: i64 = 183 * DAY;

/// What is not longer ago than this was just now: neither clock nor page is more exact.
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
    /// The browser has taken over, so its own zone and habits may be shown.
    in_browser: RwSignal<bool>,
    /// In which the server drew the page.
    zone: StoredValue<PageZone>,
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

    /// The name of the zone in which times are told.
    pub(crate) fn zone_name(self) -> String {
        let own = self.follows_browser().then(local::zone_name).flatten();
        own.unwrap_or_else(|| self.zone.with_value(|page| page.zone.name.clone()))
    }

    /// Whether the reader chose that zone.
    pub(crate) fn zone_is_chosen(self) -> bool {
        self.zone.with_value(|page| page.chosen)
    }

    /// The zone of the page, where it is not the browser's own that counts.
    fn zone(self) -> Option<Zone> {
        (!self.follows_browser()).then(|| self.zone.with_value(|page| page.zone.clone()))
    }

    fn follows_browser(self) -> bool {
        self.in_browser.get() && !self.zone_is_chosen()
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
        zone: StoredValue::new(from_page(page_zone)),
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

#[cfg(feature = "ssr")]
fn page_zone() -> PageZone {
    crate::server_fns::from_request().unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn page_zone() -> PageZone {
    PageZone::default()
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
    move || {
        let name = clock.zone_name();
        match (clock.zone_is_chosen(), name.as_str()) {
            (true, _) => format!("Times are in {name}, which was chosen in this browser."),
            (false, "UTC") => "Times are in UTC.".to_owned(),
            (false, _) => format!("Times are in your own time zone, {name}."),
        }
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
    let text = move || in_words(at, clock);
    let exact = move || {
        if clock.in_browser() {
            local::exact(at, clock.zone())
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
            <span class=RELATIVE translate="no">{redrawn(move || beside(at, clock.now()))}</span>
        })}
    }
}

/// The class of what says how far away the instant before it is.
const RELATIVE: &str = "relative-time";

/// A listed [`Time`] as text, for lists whose items are written as text. It says what
/// was so at `now` in the zone of the page; [`keep_times_true`] sees to the rest.
pub(crate) fn time_markup(at: Timestamp, relative: bool, now: Timestamp) -> Markup {
    let (datetime, exact) = iso_and_exact(at);
    html! {
        time datetime=(datetime) title=(exact) { (in_page_zone(|zone| written(at, now, zone))) }
        @if relative {
            span class=(RELATIVE) { (beside(at, now)) }
        }
    }
}

/// The same with the time of day alone, where the day is told before it.
pub(crate) fn time_of_day_markup(at: Timestamp) -> Markup {
    let (datetime, exact) = iso_and_exact(at);
    html! {
        time datetime=(datetime) title=(exact) data-day {
            (in_page_zone(|zone| clock_time(at, zone)))
        }
    }
}

/// Without a page, as in a test, the zone is UTC.
fn in_page_zone<T>(say: impl Fn(&Zone) -> T) -> T {
    match use_context::<Clock>() {
        Some(clock) => clock.zone.with_value(|page| say(&page.zone)),
        None => say(&Zone::utc()),
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
            local::tell_all(list.as_ref(), clock.now(), clock.zone());
        }
    });
}

/// How far away an instant is, as it stands beside the instant itself.
fn beside(at: Timestamp, now: Timestamp) -> String {
    format!(" ({})", distance(at.seconds_since(now)))
}

/// An instant in words, for where no element can stand.
pub(crate) fn in_words(at: Timestamp, clock: Clock) -> String {
    telling(clock, clock.now())(at)
}

/// The day of an instant: `Mon 23 Nov`, and its year where it is far away.
pub(crate) fn day_in_words(at: Timestamp, clock: Clock) -> String {
    // A day is not told otherwise while somebody reads.
    let now = clock.drawn();
    if clock.in_browser() {
        local::formats(clock.zone()).day_in_words(at, now)
    } else {
        clock
            .zone
            .with_value(|page| written_day(at, now, &page.zone))
    }
}

/// Says instants in words, as of `now`. For many at once, of which each by itself would take the
/// browser long.
pub(crate) fn telling(clock: Clock, now: Timestamp) -> Box<dyn Fn(Timestamp) -> String> {
    if clock.in_browser() {
        let formats = local::formats(clock.zone());
        Box::new(move |at| formats.short(at, now))
    } else {
        let zone = clock.zone.with_value(|page| page.zone.clone());
        Box::new(move |at| written(at, now, &zone))
    }
}

#[cfg(feature = "hydrate")]
mod local {
    //! The reader's own time zone and habits, as their browser knows them. Of a zone that they
    //! chose, it may know nothing: what its clocks show is written as if it were UTC's.

    use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
    use leptos::{
        ev::KeyboardEvent,
        prelude::*,
        wasm_bindgen::{JsCast, JsValue},
    };
    use std::cell::OnceCell;
    use types::{Timestamp, Zone};
    use web_sys::{Element, HtmlElement};

    const MINUTE_MILLIS: i64 = 60_000;
    const DAY: [(&str, &str); 3] = [("weekday", "short"), ("day", "numeric"), ("month", "short")];
    const YEAR: [(&str, &str); 1] = [("year", "numeric")];
    const ZONE: [(&str, &str); 1] = [("timeZoneName", "short")];
    /// By how much clocks are known to be turned back.
    const TURNED_BACK_MINUTES: [i64; 2] = [60, 30];

    /// Ways to write instants. Making one takes far longer than using it, so it is made
    /// once where many instants are written, and forgotten soon after: the reader
    /// may travel to another time zone.
    #[derive(Default)]
    pub(super) struct Formats {
        /// Another one than the browser's own.
        zone: Option<Zone>,
        time: OnceCell<DateTimeFormat>,
        day_and_time: OnceCell<DateTimeFormat>,
        dated: OnceCell<DateTimeFormat>,
        repeated: OnceCell<DateTimeFormat>,
        exact: OnceCell<DateTimeFormat>,
    }

    impl Formats {
        /// Only the time of day where the day is the present one. In the hour that
        /// comes twice when clocks are turned back, the zone tells which one it is.
        pub(super) fn short(&self, at: Timestamp, now: Timestamp) -> String {
            const TIME: [(&str, &str); 2] = [("hour", "2-digit"), ("minute", "2-digit")];
            let which = self.zone.as_ref().map(|zone| super::which_one(at, zone));
            let is_far = super::is_far(at, now);
            let (at, now) = (self.shown(at), self.shown(now));
            let (start, end) = self.day(now);
            let is_repeated = self.zone.is_none() && is_repeated(at);
            let format = if is_far && is_repeated {
                &self.format(&[&DAY[..], &YEAR, &TIME, &ZONE].concat())
            } else if is_far {
                self.dated
                    .get_or_init(|| self.format(&[&DAY[..], &YEAR, &TIME].concat()))
            } else if is_repeated {
                self.repeated
                    .get_or_init(|| self.format(&[&DAY[..], &TIME, &ZONE].concat()))
            } else if start <= at && at < end {
                self.time.get_or_init(|| self.format(&TIME))
            } else {
                self.day_and_time
                    .get_or_init(|| self.format(&[&DAY[..], &TIME].concat()))
            };
            written(at, format) + &which.unwrap_or_default()
        }

        pub(super) fn day_in_words(&self, at: Timestamp, now: Timestamp) -> String {
            let format = match super::is_far(at, now) {
                true => self.format(&[&DAY[..], &YEAR].concat()),
                false => self.format(&DAY),
            };
            written(self.shown(at), &format)
        }

        fn exact(&self, at: Timestamp) -> String {
            let (style, zone) = match &self.zone {
                Some(zone) => ("medium", format!(" {}", zone.name)),
                None => ("long", String::new()),
            };
            let format = self
                .exact
                .get_or_init(|| self.format(&[("dateStyle", "full"), ("timeStyle", style)]));
            written(self.shown(at), format) + &zone
        }

        /// The instant at which UTC's clocks show what those of the chosen zone show at `at`.
        fn shown(&self, at: Timestamp) -> Timestamp {
            match &self.zone {
                Some(zone) => at.plus_seconds(zone.offset(at)),
                None => at,
            }
        }

        /// The day that holds an instant as it is shown.
        fn day(&self, at: Timestamp) -> (Timestamp, Timestamp) {
            match self.zone {
                Some(_) => super::utc_day(at),
                None => day(at),
            }
        }

        fn format(&self, options: &[(&str, &str)]) -> DateTimeFormat {
            let zone = self.zone.as_ref().map(|_| ("timeZone", "UTC"));
            let options: Vec<_> = options.iter().copied().chain(zone).collect();
            format(&options)
        }
    }

    pub(super) fn formats(zone: Option<Zone>) -> Formats {
        Formats {
            zone,
            ..Formats::default()
        }
    }

    pub(super) fn exact(at: Timestamp, zone: Option<Zone>) -> String {
        formats(zone).exact(at)
    }

    /// The name of the browser's own zone, where it knows one.
    pub(super) fn zone_name() -> Option<String> {
        let known = format(&[]).resolved_options();
        let name = Reflect::get(&known, &JsValue::from("timeZone")).ok()?;
        name.as_string()
    }

    /// Writes every time inside `list` anew, and how far away it is where that is told.
    pub(super) fn tell_all(list: &Element, now: Timestamp, zone: Option<Zone>) {
        let formats = formats(zone);
        let Ok(times) = list.query_selector_all("time") else {
            return;
        };
        for time in (0..times.length()).filter_map(|place| times.get(place)) {
            let time: Element = time.unchecked_into();
            let at = time.get_attribute("datetime").unwrap_or_default();
            let at = Timestamp::from_millis(whole(Date::parse(&at)));
            // Within a day that is told already, the time of day is enough.
            let today = if time.has_attribute("data-day") {
                at
            } else {
                now
            };
            write_into(&time, &formats.short(at, today));
            // The exact time stays: it is translated once, from what the server wrote.
            if time.get_attribute("title") == Some(super::utc_exact(at)) {
                let _any_element_takes_it = time.set_attribute("title", &formats.exact(at));
            }
            let beside = time.next_element_sibling();
            if let Some(beside) = beside.filter(|one| one.class_name() == super::RELATIVE) {
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

    /// The midnight before an instant, and the one after it.
    fn day(at: Timestamp) -> (Timestamp, Timestamp) {
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
        format_of(&locale(), options)
    }

    fn format_of(locale: &str, options: &[(&str, &str)]) -> DateTimeFormat {
        let wanted = Object::new();
        for (name, value) in options {
            let _a_plain_object_takes_it =
                Reflect::set(&wanted, &JsValue::from(*name), &JsValue::from(*value));
        }
        DateTimeFormat::new(&Array::of1(&JsValue::from(locale)), &wanted)
    }

    fn written(at: Timestamp, format: &DateTimeFormat) -> String {
        format
            .format()
            .call1(&JsValue::UNDEFINED, &date(at))
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_else(|| super::utc_exact(at))
    }

    /// The pages are in English: dates follow the reader's kind of English, or the one with the
    /// day before the month and as many hours on the clock as the reader has.
    fn locale() -> String {
        match window().navigator().language() {
            Some(own) if own.starts_with("en") => own,
            own => match own.and_then(|own| hours_on_the_clock(&own)) {
                Some(hours) => format!("en-GB-u-hc-{hours}"),
                None => "en-GB".to_owned(),
            },
        }
    }

    /// `h12` or `h23`, as the language has it; unknown of what no browser takes for a language.
    fn hours_on_the_clock(language: &str) -> Option<String> {
        let is_tag = language.split('-').enumerate().all(|(place, part)| {
            let fits = if place == 0 { 2..=3 } else { 1..=8 };
            fits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !is_tag {
            return None;
        }
        let known = format_of(language, &[("hour", "numeric")]).resolved_options();
        let hours = Reflect::get(&known, &JsValue::from("hourCycle")).ok()?;
        hours.as_string()
    }
}

#[cfg(not(feature = "hydrate"))]
mod local {
    //! The server has no reader's habits; it never comes here.

    use leptos::ev::KeyboardEvent;
    use types::{Timestamp, Zone};
    use web_sys::Element;

    pub(super) struct Formats;

    impl Formats {
        #[expect(clippy::unused_self, reason = "the browser's has something to say")]
        pub(super) fn short(&self, at: Timestamp, _: Timestamp) -> String {
            super::utc_exact(at)
        }

        #[expect(clippy::unused_self, reason = "the browser's has something to say")]
        pub(super) fn day_in_words(&self, at: Timestamp, now: Timestamp) -> String {
            super::written_day(at, now, &Zone::utc())
        }
    }

    pub(super) fn formats(_: Option<Zone>) -> Formats {
        Formats
    }

    pub(super) fn exact(at: Timestamp, _: Option<Zone>) -> String {
        super::utc_exact(at)
    }

    pub(super) fn zone_name() -> Option<String> {
        None
    }

    pub(super) fn millis_since_asked() -> i64 {
        0
    }

    pub(super) fn leave(_: &KeyboardEvent) {}

    pub(super) fn tell_all(_: &Element, _: Timestamp, _: Option<Zone>) {}
}

/// How far away something is that lies `seconds` ahead, or behind if negative.
fn distance(seconds: i64) -> String {
    let away = seconds.abs();
    let words = match away < MINUTE {
        true => format!("{away} s"),
        false => span(away),
    };
    if seconds > 0 {
        format!("in {words}")
    } else if away <= NOW {
        "just now".to_owned()
    } else {
        format!("{words} ago")
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

/// For people: `Mon 23 Nov, 17:05`, and only the time of day on the present one. In UTC it says
/// so, since it may be that only because nobody has told the reader's zone.
fn written(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let local = |at: Timestamp| at.plus_seconds(zone.offset(at));
    let time = clock_time(at, zone);
    match civil_day(local(now)) == civil_day(local(at)) {
        true => time,
        false => format!("{}, {time}", written_day(at, now, zone)),
    }
}

/// `Mon 23 Nov`, and of which year where it is far away.
fn written_day(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let local = at.plus_seconds(zone.offset(at));
    let (year, month, day) = civil_day(local);
    let words = format!("{} {day} {}", weekday(local), month_name(month));
    match is_far(at, now) {
        true => format!("{words} {year}"),
        false => words,
    }
}

/// Without its year, a day would be taken for the one of this year.
fn is_far(at: Timestamp, now: Timestamp) -> bool {
    at.seconds_since(now).abs() > HALF_A_YEAR
}

/// `17:05`.
fn clock_time(at: Timestamp, zone: &Zone) -> String {
    let (hour, minute, _) = time_of_day(at.plus_seconds(zone.offset(at)));
    let utc = if zone.name == "UTC" { " UTC" } else { "" };
    format!("{hour:02}:{minute:02}{utc}{}", which_one(at, zone))
}

/// Which one it is of two times that clocks show alike: ` (UTC+1)`.
fn which_one(at: Timestamp, zone: &Zone) -> String {
    if !zone.is_repeated(at) {
        return String::new();
    }
    let minutes = zone.offset(at) / MINUTE;
    let (hours, minutes) = (minutes / 60, minutes.abs() % 60);
    match minutes {
        0 => format!(" (UTC{hours:+})"),
        _ => format!(" (UTC{hours:+}:{minutes:02})"),
    }
}

/// The month with this number in the year, in short.
pub(crate) fn month_name(month: i64) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let place = usize::try_from(month - 1).ok();
    place
        .and_then(|place| NAMES.get(place))
        .copied()
        .unwrap_or_default()
}

#[cfg(feature = "hydrate")]
fn utc_day(at: Timestamp) -> (Timestamp, Timestamp) {
    let start = at.as_millis().div_euclid(DAY * 1000) * DAY * 1000;
    let start = Timestamp::from_millis(start);
    (start, start.plus_seconds(DAY))
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
        let utc = Zone::utc();
        assert_eq!(
            written(at, at.plus_seconds(DAY), &utc),
            "Mon 23 Nov, 17:05 UTC"
        );
        assert_eq!(written(at, at.plus_seconds(-HOUR), &utc), "17:05 UTC");
    }

    #[test]
    fn what_is_far_away_tells_its_year() {
        let at = Timestamp::from_millis(1_795_453_509_000);
        let utc = Zone::utc();
        let day = |away: i64| written_day(at, at.plus_seconds(away), &utc);
        assert_eq!(day(HALF_A_YEAR), "Mon 23 Nov");
        assert_eq!(day(-HALF_A_YEAR), "Mon 23 Nov");
        assert_eq!(day(HALF_A_YEAR + 1), "Mon 23 Nov 2026");
        assert_eq!(
            written(at, at.plus_seconds(-400 * DAY), &utc),
            "Mon 23 Nov 2026, 17:05 UTC"
        );
    }

    #[test]
    fn in_another_zone_the_day_may_be_another_one() {
        let at = Timestamp::from_millis(1_795_453_509_000);
        let auckland = Zone {
            name: "Pacific/Auckland".to_owned(),
            offsets: vec![types::Offset {
                from: Timestamp::from_millis(0),
                seconds: 13 * HOUR,
            }],
        };
        assert_eq!(
            written(at, at.plus_seconds(DAY), &auckland),
            "Tue 24 Nov, 06:05"
        );
        assert_eq!(written(at, at.plus_seconds(17 * HOUR), &auckland), "06:05");
    }

    #[test]
    fn of_two_times_that_look_alike_each_says_which_it_is() {
        let change = Timestamp::from_millis(0);
        let berlin = Zone {
            name: "Europe/Berlin".to_owned(),
            offsets: vec![
                types::Offset {
                    from: change.plus_seconds(-90 * DAY),
                    seconds: 2 * HOUR,
                },
                types::Offset {
                    from: change,
                    seconds: HOUR,
                },
            ],
        };
        for (minutes, expected) in [
            (-61, "00:59"),
            (-30, "01:30 (UTC+2)"),
            (30, "01:30 (UTC+1)"),
            (61, "02:01"),
        ] {
            let at = change.plus_seconds(minutes * MINUTE);
            assert_eq!(clock_time(at, &berlin), expected);
        }
    }

    #[test]
    fn distances_are_told_in_the_largest_fitting_unit() {
        for (seconds, expected) in [
            (0, "just now"),
            (-10, "just now"),
            (-40, "40 s ago"),
            (5, "in 5 s"),
            (59, "in 59 s"),
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
