//! What binding the chosen schedule would bring and cost, before it is saved.

use crate::{
    components::{Badge, LinkBadge, Notice, Person, Time, Tone, names_markup, redrawn},
    duty::{DutyWatch, UNKNOWN},
    pages::{current_schedule::LeftOutNotice, stretches::PlannedShifts, wording::linked_count},
    view,
};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use types::{BindingLoss, LinkState, PreviewPerson, SchedulePreview, Timestamp};

#[component]
pub(super) fn Preview(preview: SchedulePreview, watch: DutyWatch) -> impl IntoView {
    let SchedulePreview {
        schedule,
        people,
        plan,
        left_out,
        loss,
        read_at: _,
    } = preview;
    let linked = people
        .iter()
        .filter(|person| person.link.is_linked())
        .count();
    let on_duty: Vec<_> = people
        .iter()
        .filter(|person| person.on_duty)
        .map(|person| person.name.clone())
        .collect();
    view! {
        <div class="preview">
            <h3 dir="auto" translate="no">{schedule.name}</h3>
            {redrawn(move || view! { <GoesOnDuty names=on_duty.clone() unknown_until=watch.unknown_until()/> })}
            {left_out.map(|left_out| view! { <LeftOutNotice left_out/> })}
            <Loss loss/>
            <div class="columns">
                <div class="column">
                    <h4>"People"</h4>
                    <p class="hint">{linked_count((linked, people.len()))}</p>
                    <ul class="people">
                        {people.into_iter().map(|person| view! { <PreviewRow person watch/> }).collect_view()}
                    </ul>
                </div>
                <div class="column">
                    <h4>"Next shifts"</h4>
                    <PlannedShifts plan/>
                </div>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn GoesOnDuty(names: Vec<String>, unknown_until: Option<Timestamp>) -> impl IntoView {
    view! {
        <p translate="no">{match (unknown_until, names.is_empty()) {
            (Some(at), _) => EitherOf3::A(view! { "Duty changed "<Time at/>{UNKNOWN}"." }),
            (None, true) => EitherOf3::B("Nobody goes on duty now: nobody is on call in this schedule at the moment."),
            (None, false) => EitherOf3::C(view! { "Goes on duty now: "<span inner_html=told(&names)></span>"." }),
        }}</p>
    }
}

fn told(names: &[String]) -> String {
    names_markup(names).into_string()
}

#[component]
fn Loss(loss: BindingLoss) -> impl IntoView {
    let BindingLoss {
        members,
        on_duty,
        schedule,
    } = loss;
    if members.is_empty() && on_duty.is_empty() && schedule.is_none() {
        return Either::Left(view! {
            <p>"The rotation loses nothing by it: it has no members, nobody on duty and no other schedule."</p>
        });
    }
    Either::Right(view! {
        <Notice tone=Tone::Warning>
            <h4>"What the rotation loses"</h4>
            {(!members.is_empty()).then(|| view! {
                <p translate="no">"Members who are not in the schedule: "<span inner_html=told(&members)></span>"."</p>
            })}
            {(!on_duty.is_empty()).then(|| view! {
                <p translate="no">"Goes off duty: "<span inner_html=told(&on_duty)></span>"."</p>
            })}
            {schedule.map(|schedule| view! {
                <p translate="no">"Its present schedule: "<bdi>{schedule}</bdi>"."</p>
            })}
        </Notice>
    })
}

#[component]
fn PreviewRow(person: PreviewPerson, watch: DutyWatch) -> impl IntoView {
    let on_duty = move || person.on_duty && watch.unknown_until().is_none();
    view! {
        <li>
            <Person name=person.name email=person.email>
                <span class="badges">
                    {redrawn(move || on_duty().then(|| view! { <Badge tone=Tone::Good text="On duty now"/> }))}
                    <LinkBadge link=person.link/>
                </span>
                {person.slack_name.map(|name| view! {
                    <span class="hint">{matching(person.link)}<bdi translate="no">{name}</bdi></span>
                })}
            </Person>
        </li>
    }
}

/// How they came to be matched with the person in Slack whose name follows.
const fn matching(link: LinkState) -> &'static str {
    match link {
        LinkState::LinkedByHand => "Linked by hand to ",
        LinkState::Deactivated => "In Slack: ",
        LinkState::Linked
        | LinkState::NotYetKnown
        | LinkState::NoEmail
        | LinkState::NoMatch
        | LinkState::DeletedInPagerDuty => "Matched by e-mail to ",
    }
}
