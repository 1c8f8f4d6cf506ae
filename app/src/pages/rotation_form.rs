//! The fields of a rotation, for making and for editing one.

use crate::{
    AppError,
    components::{Choice, FailureNotice, TextArea, TextField},
    forms::Failure,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{RotationField, RotationInput, RotationRefusal, Visibility};

#[component]
pub(super) fn RotationFields(
    initial: RotationInput,
    refused: Signal<Option<Result<RotationRefusal, AppError>>>,
    /// A schedule decides how many are on duty at once.
    #[prop(optional)]
    bound: bool,
) -> impl IntoView {
    let problem = move |field| Signal::derive(move || problem_of(refused.get(), field));
    let duty_size = match initial.duty_size.as_str() {
        "" => "1".to_owned(),
        size => size.to_owned(),
    };
    view! {
        <FailureNotice failure=Signal::derive(move || general_failure(refused.get()))/>
        <TextField
            id="name" name="input[name]" label="Name" required=true
            value=initial.name problem=problem(RotationField::Name)
        />
        <TextArea
            id="description" name="input[description]" label="Description"
            hint="What these people are on duty for."
            value=initial.description problem=problem(RotationField::Description)
        />
        <TextArea
            id="notes" name="input[notes]" label="Notes"
            hint="What whoever is on duty should know, such as where the runbook is. May stay empty."
            value=initial.notes.unwrap_or_default() problem=problem(RotationField::Notes)
        />
        <TextField
            id="code" name="input[code]" label="Code"
            hint="A short handle such as OPS-1: letters, digits and hyphens. May stay empty."
            value=initial.code problem=problem(RotationField::Code)
        />
        {if bound {
            Either::Left(view! { <input type="hidden" name="input[duty_size]" value=duty_size/> })
        } else {
            Either::Right(view! {
                <TextField
                    id="duty-size" name="input[duty_size]" label="Duty size" inputmode="numeric"
                    hint="How many people are on duty at once."
                    value=duty_size problem=problem(RotationField::DutySize)
                />
            })
        }}
        <VisibilityChoice chosen=initial.visibility/>
    }
}

#[component]
fn VisibilityChoice(chosen: Visibility) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Who sees it"</legend>
            <Choice
                id="public" name="input[visibility]" value=Visibility::Public.code()
                label="Public" hint="Everybody in the workspace."
                checked=chosen == Visibility::Public
            />
            <Choice
                id="private" name="input[visibility]" value=Visibility::Private.code()
                label="Private" hint="Only its members and owners, and workspace admins."
                checked=chosen == Visibility::Private
            />
        </fieldset>
    }
}

/// What is wrong with `field`.
fn problem_of(
    refused: Option<Result<RotationRefusal, AppError>>,
    field: RotationField,
) -> Option<String> {
    match refused {
        Some(Ok(RotationRefusal::Fields(problems))) => problems
            .iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, problem)| problem.to_string()),
        _ => None,
    }
}

/// What is wrong apart from the fields, which speak for themselves.
fn general_failure(refused: Option<Result<RotationRefusal, AppError>>) -> Option<Failure> {
    match refused? {
        Ok(RotationRefusal::Fields(_)) => None,
        Ok(reason) => Some(Failure::Refused(reason.to_string())),
        Err(error) => Some(Failure::Failed(error)),
    }
}
