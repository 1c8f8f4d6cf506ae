//! Who is in the rotation, in the order of their turns. While a schedule is
//! bound the list is PagerDuty's and cannot be changed here.

use super::{Actions, SectionFailure};
use crate::{
    components::{Badge, Card, LinkBadge, Menu, MenuEntry, Person, Symbol, Tone, redrawn},
    data::DataMemo,
    duty::{DutyWatch, is_over},
    forms::{ActionForm, failure, form_outcome},
    pages::{
        addition::{Addition, NotAdded},
        links::LinkOffer,
        person_select::PeopleSearch,
        proposal_form::ProposalForm,
        wording::linked_count,
    },
    view,
};
use leptos::{either::Either, prelude::*};
use types::{MemberView, Outlook, RotationId, RotationPage, Timestamp};

/// The forms that the entries of the members' menus send.
const SET_ON_DUTY: &str = "set-on-duty";
const MOVE_UP: &str = "move-up";
const MOVE_DOWN: &str = "move-down";
const REMOVE: &str = "remove-member";

#[component]
pub(super) fn Members(
    page: DataMemo<RotationPage>,
    watch: DutyWatch,
    actions: Actions,
    people: PeopleSearch,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let members = DataMemo::new(move || page.with(|page| page.members.clone()));
    let outlook = DataMemo::new(move || page.with(|page| page.outlook.clone()));
    let linked = DataMemo::new(move || {
        page.with(|page| page.binding.is_some().then(|| page.linked_count()))
    });
    let linked = move || {
        linked
            .get()
            .map(|counts| view! { <span class="hint">{linked_count(counts)}</span> })
    };
    let editable =
        Memo::new(move |_| page.with(|page| page.may_edit && page.mode.members_are_ours()));
    let by_hand = Memo::new(move |_| page.with(|page| page.mode.people_hand_over()));
    let present = Signal::derive(move || {
        members.with(|members| members.iter().map(|member| member.key.clone()).collect())
    });
    let added = form_outcome(actions.add_members);
    let failures = vec![
        failure(form_outcome(actions.set_on_duty)),
        failure(form_outcome(actions.move_member)),
        failure(form_outcome(actions.remove_member)),
        failure(added),
    ];
    let may_link = Memo::new(move |_| page.with(|page| page.may_link));
    let addition_id = id.clone();
    view! {
        <Card id="members-heading" title="Members" aside=linked.into_any()>
            {redrawn(move || view! {
                <MemberList
                    members=members.get() outlook=outlook.get()
                    editable=editable.get() by_hand=by_hand.get() may_link=may_link.get()
                    unknown_until=watch.unknown_until()
                />
            })}
            {redrawn(move || editable.get().then(|| match by_hand.get() {
                true => Either::Left(view! { <MemberForms id=id.clone() actions/> }),
                false => Either::Right(view! { <ProposalForms id=id.clone()/> }),
            }))}
            <SectionFailure failures/>
            <NotAdded added/>
            {redrawn(move || editable.get().then(|| view! {
                <Addition
                    action=actions.add_members id=addition_id.clone() label="Add people" people present
                    here=format!("/rotations/{addition_id}") shown_first=!by_hand.get()
                />
             }))}
        </Card>
    }
}

#[component]
fn MemberList(
    members: Vec<MemberView>,
    outlook: Outlook,
    editable: bool,
    /// People hand over themselves.
    by_hand: bool,
    may_link: bool,
    unknown_until: Option<Timestamp>,
) -> impl IntoView {
    if members.is_empty() {
        return Either::Left(view! { <p class="nobody">"Nobody is in this rotation yet."</p> });
    }
    let last = members.len() - 1;
    Either::Right(view! {
        <ol class="people" translate="no">
            {members.into_iter().enumerate().map(|(position, member)| {
                let duty = outlook.of(&member.key);
                let on_duty = duty.is_some();
                let state = member.link;
                let named = member.pagerduty_user.clone().filter(|_| may_link);
                let controls = match editable {
                    true => Either::Left(view! {
                        <Controls
                            member=member.clone() on_duty by_hand
                            first=position == 0 last=position == last
                        />
                    }),
                    false => Either::Right(named.map(|user| {
                        view! { <LinkOffer user name=member.name.clone() state/> }
                    })),
                };
                let over = is_over(duty.and_then(|duty| duty.until), unknown_until);
                let (tone, text) = match over {
                    true => (Tone::Warning, "Shift ended"),
                    false => (Tone::Good, "On duty"),
                };
                view! {
                    <li id=format!("member-{}", member.key)>
                        <Person name=member.name email=member.email on_duty=on_duty && !over>
                            <span class="badges">
                                {on_duty.then(|| view! { <Badge tone text/> })}
                                {(!editable || !state.is_linked()).then(|| view! { <LinkBadge link=state/> })}
                            </span>
                            <OtherName name=member.pagerduty_name/>
                        </Person>
                        {controls}
                    </li>
                }
            }).collect_view()}
        </ol>
    })
}

/// What PagerDuty calls somebody who is linked by hand.
#[component]
pub(super) fn OtherName(name: Option<String>) -> impl IntoView {
    name.map(|name| {
        view! {
            <span class="hint" translate="no"><bdi>{name}</bdi>" in PagerDuty"</span>
        }
    })
}

/// What the entries of all menus send, once on the page.
#[component]
fn MemberForms(id: RotationId, actions: Actions) -> impl IntoView {
    let [set, up, down, remove] = [(); 4].map(|()| {
        view! { <input type="hidden" name="id" value=id.to_string()/> }
    });
    view! {
        <div hidden>
            <ActionForm action=actions.set_on_duty id=SET_ON_DUTY>{set}</ActionForm>
            <ActionForm action=actions.move_member id=MOVE_UP>
                {up}
                <input type="hidden" name="direction" value="up"/>
            </ActionForm>
            <ActionForm action=actions.move_member id=MOVE_DOWN>
                {down}
                <input type="hidden" name="direction" value="down"/>
            </ActionForm>
            <ActionForm action=actions.remove_member id=REMOVE>{remove}</ActionForm>
        </div>
    }
    .into_any()
}

/// The same where a schedule goes by them: what a change brings is shown first.
#[component]
fn ProposalForms(id: RotationId) -> impl IntoView {
    let [up, down, remove] = [(); 3].map(|()| id.clone());
    view! {
        <div hidden>
            <ProposalForm id=MOVE_UP rotation=up what="up"/>
            <ProposalForm id=MOVE_DOWN rotation=down what="down"/>
            <ProposalForm id=REMOVE rotation=remove what="remove"/>
        </div>
    }
    .into_any()
}

/// What can be done with one member; only what makes sense is offered.
#[component]
fn Controls(
    member: MemberView,
    on_duty: bool,
    /// People hand over themselves.
    by_hand: bool,
    first: bool,
    last: bool,
) -> impl IntoView {
    let can_take_over = by_hand && !on_duty && member.link.can_be_on_duty();
    let offered = [
        (can_take_over, SET_ON_DUTY, "Set on duty"),
        (!first, MOVE_UP, "Move up"),
        (!last, MOVE_DOWN, "Move down"),
        (true, REMOVE, "Remove"),
    ];
    let offered = offered.into_iter().filter(|(makes_sense, ..)| *makes_sense);
    let key = member.key;
    let entries = offered.enumerate().map(|(place, (_, form, label))| {
        let value = key.to_string();
        view! { <MenuEntry form name="member" value label first=place == 0/> }
    });
    let entries = entries.collect_view();
    view! {
        <Menu
            id=format!("change-{key}") class="button small" symbol=Symbol::More
            label=view! {
                <span class="visually-hidden">"Change "<bdi translate="no">{member.name}</bdi></span>
            }
            .into_any()
        >
            {entries}
            {on_duty.then(|| view! {
                <p class="menu-note">{match by_hand {
                    true => "On duty now: whoever is removed goes off duty, and nobody takes over until somebody rotates.",
                    false => "On duty now: whoever is removed hands over to the next at once.",
                }}</p>
            })}
        </Menu>
    }
    .into_any()
}
