//! The form that changes a rotation's details.

use super::{address::use_rotation_id, rotation_form::RotationFields, version::version};
use crate::{
    components::{ButtonKind, Notice, SubmitButton, Tone, loaded, use_title},
    data::{DataMemo, Resource},
    forms::{ActionForm, ServerAction, form_input, form_outcome},
    server_fns::{EditRotation, Rotation},
};
use leptos::{either::Either, prelude::*};
use types::{Denial, RotationInput, RotationPage};

#[component]
pub(crate) fn EditRotationPage() -> impl IntoView {
    let id = use_rotation_id();
    let page = Resource::new(move || Rotation::now(id.get(), String::new()));
    let edit = ServerAction::<EditRotation>::telling("The rotation was saved.");
    use_title(|| "Edit rotation".to_owned());
    view! {
        <h1>"Edit rotation"</h1>
        {loaded(page, move |page: DataMemo<RotationPage>| {
            let page = page.get_untracked();
            if page.may_edit {
                Either::Left(view! { <EditForm page edit/> })
            } else {
                Either::Right(view! {
                    <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
                })
            }
        })}
    }
}

#[component]
fn EditForm(page: RotationPage, edit: ServerAction<EditRotation>) -> impl IntoView {
    let outcome = form_outcome(edit);
    let initial = form_input::<EditRotation, _>().unwrap_or_else(|| RotationInput {
        version: page.version,
        ..RotationInput::from(&page.details)
    });
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
}
