//! A native dialog. Buttons open and close it by `commandfor` and `command`,
//! which browsers obey before our code has loaded and without it.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::{HtmlDialogElement, HtmlElement, HtmlFormElement};

/// Moves whenever the dialog around is closed, for parts of it that have to start
/// afresh.
#[derive(Clone, Copy)]
pub(crate) struct Closings(RwSignal<u32>);

impl Closings {
    pub(crate) fn track(self) {
        self.0.track();
    }
}

#[component]
pub(crate) fn Dialog(
    id: &'static str,
    #[prop(into)] title: String,
    /// The page comes with the dialog open, because it has something to say.
    #[prop(optional)]
    open: bool,
    /// The dialog closes when this becomes true.
    #[prop(optional, into)]
    close_when: Signal<bool>,
    /// Runs after closing, however it came about; what was typed is gone then.
    #[prop(optional)]
    on_close: Option<Callback<()>>,
    /// While an answer is awaited, Escape does not hide it.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Where the focus goes after closing when the element that had it before
    /// is gone, as an entry of a menu is.
    #[prop(optional)]
    focus_after: Option<&'static str>,
    /// The focus starts at the title. A dialog scrolls to where the focus is, and
    /// a long one should be read from its beginning.
    #[prop(optional)]
    focus_title: bool,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    let closings = Closings(RwSignal::new(0));
    provide_context(closings);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get().filter(|_| open) else {
            return;
        };
        if !dialog.open() {
            // Closed by the browser, before there was anybody to hear of it.
            if let Some(on_close) = on_close {
                on_close.run(());
            }
        } else if !dialog.matches(":modal").unwrap_or(true) {
            make_modal(&dialog);
        }
    });
    Effect::new(move |_| {
        if close_when.get()
            && let Some(dialog) = dialog.get_untracked()
        {
            dialog.close();
        }
    });
    view! {
        <dialog
            id=id
            class="dialog"
            open=open
            aria-labelledby=labelled_by
            node_ref=dialog
            on:cancel=move |event: ev::Event| {
                if busy.get_untracked() {
                    event.prevent_default();
                }
            }
            on:command=move |_: ev::Event| {
                // Its last closing may not have been heard of yet.
                if let Some(dialog) = dialog.get_untracked().filter(|dialog| !dialog.open()) {
                    reset_forms(&dialog);
                    closings.0.update(|count| *count += 1);
                }
            }
            on:close=move |_| {
                // It was closed to be made modal, or opened again before this was heard:
                // somebody may be typing already.
                if dialog.get_untracked().is_some_and(|dialog| dialog.open()) {
                    return;
                }
                if let Some(on_close) = on_close {
                    on_close.run(());
                }
                closings.0.update(|count| *count += 1);
                if let Some(dialog) = dialog.get_untracked() {
                    reset_forms(&dialog);
                    focus_unless_elsewhere(&dialog, focus_after);
                }
            }
        >
            <h2 id=title_id tabindex=focus_title.then_some("-1") autofocus=focus_title>{title}</h2>
            {children()}
        </dialog>
    }
    .into_any()
}

/// Closes the dialog it stands in.
#[component]
pub(crate) fn CancelButton(
    dialog: &'static str,
    /// The focus starts here: what the dialog asks about cannot be undone.
    #[prop(optional)]
    autofocus: bool,
    /// What is being saved happens all the same, so it cannot be cancelled.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button" class="button" commandfor=dialog command="close"
            autofocus=autofocus disabled=busy
        >
            "Cancel"
        </button>
    }
}

/// Only a closed dialog can be made modal. Somebody may be typing in it already,
/// so the focus stays where it is.
fn make_modal(dialog: &HtmlDialogElement) {
    let focused = document()
        .active_element()
        .filter(|element| dialog.contains(Some(element)))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    dialog.close();
    let _already_gone = dialog.show_modal();
    if let Some(focused) = focused {
        let _gone = focused.focus();
    }
}

/// A dialog that is opened again starts afresh, and holds no secret meanwhile.
fn reset_forms(dialog: &HtmlDialogElement) {
    let forms = dialog.get_elements_by_tag_name("form");
    for form in (0..forms.length()).filter_map(|index| forms.item(index)) {
        if let Ok(form) = form.dyn_into::<HtmlFormElement>() {
            form.reset();
        }
    }
}

/// Moves the focus to `id` if it is nowhere now, or still in the closed dialog.
fn focus_unless_elsewhere(dialog: &HtmlDialogElement, id: Option<&str>) {
    let document = document();
    let elsewhere = document
        .active_element()
        .is_some_and(|element| element.tag_name() != "BODY" && !dialog.contains(Some(&element)));
    if !elsewhere
        && let Some(element) = id
            .and_then(|id| document.get_element_by_id(id))
            .and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        let _gone = element.focus();
    }
}
