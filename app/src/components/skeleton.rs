//! The outline of what is still loading, so that nothing jumps when it arrives.

use crate::view;
use leptos::prelude::*;

#[component]
pub(crate) fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">"Loading…"</span>
            <div></div><div></div><div></div>
        </div>
    }
}
