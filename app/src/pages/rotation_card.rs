//! A rotation in the list. There may be hundreds, which are read and never acted
//! in, so what stands on a card is written as text: for each element a view of its
//! own takes the server several times as long, and the browser again.

use super::{rotations::ADDRESS, wording::count};
use crate::{
    components::{Tone, avatar_markup, badge_markup, mode_tone, time_markup, use_clock},
    duty::{UNKNOWN, is_over},
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{NextOnDuty, OnDutyView, RotationCard, Timestamp, Visibility};

/// What is doubtful about the list.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Doubts {
    pub(crate) may_be_old: bool,
    /// Changes up to then have been, and nobody knows which way.
    pub(crate) unknown_until: Option<Timestamp>,
}

/// The link is a view, so that the focus stays on it while the card changes.
#[component]
pub(crate) fn RotationItem(card: RotationCard, doubts: Doubts) -> impl IntoView {
    // As of when the page was drawn: what did not change is the same text again.
    let body = body(&card, doubts, use_clock().drawn()).into_string();
    view! {
        <li class="card rotation-card" translate="no">
            <h2 dir="auto"><a href=format!("{ADDRESS}/{}", card.id)>{card.name}</a></h2>
            <div class="card-body" inner_html=body></div>
        </li>
    }
}

fn body(card: &RotationCard, doubts: Doubts, now: Timestamp) -> Markup {
    let unknown_until = doubts.unknown_until;
    html! {
        p class="badges" {
            (badge_markup(mode_tone(card.mode), &card.mode.to_string()))
            @if card.visibility == Visibility::Private {
                (badge_markup(Tone::Neutral, "Private"))
            }
            @if doubts.may_be_old {
                (badge_markup(Tone::Warning, "May be old"))
            }
            @if let Some(attention) = &card.attention {
                (badge_markup(Tone::Warning, attention.health.label()))
            }
            @if let Some(code) = &card.code {
                code { (code) }
            }
        }
        (on_duty(card, unknown_until, now))
        @if let Some(at) = card.attention.and_then(|attention| attention.confirmed_at) {
            p class="hint" { "As PagerDuty last said: " (time_markup(at, true, now)) }
        }
        p class="after" {
            @if let Some(next) = &card.next {
                (comes_next(next, unknown_until, now))
            }
            span { (count(card.member_count, "member", "members")) }
        }
    }
}

fn on_duty(card: &RotationCard, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    if card.on_duty.is_empty() {
        let begins_at = card.next.as_ref().and_then(|next| next.starts_at);
        let begun = begins_at.filter(|_| is_over(begins_at, unknown_until));
        return html! {
            p class="nobody" {
                @match begun {
                    Some(at) => { "Nobody was on duty until " (time_markup(at, false, now)) (UNKNOWN) }
                    None => { "Nobody is on duty" }
                }
            }
        };
    }
    html! {
        ul class="on-duty" {
            @for person in &card.on_duty {
                @let over = is_over(person.until, unknown_until);
                li {
                    (avatar_markup(&person.name, !over))
                    div {
                        bdi class="person-name" { (person.name) }
                        (shift(person, over, now))
                    }
                }
            }
        }
    }
}

fn shift(person: &OnDutyView, over: bool, now: Timestamp) -> Markup {
    html! {
        @match person.until {
            Some(at) if over => span class="over warning" {
                "shift ended " (time_markup(at, false, now)) (UNKNOWN)
            },
            Some(at) => span class="hint" { "until " (time_markup(at, true, now)) },
            None => span class="hint" { "since " (time_markup(person.since, true, now)) },
        }
    }
}

fn comes_next(next: &NextOnDuty, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        span {
            "Next: " strong { bdi { (next.name) } }
            @if let Some(at) = next.starts_at {
                ", " (time_markup(at, false, now))
                @if is_over(Some(at), unknown_until) { " (not confirmed)" }
            }
        }
    }
}
