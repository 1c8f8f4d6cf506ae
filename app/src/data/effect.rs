//! What is done whenever something that it reads has changed, in browsers.

use leptos::prelude::Effect;

pub(crate) fn effect(run: impl FnMut() + 'static) {
    erased(Box::new(run));
}

/// The one effect behind all.
fn erased(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_| run());
}
