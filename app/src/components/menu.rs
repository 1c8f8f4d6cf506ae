//! A button with a menu, as a native popover: it opens, closes and takes the
//! focus without our code. The arrow keys are ours.

use super::{Icon, Symbol};
use leptos::{ev::KeyboardEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

#[component]
pub(crate) fn Menu<L: IntoView + 'static>(
    id: &'static str,
    /// The look of the button.
    class: &'static str,
    label: impl Fn() -> L + Send + 'static,
    /// The entries, each with `role="menuitem"`, the first with `autofocus`.
    children: Children,
) -> impl IntoView {
    let button = format!("{id}-button");
    view! {
        <button
            type="button"
            id=button.clone()
            class=class
            popovertarget=id
            aria-haspopup="menu"
        >
            {label()}
            <Icon symbol=Symbol::Expand/>
        </button>
        <div id=id class="menu" popover="auto" role="menu" aria-labelledby=button on:keydown=move_focus>
            {children()}
        </div>
    }
}

/// Moves the focus to the entry above or below, around the ends.
fn move_focus(event: KeyboardEvent) {
    let step: fn(usize, usize) -> usize = match event.key().as_str() {
        "ArrowDown" => |at, count| (at + 1) % count,
        "ArrowUp" => |at, count| (at + count - 1) % count,
        "Home" => |_, _| 0,
        "End" => |_, count| count - 1,
        _ => return,
    };
    let Some(menu) = event
        .current_target()
        .and_then(|menu| menu.dyn_into::<Element>().ok())
    else {
        return;
    };
    let entries = entries(&menu);
    let focused = document().active_element();
    let at = entries
        .iter()
        .position(|entry| Some(entry.as_ref()) == focused.as_ref());
    if let Some(at) = at {
        event.prevent_default();
        let _gone = entries[step(at, entries.len())].focus();
    }
}

fn entries(menu: &Element) -> Vec<HtmlElement> {
    let children = menu.children();
    (0..children.length())
        .filter_map(|index| children.item(index)?.dyn_into::<HtmlElement>().ok())
        .filter(|entry| entry.get_attribute("role").as_deref() == Some("menuitem"))
        .collect()
}
