//! A button with a menu, as a native popover: it opens, closes and takes the
//! focus without our code. The arrow keys are ours, and that a menu closes once
//! something in it was chosen.

use super::{Icon, Symbol, roving::move_focus};
use crate::view;
use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::{Element, Event, HtmlElement};

#[component]
pub(crate) fn Menu(
    /// No other menu of the page has it.
    #[prop(into)]
    id: String,
    /// The look of the button.
    class: &'static str,
    label: AnyView,
    /// What is drawn beside the label.
    #[prop(default = Symbol::Expand)]
    symbol: Symbol,
    /// The entries, each with `role="menuitem"`, the first with `autofocus`.
    children: Children,
) -> impl IntoView {
    let button = format!("{id}-button");
    view! {
        <button
            type="button"
            id=button.clone()
            class=class
            popovertarget=id.clone()
            aria-haspopup="menu"
        >
            {label}
            <Icon symbol/>
        </button>
        <div
            id=id class="menu" popover="auto" role="menu" aria-labelledby=button
            on:keydown=move |event| {
                move_focus(&event, "menuitem", ["ArrowUp", "ArrowDown"]);
                close_for_tab(&event);
            }
            on:click=move |event| close_for_choice(&event)
        >
            {children()}
        </div>
    }
    .into_any()
}

/// An entry that sends one of the page's forms, with a value of its own. So the rows of a
/// list have the few forms of the list in common.
#[component]
pub(crate) fn MenuEntry(
    /// The form's id.
    form: &'static str,
    name: &'static str,
    value: String,
    label: &'static str,
    /// The focus comes to the first entry when the menu opens.
    first: bool,
) -> impl IntoView {
    view! {
        <button type="submit" role="menuitem" form=form name=name value=value autofocus=first>
            {label}
        </button>
    }
}

/// Tab leads on from the button, which has the focus again once the menu is closed.
fn close_for_tab(event: &KeyboardEvent) {
    if event.key() == "Tab" {
        close(event);
    }
}

/// What was chosen is done all the same: the browser looks for the form only afterwards.
fn close_for_choice(event: &MouseEvent) {
    let on_entry = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| matches!(target.closest("[role=menuitem]"), Ok(Some(_))));
    if on_entry {
        close(event);
    }
}

fn close(event: &Event) {
    let menu = event
        .current_target()
        .and_then(|menu| menu.dyn_into::<HtmlElement>().ok());
    if let Some(menu) = menu {
        let _closed_already = menu.hide_popover();
    }
}
