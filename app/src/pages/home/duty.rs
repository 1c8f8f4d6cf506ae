//! What Home says of duty: the reader's own, now and to come, and who has it in the rotations
//! that they own.

use super::{all_of, row, rows, why_nobody};
use crate::{
    components::{Card, Notice, Tone, names_markup, time_markup},
    duty::{NOT_KNOWN, OR_LATER, UNKNOWN, is_over},
    pages::{
        rotation_card::{Doubts, badges, last_said, shift, what_follows},
        rotations, week,
        wording::count,
    },
    view,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{ComingShift, HomeView, MemberKey, RotationCard, Selection, Timestamp};

/// The answer to *am I on duty*. Where a change was due and nobody knows what came of it, that
/// is said instead.
pub(super) fn heading(
    home: &HomeView,
    me: Option<&MemberKey>,
    unknown_until: Option<Timestamp>,
) -> &'static str {
    let ends = |card: &RotationCard| Some(card.outlook.of(me?)?.until);
    let mut ends = home.on_duty.items.iter().filter_map(ends);
    let begins_at = home.coming.items.first().map(|shift| shift.starts_at);
    if ends.any(|until| !is_over(until, unknown_until)) {
        "You are on duty"
    } else if home.on_duty.all > 0 || home.unknown > 0 || is_over(begins_at, unknown_until) {
        "Whether you are on duty is not known"
    } else {
        "You are not on duty"
    }
}

/// What the reader is on duty for, or when they are next.
pub(super) fn at_present(
    home: &HomeView,
    me: Option<&MemberKey>,
    doubts: Doubts,
    now: Timestamp,
) -> AnyView {
    if home.on_duty.all == 0 {
        return off_duty(home, now);
    }
    let mine = |card: &RotationCard| row(&card.id, &card.name, my_duty(card, me, doubts, now));
    view! {
        <div class="card now">
            {rows(home.on_duty.items.iter().map(mine))}
            {all_of(&home.on_duty, Selection::OnDuty)}
        </div>
    }
    .into_any()
}

fn my_duty(card: &RotationCard, me: Option<&MemberKey>, doubts: Doubts, now: Timestamp) -> Markup {
    let unknown_until = doubts.unknown_until;
    let mine = me.and_then(|me| card.outlook.of(me));
    let others = card.outlook.on_duty.iter();
    let others = others.filter(|duty| Some(&duty.holder.key) != me);
    let others: Vec<_> = others.map(|duty| duty.holder.name.clone()).collect();
    html! {
        @if let Some(duty) = mine {
            p class="until" { (shift(duty, is_over(duty.until, unknown_until), now)) }
        }
        (badges(card, doubts.may_be_old))
        (last_said(card, now))
        @if !others.is_empty() {
            p class="hint" { "Together with " (names_markup(&others)) }
        }
        ul class="after" { (what_follows(&card.outlook, unknown_until, now)) }
    }
}

fn off_duty(home: &HomeView, now: Timestamp) -> AnyView {
    let next = home.coming.items.first().map(|shift| {
        let said = html! {
            "Your next shift begins " (time_markup(shift.starts_at, true, now))
            ", in " bdi { (shift.rotation_name) } "."
        };
        view! { <p class="lead" translate="no" inner_html=said.into_string()></p> }
    });
    // Whoever has shifts of their own is linked.
    let unlinked = home.unlinked_on_duty;
    let perhaps_not_linked = unlinked > 0 && home.coming.all == 0;
    let doubt = perhaps_not_linked.then(|| {
        let people = count(unlinked, "person is", "people are");
        view! {
            <Notice tone=Tone::Warning>
                <p>
                    {people}" on duty whom only PagerDuty knows. If you are one of them, you are on duty although \
                    it is not said here: an admin has to link you on the rotation's page."
                </p>
            </Notice>
        }
    });
    view! { {next}{doubt} }.into_any()
}

/// The reader's shifts that have not begun, and where it is their turn next by hand.
pub(super) fn coming(
    home: &HomeView,
    unknown_until: Option<Timestamp>,
    now: Timestamp,
) -> impl IntoView + use<> {
    let shifts = home.coming.items.iter().map(|shift| {
        let said = when(shift, unknown_until, now);
        row(&shift.rotation, &shift.rotation_name, said)
    });
    let in_turn = home.in_turn.items.iter().map(|card| {
        let said = html! { p class="hint" { "It is your turn next, as soon as somebody rotates" } };
        row(&card.id, &card.name, said)
    });
    let contents = if home.coming.all + home.in_turn.all > 0 {
        rows(shifts.chain(in_turn))
    } else {
        let nothing = match home.mine {
            0 => "You take no turns in any rotation.",
            _ => "None is planned, as far as the days ahead are known.",
        };
        view! { <p>{nothing}</p> }.into_any()
    };
    let later =
        others(home).map(|said| view! { <p class="hint" inner_html=said.into_string()></p> });
    view! { <Card id="shifts-heading" title="Your next shifts">{contents}{later}</Card> }
}

/// How many more there are than are told, and where they are.
fn others(home: &HomeView) -> Option<Markup> {
    let (later, in_turn) = (home.coming.others(), home.in_turn.others());
    let said = html! {
        @if later > 0 {
            (count(later, "later shift follows.", "later shifts follow.")) " "
            a href=(format!("{}?weeks=4&show=mine", week::ADDRESS)) { "See four weeks of mine" } ". "
        }
        @if in_turn > 0 {
            (count(in_turn, "other rotation has you next.", "other rotations have you next.")) " "
            a href=(format!("{}?show={}", rotations::ADDRESS, Selection::Mine.code())) { "See all of mine" } "."
        }
    };
    (later + in_turn > 0).then_some(said)
}

fn when(shift: &ComingShift, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        p {
            (time_markup(shift.starts_at, true, now))
            @if is_over(Some(shift.starts_at), unknown_until) { " (not confirmed)" }
        }
        @if let Some(at) = shift.ends_at {
            p class="hint" {
                "until " (time_markup(at, false, now))
                @if shift.or_later { (OR_LATER) }
            }
        }
    }
}

/// Who has the duty where the reader is an owner.
pub(super) fn owned(
    home: &HomeView,
    unknown_until: Option<Timestamp>,
    now: Timestamp,
) -> Option<impl IntoView + use<>> {
    (home.owned.all > 0).then(|| {
        let owned = home.owned.items.iter();
        let owned =
            owned.map(|card| row(&card.id, &card.name, who_has_it(card, unknown_until, now)));
        let contents = rows(owned);
        let all = all_of(&home.owned, Selection::Owned);
        view! { <Card id="owned-heading" title="You own">{contents}{all}</Card> }
    })
}

fn who_has_it(card: &RotationCard, unknown_until: Option<Timestamp>, now: Timestamp) -> Markup {
    let on_duty = &card.outlook.on_duty;
    let names: Vec<_> = on_duty
        .iter()
        .map(|duty| duty.holder.name.clone())
        .collect();
    let ends = on_duty
        .iter()
        .filter_map(|duty| Some((duty.until?, duty.or_later)));
    let (until, or_later) = ends.min().unzip();
    let over = is_over(until, unknown_until);
    html! {
        p class="hint" {
            @if card.outlook.is_unknown {
                (NOT_KNOWN)
            } @else if names.is_empty() {
                "Nobody is on duty"
                (why_nobody(&card.outlook, unknown_until, now))
            } @else {
                (names_markup(&names))
                @match until {
                    Some(at) if over => { ", shift ended " (time_markup(at, false, now)) (UNKNOWN) }
                    Some(at) => {
                        ", until " (time_markup(at, false, now))
                        @if or_later == Some(true) { (OR_LATER) }
                    }
                    None => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{First, Holder, OnDuty, Outlook, RotationId, RotationMode, Visibility};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn key(name: &str) -> MemberKey {
        MemberKey::new(format!("slack:{name}"))
    }

    fn on_duty(name: &str, until: Option<i64>) -> OnDuty {
        OnDuty {
            holder: Holder {
                key: key(name),
                name: name.to_owned(),
            },
            since: at(0),
            followed_from: None,
            until: until.map(at),
            or_later: false,
            by_override: None,
        }
    }

    fn card(on_duty: Vec<OnDuty>) -> RotationCard {
        RotationCard {
            id: RotationId::new("r"),
            name: "Ops".to_owned(),
            code: None,
            mode: RotationMode::PagerDuty,
            visibility: Visibility::Public,
            member_count: 2,
            outlook: Outlook {
                on_duty,
                ..Outlook::default()
            },
            needs: Vec::new(),
        }
    }

    /// Home of Ana, who is on duty until each of `ends` and next from `begins`.
    fn home(ends: &[Option<i64>], begins: Option<i64>) -> HomeView {
        let mine = ends.iter().map(|end| card(vec![on_duty("Ana", *end)]));
        let coming = begins.map(|begins| ComingShift {
            rotation: RotationId::new("r"),
            rotation_name: "Ops".to_owned(),
            starts_at: at(begins),
            ends_at: None,
            or_later: false,
        });
        HomeView {
            rotations: 1,
            mine: 1,
            unknown: 0,
            on_duty: First::of(mine.collect(), 8),
            coming: First::of(coming.into_iter().collect(), 8),
            in_turn: First::of(Vec::new(), 8),
            owned: First::of(Vec::new(), 8),
            needs: First::of(Vec::new(), 8),
            pagerduty: None,
            slack: None,
            unlinked_on_duty: 0,
        }
    }

    #[test]
    fn the_heading_says_no_more_than_is_known() {
        const ON: &str = "You are on duty";
        const OFF: &str = "You are not on duty";
        const UNKNOWN: &str = "Whether you are on duty is not known";
        let ana = key("Ana");
        for (ends, begins, unknown_until, expected) in [
            (&[Some(60)][..], None, None, ON),
            (&[None], None, Some(60), ON),
            (&[Some(60)], None, Some(60), UNKNOWN),
            (&[Some(60), Some(90)], None, Some(60), ON),
            (&[], None, None, OFF),
            (&[], Some(90), Some(60), OFF),
            (&[], Some(60), Some(60), UNKNOWN),
        ] {
            let home = home(ends, begins);
            let said = heading(&home, Some(&ana), unknown_until.map(at));
            assert_eq!(said, expected, "{ends:?} {begins:?} {unknown_until:?}");
        }
        // Somebody is on duty in one of hers, and it is not known who.
        let odd = HomeView {
            unknown: 1,
            ..home(&[], None)
        };
        assert_eq!(heading(&odd, Some(&ana), None), UNKNOWN);
    }

    #[test]
    fn where_nobody_has_it_it_is_said_why_and_until_when() {
        let mut nobody = card(Vec::new());
        let said = |card: &RotationCard, unknown_until: Option<i64>| {
            who_has_it(card, unknown_until.map(at), at(0)).into_string()
        };
        assert!(said(&nobody, None).contains("Nobody is on duty</p>"));
        nobody.outlook.planned_from = Some(at(60));
        assert!(said(&nobody, None).contains("Nobody is on duty: nobody is planned until "));
        assert!(said(&nobody, Some(60)).contains("Nobody is on duty</p>"));
        nobody.outlook.away_until = Some(at(90));
        assert!(said(&nobody, None).contains("everybody is away until "));
        nobody.outlook.paused = true;
        assert!(said(&nobody, None).contains(": paused until somebody lets it go on"));
    }

    #[test]
    fn whoever_has_it_together_with_me_is_named_and_a_namesake_too() {
        let mut namesake = on_duty("Ana", Some(60));
        namesake.holder.key = MemberKey::new("pagerduty:P1");
        let card = card(vec![
            on_duty("Ana", Some(60)),
            namesake,
            on_duty("Bob", None),
        ]);
        let doubts = Doubts {
            may_be_old: false,
            unknown_until: None,
        };
        let said = my_duty(&card, Some(&key("Ana")), doubts, at(0)).into_string();
        let together = "Together with <bdi>Ana</bdi> and <bdi>Bob</bdi>";
        assert!(said.contains(together), "{said}");
        assert!(said.contains("until"), "{said}");
    }
}
