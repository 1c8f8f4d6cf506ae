//! Who has duty, drawn along the days: what has been, now, and what is to come.
//! Each piece can be pointed at or reached with the arrow keys, and is then told in words
//! below. Beside the drawing a page lists the same as text.

use super::{
    days::day_lines,
    legend::legend_markup,
    names::names_markup,
    overrides::{is_all, override_frames, override_markup, override_note},
    pieces::{Piece, Scale, pieces},
    redrawn,
    roving::move_focus,
    rows::rows,
    time::{Time, in_words, use_clock},
};
use crate::{
    data::DataMemo,
    duty::{DutyWatch, OR_LATER},
    view,
};
use leptos::{either::Either, ev::PointerEvent, prelude::*, wasm_bindgen::JsCast};
use maud::{Markup, html};
use types::{Coverage, Days};
use web_sys::Element;

/// The height of a lane and of the head with the names of the days, in pixels.
const LANE: usize = 36;
const BAR: usize = 30;
const HEAD: usize = 22;

/// Whether it is the same piece of the drawing, which stays where it is and keeps the focus when
/// the stretch turns out to end at another time.
fn is_replaced(one: &Piece, other: &Piece) -> bool {
    identity(one) == identity(other)
}

fn identity(piece: &Piece) -> (usize, i64, &str) {
    let holder = piece.stretch.holder.as_ref();
    let whose = holder.map_or(piece.label(), |holder| holder.key.as_str());
    (piece.lane, piece.stretch.starts_at.as_millis(), whose)
}

fn key(piece: &Piece) -> String {
    let (lane, starts_at, whose) = identity(piece);
    format!("{lane} {starts_at} {whose}")
}

#[component]
pub(crate) fn Timeline(
    label: &'static str,
    coverage: DataMemo<Coverage>,
    days: DataMemo<Days>,
) -> impl IntoView {
    let clock = use_clock();
    let watch = use_context::<DutyWatch>();
    // The one that is told below; the present one until somebody chooses another.
    let chosen = RwSignal::new(None::<Piece>);
    let drawn = DataMemo::new(move || pieces(&coverage.get(), days.get().span()));
    let lines = move || days.with(|days| day_lines(days, clock.drawn()).into_string());
    let legend = move || drawn.with(|drawn| legend_markup(drawn.iter()).into_string());
    let scale = DataMemo::new(move || Scale(days.with(Days::span)));
    let present = DataMemo::new(move || {
        let now = clock.now();
        let changed_at = watch.and_then(DutyWatch::changed_at);
        let holds =
            |one: &&Piece| !one.kind.is_remark() && one.stretch.is_known_to_hold(now, changed_at);
        drawn.with(|drawn| drawn.iter().filter(holds).cloned().collect::<Vec<_>>())
    });
    let told = DataMemo::new(move || {
        drawn.with(|drawn| {
            let chosen = chosen.get();
            let chosen =
                chosen.and_then(|chosen| drawn.iter().find(|one| is_replaced(one, &chosen)));
            let present = || present.with(|present| present.first().cloned());
            let chosen = chosen.cloned();
            chosen.or_else(present).or_else(|| drawn.first().cloned())
        })
    });
    // As long as nobody has chosen one, all who are on duty are told.
    let words = move || {
        told.get().map(|piece| {
            let present = present.get();
            let is_present = present.contains(&piece);
            let all = is_present && chosen.with(Option::is_none);
            let names: Vec<_> = match all {
                true => present.iter().map(|one| one.label().to_owned()).collect(),
                false => vec![piece.label().to_owned()],
            };
            let holds = is_present && names.len() == present.len();
            view! { <Told piece names holds/> }
        })
    };
    let height = Memo::new(move |_| {
        drawn.with(|drawn| {
            let lanes = drawn.iter().map(|one| one.lane + 1);
            HEAD + LANE * lanes.max().unwrap_or(1)
        })
    });
    view! {
        <div class="timeline" translate="no">
            <svg
                class="chart" height=move || height.get() role="listbox" aria-label=label
                aria-orientation="horizontal"
                on:keydown=move |event| move_focus(&event, "option", ["ArrowLeft", "ArrowRight"])
            >
                <g aria-hidden="true" inner_html=lines></g>
                {rows(move || drawn.get(), key, move |piece| view! {
                    <Bar piece drawn scale told chosen/>
                })}
                {redrawn(move || view! { <Now scale=scale.get() height=height.get()/> })}
            </svg>
            <p class="chosen" aria-hidden="true">
                {words}
            </p>
            <div inner_html=legend></div>
        </div>
    }
    .into_any()
}

#[component]
fn Bar(
    piece: Piece,
    drawn: DataMemo<Vec<Piece>>,
    scale: DataMemo<Scale>,
    told: DataMemo<Option<Piece>>,
    chosen: RwSignal<Option<Piece>>,
) -> impl IntoView {
    let clock = use_clock();
    let present = DataMemo::new(move || {
        drawn.with(|drawn| {
            let mut drawn = drawn.iter();
            // One that is about to leave stays as it was.
            let present = drawn.find(|one| is_replaced(one, &piece)).unwrap_or(&piece);
            present.clone()
        })
    });
    let class = move || present.with(|piece| piece.class(clock.now()));
    let words = move || present.with(|piece| piece.words(|at| in_words(at, clock)));
    let shape = move || present.with(|piece| shape(piece, scale.get()).into_string());
    let choose = move || chosen.set(Some(present.get()));
    let selected = Memo::new(move |_| {
        told.with(|told| present.with(|present| told.as_ref() == Some(present)))
    });
    // Whoever goes through it by keyboard makes the page move below a pointer that rests,
    // and has not pointed at anything.
    let on_point = move |event: PointerEvent| {
        let rests = event.movement_x() == 0 && event.movement_y() == 0;
        if !(selected.get_untracked() || rests && is_in_use(&event)) {
            choose();
        }
    };
    view! {
        <g
            class=class role="option" aria-label=words
            aria-selected=move || selected.get().to_string()
            tabindex=move || if selected.get() { "0" } else { "-1" }
            on:focus=move |_| choose()
            on:pointermove=on_point
            inner_html=shape
        ></g>
    }
    .into_any()
}

/// What is seen of a piece.
fn shape(piece: &Piece, scale: Scale) -> Markup {
    let y = HEAD + LANE * piece.lane;
    html! {
        foreignObject
            x=(scale.percent(piece.stretch.starts_at)) y=(y)
            width=(scale.width_of(&piece.stretch)) height=(BAR)
        {
            div class="piece" {
                bdi { (piece.label()) }
                @if let Some(note) = override_note(&piece.stretch) { span class="note" { (note) } }
            }
        }
        (override_frames(&piece.stretch, scale, (y, BAR)))
    }
}

/// Whether the focus is in the drawing that was pointed at.
fn is_in_use(event: &PointerEvent) -> bool {
    let piece = event.current_target();
    let piece = piece.and_then(|piece| piece.dyn_into::<Element>().ok());
    let drawing = piece.and_then(|piece| piece.closest(".chart:focus-within").ok()?);
    drawing.is_some()
}

#[component]
fn Now(scale: Scale, height: usize) -> impl IntoView {
    let clock = use_clock();
    move || {
        let now = clock.now();
        scale.0.holds(now).then(|| {
            let x = scale.percent(now);
            view! {
                <line class="now" x1=x.clone() x2=x y1=HEAD - 8 y2=height aria-hidden="true"></line>
            }
        })
    }
}

#[component]
fn Told(
    piece: Piece,
    names: Vec<String>,
    /// These are all who are on duty now.
    holds: bool,
) -> impl IntoView {
    let clock = use_clock();
    let now = if holds { "Now: " } else { "" };
    let stretch = piece.stretch.clone();
    if !piece.kind.is_of_duty() {
        return Either::Left(move || piece.words(|at| in_words(at, clock)));
    }
    let overrides = stretch.overrides.iter().map(|one| {
        let (starts_at, ends_at) = (one.starts_at, one.ends_at);
        let is_part = !is_all(one, &stretch);
        view! {
            ", "<span inner_html=override_markup(one).into_string()></span>
            {is_part.then(|| view! { " "<Time at=starts_at/>" – "<Time at=ends_at/> })}
        }
    });
    let overrides = overrides.collect_view();
    let times = (names.len() == 1).then(|| {
        view! {
            <span class="hint">
                <Time at=stretch.starts_at/>
                {match stretch.ends_at {
                    Some(at) => Either::Left(view! {
                        " – "<Time at relative=true listed=true/>
                        {piece.or_later.then_some(OR_LATER)}
                    }),
                    None => Either::Right(" until somebody takes over"),
                }}
                {overrides}
            </span>
        }
    });
    Either::Right(
        view! { <strong inner_html=format!("{now}{}", names_markup(&names).into_string())></strong>{times} },
    )
}
