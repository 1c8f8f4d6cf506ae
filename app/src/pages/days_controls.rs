//! Which days a page shows, and the ways to others: links, so that Back, bookmarks and browsers
//! without our code have them, too.

use super::address::address;
use crate::{
    components::{Notice, Tone, month_and_day, month_name},
    view,
};
use leptos::prelude::*;
use types::{Days, WEEKS};

#[component]
pub(super) fn DaysControls(
    path: String,
    days: Days,
    /// The parameters of the address that stay as they are.
    others: Vec<(&'static str, String)>,
) -> impl IntoView {
    let first = days.days.first().map_or("", |day| &day.date).to_owned();
    let range = range(&days);
    let weeks = days.weeks;
    let to = move |from: &str, weeks: u32| {
        let weeks = weeks.to_string();
        let mut parameters = vec![("from", from), ("weeks", weeks.as_str())];
        parameters.extend(others.iter().map(|(name, value)| (*name, value.as_str())));
        address(&path, &parameters)
    };
    let step = |label: &'static str, date: Option<String>| {
        let href = date.map(|date| to(&date, weeks));
        view! {
            // A link that leads nowhere says that there is nothing further.
            <a class="button" role="link" aria-disabled=href.is_none().then_some("true") href=href data-noscroll="">{label}</a>
        }
    };
    let today = to("", weeks);
    view! {
        {days.problem.map(|problem| view! {
            <Notice tone=Tone::Warning><p>{problem.to_string()}</p></Notice>
        })}
        <div class="days-controls">
            <div>
                <h2>{range}</h2>
                <p class="hint">{format!("Days are those of {}.", days.zone)}</p>
            </div>
            <nav aria-label="Days" class="buttons">
                {step("Previous", days.previous)}
                <a class="button" href=today data-noscroll="">"Today"</a>
                {step("Next", days.next)}
            </nav>
            <nav aria-label="How many weeks" class="tabs">
                {WEEKS.map(|number| view! {
                    <a
                        href=to(&first, number) data-noscroll=""
                        aria-current=(number == weeks).then_some("true")
                    >
                        {if number == 1 { "1 week".to_owned() } else { format!("{number} weeks") }}
                    </a>
                }).collect_view()}
            </nav>
        </div>
    }
    .into_any()
}

/// `23 Nov – 6 Dec 2026`.
fn range(days: &Days) -> String {
    let date = |place: usize| days.days.get(place).map_or("", |day| day.date.as_str());
    let (first, last) = (date(0), date(days.days.len().saturating_sub(1)));
    let year = last.split('-').next().unwrap_or_default();
    let told = |date: &str| {
        let (month, day) = month_and_day(date);
        format!("{day} {}", month_name(month))
    };
    format!("{} – {} {year}", told(first), told(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{Day, Timestamp};

    #[test]
    fn what_is_shown_is_told_by_its_first_and_last_day() {
        let day = |date: &str| Day {
            date: date.to_owned(),
            starts_at: Timestamp::from_millis(0),
        };
        let days = Days {
            zone: "UTC".to_owned(),
            weeks: 1,
            days: vec![day("2026-12-28"), day("2027-01-03")],
            until: Timestamp::from_millis(0),
            previous: None,
            next: None,
            problem: None,
        };
        assert_eq!(range(&days), "28 Dec – 3 Jan 2027");
    }
}
