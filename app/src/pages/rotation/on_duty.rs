//! Who is on duty now, and handing over to the next.

use super::{Actions, SectionFailure, contact::Contact, members::OtherName};
use crate::{
    components::{
        Badge, ButtonKind, Card, LinkBadge, Person, SubmitButton, Time, Tone, keep_times_true,
        override_markup, redrawn, use_clock,
    },
    data::DataMemo,
    duty::{DutyWatch, NOT_KNOWN, OR_LATER, UNKNOWN, is_over},
    forms::{ActionForm, failure, form_outcome},
    live::use_live,
    pages::rotation_card::what_follows,
    view,
};
use leptos::{either::Either, html, prelude::*};
use types::{MemberView, Outlook, RotationId, RotationPage, SlackContact, Timestamp};

#[component]
pub(super) fn OnDuty(
    page: DataMemo<RotationPage>,
    may_edit: Memo<bool>,
    watch: DutyWatch,
    actions: Actions,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let outlook = DataMemo::new(move || page.with(|page| page.outlook.clone()));
    let members = DataMemo::new(move || page.with(|page| page.members.clone()));
    let contacts = DataMemo::new(move || page.with(|page| page.contacts.clone()));
    let clock = use_clock();
    let left_out = Memo::new(move |_| {
        page.with(|page| {
            let binding = page.binding.as_ref();
            let left_out = binding.and_then(|binding| binding.left_out.as_ref());
            left_out.is_some_and(|left_out| left_out.may_be_of(clock.now()))
        })
    });
    let live = use_live();
    let old = move || {
        live.may_be_old()
            .then(|| view! { <Badge tone=Tone::Warning text="May be old"/> })
    };
    let follows = NodeRef::<html::Ul>::new();
    let drawn = clock.drawn();
    let after = Memo::new(move |_| {
        outlook.with(|outlook| what_follows(outlook, watch.unknown_until(), drawn).into_string())
    });
    keep_times_true(follows, move || after.track());
    let mode = DataMemo::new(move || page.with(|page| page.mode));
    let rotated = failure(form_outcome(actions.rotate));
    view! {
        <Card id="on-duty-heading" title="On duty now" aside=old.into_any()>
            {redrawn(move || view! {
                <People
                    outlook=outlook.get() members=members.get() contacts=contacts.get()
                    unknown_until=watch.unknown_until() shifts_left_out=left_out.get()
                />
            })}
            <ul class="hint follows" translate="no" node_ref=follows inner_html=move || after.get()></ul>
            {redrawn(move || match (may_edit.get(), mode.get()) {
                (false, _) => None,
                (true, mode) if mode.people_hand_over() => Some(Either::Left(view! {
                    <RotateForm id=id.clone() actions/>
                })),
                (true, mode) => Some(Either::Right(view! {
                    <p class="hint">{mode.refusal().to_string()}</p>
                })),
            })}
            <SectionFailure failures=vec![rotated]/>
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

#[component]
fn People(
    outlook: Outlook,
    members: Vec<MemberView>,
    contacts: Vec<SlackContact>,
    unknown_until: Option<Timestamp>,
    /// Shifts of its schedule that may be of now make no sense, as is told beside it.
    shifts_left_out: bool,
) -> impl IntoView {
    let changes_at = outlook.changes().min();
    let on_duty = outlook.on_duty;
    if on_duty.is_empty() {
        let changed = changes_at.filter(|_| is_over(changes_at, unknown_until));
        Either::Left(view! {
            <p class="nobody" translate="no">{match changed {
                Some(at) => Either::Left(view! { "Nobody was on duty until "<Time at/>{UNKNOWN} }),
                None if shifts_left_out => Either::Right(NOT_KNOWN),
                None => Either::Right("Nobody is on duty"),
            }}</p>
        })
    } else {
        let on_duty = on_duty.into_iter().map(|duty| {
            let member = members.iter().find(|member| member.key == duty.holder.key);
            let contact = contacts
                .iter()
                .find(|contact| contact.key == duty.holder.key);
            view! { <Holder duty member=member.cloned() contact=contact.cloned() unknown_until/> }
        });
        Either::Right(view! {
            <ul class="people" translate="no">{on_duty.collect_view()}</ul>
        })
    }
}

#[component]
fn Holder(
    duty: types::OnDuty,
    /// Who they are, where they are a member.
    member: Option<MemberView>,
    contact: Option<SlackContact>,
    unknown_until: Option<Timestamp>,
) -> impl IntoView {
    let over = is_over(duty.until, unknown_until);
    let name = duty.holder.name.clone();
    let email = member.as_ref().and_then(|member| member.email.clone());
    let other_name = member
        .as_ref()
        .and_then(|member| member.pagerduty_name.clone());
    let link = member
        .map(|member| member.link)
        .filter(|link| !link.is_linked());
    view! {
        <li>
            <Person name=name.clone() email on_duty=!over>
                <Shift duty over/>
                <OtherName name=other_name/>
                {link.map(|link| view! { <LinkBadge link/> })}
            </Person>
            {contact.map(|contact| view! { <Contact contact name/> })}
        </li>
    }
}

#[component]
fn Shift(duty: types::OnDuty, over: bool) -> impl IntoView {
    match duty.until.filter(|_| over) {
        Some(at) => Either::Left(view! {
            <span class="over warning">"shift ended "<Time at/>{UNKNOWN}</span>
        }),
        None => Either::Right(view! {
            <span class="hint">
                {match duty.followed_from {
                    Some(from) => Either::Left(view! {
                        "on call in PagerDuty since "<Time at=duty.since/>", followed here from "<Time at=from/>
                    }),
                    None => Either::Right(view! { "since "<Time at=duty.since/> }),
                }}
                {duty.until.map(|at| view! { ", until "<Time at relative=true/> })}
                {duty.or_later.then_some(OR_LATER)}
                {duty.by_override.map(|one| {
                    let ends = (Some(one.ends_at) != duty.until).then_some(one.ends_at);
                    view! {
                        ", "<span inner_html=override_markup(&one).into_string()></span>
                        {ends.map(|at| view! { " until "<Time at relative=true/> })}
                    }
                })}
            </span>
        }),
    }
}
