//! A part of a page with a heading of its own, which also names it for those who
//! jump from part to part.

use crate::view;
use leptos::prelude::*;

#[component]
pub(crate) fn Card(
    /// The heading's id.
    id: &'static str,
    title: &'static str,
    /// What stands beside the heading.
    #[prop(optional)]
    aside: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head">
                <h2 id=id>{title}</h2>
                {aside}
            </div>
            {children()}
        </section>
    }
    .into_any()
}

/// What is known of one thing, each with its name, as `<div><dt><dd>`.
#[component]
pub(crate) fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }.into_any()
}
