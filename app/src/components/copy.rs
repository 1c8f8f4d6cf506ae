//! Something to be copied elsewhere: shown whole, selected by one click, and put
//! into the clipboard by its button.

use leptos::prelude::*;

/// How long the button says that it has copied.
const SAID_FOR: std::time::Duration = std::time::Duration::from_secs(3);

#[component]
pub(crate) fn Copyable(
    #[prop(into)] text: String,
    /// What it is, for the button's name.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let shown = text.clone();
    view! {
        <span class="copyable">
            <code>{shown}</code>
            <button
                type="button" class="button small"
                on:click=move |_| {
                    put_into_clipboard(&text);
                    copied.set(true);
                    set_timeout(move || copied.set(false), SAID_FOR);
                }
            >
                {move || if copied.get() { "Copied" } else { "Copy" }}
                <span class="visually-hidden">" "{what}</span>
            </button>
        </span>
    }
}

/// Browsers give the clipboard to https and to this machine only; elsewhere the
/// selected text is left to be copied by hand.
#[cfg(feature = "hydrate")]
fn put_into_clipboard(text: &str) {
    let _answered_later = window().navigator().clipboard().write_text(text);
}

#[cfg(not(feature = "hydrate"))]
fn put_into_clipboard(_text: &str) {}
