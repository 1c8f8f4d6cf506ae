//! The week as a list by day, in words: on phones, where a drawing of seven days has no room, and
//! for whoever would rather read.

use crate::{
    components::{
        Badge, Piece, PieceKind, Tone, day_label, month_and_day, month_name, override_markup,
        pieces, time_of_day_markup,
    },
    pages::wording::count,
    view,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{Days, Override, Span, Timestamp, WeekRow};

/// Up to so many rotations every day that is not over is unfolded.
const ROWS_UNFOLDED: usize = 8;

/// What is told of a day.
pub(super) struct DayText {
    name: String,
    today: bool,
    open: bool,
    /// In how many rotations nobody is on duty at times.
    gaps: u32,
    lines: String,
}

impl DayText {
    /// Of the day at this place, when the page was drawn at `now`.
    pub(super) fn of(place: usize, days: &Days, rows: &[WeekRow], now: Timestamp) -> Self {
        let day = Span {
            from: days.days[place].starts_at,
            until: days.end(place),
        };
        let (month, _) = month_and_day(&days.days[place].date);
        let label = day_label(&days.days[place], place);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row, pieces(&row.coverage, day)))
            .collect();
        let missing = |row: &&WeekRow| row.missing.iter().any(|gap| gap.meets(day));
        let with_gaps = told.iter().map(|(row, _)| row).filter(|row| missing(row));
        let today = days.is_at(place, now);
        Self {
            name: format!("{label} {}", month_name(month)),
            today,
            open: today || rows.len() <= ROWS_UNFOLDED && now < day.until,
            gaps: with_gaps.fold(0, |count, _| count + 1),
            lines: lines(&told, day).into_string(),
        }
    }
}

fn lines(told: &[(&WeekRow, Vec<Piece>)], day: Span) -> Markup {
    html! {
        @for (row, pieces) in told {
            li {
                a href={ "/rotations/" (row.id.as_str()) } dir="auto" { (row.name) }
                span class="who" {
                    @for (place, piece) in pieces.iter().enumerate() {
                        @if place > 0 { ", " }
                        (piece_text(piece, day))
                    }
                }
            }
        }
    }
}

/// A day that can be folded away, with everybody who is on duty on it.
#[component]
pub(super) fn DayItem(text: DayText) -> impl IntoView {
    let gaps = text.gaps;
    view! {
        <details open=text.open>
            <summary>
                <h3>{text.name}</h3>
                {text.today.then(|| view! { <Badge tone=Tone::Accent text="Today"/> })}
                {(gaps > 0).then(|| {
                    let text = format!("Nobody at times in {}", count(gaps, "rotation", "rotations"));
                    view! { <Badge tone=Tone::Warning text/> }
                })}
            </summary>
            <ul inner_html=text.lines></ul>
        </details>
    }
}

fn is_gap(piece: &Piece) -> bool {
    piece.kind == PieceKind::Nobody
}

/// `Ada until 09:00`.
fn piece_text(piece: &Piece, day: Span) -> Markup {
    let starts = (day.from < piece.stretch.starts_at).then_some(piece.stretch.starts_at);
    let ends = piece.stretch.ends_at.filter(|end| *end < day.until);
    let class = is_gap(piece).then_some("warning");
    let overrides = piece.stretch.overrides.iter();
    let overrides = overrides.filter(|one| one.starts_at < day.until && day.from < one.ends_at);
    html! {
        span class=[class] {
            bdi { (piece.label()) }
            @match (starts, ends) {
                (Some(start), Some(end)) => {
                    " " (time_of_day_markup(start)) " – " (time_of_day_markup(end))
                }
                (Some(start), None) => { " from " (time_of_day_markup(start)) }
                (None, Some(end)) => { " until " (time_of_day_markup(end)) }
                (None, None) => {}
            }
            @for one in overrides { " (" (override_of_a_day(one, piece, day)) ")" }
        }
    }
}

/// `override in place of Bob`, with its times where it is not all that is told of the day.
fn override_of_a_day(one: &Override, piece: &Piece, day: Span) -> Markup {
    let starts = day.from.max(piece.stretch.starts_at) < one.starts_at;
    let end = piece.stretch.ends_at.unwrap_or(day.until);
    let ends = one.ends_at < end.min(day.until);
    html! {
        (override_markup(one))
        @if starts { " from " (time_of_day_markup(one.starts_at)) }
        @if ends { " until " (time_of_day_markup(one.ends_at)) }
    }
}
