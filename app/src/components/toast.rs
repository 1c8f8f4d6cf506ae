//! Short messages at the edge of the page about what has just been done. They say
//! nothing that the page does not show as well, since they go by themselves; what
//! has to be read stays where it belongs, as a notice.

use super::{Icon, Symbol, rows};
use leptos::{prelude::*, wasm_bindgen::JsCast};
use std::time::Duration;
use web_sys::{FocusOptions, HtmlElement};

/// How long a message stays.
const SHOWN_FOR: Duration = Duration::from_secs(8);
/// How many are shown at once.
const MOST: usize = 3;

/// The messages of the page.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    /// Tells the next message apart from those before it.
    next: StoredValue<u64>,
}

#[derive(Clone)]
struct Toast {
    id: u64,
    text: String,
}

impl Toasts {
    pub(crate) fn say(self, text: impl Into<String>) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let text = text.into();
        self.change(|shown| {
            // What is said again is not said twice.
            shown.retain(|toast| toast.text != text);
            shown.drain(..shown.len().saturating_sub(MOST - 1));
            shown.push(Toast { id, text });
        });
        set_timeout(move || self.dismiss(id), SHOWN_FOR);
    }

    fn dismiss(self, id: u64) {
        self.change(|shown| shown.retain(|toast| toast.id != id));
    }

    /// Whoever was on a message that goes goes on in the content of the page.
    fn change(self, change: impl FnOnce(&mut Vec<Toast>)) {
        let focus = document().active_element().map(|element| element.id());
        let has_focus = |toast: &Toast| focus.as_deref() == Some(&button_id(toast.id));
        // The page may be gone by then.
        let lost = self.shown.try_update(|shown| {
            let before = shown.iter().any(has_focus);
            change(shown);
            before && !shown.iter().any(has_focus)
        });
        if lost == Some(true) {
            request_animation_frame(focus_content);
        }
    }
}

fn button_id(toast: u64) -> String {
    format!("dismiss-{toast}")
}

/// Where the focus goes on whose message is gone.
fn focus_content() {
    let main = document().get_element_by_id("main");
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        let stay = FocusOptions::new();
        stay.set_prevent_scroll(true);
        let _gone = main.focus_with_options(&stay);
    }
}

pub(crate) fn provide_toasts() {
    provide_context(Toasts {
        shown: RwSignal::new(Vec::new()),
        next: StoredValue::new(0),
    });
}

pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}

/// Where the messages appear, also to those who do not see the page.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="log" aria-label="What was done" aria-live="polite">
            {rows(move || toasts.shown.get(), |toast| toast.id.to_string(), move |toast| view! {
                <div class="toast">
                    <p>{toast.text}</p>
                    <button
                        type="button" id=button_id(toast.id) aria-label="Dismiss"
                        on:click=move |_| toasts.dismiss(toast.id)
                    >
                        <Icon symbol=Symbol::Close/>
                    </button>
                </div>
            })}
        </div>
    }
}
