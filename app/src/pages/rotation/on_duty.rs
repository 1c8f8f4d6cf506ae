//! Who is on duty now, and handing over to the next.

use super::{Actions, SectionFailure};
use crate::{
    components::{Badge, ButtonKind, Card, LinkBadge, Person, SubmitButton, Time, Tone},
    data::DataMemo,
    duty::{DutyWatch, UNKNOWN, is_over},
    forms::{ActionForm, form_outcome},
    live::use_live,
};
use leptos::{either::Either, prelude::*};
use types::{MemberView, RotationId, RotationMode, RotationPage, RotationRefusal, Timestamp};

#[component]
pub(super) fn OnDuty(
    page: DataMemo<RotationPage>,
    watch: DutyWatch,
    actions: Actions,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let on_duty = DataMemo::new(move || page.with(on_duty));
    let changes_at = DataMemo::new(move || page.with(|page| page.duty_changes().into_iter().min()));
    let live = use_live();
    let old = move || {
        live.may_be_old()
            .then(|| view! { <Badge tone=Tone::Warning text="May be old"/> })
    };
    let mode = DataMemo::new(move || page.with(|page| page.mode));
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    let rotated = form_outcome(actions.rotate);
    view! {
        <Card id="on-duty-heading" title="On duty now" aside=old.into_any()>
            {move || view! {
                <People people=on_duty.get() changes_at=changes_at.get() unknown_until=watch.unknown_until()/>
            }}
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

fn on_duty(page: &RotationPage) -> Vec<MemberView> {
    let members = page.members.iter();
    let on_duty = members.filter(|member| member.on_duty_since.is_some());
    on_duty.cloned().collect()
}

#[component]
fn People(
    people: Vec<MemberView>,
    /// When that changes, where the schedule tells.
    changes_at: Option<Timestamp>,
    unknown_until: Option<Timestamp>,
) -> impl IntoView {
    if people.is_empty() {
        let changed = changes_at.filter(|_| is_over(changes_at, unknown_until));
        return Either::Left(view! {
            <p class="nobody" translate="no">{match changed {
                Some(at) => Either::Left(view! { "Nobody was on duty until "<Time at/>{UNKNOWN} }),
                None => Either::Right("Nobody is on duty"),
            }}</p>
        });
    }
    Either::Right(view! {
        <ul class="people" translate="no">
            {people.into_iter().map(|member| {
                let over = is_over(member.on_duty_until, unknown_until);
                view! {
                    <li>
                        <Person name=member.name email=member.email on_duty=!over>
                            <Shift since=member.on_duty_since until=member.on_duty_until over/>
                            {(!member.link.is_linked()).then(|| view! { <LinkBadge link=member.link/> })}
                        </Person>
                    </li>
                }
            }).collect_view()}
        </ul>
    })
}

#[component]
fn Shift(since: Option<Timestamp>, until: Option<Timestamp>, over: bool) -> impl IntoView {
    match until.filter(|_| over) {
        Some(at) => Either::Left(view! {
            <span class="over warning">"shift ended "<Time at/>{UNKNOWN}</span>
        }),
        None => Either::Right(view! {
            <span class="hint">
                {since.map(|at| view! { "since "<Time at/> })}
                {until.map(|at| view! { ", until "<Time at relative=true/> })}
            </span>
        }),
    }
}
