//! Stretches of duty drawn along the days: what has been, now, and what is to come.
//! Each can be pointed at or reached with the arrow keys, and is then told in words
//! below. Beside the drawing a page lists the same as text.

use super::{
    avatar::shade,
    names::{names_markup, who},
    roving::move_focus,
    rows::rows,
    time::{Clock, Time, day, day_name, in_words, use_clock},
};
use crate::{data::DataMemo, duty::DutyWatch};
use leptos::{either::Either, ev::PointerEvent, prelude::*, wasm_bindgen::JsCast};
use types::{Stretch, Timestamp};
use web_sys::Element;

/// The height of a lane and of the head with the names of the days, in pixels.
const LANE: usize = 36;
const BAR: usize = 30;
const HEAD: usize = 22;

/// The part of time that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Span {
    /// How far from the left an instant lies, as SVG wants it: `12.34%`.
    fn percent(self, at: Timestamp) -> String {
        percent(self.share(at))
    }

    /// The same in hundredths of a percent, not beyond the edges.
    fn share(self, at: Timestamp) -> i64 {
        let whole = (self.to.as_millis() - self.from.as_millis()).max(1);
        let part = at.as_millis() - self.from.as_millis();
        (part * 10_000 / whole).clamp(0, 10_000)
    }

    fn end_of(self, stretch: &Stretch) -> Timestamp {
        stretch.ends_at.unwrap_or(self.to)
    }

    pub(crate) fn shows(self, stretch: &Stretch) -> bool {
        stretch.starts_at < self.to && self.from < self.end_of(stretch)
    }
}

/// A stretch and the lane that it is drawn in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    stretch: Stretch,
    lane: usize,
}

impl Placed {
    /// Whether it is the same piece of the drawing, which stays where it is and keeps the
    /// focus when the stretch turns out to end at another time.
    fn replaces(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    fn identity(&self) -> (usize, i64, &str) {
        let Stretch {
            holder, starts_at, ..
        } = &self.stretch;
        let holder = holder.as_ref().map_or("", |holder| holder.key.as_str());
        (self.lane, starts_at.as_millis(), holder)
    }

    fn key(&self) -> String {
        let (lane, starts_at, holder) = self.identity();
        format!("{lane} {starts_at} {holder}")
    }
}

fn percent(share: i64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

#[component]
pub(crate) fn Timeline(
    label: &'static str,
    stretches: DataMemo<Vec<Stretch>>,
    span: DataMemo<Span>,
) -> impl IntoView {
    let clock = use_clock();
    let watch = use_context::<DutyWatch>();
    // The one that is told below; the present one until somebody chooses another.
    let chosen = RwSignal::new(None::<Placed>);
    let drawn = DataMemo::new(move || {
        let span = span.get();
        let mut stretches = stretches.get();
        stretches.retain(|stretch| span.shows(stretch));
        let lanes = lanes(&stretches);
        let placed = stretches.into_iter().zip(lanes);
        placed
            .map(|(stretch, lane)| Placed { stretch, lane })
            .collect::<Vec<_>>()
    });
    let present = DataMemo::new(move || {
        let now = clock.now();
        let changed_at = watch.and_then(DutyWatch::changed_at);
        let holds = |one: &&Placed| one.stretch.is_known_to_hold(now, changed_at);
        drawn.with(|drawn| drawn.iter().filter(holds).cloned().collect::<Vec<_>>())
    });
    let told = DataMemo::new(move || {
        drawn.with(|drawn| {
            let chosen = chosen.get();
            let chosen = chosen.and_then(|chosen| drawn.iter().find(|one| one.replaces(&chosen)));
            let present = || present.with(|present| present.first().cloned());
            let chosen = chosen.cloned();
            chosen.or_else(present).or_else(|| drawn.first().cloned())
        })
    });
    // As long as nobody has chosen one, all who are on duty are told.
    let words = move || {
        told.get().map(|Placed { stretch, .. }| {
            let present = present.get();
            let is_present = present.iter().any(|placed| placed.stretch == stretch);
            let all = is_present && chosen.with(Option::is_none);
            let names: Vec<_> = match all {
                true => present
                    .iter()
                    .map(|placed| who(&placed.stretch).to_owned())
                    .collect(),
                false => vec![who(&stretch).to_owned()],
            };
            let holds = is_present && names.len() == present.len();
            view! { <Told stretch names holds/> }
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
                {move || view! { <Days span=span.get() height=height.get()/> }}
                {rows(move || drawn.get(), Placed::key, move |placed| view! {
                    <Bar placed drawn span told chosen/>
                })}
                {move || view! { <Now span=span.get() height=height.get()/> }}
            </svg>
            <p class="chosen" aria-hidden="true">
                {words}
            </p>
        </div>
    }
    .into_any()
}

/// A line at each midnight, and the name of the day that begins there.
#[component]
fn Days(span: Span, height: usize) -> impl IntoView {
    let clock = use_clock();
    view! {
        <g aria-hidden="true">
            {move || midnights(span, clock).into_iter().enumerate().map(|(index, at)| {
                let x = span.percent(at);
                view! {
                    <line class="day" x1=x.clone() x2=x.clone() y1="0" y2=height></line>
                    // Close to the end there is no room for the name.
                    {(span.share(at) < 9_300).then(|| view! {
                        <svg x=x overflow="visible">
                            <text class="day-name" class:even=index % 2 == 1 x="5" y="12">{day_name(at, clock)}</text>
                        </svg>
                    })}
                }
            }).collect_view()}
        </g>
    }
    .into_any()
}

#[component]
fn Bar(
    placed: Placed,
    drawn: DataMemo<Vec<Placed>>,
    span: DataMemo<Span>,
    told: DataMemo<Option<Placed>>,
    chosen: RwSignal<Option<Placed>>,
) -> impl IntoView {
    let clock = use_clock();
    let name = who(&placed.stretch).to_owned();
    let shade = match &placed.stretch.holder {
        Some(_) => shade(&name),
        None => "gap".to_owned(),
    };
    let lane = placed.lane;
    let present = DataMemo::new(move || {
        drawn.with(|drawn| {
            let mut drawn = drawn.iter();
            // One that is about to leave stays as it was.
            let present = drawn.find(|one| one.replaces(&placed)).unwrap_or(&placed);
            present.clone()
        })
    });
    let class = move || {
        present.with(|placed| {
            let (mut open, mut past) = ("", "");
            match placed.stretch.ends_at {
                None => open = " open",
                Some(end) if end <= clock.now() => past = " past",
                Some(_) => {}
            }
            format!("stretch {shade}{open}{past}")
        })
    };
    let words = move || present.with(|placed| words(&placed.stretch, clock));
    let start = move || {
        span.get()
            .share(present.with(|placed| placed.stretch.starts_at))
    };
    let width = move || {
        let end = present.with(|placed| span.get().end_of(&placed.stretch));
        (span.get().share(end) - start()).max(30)
    };
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
        >
            <svg
                x=move || percent(start()) y=HEAD + LANE * lane
                width=move || percent(width()) height=BAR
            >
                <rect x="1" y="1" width="100%" height=BAR - 2 rx="6"></rect>
                <text x="8" y="19">{name}</text>
            </svg>
        </g>
    }
    .into_any()
}

/// Whether the focus is in the drawing that was pointed at.
fn is_in_use(event: &PointerEvent) -> bool {
    let piece = event.current_target();
    let piece = piece.and_then(|piece| piece.dyn_into::<Element>().ok());
    let drawing = piece.and_then(|piece| piece.closest(".chart:focus-within").ok()?);
    drawing.is_some()
}

#[component]
fn Now(span: Span, height: usize) -> impl IntoView {
    let clock = use_clock();
    move || {
        let now = clock.now();
        (span.from <= now && now < span.to).then(|| {
            let x = span.percent(now);
            view! {
                <line class="now" x1=x.clone() x2=x y1=HEAD - 8 y2=height aria-hidden="true"></line>
            }
        })
    }
}

#[component]
fn Told(
    stretch: Stretch,
    names: Vec<String>,
    /// These are all who are on duty now.
    holds: bool,
) -> impl IntoView {
    let now = if holds { "Now: " } else { "" };
    let times = (names.len() == 1).then(|| {
        view! {
            <span class="hint">
                <Time at=stretch.starts_at/>
                {match stretch.ends_at {
                    Some(at) => Either::Left(view! { " – "<Time at relative=true listed=true/> }),
                    None => Either::Right(" until somebody takes over"),
                }}
            </span>
        }
    });
    view! { <strong inner_html=format!("{now}{}", names_markup(&names).into_string())></strong>{times} }
}

fn words(stretch: &Stretch, clock: Clock) -> String {
    let name = who(stretch);
    let start = in_words(stretch.starts_at, clock);
    match stretch.ends_at {
        Some(end) => format!("{name}, {start} to {}", in_words(end, clock)),
        None => format!("{name}, since {start}, until somebody takes over"),
    }
}

/// The midnights inside the span, in the reader's time zone.
fn midnights(span: Span, clock: Clock) -> Vec<Timestamp> {
    let mut midnights = Vec::new();
    let (_, mut midnight) = day(span.from, clock);
    while midnight < span.to {
        midnights.push(midnight);
        let (_, next) = day(midnight, clock);
        if next <= midnight {
            break;
        }
        midnight = next;
    }
    midnights
}

/// The lane of each stretch, from the top: those that overlap lie below each other.
/// The stretches come by their start.
fn lanes(stretches: &[Stretch]) -> Vec<usize> {
    // When the last stretch of each lane ends; one without an end fills its lane.
    let mut ends: Vec<Option<Timestamp>> = Vec::new();
    stretches
        .iter()
        .map(|stretch| {
            let free = ends
                .iter()
                .position(|end| end.is_some_and(|end| end <= stretch.starts_at));
            match free {
                Some(lane) => {
                    ends[lane] = stretch.ends_at;
                    lane
                }
                None => {
                    ends.push(stretch.ends_at);
                    ends.len() - 1
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn stretch(starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: None,
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
        }
    }

    #[test]
    fn instants_are_placed_along_the_span_and_not_beyond_it() {
        let span = Span {
            from: at(100),
            to: at(200),
        };
        for (seconds, expected) in [
            (100, "0.00%"),
            (133, "33.00%"),
            (50, "0.00%"),
            (900, "100.00%"),
        ] {
            assert_eq!(span.percent(at(seconds)), expected);
        }
    }

    #[test]
    fn those_who_follow_each_other_share_a_lane_and_those_who_overlap_do_not() {
        let stretches = [
            stretch(0, 10),
            stretch(5, 15),
            stretch(10, 20),
            stretch(12, None),
            stretch(30, 40),
        ];
        assert_eq!(lanes(&stretches), [0, 1, 0, 2, 0]);
    }
}
