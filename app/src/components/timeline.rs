//! Stretches of duty drawn along the days: what has been, now, and what is to come.
//! Each can be pointed at or reached with the arrow keys, and is then told in words
//! below. Beside the drawing a page lists the same as text.

use super::{
    avatar::shade,
    roving::move_focus,
    stretch::{Stretch, sort},
    time::{Clock, Time, day, day_name, in_words, use_clock},
};
use crate::{data::DataMemo, duty::DutyWatch};
use leptos::{either::Either, prelude::*};
use types::Timestamp;

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

    fn shows(self, stretch: &Stretch) -> bool {
        stretch.starts_at < self.to && self.from < self.end_of(stretch)
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
    let chosen = RwSignal::new(None::<Stretch>);
    let drawn = DataMemo::new(move || {
        let span = span.get();
        let mut stretches = stretches.get();
        stretches.retain(|stretch| span.shows(stretch));
        sort(&mut stretches);
        stretches
    });
    let told = DataMemo::new(move || {
        let now = clock.now();
        drawn.with(|drawn| {
            let chosen = chosen.get().filter(|chosen| drawn.contains(chosen));
            chosen.or_else(|| {
                let changed_at = watch.and_then(DutyWatch::changed_at);
                let mut present = drawn.iter();
                let present = present.find(|stretch| stretch.is_known_to_hold(now, changed_at));
                present.or(drawn.first()).cloned()
            })
        })
    });
    view! {
        <div class="timeline" translate="no">
            {move || {
                let (stretches, span) = (drawn.get(), span.get());
                let lanes = lanes(&stretches);
                let height = HEAD + LANE * lanes.iter().map(|lane| lane + 1).max().unwrap_or(1);
                view! {
                    <svg
                        class="chart" height=height role="listbox" aria-label=label
                        aria-orientation="horizontal"
                        on:keydown=move |event| move_focus(&event, "option", ["ArrowLeft", "ArrowRight"])
                    >
                        <Days span height/>
                        {stretches.into_iter().zip(lanes).map(|(stretch, lane)| view! {
                            <Bar stretch lane span told chosen/>
                        }).collect_view()}
                        <Now span height/>
                    </svg>
                }
            }}
            <p class="chosen" aria-hidden="true">
                {move || told.get().map(|stretch| view! { <Told stretch/> })}
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
    stretch: Stretch,
    lane: usize,
    span: Span,
    told: DataMemo<Option<Stretch>>,
    chosen: RwSignal<Option<Stretch>>,
) -> impl IntoView {
    let clock = use_clock();
    let start = span.share(stretch.starts_at);
    let width = (span.share(span.end_of(&stretch)) - start).max(30);
    let class = {
        let shade = match &stretch.name {
            Some(name) => shade(name),
            None => "gap".to_owned(),
        };
        let open = if stretch.ends_at.is_none() {
            " open"
        } else {
            ""
        };
        let ends_at = stretch.ends_at;
        move || {
            let past = if ends_at.is_some_and(|end| end <= clock.now()) {
                " past"
            } else {
                ""
            };
            format!("stretch {shade}{open}{past}")
        }
    };
    let words = {
        let stretch = stretch.clone();
        move || words(&stretch, clock)
    };
    let name = stretch.who().to_owned();
    let (on_focus, on_point) = (stretch.clone(), stretch.clone());
    let selected = Memo::new(move |_| told.with(|told| told.as_ref() == Some(&stretch)));
    view! {
        <g
            class=class role="option" aria-label=words
            aria-selected=move || selected.get().to_string()
            tabindex=move || if selected.get() { "0" } else { "-1" }
            on:focus=move |_| chosen.set(Some(on_focus.clone()))
            on:pointerenter=move |_| chosen.set(Some(on_point.clone()))
        >
            <svg x=percent(start) y=HEAD + LANE * lane width=percent(width) height=BAR>
                <rect x="1" y="1" width="100%" height=BAR - 2 rx="6"></rect>
                <text x="8" y="19">{name}</text>
            </svg>
        </g>
    }
    .into_any()
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
fn Told(stretch: Stretch) -> impl IntoView {
    let clock = use_clock();
    let watch = use_context::<DutyWatch>();
    let holds = {
        let stretch = stretch.clone();
        move || {
            let changed_at = watch.and_then(DutyWatch::changed_at);
            if stretch.is_known_to_hold(clock.now(), changed_at) {
                "Now: "
            } else {
                ""
            }
        }
    };
    let name = stretch.who().to_owned();
    view! {
        <strong>{holds}<bdi translate="no">{name}</bdi></strong>
        <span class="hint">
            <Time at=stretch.starts_at/>
            {match stretch.ends_at {
                Some(at) => Either::Left(view! { " – "<Time at relative=true listed=true/> }),
                None => Either::Right(" until somebody takes over"),
            }}
        </span>
    }
}

fn words(stretch: &Stretch, clock: Clock) -> String {
    let name = stretch.who();
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
    use super::{
        super::stretch::tests::{at, stretch},
        *,
    };

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
            stretch("Ann", 0, 10),
            stretch("Bob", 5, 15),
            stretch("Cem", 10, 20),
            stretch("Dee", 12, None),
            stretch("Eve", 30, 40),
        ];
        assert_eq!(lanes(&stretches), [0, 1, 0, 2, 0]);
    }
}
