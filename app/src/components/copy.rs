//! Something to be copied elsewhere: shown whole, selected by one click, and put
//! into the clipboard by its button.

use crate::view;
use leptos::prelude::*;

/// How long the button says what came of it.
const SAID_FOR: std::time::Duration = std::time::Duration::from_secs(3);

#[component]
pub(crate) fn Copyable(
    #[prop(into)] text: String,
    /// What it is, for the button's name.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let label = RwSignal::new("Copy");
    let shown = text.clone();
    view! {
        <span class="copyable">
            <code translate="no">{shown}</code>
            <button
                type="button" class="button small"
                on:click=move |_| {
                    clipboard::put(&text, move |copied| {
                        label.set(if copied { "Copied" } else { "Select and copy" });
                        set_timeout(move || label.set("Copy"), SAID_FOR);
                    });
                }
            >
                {label}
                <span class="visually-hidden" translate="no">" "{what}</span>
            </button>
        </span>
    }
}

#[cfg(feature = "hydrate")]
mod clipboard {
    //! Browsers give the clipboard to https and to this machine only, and people
    //! may refuse it.

    use js_sys::{Promise, Reflect};
    use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsValue};
    use wasm_bindgen_futures::JsFuture;

    pub(super) fn put(text: &str, told: impl FnOnce(bool) + 'static) {
        let navigator = window().navigator();
        let has_clipboard = Reflect::get(&navigator, &JsValue::from("clipboard"))
            .is_ok_and(|clipboard| clipboard.is_object());
        let copying: Option<Promise> =
            has_clipboard.then(|| navigator.clipboard().write_text(text));
        spawn_local(async move {
            let copied = match copying {
                Some(copying) => JsFuture::from(copying).await.is_ok(),
                None => false,
            };
            told(copied);
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod clipboard {
    //! The server has no clipboard; it never comes here.

    pub(super) fn put(_text: &str, _told: impl FnOnce(bool) + 'static) {}
}
