//! A button with a menu, as a native popover: it opens, closes and takes the
//! focus without our code. The arrow keys are ours.

use super::{Icon, Symbol, roving::move_focus};
use leptos::{ev::KeyboardEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlElement;

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
        <div
            id=id class="menu" popover="auto" role="menu" aria-labelledby=button
            on:keydown=move |event| {
                move_focus(&event, "menuitem", ["ArrowUp", "ArrowDown"]);
                close_for_tab(&event);
            }
        >
            {children()}
        </div>
    }
}

/// Tab leads on from the button, which has the focus again once the menu is closed.
fn close_for_tab(event: &KeyboardEvent) {
    let menu = event
        .current_target()
        .and_then(|menu| menu.dyn_into::<HtmlElement>().ok());
    if let Some(menu) = menu.filter(|_| event.key() == "Tab") {
        let _closed_already = menu.hide_popover();
    }
}
