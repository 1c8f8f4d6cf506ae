//! A rotation in the list. There may be hundreds, which are read and never acted
//! in, so what stands on a card is written as text: for each element a view of its
//! own takes the server several times as long, and the browser again.

use super::{rotations::ADDRESS, wording::count};
use crate::{
    components::{
        Tone, avatar_markup, badge_markup, mode_tone, names_markup, time_markup, use_clock,
    },
    duty::{OR_LATER, UNKNOWN, gap_length, is_over},
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{NextOnDuty, OnDuty, Outlook, RotationCard, Timestamp, Visibility};

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
        ul class="after" {
            (what_follows(&card.outlook, unknown_until, now))
            li { (count(card.member_count, "member", "members")) }
        }
    }
}

fn on_duty(card: &RotationCard, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    if card.outlook.on_duty.is_empty() {
        let begins_at = card.outlook.next.as_ref().and_then(|next| next.starts_at);
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
            @for duty in &card.outlook.on_duty {
                @let over = is_over(duty.until, unknown_until);
                li {
                    (avatar_markup(&duty.holder.name, !over))
                    div {
                        bdi class="person-name" { (duty.holder.name) }
                        (shift(duty, over, now))
                    }
                }
            }
        }
    }
}

fn shift(duty: &OnDuty, over: bool, now: Timestamp) -> Markup {
    html! {
        @match duty.until {
            Some(at) if over => span class="over warning" {
                "shift ended " (time_markup(at, false, now)) (UNKNOWN)
            },
            Some(at) => span class="hint" {
                "until " (time_markup(at, true, now))
                @if duty.or_later { (OR_LATER) }
            },
            None => span class="hint" { "since " (time_markup(duty.since, true, now)) },
        }
    }
}

/// Who comes after those on duty, and whether nobody does at first.
pub(super) fn what_follows(
    outlook: &Outlook,
    unknown_until: Option<Timestamp>,
    now: Timestamp,
) -> Markup {
    html! {
        @if let Some(gap) = outlook.gap {
            li { (gap_length(gap)) ", from " (time_markup(gap.from, false, now)) }
        }
        @if let Some(next) = &outlook.next {
            (comes_next(next, unknown_until, now))
        }
    }
}

fn comes_next(next: &NextOnDuty, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        li {
            "Next: " strong { (names_markup(&next.names)) }
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
    use types::{Gap, Holder, MemberKey, RotationId, RotationMode};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn card(on_duty: &[(&str, i64)], next: i64) -> RotationCard {
        let on_duty = on_duty.iter().map(|(name, until)| OnDuty {
            holder: Holder {
                key: MemberKey::new(format!("slack:{name}")),
                name: (*name).to_owned(),
            },
            since: at(0),
            followed_from: None,
            until: Some(at(*until)),
            or_later: *until >= 900,
        });
        RotationCard {
            id: RotationId::new("r"),
            name: "Ops".to_owned(),
            code: None,
            mode: RotationMode::PagerDuty,
            visibility: Visibility::Public,
            member_count: 3,
            outlook: Outlook {
                on_duty: on_duty.collect(),
                next: Some(NextOnDuty {
                    names: vec!["Cem".to_owned(), "Dee".to_owned()],
                    starts_at: Some(at(next)),
                }),
                gap: None,
            },
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
            doubtful.contains("Next: Cem and Dee, 00:01 UTC (not confirmed)"),
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
    fn nobody_in_between_is_told_with_its_length() {
        let mut card = card(&[("Ana", 60)], 7260);
        card.outlook.gap = Some(Gap {
            from: at(60),
            until: Some(at(7260)),
        });
        let told = said(&card, false, None);
        assert!(
            told.contains("Then nobody for 2 hours, from 00:01 UTC"),
            "{told}"
        );
    }

    #[test]
    fn an_end_behind_which_nothing_is_known_may_come_later() {
        let told = said(&card(&[("Ana", 900)], 960), false, None);
        assert!(
            told.contains("until 00:15 UTC (in 15 minutes) or later"),
            "{told}"
        );
    }

    #[test]
    fn what_may_be_old_is_marked() {
        let card = card(&[("Ana", 60)], 60);
        assert!(said(&card, true, None).contains("May be old"));
        assert!(!said(&card, false, None).contains("May be old"));
    }
}
