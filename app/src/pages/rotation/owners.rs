//! Who looks after the rotation. Owners edit it; they are not thereby members.

use super::{Actions, SectionFailure};
use crate::{
    components::{Badge, ButtonKind, Card, Person, SubmitButton, Tone, use_session},
    data::DataMemo,
    forms::{ActionForm, failure, form_outcome},
    pages::person_select::{PeopleSearch, PersonSelect},
};
use leptos::{either::Either, prelude::*};
use types::{MemberKey, PersonView, RotationId, RotationPage};

#[component]
pub(super) fn Owners(
    page: DataMemo<RotationPage>,
    actions: Actions,
    people: PeopleSearch,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let owners = DataMemo::new(move || page.with(|page| page.owners.clone()));
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    let present = Signal::derive(move || {
        owners.with(|owners| {
            owners
                .iter()
                .map(|owner| MemberKey::of_person(&owner.id))
                .collect()
        })
    });
    let failures = vec![
        failure(form_outcome(actions.remove_owner)),
        failure(form_outcome(actions.add_owner)),
    ];
    let list_id = id.clone();
    view! {
        <Card id="owners-heading" title="Owners">
            {move || view! {
                <OwnerList id=list_id.clone() owners=owners.get() may_edit=may_edit.get() actions/>
            }}
            <SectionFailure failures/>
            {move || may_edit.get().then(|| view! { <Addition id=id.clone() people present actions/> })}
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
        <ActionForm action=actions.add_owner class="picker">
            <input type="hidden" name="id" value=id.to_string()/>
            <PersonSelect
                id="add-owner" label="Add an owner"
                people left_out=present here=format!("/rotations/{id}")
            />
            <SubmitButton label="Add" target="owner" pending=actions.add_owner.pending()/>
        </ActionForm>
    }
}

#[component]
fn OwnerList(
    id: RotationId,
    owners: Vec<PersonView>,
    may_edit: bool,
    actions: Actions,
) -> impl IntoView {
    if owners.is_empty() {
        return Either::Left(view! {
            <p class="nobody">"Nobody but the workspace admins looks after this rotation."</p>
        });
    }
    let own_id = use_session().map(|session| session.person.id);
    Either::Right(view! {
        <ul class="people">
            {owners.into_iter().map(|owner| {
                let is_reader = own_id.as_ref() == Some(&owner.id);
                let removal = (may_edit && !is_reader).then(|| view! {
                    <Removal id=id.clone() owner=owner.clone() actions/>
                });
                view! {
                    <li id=format!("owner-{}", owner.id)>
                        <Person name=owner.name email=owner.email>
                            {is_reader.then(|| view! { <Badge tone=Tone::Neutral text="You"/> })}
                            {owner.deactivated.then(|| view! {
                                <Badge tone=Tone::Warning text="Deactivated in Slack"/>
                            })}
                        </Person>
                        {removal}
                    </li>
                }
            }).collect_view()}
        </ul>
    })
}

#[component]
fn Removal(id: RotationId, owner: PersonView, actions: Actions) -> impl IntoView {
    view! {
        <div class="row-buttons">
            <ActionForm action=actions.remove_owner>
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="person" value=owner.id.to_string()/>
                <SubmitButton
                    label="Remove" target=owner.name kind=ButtonKind::Small
                    pending=actions.remove_owner.pending()
                />
            </ActionForm>
        </div>
    }
}
