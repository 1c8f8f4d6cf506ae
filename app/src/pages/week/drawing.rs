//! The week as a drawing: a row for each rotation, and the days behind them. Where a piece lies
//! is an attribute of SVG, since the page's policy allows no inline style; what is in it is HTML,
//! so that long names end in an ellipsis.

use crate::{
    components::{
        Clock, Piece, Scale, day_lines, override_frames, override_note, pieces, redrawn, telling,
        use_clock,
    },
    view,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{Coverage, Days, Span};

/// The height of a lane and of a piece in it, in pixels.
const LANE: usize = 32;
const BAR: usize = 28;

/// How high the row is, in pixels.
pub(super) fn height(coverage: &Coverage, span: Span) -> usize {
    let lanes = pieces(coverage, span)
        .iter()
        .map(|piece| piece.lane + 1)
        .max();
    lanes.unwrap_or(1) * LANE
}

/// The pieces of a row. Each says for those who hear it what those who see it see.
pub(super) fn drawing(coverage: &Coverage, span: Span, clock: Clock) -> Markup {
    let scale = Scale(span);
    let drawn = clock.drawn();
    let tell = telling(clock, drawn);
    html! {
        @for piece in pieces(coverage, span) {
            @let words = piece.words(&tell);
            @let y = piece.lane * LANE + (LANE - BAR) / 2;
            foreignObject
                role="listitem" class=(piece.class(drawn))
                x=(scale.percent(piece.stretch.starts_at)) y=(y)
                width=(scale.width_of(&piece.stretch)) height=(BAR)
            {
                div class="piece" title=(words) { (contents(&piece, &words)) }
            }
            (override_frames(&piece.stretch, scale, (y, BAR)))
        }
    }
}

fn contents(piece: &Piece, words: &str) -> Markup {
    html! {
        bdi aria-hidden="true" { (piece.label()) }
        @if let Some(note) = override_note(&piece.stretch) {
            span class="note" aria-hidden="true" { (note) }
        }
        span class="visually-hidden" { (words) }
    }
}

/// The names of the days above the rows, a line at each midnight, and where now is.
#[component]
pub(super) fn Overlay(days: Days) -> impl IntoView {
    let clock = use_clock();
    let scale = Scale(days.span());
    let now = Memo::new(move |_| {
        let now = clock.now();
        scale.0.holds(now).then(|| scale.percent(now))
    });
    let lines = day_lines(&days, clock.drawn());
    view! {
        <svg class="chart days" aria-hidden="true">
            <g inner_html=lines.into_string()></g>
            {redrawn(move || now.get().map(|x| view! { <line class="now" x1=x.clone() x2=x y1="20" y2="100%"></line> }))}
        </svg>
    }
}
