//! The key `/` leads to the search: to the one on the page, or else to that of the rotations.

use crate::pages::ROTATIONS;
use leptos::{ev::KeyboardEvent, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{Element, HtmlElement};

/// The id of the field of the search of rotations, which ends an address that leads to it.
pub(crate) const SEARCH: &str = "search";
/// Where a key is typed, or what waits for an answer of its own.
const KEEPS_KEYS: &str = "input, textarea, select, [contenteditable], dialog, [role=menu]";

/// Listens for the key, wherever the focus is.
pub(super) fn lead_to_search() {
    let navigate = use_navigate();
    let _lives_as_long_as_the_app = window_event_listener_untyped("keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        let modified = event.ctrl_key() || event.alt_key() || event.meta_key();
        if event.key() != "/" || modified || is_typing(&event) {
            return;
        }
        event.prevent_default();
        if !focus_search() {
            navigate(&format!("{ROTATIONS}#{SEARCH}"), NavigateOptions::default());
        }
    });
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let at = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    at.is_some_and(|at| matches!(at.closest(KEEPS_KEYS), Ok(Some(_))))
}

/// Whether the page has a search that is in sight.
fn focus_search() -> bool {
    let found = document().query_selector("main input[type=search]:not([hidden] *)");
    let Some(field) = found.ok().flatten() else {
        return false;
    };
    let field: HtmlElement = field.unchecked_into();
    field.focus().is_ok()
}
