//! A credential was accepted that opens another PagerDuty account than the
//! connected one. It is not used before somebody has said that this is meant.

use super::Panel;
use crate::{
    components::{ButtonKind, FailureNotice, Notice, SubmitButton, Tone},
    forms::{ActionForm, failure, first_failure},
    view,
};
use leptos::prelude::*;
use types::AccountQuestion;

#[component]
pub(super) fn Question(question: AccountQuestion, panel: Panel) -> impl IntoView {
    view! {
        <div role="alert">
            <Notice tone=Tone::Warning>
                <p>
                    <strong>"This is another PagerDuty account. "</strong>
                    "The workspace is connected to "<bdi translate="no">{question.connected}</bdi>
                    ", and the new credential belongs to "<bdi translate="no">{question.offered}</bdi>". "
                    "If you switch, bound rotations look for their schedules in the other account; those that are \
                    not there keep their people and say so, until they are bound anew."
                </p>
                <div class="buttons">
                    <ActionForm action=panel.keep_account>
                        <SubmitButton
                            label="Keep the present account" kind=ButtonKind::Primary
                            pending=panel.keep_account.pending()
                        />
                    </ActionForm>
                    <ActionForm action=panel.switch_account>
                        <SubmitButton
                            label="Switch accounts" busy_label="Switching…" kind=ButtonKind::Danger
                            pending=panel.switch_account.pending()
                        />
                    </ActionForm>
                </div>
            </Notice>
        </div>
    }
}

/// Why the question could not be answered; stays when the question has gone.
#[component]
pub(super) fn QuestionFailure(panel: Panel) -> impl IntoView {
    let failures = vec![
        failure(panel.switch_account_outcome),
        failure(panel.keep_account_outcome),
    ];
    view! { <FailureNotice failure=first_failure(failures)/> }
}
