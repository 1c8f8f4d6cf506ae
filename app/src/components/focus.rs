//! Where the focus goes when what had it is gone, as a button is that did its work
//! and is offered no more: to the part of the page in which it stood.

use leptos::{ev::SubmitEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// Whether nothing on the page has the focus.
pub(super) fn is_nowhere() -> bool {
    document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY")
}

/// Remembers where something was asked for until the focus moves on, and takes the
/// focus there when the answer removed what had it.
#[derive(Clone, Copy)]
pub(crate) struct FocusKeeper {
    /// The id of the heading of that part of the page.
    heading: StoredValue<Option<String>>,
}

impl FocusKeeper {
    /// `changes` reads whatever the page is drawn from.
    pub(crate) fn new(changes: impl Fn() + Send + Sync + 'static) -> Self {
        let heading = StoredValue::new(None::<String>);
        Effect::watch(
            changes,
            move |(), _, _| {
                // By the next frame the changes are drawn.
                request_animation_frame(move || {
                    // The page may be gone by then.
                    let heading = heading.try_get_value().flatten();
                    if let Some(heading) = heading.filter(|_| is_nowhere()) {
                        focus_part(&heading);
                    }
                });
            },
            false,
        );
        Self { heading }
    }

    pub(crate) fn remember(self, event: &SubmitEvent) {
        let heading = event
            .target()
            .and_then(|form| form.dyn_into::<Element>().ok())
            .and_then(|form| form.closest("section").ok().flatten())
            .and_then(|part| part.get_attribute("aria-labelledby"));
        self.heading.set_value(heading);
    }

    pub(crate) fn forget(self) {
        self.heading.set_value(None);
    }
}

fn focus_part(heading: &str) {
    let part = document()
        .get_element_by_id(heading)
        .and_then(|heading| heading.closest("section").ok().flatten())
        .and_then(|part| part.dyn_into::<HtmlElement>().ok());
    if let Some(part) = part {
        part.set_tab_index(-1);
        let _gone = part.focus();
    }
}
