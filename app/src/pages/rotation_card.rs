//! A rotation in the list. There may be hundreds, which are read and never acted
//! in, so what stands on a card is written as text: for each element a view of its
//! own takes the server several times as long, and the browser again.

use super::{rotations::ADDRESS, wording::count};
use crate::{
    components::{Tone, avatar_markup, badge_markup, names_markup, time_markup, use_clock},
    duty::{NOT_KNOWN, OR_LATER, UNKNOWN, gap_duration, gap_length, is_over},
    view,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{
    Gap, NextOnDuty, OnDuty, Outlook, RotationCard, RotationMode, RotationNeed, Timestamp,
    Visibility,
};

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
        (badges(card, doubts.may_be_old))
        (on_duty(card, unknown_until, now))
        (last_said(card, now))
        ul class="after" {
            (what_follows(&card.outlook, unknown_until, now))
            @if card.outlook.gap.is_none() {
                @if let Some(gap) = card.gap() {
                    li { (later_gap(gap, now)) }
                }
            }
            li { (members(card)) }
        }
    }
}

/// What is out of the ordinary, and the code.
pub(super) fn badges(card: &RotationCard, may_be_old: bool) -> Markup {
    let private = card.visibility == Visibility::Private;
    let unknown = card.mode == RotationMode::Unknown;
    let attention = card.attention();
    html! {
        @let left_out = card.shifts_left_out();
        @let paused = card.outlook.paused;
        @let slack = card.is_refused_by_slack();
        @if private || unknown || paused || may_be_old || left_out || slack || attention.is_some() || card.code.is_some() {
            p class="badges" {
                @if unknown { (badge_markup(Tone::Warning, &card.mode.to_string())) }
                @if paused { (badge_markup(Tone::Neutral, "Paused")) }
                @if private { (badge_markup(Tone::Neutral, "Private")) }
                @if may_be_old { (badge_markup(Tone::Warning, "May be old")) }
                @if left_out { (badge_markup(Tone::Warning, "Shifts left out")) }
                @if slack { (badge_markup(Tone::Warning, "Refused by Slack")) }
                @if let Some(attention) = attention {
                    (badge_markup(Tone::Warning, attention.health.label()))
                }
                @if let Some(code) = &card.code { code { (code) } }
            }
        }
    }
}

/// When PagerDuty told what the card shows, where it cannot be confirmed at present.
pub(super) fn last_said(card: &RotationCard, now: Timestamp) -> Markup {
    html! {
        @if let Some(at) = card.attention().and_then(|attention| attention.confirmed_at) {
            p class="hint" { "As PagerDuty last said: " (time_markup(at, true, now)) }
        }
    }
}

/// A gap that is not the next thing to come.
pub(super) fn later_gap(gap: Gap, now: Timestamp) -> Markup {
    html! { "Nobody from " (time_markup(gap.from, false, now)) (gap_duration(gap)) }
}

fn members(card: &RotationCard) -> String {
    let members = count(card.member_count, "member", "members");
    let unlinked = card.needs.iter().find_map(|need| match need {
        RotationNeed::Unlinked { people } => Some(people),
        _ => None,
    });
    let unlinked = unlinked.map_or_else(String::new, |people| format!(", {people} not linked"));
    match card.mode {
        RotationMode::Unknown => format!("{members}{unlinked}"),
        mode => format!("{mode} · {members}{unlinked}"),
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
                    None if card.outlook.is_unknown => { (NOT_KNOWN) }
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

/// Until when somebody is on duty, or since when where nobody knows.
pub(super) fn shift(duty: &OnDuty, over: bool, now: Timestamp) -> Markup {
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
    let (away_until, planned_from) = (outlook.away_until, outlook.planned_from);
    html! {
        @if outlook.paused && outlook.on_duty.is_empty() {
            li { "Paused: nobody is on duty until somebody lets it go on" }
        } @else if let Some(at) = planned_from.filter(|_| !is_over(planned_from, unknown_until)) {
            li { "Nobody is planned until " (time_markup(at, false, now)) }
        }
        @if let Some(at) = away_until.filter(|_| !is_over(away_until, unknown_until)) {
            li { "Everybody is away until " (time_markup(at, false, now)) }
        }
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
    use types::{Holder, MemberKey, RotationId};

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
            by_override: None,
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
                    keys: Vec::new(),
                    starts_at: Some(at(next)),
                }),
                ..Outlook::default()
            },
            needs: Vec::new(),
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
    fn where_everybody_is_away_it_is_said_until_when() {
        let mut gap = card(&[], 300);
        gap.outlook.away_until = Some(at(120));
        let away = "Everybody is away until 00:02 UTC";
        assert!(said(&gap, false, None).contains(away));
        assert!(!said(&gap, false, Some(180)).contains(away));
    }

    #[test]
    fn what_is_paused_says_so_and_where_nobody_is_planned_it_is_said_until_when() {
        let mut nobody = card(&[], 300);
        nobody.outlook.planned_from = Some(at(300));
        let planned = "Nobody is planned until 00:05 UTC";
        assert!(said(&nobody, false, None).contains(planned));
        assert!(!said(&nobody, false, Some(360)).contains(planned));
        nobody.outlook.paused = true;
        let told = said(&nobody, false, None);
        assert!(told.starts_with("Paused"), "{told}");
        assert!(told.contains("Paused: nobody is on duty until somebody lets it go on"));
        assert!(!told.contains(planned), "{told}");
        // Whoever an override adds is on duty all the same.
        let mut added = card(&[("Ana", 60)], 60);
        added.outlook.paused = true;
        let told = said(&added, false, None);
        assert!(told.starts_with("Paused"), "{told}");
        assert_eq!(told.matches("Paused").count(), 1, "{told}");
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
    fn a_gap_further_on_is_told_with_its_beginning() {
        let mut card = card(&[("Ana", 60)], 60);
        let gap = Gap {
            from: at(120),
            until: Some(at(7320)),
        };
        card.needs = vec![RotationNeed::Gap(gap)];
        let told = said(&card, false, None);
        assert!(told.contains("Nobody from 00:02 UTC for 2 hours"), "{told}");
        // The one that comes next is told once.
        card.outlook.gap = Some(gap);
        let told = said(&card, false, None);
        assert_eq!(told.to_lowercase().matches("nobody").count(), 1, "{told}");
    }

    #[test]
    fn what_is_normal_has_no_badge() {
        let mut card = card(&[("Ana", 60)], 60);
        let badges = |card: &RotationCard| super::badges(card, false).into_string();
        assert_eq!(badges(&card), "");
        card.visibility = Visibility::Private;
        assert!(badges(&card).contains("Private"));
        card.mode = RotationMode::Unknown;
        assert!(badges(&card).contains("Unknown mode"));
        assert!(said(&card, false, None).ends_with("3 members"));
    }

    #[test]
    fn whoever_is_not_linked_is_counted() {
        let mut card = card(&[("Ana", 60)], 60);
        card.needs = vec![RotationNeed::Unlinked { people: 2 }];
        let told = said(&card, false, None);
        assert!(
            told.ends_with("PagerDuty · 3 members, 2 not linked"),
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
