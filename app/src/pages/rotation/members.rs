//! Who is in the rotation, in the order of their turns. While a schedule is
//! bound the list is PagerDuty's and cannot be changed here.

use super::{Actions, Choices, SectionFailure};
use crate::{
    components::{Badge, ButtonKind, Card, LinkBadge, Person, SubmitButton, Tone},
    data::DataMemo,
    duty::{DutyWatch, is_over},
    forms::{ActionForm, form_outcome},
    pages::{
        links::{LinkButton, LinkDialog, LinkResults, Linkable, UndoLinkButton},
        person_select::{PeopleSearch, PersonSelect},
        wording::linked_count,
    },
};
use leptos::{either::Either, prelude::*};
use types::{LinkState, MemberKey, MemberView, Outlook, RotationId, RotationPage, Timestamp};

/// What the form says that removes somebody who is on duty.
pub(super) const WAS_ON_DUTY: &str = "on_duty=true";

#[component]
pub(super) fn Members(
    page: DataMemo<RotationPage>,
    watch: DutyWatch,
    actions: Actions,
    choices: Choices,
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
    let outcomes = vec![
        form_outcome(actions.set_on_duty),
        form_outcome(actions.move_member),
        form_outcome(actions.remove_member),
        form_outcome(actions.add_member),
    ];
    let may_link = Memo::new(move |_| page.with(|page| page.may_link));
    let linkable = move || {
        if may_link.get() {
            members.with(|members| members.iter().filter_map(as_linkable).collect())
        } else {
            Vec::new()
        }
    };
    let asked = actions.links.asked(Signal::derive(linkable));
    let path = format!("/rotations/{id}");
    let (list_id, dialog_id) = (id.clone(), id.clone());
    view! {
        <Card id="members-heading" title="Members" aside=linked.into_any()>
            {move || view! {
                <MemberList
                    id=list_id.clone() members=members.get() outlook=outlook.get()
                    editable=editable.get() by_hand=by_hand.get() actions
                    links_at=may_link.get().then(|| path.clone())
                    unknown_until=watch.unknown_until()
                />
            }}
            <SectionFailure outcomes/>
            <LinkResults links=actions.links asked/>
            {move || editable.get().then(|| view! { <Addition id=id.clone() people=choices.members present actions/> })}
            <LinkDialog links=actions.links asked people=choices.linked rotation=Some(dialog_id)/>
        </Card>
    }
}

#[component]
fn Addition(
    id: RotationId,
    people: PeopleSearch,
    present: Signal<Vec<MemberKey>>,
    actions: Actions,
) -> impl IntoView {
    view! {
        <ActionForm action=actions.add_member class="picker">
            <input type="hidden" name="id" value=id.to_string()/>
            <PersonSelect
                id="add-member" label="Add a member"
                people left_out=present here=format!("/rotations/{id}")
            />
            <SubmitButton label="Add" target="member" pending=actions.add_member.pending()/>
        </ActionForm>
    }
}

#[component]
fn MemberList(
    id: RotationId,
    members: Vec<MemberView>,
    outlook: Outlook,
    editable: bool,
    /// People hand over themselves.
    by_hand: bool,
    actions: Actions,
    /// The page's path, for those who may say who is who in Slack.
    links_at: Option<String>,
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
                let controls = editable.then(|| view! {
                    <Controls
                        id=id.clone() member=member.clone() on_duty by_hand actions
                        first=position == 0 last=position == last
                    />
                });
                let linking = links_at.clone().and_then(|path| linking(&member, path, actions));
                let state = member.link;
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
                        {linking}
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

/// A member whom PagerDuty names and nobody in Slack stands for.
fn as_linkable(member: &MemberView) -> Option<Linkable> {
    (!member.link.is_linked()).then(|| named_by_pagerduty(member))?
}

fn named_by_pagerduty(member: &MemberView) -> Option<Linkable> {
    let user = member.pagerduty_user.clone()?;
    let name = member.name.clone();
    Some(Linkable { user, name })
}

/// The way to say who the member is in Slack, or to take that back.
fn linking(member: &MemberView, path: String, actions: Actions) -> Option<impl IntoView + use<>> {
    let button = match (member.link, named_by_pagerduty(member)?) {
        (LinkState::Linked, _) => return None,
        (LinkState::LinkedByHand, who) => {
            Either::Left(view! { <UndoLinkButton who links=actions.links/> })
        }
        (_, who) => Either::Right(view! { <LinkButton who path/> }),
    };
    Some(view! { <div class="row-buttons">{button}</div> })
}

/// What can be done with one member; only what makes sense is offered.
#[component]
fn Controls(
    id: RotationId,
    member: MemberView,
    on_duty: bool,
    by_hand: bool,
    actions: Actions,
    first: bool,
    last: bool,
) -> impl IntoView {
    let can_take_over = by_hand && !on_duty && member.link.can_be_on_duty();
    let who = Who {
        id,
        key: member.key,
        name: member.name,
    };
    let (up, down, remove) = (who.clone(), who.clone(), who.clone());
    view! {
        <div class="row-buttons">
            {can_take_over.then(|| view! {
                <ActionForm action=actions.set_on_duty>
                    <MemberButton who label="Set on duty" pending=actions.set_on_duty.pending()/>
                </ActionForm>
            })}
            {(!first).then(|| view! {
                <ActionForm action=actions.move_member>
                    <input type="hidden" name="direction" value="up"/>
                    <MemberButton who=up label="Move up" pending=actions.move_member.pending()/>
                </ActionForm>
            })}
            {(!last).then(|| view! {
                <ActionForm action=actions.move_member>
                    <input type="hidden" name="direction" value="down"/>
                    <MemberButton who=down label="Move down" pending=actions.move_member.pending()/>
                </ActionForm>
            })}
            <ActionForm action=actions.remove_member>
                {(on_duty && by_hand).then(|| view! { <input type="hidden" name="on_duty" value="true"/> })}
                <MemberButton who=remove label="Remove" pending=actions.remove_member.pending()/>
            </ActionForm>
        </div>
        {on_duty.then(|| view! {
            <p class="hint">{if by_hand {
                "On duty now: whoever is removed goes off duty, and nobody takes over until somebody rotates."
            } else {
                "On duty now: whoever is removed hands over to the next at once."
            }}</p>
        })}
    }
    .into_any()
}

/// A member of a rotation, as the forms name them.
#[derive(Clone)]
struct Who {
    id: RotationId,
    key: MemberKey,
    name: String,
}

#[component]
fn MemberButton(
    who: Who,
    label: &'static str,
    #[prop(into)] pending: Signal<bool>,
) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=who.id.to_string()/>
        <input type="hidden" name="member" value=who.key.to_string()/>
        <SubmitButton label target=who.name pending kind=ButtonKind::Small/>
    }
}
