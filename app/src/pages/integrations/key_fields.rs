//! What a dialog that takes an API key contains, whether the key is the first
//! or replaces another credential.

use super::secret_field::SecretField;
use crate::{
    components::{ButtonKind, CancelButton, SubmitButton},
    forms::Failure,
    view,
};
use leptos::prelude::*;

#[component]
pub(super) fn KeyFields(
    /// The dialog that these fields stand in.
    dialog: &'static str,
    failure: Signal<Option<Failure>>,
    #[prop(into)] pending: Signal<bool>,
) -> impl IntoView {
    view! {
        <SecretField id=format!("{dialog}-input") name="api_key" label="API Key" autofocus=true failure/>
        <div class="buttons">
            <SubmitButton label="Save" busy_label="Saving…" kind=ButtonKind::Primary pending/>
            <CancelButton dialog busy=pending/>
        </div>
    }
}
