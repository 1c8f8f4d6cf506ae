//! Where the focus goes when what had it is gone, as a button is that did its work
//! and is offered no more: to the part of the page in which it stood.

use leptos::{
    ev::SubmitEvent,
    html,
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit};

/// Whether nothing on the page has the focus that somebody chose: nothing has it, or
/// a whole part of the page, to which the [`FocusKeeper`] alone leads.
pub(super) fn is_nowhere() -> bool {
    document()
        .active_element()
        .is_none_or(|element| matches!(element.tag_name().as_str(), "BODY" | "SECTION"))
}

/// Remembers where something was asked for until the focus moves on, and takes the
/// focus there when the answer removed what had it.
#[derive(Clone, Copy)]
pub(crate) struct FocusKeeper {
    /// The id of the heading of that part of the page.
    heading: StoredValue<Option<String>>,
}

impl FocusKeeper {
    /// `contents` is what changes.
    pub(crate) fn new(contents: NodeRef<html::Div>) -> Self {
        let keeper = Self {
            heading: StoredValue::new(None),
        };
        Effect::new(move |_| {
            let contents = contents.get()?;
            // A message about what was done takes the focus itself, mostly within this
            // frame.
            Observation::start(&contents, move || {
                request_animation_frame(move || keeper.restore());
            })
        });
        keeper
    }

    /// To be called on the way down: by the time that the event comes back up, its form
    /// may be gone.
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

    fn restore(self) {
        // The page may be gone by then.
        let heading = self.heading.try_get_value().flatten();
        let part = heading
            .filter(|_| is_nowhere())
            .and_then(|heading| document().get_element_by_id(&heading))
            .and_then(|heading| heading.closest("section").ok().flatten())
            .and_then(|part| part.dyn_into::<HtmlElement>().ok());
        if let Some(part) = part {
            part.set_tab_index(-1);
            let _gone = part.focus();
        }
    }
}

/// Hears of what comes and goes within an element, until it is dropped.
struct Observation {
    observer: MutationObserver,
    /// What the observer calls, alive as long as it may.
    _changed: Closure<dyn FnMut()>,
}

impl Observation {
    fn start(element: &Element, changed: impl FnMut() + 'static) -> Option<Self> {
        let changed = Closure::<dyn FnMut()>::new(changed);
        let observer = MutationObserver::new(changed.as_ref().unchecked_ref()).ok()?;
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        options.set_subtree(true);
        observer.observe_with_options(element, &options).ok()?;
        Some(Self {
            observer,
            _changed: changed,
        })
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
