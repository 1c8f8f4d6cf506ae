//! Who looks after the rotation. Owners edit it; they are not thereby members.

use super::Actions;
use crate::{
    components::{Card, FailureNotice, redrawn},
    data::DataMemo,
    forms::{ActionForm, failure, first_failure, form_outcome},
    pages::{
        addition::{Addition, NotAdded},
        owner_list::OwnerList,
        person_select::PeopleSearch,
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
    let id = page.with_untracked(|page| page.id.clone());
    let owners = DataMemo::new(move || page.with(|page| page.owners.clone()));
    let present = Signal::derive(move || {
        owners.with(|owners| {
            owners
                .iter()
                .map(|owner| MemberKey::of_person(&owner.id))
                .collect()
        })
    });
    let added = form_outcome(actions.add_owners);
    let failures = vec![failure(form_outcome(actions.remove_owner)), failure(added)];
    let here = format!("/rotations/{id}/edit");
    let removed_from = id.to_string();
    view! {
        <Card id="owners-heading" title="Owners">
            {redrawn(move || view! { <OwnerList owners=owners.get() removal=Some(REMOVE)/> })}
            <ActionForm action=actions.remove_owner id=REMOVE>
                <input type="hidden" name="id" value=removed_from/>
            </ActionForm>
            <FailureNotice failure=first_failure(failures)/>
            <NotAdded added/>
            <Addition action=actions.add_owners id label="Add owners" people present here/>
        </Card>
    }
    .into_any()
}
