//! Content that waits for the page's answers. In a browser that is Leptos' own suspended part.
//! On the server Leptos would make the content several times over: to find what it reads, to
//! see whether that reads more, and to write it. A page is sent whole, so there the content
//! waits for all that the page asks and is made once.

use leptos::prelude::*;

/// `content` must make no resources. In a browser `fallback` stands in its place until all
/// that it reads is there.
#[cfg(not(feature = "ssr"))]
pub(super) fn once_answered(
    fallback: fn() -> AnyView,
    content: impl FnOnce() -> AnyView + Send + 'static,
) -> impl IntoView {
    use crate::view;
    view! { <Transition fallback>{content()}</Transition> }
}

#[cfg(feature = "ssr")]
pub(super) fn once_answered(
    _: fn() -> AnyView,
    content: impl FnOnce() -> AnyView + Send + 'static,
) -> impl IntoView {
    use crate::data::all_answered;
    use leptos::tachys::reactive_graph::OwnedView;
    // The browser's part has a number among those of the page's data.
    let _number = Owner::current_shared_context().map(|data| data.next_id());
    Suspend::new(async {
        all_answered().await;
        OwnedView::new(content())
    })
}
