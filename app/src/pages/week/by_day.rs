//! The week as a list by day, in words: on phones, where a drawing of seven days has no room, and
//! for whoever would rather read.

use crate::{
    components::{
        Badge, Piece, PieceKind, Tone, day_label, month_and_day, month_name, pieces,
        time_of_day_markup, use_clock,
    },
    pages::wording::count,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{Days, Span, WeekRow};

/// Up to so many rotations every day is unfolded.
const ROWS_UNFOLDED: usize = 8;

/// A day that can be folded away, with everybody who is on duty on it.
#[component]
pub(super) fn DayItem(place: usize, days: Days, rows: Vec<WeekRow>) -> impl IntoView {
    let day = Span {
        from: days.days[place].starts_at,
        until: days.end(place),
    };
    let today = days.is_at(place, use_clock().drawn());
    let (month, _) = month_and_day(&days.days[place].date);
    let name = format!(
        "{} {}",
        day_label(&days.days[place], place),
        month_name(month)
    );
    let drawn: Vec<_> = rows
        .iter()
        .map(|row| (row, pieces(&row.coverage, day)))
        .collect();
    let gaps = drawn
        .iter()
        .filter(|(_, pieces)| pieces.iter().any(is_gap))
        .count();
    let lines = html! {
        @for (row, pieces) in &drawn {
            li {
                a href={ "/rotations/" (row.id.as_str()) } dir="auto" { (row.name) }
                span class="who" {
                    @for (place, piece) in pieces.iter().enumerate() {
                        @if place > 0 { ", " }
                        (told(piece, day))
                    }
                }
            }
        }
    };
    view! {
        <details open=today || rows.len() <= ROWS_UNFOLDED>
            <summary>
                <h3>{name}</h3>
                {today.then(|| view! { <Badge tone=Tone::Accent text="Today"/> })}
                {(gaps > 0).then(|| view! {
                    <Badge tone=Tone::Warning text=format!("Nobody at times in {}", count(gaps_u32(gaps), "rotation", "rotations"))/>
                })}
            </summary>
            <ul inner_html=lines.into_string()></ul>
        </details>
    }
}

fn gaps_u32(gaps: usize) -> u32 {
    u32::try_from(gaps).unwrap_or(u32::MAX)
}

fn is_gap(piece: &Piece) -> bool {
    piece.kind == PieceKind::Nobody
}

/// `Ada until 09:00`.
fn told(piece: &Piece, day: Span) -> Markup {
    let starts = (day.from < piece.stretch.starts_at).then_some(piece.stretch.starts_at);
    let ends = piece.stretch.ends_at.filter(|end| *end < day.until);
    let class = is_gap(piece).then_some("warning");
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
        }
    }
}
