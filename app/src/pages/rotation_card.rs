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

#[cfg(test)]
mod tests {
    use super::*;
    use types::{RotationId, RotationMode};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn card(on_duty: &[(&str, i64)], next: i64) -> RotationCard {
        let on_duty = on_duty.iter().map(|(name, until)| OnDutyView {
            name: (*name).to_owned(),
            since: at(0),
            until: Some(at(*until)),
        });
        RotationCard {
            id: RotationId::new("r"),
            name: "Ops".to_owned(),
            code: None,
            mode: RotationMode::PagerDuty,
            visibility: Visibility::Public,
            member_count: 3,
            on_duty: on_duty.collect(),
            next: Some(NextOnDuty {
                name: "Cem".to_owned(),
                starts_at: Some(at(next)),
            }),
            attention: None,
        }
    }

    /// What a card says without its elements.
    fn said(card: &RotationCard, may_be_old: bool, unknown_until: Option<i64>) -> String {
        let doubts = Doubts {
            may_be_old,
            unknown_until: unknown_until.map(at),
        };
        let html = body(card, doubts, at(0)).into_string();
        let texts = html
            .split('<')
            .filter_map(|tag| Some(tag.split_once('>')?.1));
        texts.collect()
    }

    #[test]
    fn only_whose_shift_is_over_is_said_to_have_ended() {
        let pair = card(&[("Ana", 60), ("Bob", 120)], 60);
        let sure = said(&pair, false, None);
        assert!(!sure.contains("ended"), "{sure}");
        let doubtful = said(&pair, false, Some(60));
        assert!(
            doubtful.contains("Anashift ended 00:01 UTC, what came after is not known"),
            "{doubtful}"
        );
        assert!(doubtful.contains("Bobuntil 00:02 UTC"), "{doubtful}");
        assert!(
            doubtful.contains("Next: Cem, 00:01 UTC (not confirmed)"),
            "{doubtful}"
        );
    }

    #[test]
    fn that_nobody_is_on_duty_holds_until_the_next_was_to_begin() {
        let gap = card(&[], 60);
        assert!(said(&gap, false, None).contains("Nobody is on duty"));
        let doubtful = said(&gap, false, Some(60));
        assert!(
            doubtful.contains("Nobody was on duty until 00:01 UTC, what came after is not known"),
            "{doubtful}"
        );
    }

    #[test]
    fn what_may_be_old_is_marked() {
        let card = card(&[("Ana", 60)], 60);
        assert!(said(&card, true, None).contains("May be old"));
        assert!(!said(&card, false, None).contains("May be old"));
    }
}
