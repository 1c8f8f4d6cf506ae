//! Who is on duty now, and handing over to the next.

use super::{Actions, SectionFailure};
use crate::{
    components::{ButtonKind, Card, LinkBadge, Person, SubmitButton, Time},
    data::DataMemo,
    forms::{ActionForm, form_outcome},
};
use leptos::{either::Either, prelude::*};
use types::{MemberView, RotationId, RotationMode, RotationPage, RotationRefusal, Timestamp};

#[component]
pub(super) fn OnDuty(page: DataMemo<RotationPage>, actions: Actions) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let on_duty = DataMemo::new(move || page.with(on_duty));
    let mode = DataMemo::new(move || page.with(|page| page.mode));
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    let rotated = form_outcome(actions.rotate);
    view! {
        <Card id="on-duty-heading" title="On duty now">
            {move || view! { <People people=on_duty.get()/> }}
            {move || match (may_edit.get(), mode.get()) {
                (false, _) => None,
                (true, RotationMode::Manual) => Some(Either::Left(view! {
                    <RotateForm id=id.clone() actions/>
                })),
                (true, RotationMode::PagerDuty) => Some(Either::Right(view! {
                    <p class="hint">{RotationRefusal::Bound.to_string()}</p>
                })),
            }}
            <SectionFailure outcomes=[rotated]/>
        </Card>
    }
}

#[component]
fn RotateForm(id: RotationId, actions: Actions) -> impl IntoView {
    view! {
        <ActionForm action=actions.rotate>
            <input type="hidden" name="id" value=id.to_string()/>
            <SubmitButton
                label="Rotate" busy_label="Rotating…"
                kind=ButtonKind::Primary pending=actions.rotate.pending()
            />
        </ActionForm>
    }
}

/// Those on duty, with the end of their shift where it is known.
fn on_duty(page: &RotationPage) -> Vec<(MemberView, Option<Timestamp>)> {
    page.members
        .iter()
        .filter(|member| member.on_duty_since.is_some())
        .map(|member| {
            let until = page
                .shifts
                .iter()
                .find(|shift| shift.member == member.key)
                .map(|shift| shift.ends_at);
            (member.clone(), until)
        })
        .collect()
}

#[component]
fn People(people: Vec<(MemberView, Option<Timestamp>)>) -> impl IntoView {
    if people.is_empty() {
        return Either::Left(view! { <p class="nobody">"Nobody is on duty"</p> });
    }
    Either::Right(view! {
        <ul class="people">
            {people.into_iter().map(|(member, until)| view! {
                <li>
                    <Person name=member.name email=member.email on_duty=true>
                        <span class="hint">
                            {member.on_duty_since.map(|since| view! { "since "<Time at=since/> })}
                            {until.map(|until| view! { ", until "<Time at=until relative=true/> })}
                        </span>
                        {(!member.link.is_linked()).then(|| view! { <LinkBadge link=member.link/> })}
                    </Person>
                </li>
            }).collect_view()}
        </ul>
    })
}
