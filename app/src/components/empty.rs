//! Nothing is here yet: why, and what to do first.

use super::{Icon, Symbol};
use crate::view;
use leptos::prelude::*;

#[component]
pub(crate) fn EmptyState(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon symbol=Symbol::Rotations/>
            <h2>{title}</h2>
            {children()}
        </div>
    }
    .into_any()
}
