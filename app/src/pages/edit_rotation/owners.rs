//! Who looks after the rotation. Owners edit it; they are not thereby members.

use super::Actions;
use crate::{
    components::{Card, FailureNotice, SubmitButton, redrawn},
    data::DataMemo,
    forms::{ActionForm, failure, first_failure, form_outcome},
    pages::{
        owner_list::OwnerList,
        person_select::{PeopleSearch, PersonSelect},
    },
    view,
};
use leptos::prelude::*;
use types::{MemberKey, RotationPage};

/// The form that removes one.
const REMOVE: &str = "remove-owner";

#[component]
pub(super) fn Owners(
    page: DataMemo<RotationPage>,
    actions: Actions,
    people: PeopleSearch,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.to_string());
    let owners = DataMemo::new(move || page.with(|page| page.owners.clone()));
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
    let here = format!("/rotations/{id}/edit");
    let removed_from = id.clone();
    view! {
        <Card id="owners-heading" title="Owners">
            {redrawn(move || view! { <OwnerList owners=owners.get() removal=Some(REMOVE)/> })}
            <ActionForm action=actions.remove_owner id=REMOVE>
                <input type="hidden" name="id" value=removed_from/>
            </ActionForm>
            <FailureNotice failure=first_failure(failures)/>
            <ActionForm action=actions.add_owner class="picker">
                <input type="hidden" name="id" value=id/>
                <PersonSelect id="add-owner" label="Add an owner" people left_out=present here/>
                <SubmitButton label="Add" target="owner" pending=actions.add_owner.pending()/>
            </ActionForm>
        </Card>
    }
    .into_any()
}
