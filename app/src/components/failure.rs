//! What went wrong, where it went wrong, and the way on from there.

use super::{Notice, Tone, redrawn};
use crate::{
    AppError,
    forms::Failure,
    pages::{sign_in_address, use_here},
    view,
};
use leptos::prelude::*;

/// The sentence, with the way to sign in when the session is what is missing.
#[component]
pub(crate) fn FailureText(failure: Failure) -> impl IntoView {
    let sign_in = (failure == Failure::Failed(AppError::Unauthenticated)).then(|| {
        let here = use_here();
        view! { " "<a href=move || sign_in_address(&here()) rel="external">"Sign in again"</a> }
    });
    view! { {failure.to_string()}{sign_in} }
}

/// A failure in a box of its own; nothing while there is none. The box itself
/// is always there: content that waits for the server could not be taken over
/// by the browser behind something that comes and goes.
#[component]
pub(crate) fn FailureNotice(#[prop(into)] failure: Signal<Option<Failure>>) -> impl IntoView {
    view! {
        <div role="alert">
            {redrawn(move || failure.get().map(|failure| view! {
                <Notice tone=Tone::Bad><p><FailureText failure/></p></Notice>
            }))}
        </div>
    }
}
