//! What needs somebody, each with its way to mend it, or with who can mend it where the reader
//! cannot.

use super::{all_of, row, rows, why_nobody};
use crate::{
    components::{Badge, Card, Tone, names_markup, time_markup, use_clock, use_session},
    pages::{
        rotation_card::later_gap,
        wording::{count, refused_by_slack},
    },
    view,
};
use leptos::prelude::*;
use maud::{Markup, html};
use types::{
    HomeView, NeedyRotation, PagerDutyNeed, RotationMode, RotationNeed, Selection, SlackNeed,
    Timestamp,
};

/// Where the connections are looked after.
const PANEL: &str = "/settings/integrations";

/// What ails PagerDuty or Slack, where there is no rotation that could tell.
pub(super) fn of_services(home: &HomeView) -> Option<AnyView> {
    let ill = home.pagerduty.is_some() || home.slack.is_some();
    ill.then(|| part(home, use_clock().drawn()))
}

pub(super) fn part(home: &HomeView, now: Timestamp) -> AnyView {
    let session = use_session();
    let administers = session.is_some_and(|session| session.person.role.administers());
    let pagerduty = home.pagerduty.as_ref();
    let slack = home.slack.as_ref();
    let services = [
        pagerduty.map(|need| service("PagerDuty", pagerduty_need(need, administers))),
        slack.map(|need| service("Slack", slack_need(need, administers, now))),
    ];
    let services: Vec<_> = services.into_iter().flatten().collect();
    let found = u32::try_from(services.len()).unwrap_or(u32::MAX);
    let found = found.saturating_add(home.needs.all);
    if found == 0 {
        let badge = view! { <Badge tone=Tone::Good text="All well"/> }.into_any();
        let well = all_is_well(home.rotations);
        return view! {
            <Card id="attention-heading" title="Needs attention" aside=badge>
                <p>{well}</p>
            </Card>
        }
        .into_any();
    }
    let rotations = home.needs.items.iter().map(|needy| {
        let NeedyRotation { card, .. } = needy;
        row(
            &card.id,
            &card.name,
            rotation_needs(needy, administers, now),
        )
    });
    let badge = view! { <Badge tone=Tone::Warning text=found.to_string()/> }.into_any();
    let rows = rows(services.into_iter().chain(rotations));
    let all = all_of(&home.needs, Selection::Attention);
    view! {
        <Card id="attention-heading" title="Needs attention" aside=badge>
            {rows}
            {all}
        </Card>
    }
    .into_any()
}

fn all_is_well(rotations: u32) -> String {
    let where_ = match rotations {
        1 => "in the one rotation that you see".to_owned(),
        _ => format!("in any of the {rotations} rotations that you see"),
    };
    format!("Nothing: nobody is missing {where_}, and no gap is known for the next 14 days.")
}

fn service(name: &'static str, said: Markup) -> AnyView {
    view! {
        <li>
            <strong>{name}</strong>
            <div inner_html=said.into_string()></div>
        </li>
    }
    .into_any()
}

fn pagerduty_need(need: &PagerDutyNeed, administers: bool) -> Markup {
    html! {
        p {
            @if need.needs_reconnection {
                "PagerDuty needs reconnection. "
            } @else {
                "PagerDuty cannot be read. "
            }
            @if let Some(problem) = &need.problem { (problem.to_string()) " " }
            @if need.rotations > 0 {
                (count(need.rotations, "rotation goes on", "rotations go on"))
                " with the shifts that are known."
            }
        }
        (panel_link(administers))
    }
}

fn slack_need(need: &SlackNeed, administers: bool, now: Timestamp) -> Markup {
    match need {
        SlackNeed::Ended => html! {
            p { "Round Robin is not installed in Slack any more. What to do is said above." }
        },
        SlackNeed::Doubted(word) => html! {
            p { "Slack has refused Round Robin's token (" (word.as_str()) ") and is being asked again." }
            (panel_link(administers))
        },
        SlackNeed::PeopleUnread { problem, read_at } => html! {
            p {
                (problem.to_string())
                @if let Some(at) = read_at {
                    " What is known of people is from " (time_markup(*at, false, now)) "."
                }
            }
            (panel_link(administers))
        },
    }
}

fn panel_link(administers: bool) -> Markup {
    html! {
        p {
            a href=(PANEL) { "Open Integrations" }
            @if !administers { span class="hint" { ", where an Owner or Admin can mend it" } }
        }
    }
}

fn rotation_needs(needy: &NeedyRotation, administers: bool, now: Timestamp) -> Markup {
    let needs = needy.card.needs.iter();
    let needs = needs.map(|need| rotation_need(need, needy, administers, now));
    html! { @for need in needs { (need) } }
}

fn rotation_need(
    need: &RotationNeed,
    needy: &NeedyRotation,
    administers: bool,
    now: Timestamp,
) -> Markup {
    let card = &needy.card;
    let (what, way) = match need {
        RotationNeed::Nobody => (nobody(needy, now), way_to_fill(card.mode, needy.may_edit)),
        RotationNeed::UnknownMode => (
            html! { "Only another version of Round Robin knows who decides here" },
            "Ask whoever runs Round Robin to run that version.",
        ),
        RotationNeed::Unconfirmed(attention) => (
            html! {
                @match attention.confirmed_at {
                    Some(at) => { "Not confirmed by PagerDuty since " (time_markup(at, false, now)) }
                    None => { "Not confirmed by PagerDuty yet" }
                }
            },
            "Its page says why, and what to do.",
        ),
        RotationNeed::Gap(gap) => (later_gap(*gap, now), way_to_fill(card.mode, needy.may_edit)),
        RotationNeed::LeftOut { shifts } => (
            html! {
                (count(*shifts, "shift of its schedule makes", "shifts of its schedule make")) " no sense, so "
                @if card.outlook.is_unknown { "who is on duty is not known" }
                @else { "somebody may be missing" }
            },
            "Its page says why. Look at the schedule in PagerDuty.",
        ),
        RotationNeed::Slack { part, name, cause } => {
            return refused_by_slack(&card.id, *part, (name, cause));
        }
        RotationNeed::Unlinked { people } => (
            html! { (count(*people, "person is", "people are")) " not linked to Slack" },
            match administers {
                true => "Link them on its page, or under Settings → Integrations.",
                false => "An admin can link them.",
            },
        ),
    };
    html! {
        p { (what) }
        p class="hint" { (way) }
    }
}

/// How somebody comes on duty where nobody is, now or at a time to come.
const fn way_to_fill(mode: RotationMode, may_edit: bool) -> &'static str {
    match mode {
        RotationMode::PagerDuty => {
            "Whoever looks after its schedule in PagerDuty can put somebody there."
        }
        RotationMode::Scheduled if may_edit => {
            "Add an override on its page, or change its schedule: that may be paused, leave out \
            these days, or have nobody who is not away."
        }
        RotationMode::Manual if may_edit => "Rotate or set somebody on duty on its page.",
        RotationMode::Manual | RotationMode::Scheduled | RotationMode::Unknown => {
            "One of its owners or an admin can put somebody on duty."
        }
    }
}

fn nobody(needy: &NeedyRotation, now: Timestamp) -> Markup {
    let next = needy.card.outlook.next.as_ref();
    let next = next.and_then(|next| Some((&next.names, next.starts_at?)));
    html! {
        "Nobody is on duty"
        (why_nobody(&needy.card.outlook, None, now))
        @if let Some((names, at)) = next {
            ". Next: " (names_markup(names)) ", " (time_markup(at, true, now))
        }
    }
}
