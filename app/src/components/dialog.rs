//! A native dialog, and the buttons that open and close it. The one that opens it sends a
//! form that names the dialog to the page itself, which the server then draws with the
//! dialog open: so it works without our code and before that has loaded. Where our code
//! runs, it opens the dialog at once. Browsers' own `command` is not relied upon: some
//! know its name alone, and a button that has it sends no form.

use crate::{
    data::effect,
    pages::{parameter, use_leaving_query},
    view,
};
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::{HtmlDialogElement, HtmlElement, HtmlFormElement};

/// The parameter of a page's address that names the dialog with which the page comes.
pub const DIALOG_PARAMETER: &str = "dialog";

/// Moves whenever the dialog around starts afresh, for parts of it that have to do so
/// as well.
#[derive(Clone, Copy)]
pub(crate) struct Resets(RwSignal<u32>);

impl Resets {
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
    /// Where the focus goes after closing if the button that opened it is out of
    /// sight by then, as an entry of a menu is.
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
    let resets = Resets(RwSignal::new(0));
    provide_context(resets);
    let asked_for = parameter(DIALOG_PARAMETER).get_untracked() == id;
    let open = open || asked_for;
    if asked_for {
        // From now on our code knows whether the dialog is open, and the address would
        // open it again wherever it is drawn anew.
        let leave_query = use_leaving_query();
        effect(leave_query);
    }
    let node = dialog;
    effect(move || {
        let Some(dialog) = dialog.get().filter(|_| open) else {
            return;
        };
        if !dialog.open() {
            // Closed by the browser, before there was anybody to hear of it.
            if let Some(on_close) = on_close {
                on_close.run(());
            }
        } else {
            make_modal_once_shown(node);
        }
    });
    effect(move || {
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
            // By Escape also while it is not modal, where browsers know this.
            closedby="closerequest"
            aria-labelledby=labelled_by
            node_ref=dialog
            on:cancel=move |event: ev::Event| {
                if busy.get_untracked() {
                    event.prevent_default();
                }
            }
            on:reset=move |_| resets.0.update(|count| *count += 1)
            on:close=move |_| {
                // It was closed to be made modal, or opened again before this was heard:
                // somebody may be typing already.
                if dialog.get_untracked().is_some_and(|dialog| dialog.open()) {
                    return;
                }
                if let Some(on_close) = on_close {
                    on_close.run(());
                }
                if let Some(dialog) = dialog.get_untracked() {
                    reset_forms(&dialog);
                    let opener = opener_id(id);
                    focus_unless_elsewhere(&dialog, focus_after.unwrap_or(&opener));
                }
            }
        >
            <h2 id=title_id tabindex=focus_title.then_some("-1") autofocus=focus_title>{title}</h2>
            {children()}
        </dialog>
    }
    .into_any()
}

/// Opens a dialog.
#[component]
pub(crate) fn DialogButton(
    dialog: &'static str,
    class: &'static str,
    /// It is an entry of a menu.
    #[prop(optional)]
    in_menu: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <form method="get" role=in_menu.then_some("none")>
            <button
                type="submit" id=opener_id(dialog) class=class
                name=DIALOG_PARAMETER value=dialog
                role=in_menu.then_some("menuitem") autofocus=in_menu
                on:click=move |event| {
                    if open_modal(dialog) {
                        event.prevent_default();
                    }
                }
            >
                {children()}
            </button>
        </form>
    }
    .into_any()
}

/// Closes the dialog in whose form it stands.
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
            type="submit" formmethod="dialog" class="button"
            autofocus=autofocus disabled=busy
            on:click=move |event| {
                if let Some(dialog) = element(dialog) {
                    // Nothing is sent, of which whoever listens to the form would hear.
                    event.prevent_default();
                    dialog.close();
                }
            }
        >
            "Cancel"
        </button>
    }
}

fn opener_id(dialog: &str) -> String {
    format!("{dialog}-opener")
}

fn element(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Whether it could.
fn open_modal(id: &str) -> bool {
    element(id).is_some_and(|dialog| {
        // Its last closing may not have been heard of yet.
        reset_forms(&dialog);
        dialog.show_modal().is_ok()
    })
}

/// What waits for an answer is made before it is in the page, where no dialog can be modal: one that
/// was closed for that would stay so.
fn make_modal_once_shown(node: NodeRef<html::Dialog>) {
    let Some(dialog) = node.try_get_untracked().flatten() else {
        return;
    };
    if !dialog.is_connected() {
        request_animation_frame(move || make_modal_once_shown(node));
    } else if dialog.open() && !dialog.matches(":modal").unwrap_or(true) {
        make_modal(&dialog);
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
fn focus_unless_elsewhere(dialog: &HtmlDialogElement, id: &str) {
    let document = document();
    let elsewhere = document
        .active_element()
        .is_some_and(|element| element.tag_name() != "BODY" && !dialog.contains(Some(&element)));
    if !elsewhere
        && let Some(element) = document
            .get_element_by_id(id)
            .and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        let _gone = element.focus();
    }
}
