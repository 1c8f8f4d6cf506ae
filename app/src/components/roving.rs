//! The focus among the parts of one control: Tab comes to one of them, and the
//! arrow keys lead to the others.

use leptos::{ev::KeyboardEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// Moves the focus among the elements with this role inside the element that
/// listens: around the ends, and to the first and last by Home and End.
pub(super) fn move_focus(
    event: &KeyboardEvent,
    role: &'static str,
    [previous, next]: [&'static str; 2],
) {
    let step: fn(usize, usize) -> usize = match event.key().as_str() {
        key if key == next => |at, count| (at + 1) % count,
        key if key == previous => |at, count| (at + count - 1) % count,
        "Home" => |_, _| 0,
        "End" => |_, count| count - 1,
        _ => return,
    };
    let Some(control) = event
        .current_target()
        .and_then(|control| control.dyn_into::<Element>().ok())
    else {
        return;
    };
    let parts = all(&control, &format!("[role={role}]"));
    let focused = document().active_element();
    let at = parts.iter().position(|part| Some(part) == focused.as_ref());
    if let Some(at) = at {
        event.prevent_default();
        // What is drawn has the same method, though it is no HTML.
        let part: &HtmlElement = parts[step(at, parts.len())].unchecked_ref();
        let _gone = part.focus();
    }
}

/// What the selector finds inside the element, in the order of the page.
pub(crate) fn all(element: &Element, selector: &str) -> Vec<Element> {
    let Ok(parts) = element.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..parts.length())
        .filter_map(|index| parts.item(index)?.dyn_into().ok())
        .collect()
}
