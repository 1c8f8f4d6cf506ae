//! Short messages at the edge of the page about what has just been done. They say
//! nothing that the page does not show as well, since they go by themselves; what
//! has to be read stays where it belongs, as a notice, or here until it is dismissed.

use super::{Icon, Symbol, rows};
use crate::{data::effect, view};
use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use maud::{Markup, html};
use std::{sync::Arc, time::Duration};
use web_sys::{
    Element, FocusOptions, HtmlElement, ResizeObserver, ScrollIntoViewOptions,
    ScrollLogicalPosition,
};

/// How long a message stays.
const SHOWN_FOR: Duration = Duration::from_secs(8);
/// How long one stays that offers something, which takes time to be decided and come to.
const OFFERED_FOR: Duration = Duration::from_secs(30);
/// How many are shown at once.
const MOST: usize = 3;

/// The messages of the page.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    /// Tells the next message apart from those before it.
    next: StoredValue<u64>,
    /// How many offers were taken up.
    taken_up: RwSignal<u64>,
}

#[derive(Clone)]
struct Toast {
    id: u64,
    /// As HTML, since names are elements of their own.
    text: String,
    offer: Option<Offer>,
}

/// What a message offers: *Undo*. It outlives the page on which it was made.
#[derive(Clone)]
pub(crate) struct Offer(Arc<dyn Fn() + Send + Sync>);

impl Offer {
    pub(crate) fn new(undo: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(undo))
    }
}

impl Toasts {
    pub(crate) fn say(self, text: impl AsRef<str>) {
        self.offer(html! { (text.as_ref()) }, None);
    }

    /// Says `text`, with an offer.
    pub(crate) fn offer(self, text: Markup, offer: Option<Offer>) {
        let shown_for = match &offer {
            Some(_) => OFFERED_FOR,
            None => SHOWN_FOR,
        };
        let id = self.show(text, offer);
        set_timeout(move || self.let_go(id), shown_for);
    }

    /// Says what went wrong, until somebody dismisses it.
    pub(crate) fn warn(self, text: impl AsRef<str>, offer: Option<Offer>) {
        self.show(html! { (text.as_ref()) }, offer);
    }

    /// The same where names are elements of their own.
    pub(crate) fn warn_of(self, text: Markup) {
        self.show(text, None);
    }

    /// Moves whenever what was offered has come to an end, whatever that was.
    pub(crate) fn taken_up(self) -> u64 {
        self.taken_up.get()
    }

    /// Notes that what was offered has come to an end.
    pub(crate) fn note_end(self) {
        self.taken_up.update(|count| *count += 1);
    }

    fn show(self, text: Markup, offer: Option<Offer>) -> u64 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let text = text.into_string();
        self.change(|shown| {
            // What is said again is not said twice.
            shown.retain(|toast| toast.text != text);
            shown.drain(..shown.len().saturating_sub(MOST - 1));
            shown.push(Toast { id, text, offer });
        });
        request_animation_frame(uncover_focus);
        id
    }

    /// Lets a message go, unless somebody is at it just now.
    fn let_go(self, id: u64) {
        let in_use = document()
            .get_element_by_id(&toast_id(id))
            .is_some_and(|toast| toast.matches(":hover, :focus-within").unwrap_or(false));
        match in_use {
            true => set_timeout(move || self.let_go(id), SHOWN_FOR),
            false => self.dismiss(id),
        }
    }

    fn dismiss(self, id: u64) {
        self.change(|shown| shown.retain(|toast| toast.id != id));
    }

    /// Whoever was on a message that goes goes on in the content of the page.
    fn change(self, change: impl FnOnce(&mut Vec<Toast>)) {
        let focused = document().active_element();
        let toast = focused.and_then(|element| element.closest(".toast").ok()?);
        let toast = toast.map(|toast: Element| toast.id());
        let has_focus = |one: &Toast| toast.as_deref() == Some(&toast_id(one.id));
        // The page may be gone by then.
        let lost = self.shown.try_update(|shown| {
            let before = shown.iter().any(has_focus);
            change(shown);
            before && !shown.iter().any(has_focus)
        });
        if lost == Some(true) {
            request_animation_frame(focus_content);
        }
    }
}

fn toast_id(toast: u64) -> String {
    format!("toast-{toast}")
}

/// Scrolls what has the focus out from below the messages, if it is in sight otherwise: the style
/// sheet says how much room they take.
fn uncover_focus() {
    let focused = document().query_selector("main :focus").ok().flatten();
    let height = window().inner_height().ok();
    let Some((focused, height)) = focused.zip(height.and_then(|height| height.as_f64())) else {
        return;
    };
    let place = focused.get_bounding_client_rect();
    if place.top() < height && place.bottom() > 0.0 {
        let nearest = ScrollIntoViewOptions::new();
        nearest.set_block(ScrollLogicalPosition::Nearest);
        focused.scroll_into_view_with_scroll_into_view_options(&nearest);
    }
}

/// What has just been done makes parts of the page grow, which push others below the messages.
fn uncover_focus_as_the_page_grows(toasts: Toasts) {
    effect(move || {
        let Some(main) = document().get_element_by_id("main") else {
            return;
        };
        let grown = Closure::<dyn Fn()>::new(move || {
            if toasts.shown.with_untracked(|shown| !shown.is_empty()) {
                uncover_focus();
            }
        });
        if let Ok(observer) = ResizeObserver::new(grown.as_ref().unchecked_ref()) {
            observer.observe(&main);
        }
        // The page has its content for as long as the app lives.
        grown.forget();
    });
}

/// Where the focus goes on whose message is gone.
fn focus_content() {
    let main = document().get_element_by_id("main");
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        let stay = FocusOptions::new();
        stay.set_prevent_scroll(true);
        let _gone = main.focus_with_options(&stay);
    }
}

pub(crate) fn provide_toasts() {
    provide_context(Toasts {
        shown: RwSignal::new(Vec::new()),
        next: StoredValue::new(0),
        taken_up: RwSignal::new(0),
    });
}

pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}

/// Where the messages appear, also to those who do not see the page.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    uncover_focus_as_the_page_grows(toasts);
    view! {
        <div class="toasts" role="log" aria-label="What was done" aria-live="polite">
            {rows(move || toasts.shown.get(), |toast| toast.id.to_string(), move |toast| {
                let Toast { id, text, offer } = toast;
                let offer = offer.map(|Offer(act)| view! {
                    <button type="button" class="offer" on:click=move |_| {
                        toasts.dismiss(id);
                        act();
                    }>
                        "Undo"
                    </button>
                });
                view! {
                    <div class="toast" id=toast_id(id)>
                        <p translate="no" inner_html=text></p>
                        {offer}
                        <button type="button" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                            <Icon symbol=Symbol::Close/>
                        </button>
                    </div>
                }
            })}
        </div>
    }
}
