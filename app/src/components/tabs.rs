//! Pages that belong together, as tabs. Each is a link with an address of its own,
//! so Back, bookmarks and browsers without JavaScript have them too.

use crate::view;
use leptos::prelude::*;
use leptos_router::components::A;

/// One of the pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tab {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    /// Current on this address only, and not on those below it.
    pub(crate) exact: bool,
}

#[component]
pub(crate) fn Tabs(
    /// What the pages have in common.
    label: &'static str,
    tabs: Vec<Tab>,
) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label=label>
            {tabs.into_iter().map(|Tab { href, label, exact }| view! {
                <A href exact>{label}</A>
            }).collect_view()}
        </nav>
    }
    .into_any()
}
