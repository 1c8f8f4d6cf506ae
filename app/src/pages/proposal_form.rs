//! A form that leads to the page on which a change is shown before it is made.

use crate::{forms::url_encoded, view};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use types::RotationId;

/// A form by GET, so that it works without our code as well.
#[component]
pub(super) fn ProposalForm(
    /// For buttons that are elsewhere on the page.
    #[prop(optional)]
    id: Option<&'static str>,
    rotation: RotationId,
    /// As [`types::Proposal::read`] has it.
    what: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let page = format!("/rotations/{rotation}/change");
    let navigate = use_navigate();
    let action = page.clone();
    view! {
        <form id=id method="get" action=action on:submit=move |event| {
            if let Some(fields) = url_encoded(&event) {
                event.prevent_default();
                navigate(&format!("{page}?{fields}"), NavigateOptions::default());
            }
        }>
            <input type="hidden" name="what" value=what/>
            {children.map(|children| children())}
        </form>
    }
    .into_any()
}
