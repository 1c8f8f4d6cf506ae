//! One way for a form to tell what it came to, with and without JavaScript.
//! With it, the action's value holds the outcome. Without it, the browser
//! follows a redirect, so the outcome waits in the session as a [`Flash`] and
//! the next page shows it in the same place.

use crate::AppError;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Display;
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

/// Names the form of a login that nobody knows any more, whose outcome is told
/// all the same.
pub const LOGIN_CALLBACK_FORM: &str = "pagerduty-login";

/// The flash that the page came with, until it is old news.
#[derive(Clone, Copy)]
pub(crate) struct CurrentFlash(RwSignal<Option<Flash>>);

impl CurrentFlash {
    /// The flash belongs to the page that the server sent; whoever goes on and
    /// comes back, or does something else on it, must not read it again.
    pub(crate) fn forget(self) {
        if self.0.with_untracked(Option::is_some) {
            self.0.set(None);
        }
    }
}

/// The page's flash, for what happens later: handlers of events have no context.
pub(crate) fn use_flash() -> CurrentFlash {
    expect_context()
}

/// What a form last came to, as its page sees it.
pub(crate) type FormOutcome<T, R> = Signal<Option<Result<Outcome<T, R>, AppError>>>;

/// Hands the session's flash, if there is one, to the page's forms.
pub(crate) fn provide_flash() {
    let flash = SharedValue::new(server_flash).into_inner();
    provide_context(CurrentFlash(RwSignal::new(flash)));
}

#[cfg(feature = "ssr")]
fn server_flash() -> Option<Flash> {
    crate::server_fns::from_request::<Flash>()
}

#[cfg(not(feature = "ssr"))]
fn server_flash() -> Option<Flash> {
    None
}

/// What a form of this name came to that was sent before the page was there.
pub(crate) fn flashed_outcome<T, R>(form: &'static str) -> FormOutcome<T, R>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    R: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let CurrentFlash(flash) = use_flash();
    Signal::derive(move || {
        flash.with(|flash| {
            let flash = flash.as_ref().filter(|flash| flash.form == form)?;
            serde_json::from_str(&flash.outcome).ok().map(Ok)
        })
    })
}

/// What the form last came to: from the action once it ran in this page, else
/// from the flash.
pub(crate) fn form_outcome<F, T, R>(action: ServerAction<F>) -> FormOutcome<T, R>
where
    F: ServerFn<Output = Outcome<T, R>, Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    R: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let flashed = flashed_outcome(F::PATH);
    Signal::derive(move || action.value().get().or_else(|| flashed.get()))
}

/// Moves with each answer of the form, refusals included. A request that failed
/// changed nothing and gives no reason to load anything again.
pub(crate) fn answers<F>(action: ServerAction<F>) -> Memo<usize>
where
    F: ServerFn + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
    F::Error: Clone + Send + Sync + 'static,
{
    Memo::new(move |previous: Option<&usize>| {
        let version = action.version().get();
        match action.value().get() {
            Some(Err(_)) => previous.copied().unwrap_or_default(),
            _ => version,
        }
    })
}

/// What was typed into the form before it came back with a flash.
pub(crate) fn form_input<F: ServerFn, I: DeserializeOwned>() -> Option<I> {
    let CurrentFlash(flash) = use_flash();
    flash.with_untracked(|flash| {
        let flash = flash.as_ref().filter(|flash| flash.form == F::PATH)?;
        serde_json::from_str(flash.input.as_deref()?).ok()
    })
}

/// Why a form did not do what was asked, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Understood and refused, in words.
    Refused(String),
    /// The request itself failed.
    Failed(AppError),
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// Why the form last failed, if it did.
pub(crate) fn failure<T, R>(outcome: FormOutcome<T, R>) -> Signal<Option<Failure>>
where
    T: Clone + Send + Sync + 'static,
    R: Display + Clone + Send + Sync + 'static,
{
    Signal::derive(move || {
        outcome.with(|outcome| match outcome {
            Some(Ok(Outcome::Refused(reason))) => Some(Failure::Refused(reason.to_string())),
            Some(Err(error)) => Some(Failure::Failed(error.clone())),
            Some(Ok(Outcome::Done(_))) | None => None,
        })
    })
}

/// The form's result, once it succeeded.
pub(crate) fn done<T, R>(outcome: FormOutcome<T, R>) -> Signal<Option<T>>
where
    T: Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    Signal::derive(move || outcome.with(|outcome| outcome.as_ref()?.as_ref().ok()?.done().cloned()))
}
