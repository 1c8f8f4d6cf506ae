//! One way for a form to tell what it came to, with and without JavaScript.
//! With it, the action's value holds the outcome. Without it, the browser
//! follows a redirect, so the outcome waits in the session as a [`Flash`] and
//! the next page shows it in the same place.

use crate::AppError;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use types::Outcome;

/// The outcome of a form that was sent without JavaScript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The path of the server function, which names the form.
    pub form: String,
    /// The outcome as JSON.
    pub outcome: String,
    /// What was typed, as JSON, so that nothing has to be typed again. Forms
    /// that hold secrets keep nothing.
    pub input: Option<String>,
}

#[derive(Clone)]
struct CurrentFlash(Option<Flash>);

/// Hands the session's flash, if there is one, to the page's forms.
pub(crate) fn provide_flash() {
    let flash = SharedValue::new(server_flash).into_inner();
    provide_context(CurrentFlash(flash));
}

#[cfg(feature = "ssr")]
fn server_flash() -> Option<Flash> {
    crate::server_fns::from_request::<Flash>()
}

#[cfg(not(feature = "ssr"))]
fn server_flash() -> Option<Flash> {
    None
}

fn flash_of<F: ServerFn>() -> Option<Flash> {
    use_context::<CurrentFlash>()?
        .0
        .filter(|flash| flash.form == F::PATH)
}

/// What the form last came to: from the action once it ran in this page, else
/// from the flash.
pub(crate) fn form_outcome<F, T, R>(
    action: ServerAction<F>,
) -> Signal<Option<Result<Outcome<T, R>, AppError>>>
where
    F: ServerFn<Output = Outcome<T, R>, Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    R: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let flashed: Option<Result<Outcome<T, R>, AppError>> =
        flash_of::<F>().and_then(|flash| serde_json::from_str(&flash.outcome).ok().map(Ok));
    Signal::derive(move || action.value().get().or_else(|| flashed.clone()))
}

/// What was typed into the form before it came back with a flash.
pub(crate) fn form_input<F: ServerFn, I: DeserializeOwned>() -> Option<I> {
    serde_json::from_str(&flash_of::<F>()?.input?).ok()
}
