//! The week over all rotations: who is on duty on which day, everywhere. What is shown lives in
//! the address. There may be many rotations and shifts, which are read and never acted in, so
//! what is drawn of them is written as text.

mod by_day;
mod drawing;

use super::{
    address::{address, parameter},
    days_controls::DaysControls,
    wording::count,
};
use crate::{
    components::{
        EmptyState, SEARCH, Tone, badge_markup, keep_times_true, legend_markup, loaded, pieces,
        redrawn, use_clock, use_title,
    },
    data::{DataMemo, Resource},
    live::use_live,
    server_fns::Week,
    view,
};
use by_day::{DayItem, DayText};
use drawing::{Overlay, drawing, height};
use leptos::{either::Either, html, prelude::*};
use maud::html as markup;
use types::{ROWS_PER_PAGE, Span, Visibility, WeekRow, WeekView};

pub(super) const ADDRESS: &str = "/week";
const MINE: &str = "mine";
const LIST: &str = "list";

/// What the address says.
#[derive(Clone, Copy)]
struct Wanted {
    from: Memo<String>,
    weeks: Memo<String>,
    show: Memo<String>,
    search: Memo<String>,
    page: Memo<String>,
    view: Memo<String>,
}

impl Wanted {
    fn is_mine(self) -> bool {
        self.show.with(|show| show == MINE)
    }

    fn is_list(self) -> bool {
        self.view.with(|view| view == LIST)
    }

    /// The same page with other values for some parameters.
    fn with(self, others: &[(&str, &str)]) -> String {
        let own = [
            ("from", self.from),
            ("weeks", self.weeks),
            ("show", self.show),
            ("search", self.search),
            ("page", self.page),
            ("view", self.view),
        ];
        let own = own.map(|(name, value)| {
            let other = others.iter().find(|(other, _)| *other == name);
            let value = other.map_or_else(|| value.get(), |(_, value)| (*value).to_owned());
            (name, value)
        });
        address(
            ADDRESS,
            &own.each_ref().map(|(name, value)| (*name, value.as_str())),
        )
    }
}

#[component]
pub(crate) fn WeekPage() -> impl IntoView {
    let wanted = Wanted {
        from: parameter("from"),
        weeks: parameter("weeks"),
        show: parameter("show"),
        search: parameter("search"),
        page: parameter("page"),
        view: parameter("view"),
    };
    let live = use_live();
    let clock = use_clock();
    let week = Resource::following(
        move || live.rotations() + live.connection(),
        move || Week {
            from: wanted.from.get(),
            weeks: wanted.weeks.get(),
            zone: clock.zone_name(),
            show: wanted.show.get(),
            search: wanted.search.get(),
            page: wanted.page.get(),
        },
    );
    use_title(|| "Week".to_owned());
    view! {
        <div class="page-head">
            <h1>"Week"</h1>
            <div class="buttons">
                <nav class="tabs week-views" aria-label="How it is shown">
                    {redrawn(move || choice(wanted.with(&[("view", "")]), !wanted.is_list(), "Grid"))}
                    {redrawn(move || choice(wanted.with(&[("view", LIST)]), wanted.is_list(), "List by day"))}
                </nav>
                <nav class="tabs" aria-label="Which rotations">
                    {redrawn(move || choice(wanted.with(&[("show", ""), ("page", "")]), !wanted.is_mine(), "All"))}
                    {redrawn(move || choice(wanted.with(&[("show", MINE), ("page", "")]), wanted.is_mine(), "Mine or owned"))}
                </nav>
            </div>
        </div>
        {redrawn(move || find(wanted))}
        {loaded(week, move |week: DataMemo<WeekView>| view! { <Shown week wanted/> })}
    }
}

/// Of many rotations, those that somebody looks for, in the same days.
fn find(wanted: Wanted) -> AnyView {
    let kept = [
        ("from", wanted.from),
        ("weeks", wanted.weeks),
        ("show", wanted.show),
        ("view", wanted.view),
    ];
    let kept = kept.map(|(name, value)| (name, value.get()));
    let kept = kept.into_iter().filter(|(_, value)| !value.is_empty());
    let searched = wanted.search.get();
    let all = wanted.with(&[("search", ""), ("page", "")]);
    view! {
        <form class="filter" method="get" action=ADDRESS role="search">
            {kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <div class="field">
                <label for=SEARCH>"Search rotations"</label>
                <input
                    type="search" id=SEARCH name="search" autocomplete="off" dir="auto"
                    placeholder="Name, code, schedule or person" value=searched.clone()
                />
            </div>
            <button type="submit" class="button">"Search"</button>
            {(!searched.is_empty()).then(|| view! { <a class="button" href=all>"Show all"</a> })}
        </form>
    }
    .into_any()
}

fn choice(href: String, current: bool, label: &'static str) -> impl IntoView {
    view! { <a href=href data-noscroll="" aria-current=current.then_some("true")>{label}</a> }
}

#[component]
fn Shown(week: DataMemo<WeekView>, wanted: Wanted) -> impl IntoView {
    let days = DataMemo::new(move || week.with(|week| week.days.clone()));
    let controls = move || {
        let others = vec![
            ("show", wanted.show.get()),
            ("search", wanted.search.get()),
            ("page", wanted.page.get()),
            ("view", wanted.view.get()),
        ];
        view! { <DaysControls path=ADDRESS.to_owned() days=days.get() others/> }
    };
    let drawn = use_clock().drawn();
    let list = NodeRef::<html::Div>::new();
    keep_times_true(list, move || week.track());
    let contents = move || {
        let WeekView { days, rows, .. } = week.get();
        if rows.is_empty() {
            return Either::Left(nothing(wanted));
        }
        let class = format!("week weeks-{}", days.weeks);
        let span = days.span();
        let drawn_pieces = rows.iter().flat_map(|row| pieces(&row.coverage, span));
        let drawn_pieces: Vec<_> = drawn_pieces.collect();
        let legend = legend_markup(drawn_pieces.iter()).into_string();
        let by_day = (0..days.days.len()).map(|place| {
            let text = DayText::of(place, &days, &rows, drawn);
            view! { <DayItem text/> }
        });
        let by_day = by_day.collect_view();
        Either::Right(view! {
            <div class=class class:as-list=move || wanted.is_list() translate="no">
                <div class="week-grid">
                    <Overlay days=days.clone()/>
                    <ul>
                        {rows.into_iter().map(|row| view! { <Row row span zone=days.zone.clone()/> }).collect_view()}
                    </ul>
                </div>
                <div class="week-legend" inner_html=legend></div>
                <div class="week-list" node_ref=list>{by_day}</div>
            </div>
        })
    };
    view! {
        {controls}
        {contents}
        {redrawn(move || view! { <Pages week=week.get() wanted/> })}
    }
}

/// The link is a view, so that the focus stays on it while the week changes.
#[component]
fn Row(row: WeekRow, span: Span, zone: String) -> impl IntoView {
    let clock = use_clock();
    let height = height(&row.coverage, span);
    let href = format!("/rotations/{}", row.id);
    let name = row.name.clone();
    let label = row.name.clone();
    let facts = facts(&row, &zone);
    let pieces = move || drawing(&row.coverage, span, clock).into_string();
    view! {
        <li>
            <div class="week-name">
                <a href=href dir="auto">{name}</a>
                <span class="badges" inner_html=facts></span>
            </div>
            <svg class="chart" height=height role="list" aria-label=label inner_html=pieces></svg>
        </li>
    }
}

/// What is not as it usually is. `zone` is that of the page.
fn facts(row: &WeekRow, zone: &str) -> String {
    let facts = markup! {
        @if row.visibility == Visibility::Private {
            (badge_markup(Tone::Neutral, "Private"))
        }
        @if let Some(attention) = &row.attention {
            (badge_markup(Tone::Warning, attention.health.label()))
        }
        @if let Some(own) = row.time_zone.as_ref().filter(|own| *own != zone) {
            span class="hint" { "Made in " (own) }
        }
    };
    facts.into_string()
}

/// The ways to the rotations that are on other pages.
#[component]
fn Pages(week: WeekView, wanted: Wanted) -> impl IntoView {
    let (page, pages) = (week.page, week.pages());
    (pages > 1).then(|| {
        let first = page * ROWS_PER_PAGE + 1;
        let last = (first + ROWS_PER_PAGE - 1).min(week.found);
        let to = |page: u32, label: &'static str| {
            let number = (page + 1).to_string();
            let href = move || wanted.with(&[("page", &number)]);
            view! { <a class="button" href=href>{label}</a> }
        };
        view! {
            <nav class="buttons pages" aria-label="Rotations">
                {(page > 0).then(|| to(page - 1, "Rotations before"))}
                <span class="hint">{format!("{first} to {last} of {}", count(week.found, "rotation", "rotations"))}</span>
                {(page + 1 < pages).then(|| to(page + 1, "More rotations"))}
            </nav>
        }
    })
}

fn nothing(wanted: Wanted) -> AnyView {
    let searched = wanted.search.with(|search| !search.trim().is_empty());
    let (title, words, way, label) = match (searched, wanted.is_mine()) {
        (true, _) => (
            "No rotation is found",
            "None that is shown here has all of these words in its name, code, description or schedule, or in \
             the names of who takes turns or is on duty.",
            wanted.with(&[("search", ""), ("page", "")]),
            "Show all",
        ),
        (false, true) => (
            "No rotation is yours",
            "You are in none, and look after none.",
            ADDRESS.to_owned(),
            "Show all rotations",
        ),
        (false, false) => (
            "Nobody takes turns yet",
            "Here will be who is on duty on which day, in every rotation that you may see.",
            "/rotations".to_owned(),
            "Rotations",
        ),
    };
    view! {
        <EmptyState title=title>
            <p>{words}</p>
            <p><a class="button" href=way>{label}</a></p>
        </EmptyState>
    }
    .into_any()
}
