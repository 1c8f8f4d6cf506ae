//! A part of a page that is drawn anew when something that it reads changes. Each closure in
//! a view has a type of its own, for which a framework compiles everything that a view can do;
//! boxed they are one type, and that code is there once.

use leptos::prelude::*;

/// What `draw` gives, drawn anew whenever what it reads changes.
pub(crate) fn redrawn<V: IntoAny>(mut draw: impl FnMut() -> V + Send + 'static) -> AnyView {
    boxed(Box::new(move || draw().into_any()))
}

fn boxed(draw: Box<dyn FnMut() -> AnyView + Send>) -> AnyView {
    draw.into_any()
}
