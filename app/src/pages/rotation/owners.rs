//! Who looks after the rotation. Owners edit it; they are not thereby members.

use super::{Actions, SectionFailure};
use crate::{
    components::{Card, SubmitButton, Tone, badge_markup, person_markup, use_session},
    data::DataMemo,
    forms::{ActionForm, failure, form_outcome},
    pages::person_select::{PeopleSearch, PersonSelect},
};
use leptos::{either::Either, prelude::*};
use maud::{Markup, html};
use types::{MemberKey, PersonView, RotationId, RotationPage};

/// The form that removes one.
const REMOVE: &str = "remove-owner";

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
    let removal_id = id.clone();
    view! {
        <Card id="owners-heading" title="Owners">
            {move || view! { <OwnerList owners=owners.get() may_edit=may_edit.get()/> }}
            {move || may_edit.get().then(|| view! { <Removal id=removal_id.clone() actions/> })}
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

/// They change seldom, so they are written as text.
#[component]
fn OwnerList(owners: Vec<PersonView>, may_edit: bool) -> impl IntoView {
    if owners.is_empty() {
        return Either::Left(view! {
            <p class="nobody">"Nobody but the workspace admins looks after this rotation."</p>
        });
    }
    let own_id = use_session().map(|session| session.person.id);
    let rows = owners.iter().map(|owner| {
        let is_reader = own_id.as_ref() == Some(&owner.id);
        row(owner, is_reader, may_edit && !is_reader).into_string()
    });
    let rows: String = rows.collect();
    Either::Right(view! { <ul class="people" inner_html=rows></ul> })
}

fn row(owner: &PersonView, is_reader: bool, removable: bool) -> Markup {
    let badges = html! {
        @if is_reader { (badge_markup(Tone::Neutral, "You")) }
        @if owner.deactivated { (badge_markup(Tone::Warning, "Deactivated in Slack")) }
    };
    html! {
        li id={ "owner-" (owner.id.as_str()) } {
            (person_markup(&owner.name, owner.email.as_deref(), badges))
            @if removable {
                div class="row-buttons" {
                    button type="submit" class="button small" form=(REMOVE) name="person" value=(owner.id.as_str()) {
                        "Remove"
                        span class="visually-hidden" { " " bdi translate="no" { (owner.name) } }
                    }
                }
            }
        }
    }
}

/// What the buttons of all rows send, once on the page.
#[component]
fn Removal(id: RotationId, actions: Actions) -> impl IntoView {
    view! {
        <ActionForm action=actions.remove_owner id=REMOVE>
            <input type="hidden" name="id" value=id.to_string()/>
        </ActionForm>
    }
}
