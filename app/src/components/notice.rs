//! Sentences that stand on their own: notices, and what an action came to.

use super::{Tone, focus::is_nowhere, redrawn};
use crate::{data::effect, view};
use leptos::{html, prelude::*};

/// A box that asks for attention.
#[component]
pub(crate) fn Notice(tone: Tone, children: Children) -> impl IntoView {
    view! { <div class=format!("notice {}", tone.class())>{children()}</div> }
}

/// Tells what an action came to, also to those who do not see the page. The focus
/// comes here when it is nowhere, as after a dialog that went away with its button.
#[component]
pub(crate) fn Status(
    #[prop(into)] message: Signal<Option<String>>,
    #[prop(default = Tone::Good)] tone: Tone,
) -> impl IntoView {
    let region = NodeRef::<html::Div>::new();
    effect(move || {
        let told = message.with(Option::is_some);
        if let Some(region) = region.get().filter(|_| told && is_nowhere()) {
            let _gone = region.focus();
        }
    });
    view! {
        <div role="status" tabindex="-1" node_ref=region>
            {redrawn(move || message.get().map(|message| view! {
                <Notice tone><p>{message}</p></Notice>
            }))}
        </div>
    }
}
