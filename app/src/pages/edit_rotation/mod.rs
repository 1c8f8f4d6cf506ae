//! Changing a rotation's details and its owners, and deleting it: what is done seldom, and
//! by those alone who look after it.

mod delete;
mod owners;

use super::{
    address::use_rotation_id, changed, person_select::PeopleSearch, rotation_form::RotationFields,
    version::version,
};
use crate::{
    components::{
        ButtonKind, DialogButton, FailureNotice, FocusKeeper, Notice, SubmitButton, Tone, loaded,
        use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, form_input, form_outcome},
    live::use_live,
    server_fns::{AddOwners, DeleteRotation, EditRotation, RemoveOwner, Rotation},
    view,
};
use delete::DeleteDialog;
use leptos::{either::Either, html, prelude::*};
use owners::Owners;
use types::{Denial, RotationInput, RotationPage};

/// What can be done on the page, and what it last came to.
#[derive(Clone, Copy)]
struct Actions {
    edit: ServerAction<EditRotation>,
    add_owners: ServerAction<AddOwners>,
    remove_owner: ServerAction<RemoveOwner>,
    delete: ServerAction<DeleteRotation>,
    /// Those of which the page shows what they do.
    forms: Forms,
}

impl Actions {
    fn new() -> Self {
        let add_owners = ServerAction::telling_by(changed::tell);
        let remove_owner = ServerAction::telling("The owner was removed.");
        Self {
            edit: ServerAction::telling("The rotation was saved."),
            add_owners,
            remove_owner,
            delete: ServerAction::telling("The rotation was deleted."),
            forms: Forms::of(vec![add_owners.calls(), remove_owner.calls()]),
        }
    }

    /// The rotation is being deleted or is gone: there is nothing to load.
    fn deleting(self) -> bool {
        self.delete.pending().get() || self.delete.value().succeeded()
    }
}

#[component]
pub(crate) fn EditRotationPage() -> impl IntoView {
    let id = use_rotation_id();
    let (actions, live) = (Actions::new(), use_live());
    let version = DataMemo::following(move |previous: Option<&u64>| match previous {
        Some(previous) if actions.deleting() => *previous,
        _ => actions.forms.version() as u64 + live.rotation(&id.get()),
    });
    let page = Resource::following(
        move || version.get(),
        move || Rotation::now(id.get(), String::new()),
    );
    let people = PeopleSearch::new("find-owner", || true);
    use_title(|| "Edit rotation".to_owned());
    view! {
        <h1>"Edit rotation"</h1>
        {loaded(page, move |page: DataMemo<RotationPage>| {
            if page.with_untracked(|page| page.may_edit) {
                Either::Left(view! { <Content page actions people/> })
            } else {
                Either::Right(view! {
                    <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
                })
            }
        })}
    }
}

#[component]
fn Content(page: DataMemo<RotationPage>, actions: Actions, people: PeopleSearch) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let column = NodeRef::<html::Div>::new();
    let focus = FocusKeeper::new(column);
    view! {
        <EditForm page=page.get_untracked() edit=actions.edit/>
        <div
            class="column"
            node_ref=column
            on:submit:capture=move |event| focus.remember(&event)
            on:submit=move |_| actions.forms.forget_results()
            on:focusin=move |_| focus.forget()
        >
            <FailureNotice failure=Signal::derive(move || people.failure())/>
            <Owners page actions people/>
            <div class="buttons page-foot">
                <DialogButton dialog=delete::DIALOG class="button danger">"Delete rotation"</DialogButton>
            </div>
        </div>
        <DeleteDialog id actions/>
    }
    .into_any()
}

#[component]
fn EditForm(page: RotationPage, edit: ServerAction<EditRotation>) -> impl IntoView {
    let outcome = form_outcome(edit);
    let saved = RotationInput {
        version: page.version,
        ..RotationInput::from(&page.details)
    };
    let initial = match form_input::<EditRotation, RotationInput>() {
        // The form of another version may have left notes out, and this one shows them.
        Some(typed) => RotationInput {
            notes: typed.notes.or(saved.notes),
            ..typed
        },
        None => saved,
    };
    let version = version(initial.version.clone(), move || outcome.refused()?.ok());
    let bound = page.binding.is_some();
    let back = format!("/rotations/{}", page.id);
    view! {
        <ActionForm action=edit class="card form">
            <input type="hidden" name="id" value=page.id.to_string()/>
            <input type="hidden" name="input[version]" value=move || version.get()/>
            <RotationFields initial bound refused=Signal::derive(move || outcome.refused())/>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=edit.pending()
                />
                <a class="button" href=back>"Cancel"</a>
            </div>
        </ActionForm>
    }
    .into_any()
}
