//! The form that makes a rotation.

use super::rotation_form::RotationFields;
use crate::{
    components::{ButtonKind, Notice, SubmitButton, Tone, use_session, use_title},
    forms::{ActionForm, ServerAction, form_input, form_outcome},
    server_fns::CreateRotation,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{Denial, Role};

#[component]
pub(crate) fn NewRotationPage() -> impl IntoView {
    let is_guest = use_session().is_some_and(|session| session.person.role == Role::Guest);
    use_title(|| "New rotation".to_owned());
    view! {
        <h1>"New rotation"</h1>
        {if is_guest {
            Either::Left(view! {
                <Notice tone=Tone::Neutral><p>{Denial::CreateRotation.to_string()}</p></Notice>
            })
        } else {
            Either::Right(NewRotationForm())
        }}
    }
}

#[component]
fn NewRotationForm() -> impl IntoView {
    let create = ServerAction::<CreateRotation>::telling("The rotation was created.");
    let outcome = form_outcome(create);
    let initial = form_input::<CreateRotation, _>().unwrap_or_default();
    view! {
        <ActionForm action=create class="card form">
            <RotationFields initial refused=Signal::derive(move || outcome.refused())/>
            <div class="buttons">
                <SubmitButton
                    label="Create Rotation" busy_label="Creating…"
                    kind=ButtonKind::Primary pending=create.pending()
                />
                <a class="button" href="/rotations">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
