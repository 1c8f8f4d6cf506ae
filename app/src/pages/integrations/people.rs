//! Whom of the bound schedules no e-mail leads to somebody in Slack, and the way
//! to say who they are.

use super::Panel;
use crate::{
    components::{Card, LinkBadge, Person, redrawn},
    data::DataMemo,
    pages::{
        links::{LinkButton, LinkDialog, LinkForms, Linkable},
        person_select::PeopleSearch,
    },
    view,
};
use leptos::prelude::*;
use types::{IntegrationsView, LinkState, LinkView};

#[component]
pub(super) fn People(
    view: DataMemo<IntegrationsView>,
    asked: DataMemo<Option<Linkable>>,
    people: PeopleSearch,
    panel: Panel,
) -> impl IntoView {
    let groups = DataMemo::new(move || {
        let links = view.with(|view| {
            view.pagerduty
                .as_ref()
                .map(|connection| connection.links.clone())
        });
        links
            .unwrap_or_default()
            .into_iter()
            .partition::<Vec<_>, _>(|person| !person.link.is_linked())
    });
    let section = move |id, title, explanation, people| {
        view! { <Group id title explanation people/> }
    };
    view! {
        {redrawn(move || {
            let (unlinked, _) = groups.get();
            (!unlinked.is_empty()).then(|| section(
                "unlinked-heading",
                "People not linked to Slack",
                "Bound schedules name them, and no e-mail says who they are in Slack. They take their turns \
                all the same; linked by hand, they count as that person.",
                unlinked,
            ))
        })}
        {redrawn(move || {
            let (_, by_hand) = groups.get();
            (!by_hand.is_empty()).then(|| section(
                "by-hand-heading",
                "People linked by hand",
                "An admin said who they are in Slack. Undo a link that is not right any more.",
                by_hand,
            ))
        })}
        <LinkForms links=panel.links/>
        <LinkDialog links=panel.links asked people/>
    }
    .into_any()
}

/// Those of `view` who can be linked.
pub(super) fn linkable(view: &IntegrationsView) -> Vec<Linkable> {
    view.pagerduty
        .iter()
        .flat_map(|connection| &connection.links)
        .filter(|person| !person.link.is_linked())
        .map(as_linkable)
        .collect()
}

fn as_linkable(person: &LinkView) -> Linkable {
    Linkable {
        user: person.user.clone(),
        name: person.name.clone(),
    }
}

#[component]
fn Group(
    id: &'static str,
    title: &'static str,
    explanation: &'static str,
    people: Vec<LinkView>,
) -> impl IntoView {
    view! {
        <Card id title>
            <p>{explanation}</p>
            <ul class="people">
                {people.into_iter().map(|person| view! { <Row person/> }).collect_view()}
            </ul>
        </Card>
    }
}

#[component]
fn Row(person: LinkView) -> impl IntoView {
    let who = as_linkable(&person);
    let state = match person.linked_to {
        Some(_) => LinkState::LinkedByHand,
        None => person.link,
    };
    view! {
        <li>
            <Person name=person.name email=person.email>
                {(!person.link.is_linked()).then(|| view! { <LinkBadge link=person.link/> })}
                {person.linked_to.map(|(_, name)| view! {
                    <span class="hint">"Linked by hand to "<bdi translate="no">{name}</bdi></span>
                })}
            </Person>
            <LinkButton who state/>
        </li>
    }
}
