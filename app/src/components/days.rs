//! The days of a calendar: what they are called, and the lines between them behind a drawing.

use super::pieces::Scale;
use maud::{Markup, html};
use types::{Day, Days, Timestamp};

/// What a day is called that has this place in whole weeks: `Tue 24`.
pub(crate) fn day_label(day: &Day, place: usize) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    format!("{} {}", NAMES[place % 7], month_and_day(&day.date).1)
}

/// Of a date such as `2026-11-24`.
pub(crate) fn month_and_day(date: &str) -> (i64, i64) {
    let mut parts = date
        .rsplit('-')
        .map(|part| part.parse().unwrap_or_default());
    let day = parts.next().unwrap_or_default();
    (parts.next().unwrap_or_default(), day)
}

/// A line at each midnight and the name of the day that begins there, with the day of `now`
/// marked: contents of an SVG, as high as that is.
pub(crate) fn day_lines(days: &Days, now: Timestamp) -> Markup {
    let scale = Scale(days.span());
    // Of four weeks only the Mondays have room for their name.
    let step = if days.weeks > 2 { 7 } else { 1 };
    html! {
        @for (place, day) in days.days.iter().enumerate() {
            @let x = scale.percent(day.starts_at);
            @if days.is_at(place, now) {
                rect
                    class="today" x=(x) y="0" height="100%"
                    width=(scale.width(day.starts_at, days.end(place))) {}
            }
            line class="day" x1=(x) x2=(x) y1="0" y2="100%" {}
            @if place % step == 0 {
                svg x=(x) overflow="visible" {
                    text class={ "day-name" @if place % 7 == 0 { " monday" } } x="5" y="15" {
                        (day_label(day, place))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_called_by_their_place_in_the_week() {
        let day = Day {
            date: "2026-12-01".to_owned(),
            starts_at: Timestamp::from_millis(0),
        };
        assert_eq!(day_label(&day, 8), "Tue 1");
        assert_eq!(month_and_day(&day.date), (12, 1));
    }
}
