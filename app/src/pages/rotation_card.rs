//! A rotation in the list. There may be hundreds, which are read and never acted
//! in, so what stands on a card is written as text: for each element a view of its
//! own takes the server several times as long, and the browser again.

use super::{rotations::ADDRESS, wording::count};
use crate::components::{Tone, avatar_markup, badge_markup, mode_tone, time_markup, use_clock};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{Attention, NextOnDuty, OnDutyView, RotationCard, Timestamp, Visibility};

/// The link is a view, so that the focus stays on it while the card changes.
#[component]
pub(crate) fn RotationItem(card: RotationCard) -> impl IntoView {
    // As of when the page was drawn: what did not change is the same text again.
    let body = body(&card, use_clock().drawn()).into_string();
    view! {
        <li class="card rotation-card">
            <h2 dir="auto"><a href=format!("{ADDRESS}/{}", card.id)>{card.name}</a></h2>
            <div class="card-body" inner_html=body></div>
        </li>
    }
}

fn body(card: &RotationCard, now: Timestamp) -> Markup {
    html! {
        p class="badges" {
            (badge_markup(mode_tone(card.mode), &card.mode.to_string()))
            @if card.visibility == Visibility::Private {
                (badge_markup(Tone::Neutral, "Private"))
            }
            @if let Some(attention) = &card.attention {
                (badge_markup(Tone::Warning, ailment(attention)))
            }
            @if let Some(code) = &card.code {
                code { (code) }
            }
        }
        (on_duty(&card.on_duty, now))
        @if let Some(at) = card.attention.and_then(|attention| attention.confirmed_at) {
            p class="hint" { "As PagerDuty last said: " (time_markup(at, true, now)) }
        }
        p class="after" {
            @if let Some(next) = &card.next {
                (comes_next(next, now))
            }
            span { (count(card.member_count, "member", "members")) }
        }
    }
}

const fn ailment(attention: &Attention) -> &'static str {
    if attention.needs_reconnection {
        "Needs reconnection"
    } else {
        "Needs attention"
    }
}

fn on_duty(people: &[OnDutyView], now: Timestamp) -> Markup {
    if people.is_empty() {
        return html! { p class="nobody" { "Nobody is on duty" } };
    }
    html! {
        ul class="on-duty" {
            @for person in people {
                li {
                    (avatar_markup(&person.name, true))
                    div {
                        bdi class="person-name" { (person.name) }
                        span class="hint" {
                            @match person.until {
                                Some(until) => { "until " (time_markup(until, true, now)) }
                                None => { "since " (time_markup(person.since, true, now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn comes_next(next: &NextOnDuty, now: Timestamp) -> Markup {
    html! {
        span {
            "Next: " strong { bdi { (next.name) } }
            @if let Some(at) = next.starts_at {
                ", " (time_markup(at, false, now))
            }
        }
    }
}
