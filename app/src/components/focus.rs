//! Where the focus goes when what had it is gone, as a button is that did its work
//! and is offered no more: to the row of a list in which it stood, wherever that is by
//! now, or else to the part of the page.

use super::roving::all;
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
/// focus there when the answer moved or removed what had it.
#[derive(Clone, Copy)]
pub(crate) struct FocusKeeper {
    asked: StoredValue<Option<Asked>>,
}

/// Where somebody asked for something.
#[derive(Clone)]
struct Asked {
    /// The id of the heading of that part of the page.
    heading: String,
    row: Option<AskedInRow>,
}

/// In a list whose rows have ids. What is drawn in a row may be about another one after
/// the answer, and so may the button that has the focus.
#[derive(Clone)]
struct AskedInRow {
    id: String,
    /// What is written on the button, or on the one that opens the menu which it is in.
    button: String,
}

impl FocusKeeper {
    /// `contents` is what changes.
    pub(crate) fn new(contents: NodeRef<html::Div>) -> Self {
        let keeper = Self {
            asked: StoredValue::new(None),
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
        let form = event
            .target()
            .and_then(|form| form.dyn_into::<Element>().ok());
        self.asked
            .set_value(form.and_then(|form| Asked::through(&form, event.submitter())));
    }

    pub(crate) fn forget(self) {
        self.asked.set_value(None);
    }

    fn restore(self) {
        // The page may be gone by then.
        let Some(asked) = self.asked.try_get_value().flatten() else {
            return;
        };
        if let Some(to) = asked.answered_at()
            && document().active_element().as_ref() != Some(to.as_ref())
        {
            let _gone = to.focus();
        }
    }
}

impl Asked {
    fn through(form: &Element, button: Option<HtmlElement>) -> Option<Self> {
        let part = form.closest("section").ok()??;
        Some(Self {
            heading: part.get_attribute("aria-labelledby")?,
            row: button.and_then(|button| AskedInRow::through(&button)),
        })
    }

    /// What is to have the focus; nothing if whatever has it may keep it.
    fn answered_at(&self) -> Option<HtmlElement> {
        match &self.row {
            Some(AskedInRow { id, button }) => {
                let Some(row) = document().get_element_by_id(id) else {
                    return self.part();
                };
                all(&row, "button")
                    .into_iter()
                    .find(|candidate| text(candidate) == *button)
                    .and_then(|button| button.dyn_into().ok())
                    .or_else(|| focusable(row))
            }
            None => self.part().filter(|_| is_nowhere()),
        }
    }

    fn part(&self) -> Option<HtmlElement> {
        let heading = document().get_element_by_id(&self.heading)?;
        focusable(heading.closest("section").ok()??)
    }
}

impl AskedInRow {
    /// The form of a button may be elsewhere.
    fn through(button: &Element) -> Option<Self> {
        let row = button.closest("li[id]").ok()??;
        let opener = match button.closest("[popover]") {
            Ok(Some(menu)) => row
                .query_selector(&format!("[popovertarget=\"{}\"]", menu.id()))
                .ok()?,
            _ => None,
        };
        Some(Self {
            id: row.id(),
            button: text(opener.as_ref().unwrap_or(button)),
        })
    }
}

fn text(button: &Element) -> String {
    button.text_content().unwrap_or_default()
}

fn focusable(element: Element) -> Option<HtmlElement> {
    let element: HtmlElement = element.dyn_into().ok()?;
    element.set_tab_index(-1);
    Some(element)
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
        options.set_character_data(true);
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
