//! What the document is called. Leptos' own component keeps a stack of titles, which a
//! browser would have to load.

#[cfg(feature = "ssr")]
use crate::drawing::PageTitle;
use leptos::prelude::*;

const PRODUCT: &str = "Round Robin";

/// Calls the document after its page. In a browser the title follows what `page` reads;
/// when the page has gone, the next one has its own.
pub(crate) fn use_title(page: impl Fn() -> String + Send + Sync + 'static) {
    let title = move || format!("{} · {PRODUCT}", page());
    write(title);
}

#[cfg(feature = "ssr")]
fn write(title: impl Fn() -> String + Send + Sync + 'static) {
    // There is none while the routes are listed.
    if let Some(written) = use_context::<PageTitle>() {
        written.set(untrack(title));
    }
}

#[cfg(not(feature = "ssr"))]
fn write(title: impl Fn() -> String + Send + Sync + 'static) {
    crate::data::effect(move || document().set_title(&title()));
}
