//! One way for a form to tell what it came to, with and without JavaScript.
//! With it, the action's value holds the outcome. Without it, the browser
//! follows a redirect, so the outcome waits in the session as a [`Flash`] and
//! the next page shows it in the same place.

use crate::{
    AppError,
    components::{Toasts, use_toasts},
    data::from_page,
    server_fns::{decoded, post},
    view,
};
use leptos::{ev::SubmitEvent, form::form_data_from_event, prelude::*, server_fn::ServerFn};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
#[cfg(not(feature = "ssr"))]
use std::fmt::Write;
use std::{fmt::Display, marker::PhantomData};
use types::Outcome;
use web_sys::UrlSearchParams;

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

/// The field in which a form says which change it makes. The same form sent again, with
/// the same id, is answered with what came of it then.
pub const CHANGE_FIELD: &str = "change";

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

    /// What the form of this name came to, in JSON, if the flash is about it.
    fn outcome(self, form: &str) -> Option<String> {
        self.0.with(|flash| {
            let flash = flash.as_ref().filter(|flash| flash.form == form)?;
            Some(flash.outcome.clone())
        })
    }
}

/// The page's flash, for what happens later: handlers of events have no context.
pub(crate) fn use_flash() -> CurrentFlash {
    expect_context()
}

/// What a form last came to, as its page sees it.
pub(crate) struct FormOutcome<T, R> {
    told: Told,
    types: PhantomData<fn() -> (T, R)>,
}

impl<T, R> Clone for FormOutcome<T, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, R> Copy for FormOutcome<T, R> {}

impl<T, R> From<Told> for FormOutcome<T, R> {
    fn from(told: Told) -> Self {
        Self {
            told,
            types: PhantomData,
        }
    }
}

impl<T: DeserializeOwned, R> FormOutcome<T, R> {
    /// The form's result, once it succeeded.
    pub(crate) fn done(self) -> Option<T> {
        match self.told.outcome::<T, IgnoredAny>() {
            Some(Ok(Outcome::Done(value))) => Some(value),
            _ => None,
        }
    }
}

impl<T, R> FormOutcome<T, R> {
    /// Whether the form succeeded, whatever its result is.
    pub(crate) fn succeeded(self) -> bool {
        let untyped: FormOutcome<IgnoredAny, IgnoredAny> = self.told.into();
        untyped.done().is_some()
    }
}

impl<T, R: DeserializeOwned> FormOutcome<T, R> {
    /// Why it was refused, or why the request itself failed.
    pub(crate) fn refused(self) -> Option<Result<R, AppError>> {
        self.told.refused()
    }
}

/// Where a form's outcome is found in JSON: in the answer, once it was sent from
/// this page, else in the flash.
#[derive(Clone, Copy)]
struct Told {
    calls: Option<Calls>,
    flash: Option<(CurrentFlash, &'static str)>,
}

impl Told {
    fn answered(self) -> Option<Result<String, AppError>> {
        self.calls?.last.get()
    }

    fn flashed(self) -> Option<String> {
        let (flash, form) = self.flash?;
        flash.outcome(form)
    }

    /// Whoever wants one half of an outcome need not know the type of the other, which
    /// saves the browser the code for each pair of them.
    fn outcome<T: DeserializeOwned, R: DeserializeOwned>(
        self,
    ) -> Option<Result<Outcome<T, R>, AppError>> {
        let answered = self.answered();
        let waited = answered.is_none();
        let json = match answered {
            Some(answer) => answer,
            None => Ok(self.flashed()?),
        };
        match json.and_then(|json| decoded(&json)) {
            // One that cannot be read waited for too long: that is no news.
            Err(_) if waited => None,
            outcome => Some(outcome),
        }
    }

    fn refused<R: DeserializeOwned>(self) -> Option<Result<R, AppError>> {
        match self.outcome::<IgnoredAny, R>()? {
            Ok(Outcome::Done(_)) => None,
            Ok(Outcome::Refused(reason)) => Some(Ok(reason)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// Hands the session's flash, if there is one, to the page's forms.
pub(crate) fn provide_flash() {
    let flash = from_page(server_flash);
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

/// The calls of the server function `F` by a form on this page.
///
/// It stands in for Leptos' type of this name: it knows the form's fields and the
/// answer as text and turns only the latter into types, so that a function costs
/// the browser next to nothing to load.
pub(crate) struct ServerAction<F> {
    calls: Calls,
    function: PhantomData<fn() -> F>,
}

impl<F> Clone for ServerAction<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for ServerAction<F> {}

impl<F: ServerFn<Error = AppError>> ServerAction<F> {
    pub(crate) fn new() -> Self {
        Self {
            calls: Calls::to(F::PATH, None),
            function: PhantomData,
        }
    }

    /// Says `text` whenever a call succeeds, also where that leads to another page.
    pub(crate) fn telling(text: &'static str) -> Self {
        Self::telling_of(text, &[], text)
    }

    /// The same, with another text where these fields were among those that were sent.
    pub(crate) fn telling_of(
        text: &'static str,
        fields: &'static [&'static str],
        other: &'static str,
    ) -> Self {
        Self::with(News::Text {
            text,
            fields,
            other,
        })
    }

    /// Has `tell` say what a successful call came to, by its answer in JSON.
    pub(crate) fn telling_by(tell: fn(Toasts, &str)) -> Self {
        Self::with(News::Told(tell))
    }

    fn with(news: News) -> Self {
        Self {
            calls: Calls::to(F::PATH, Some((use_toasts(), news))),
            function: PhantomData,
        }
    }
}

impl<F> ServerAction<F> {
    /// An answer is awaited.
    pub(crate) fn pending(self) -> Memo<bool> {
        self.calls.action.pending()
    }

    /// Forgets a refusal once its dialog is closed: whoever opens it anew begins anew.
    pub(crate) fn forgetting(self, refused: Signal<Option<Failure>>) -> Callback<()> {
        let Calls { action, flash, .. } = self.calls;
        Callback::new(move |()| {
            if refused.get_untracked().is_some() {
                flash.forget();
                action.clear();
            }
        })
    }

    /// The calls, whichever function they are of.
    pub(crate) const fn calls(self) -> Calls {
        self.calls
    }
}

impl<F, T, R> ServerAction<F>
where
    F: ServerFn<Output = Outcome<T, R>, Error = AppError>,
{
    /// What the last call came to.
    pub(crate) fn value(self) -> FormOutcome<T, R> {
        let told = Told {
            calls: Some(self.calls),
            flash: None,
        };
        told.into()
    }
}

/// What is said when a call succeeds.
#[derive(Clone, Copy)]
enum News {
    Text {
        text: &'static str,
        /// URL-encoded; where they were sent, `other` is said.
        fields: &'static [&'static str],
        other: &'static str,
    },
    Told(fn(Toasts, &str)),
}

impl News {
    fn say(self, toasts: Toasts, sent: &str, answer: &str) {
        match self {
            Self::Text {
                text,
                fields,
                other,
            } => {
                let was_sent = |wanted: &&str| sent.split('&').any(|field| field == *wanted);
                let others = fields.iter().all(was_sent);
                toasts.say(if others { other } else { text });
            }
            Self::Told(tell) => tell(toasts, answer),
        }
    }
}

/// A form as it was sent.
#[derive(Clone)]
struct SentForm {
    /// URL-encoded.
    fields: String,
    /// Where the form keeps the id of the change that it makes.
    change: RwSignal<String>,
}

/// Whether the change is over, so that the form makes another one from now on.
fn tells_the_end(answer: &Result<String, AppError>) -> bool {
    !matches!(
        answer,
        Err(AppError::Unanswered | AppError::Internal { .. })
    )
}

#[cfg(feature = "ssr")]
fn new_change() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Different from all others of the same person: 128 bits of chance. Not as floating-point
/// numbers, whose way into decimal digits weighs as much as a page.
#[cfg(not(feature = "ssr"))]
fn new_change() -> String {
    let mut id = String::new();
    for _ in 0..4 {
        let _infallible = write!(id, "{:08x}", chance());
    }
    id
}

#[cfg(not(feature = "ssr"))]
fn chance() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}

/// Calls of one server function, whichever it is.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    path: &'static str,
    /// From the form to the JSON of the answer.
    action: Action<SentForm, Result<String, AppError>>,
    last: MappedSignal<Option<Result<String, AppError>>>,
    flash: CurrentFlash,
}

/// A change that was sent and whose end was not told. Its form may be drawn anew meanwhile;
/// the same fields again mean the same change.
#[derive(Clone)]
struct OpenChange {
    /// URL-encoded, without the change's id.
    fields: String,
    id: String,
}

impl OpenChange {
    fn of(sent: &str) -> Self {
        let is_id = |field: &&str| {
            let name = field.split('=').next();
            name == Some(CHANGE_FIELD)
        };
        let (id, fields): (Vec<_>, Vec<_>) = sent.split('&').partition(is_id);
        Self {
            fields: fields.join("&"),
            id: id.join("&"),
        }
    }

    /// The form as it is sent, as the same change as `open` if it has the same fields.
    fn sent_after(self, open: Option<Self>) -> String {
        let Self { fields, id } = self;
        let id = match open {
            Some(open) if open.fields == fields => open.id,
            _ => id,
        };
        format!("{id}&{fields}")
    }
}

impl Calls {
    fn to(path: &'static str, news: Option<(Toasts, News)>) -> Self {
        // The change of which nobody knows whether it was done.
        let open = StoredValue::new(None::<OpenChange>);
        let action = Action::new(move |form: &SentForm| {
            let SentForm { fields, change } = form.clone();
            let fields = OpenChange::of(&fields).sent_after(open.get_value());
            let sent = OpenChange::of(&fields);
            let answer = post(path, fields);
            async move {
                let answer = answer.await;
                if let (Ok(json), Some((toasts, news))) = (&answer, news)
                    && succeeded(json)
                {
                    news.say(toasts, &sent.fields, json);
                }
                let ends = tells_the_end(&answer);
                let _page_is_gone = open.try_set_value((!ends).then_some(sent));
                if ends {
                    let _form_is_gone = change.try_set(new_change());
                }
                answer
            }
        });
        Self {
            path,
            action,
            last: action.value(),
            flash: use_flash(),
        }
    }

    /// Moves with each answer, refusals included. A request that failed and changed nothing
    /// gives no reason to load anything again.
    fn answers(self) -> Memo<usize> {
        let version = self.action.version();
        let last = self.last;
        Memo::new(move |previous: Option<&usize>| {
            let version = version.get();
            match last.with(|last| matches!(last, Some(Err(error)) if !error.may_be_done())) {
                true => previous.copied().unwrap_or_default(),
                false => version,
            }
        })
    }

    /// Sends the form that `event` is about, unless a handler before has taken
    /// care of it, or an answer is awaited.
    fn submit(self, event: &SubmitEvent, change: RwSignal<String>) {
        if event.default_prevented() {
            return;
        }
        if self.action.pending().get_untracked() {
            event.prevent_default();
            return;
        }
        // A form that cannot be read is left to the browser, which sends it by itself.
        if let Some(fields) = url_encoded(event) {
            event.prevent_default();
            // The same answer again is news again.
            self.flash.forget();
            self.action.clear();
            self.action.dispatch(SentForm { fields, change });
        }
    }
}

fn succeeded(json: &str) -> bool {
    let outcome = decoded::<Outcome<IgnoredAny, IgnoredAny>>(json);
    outcome.is_ok_and(|outcome| outcome.done().is_some())
}

/// The fields of the form as the browser itself would send them.
pub(crate) fn url_encoded(event: &SubmitEvent) -> Option<String> {
    let fields = form_data_from_event(event).ok()?;
    let parameters = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    parameters.to_string().as_string()
}

/// A form that calls the server function `F`, with our code and without it.
#[component]
pub(crate) fn ActionForm<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    /// For buttons that are elsewhere on the page.
    #[prop(optional)]
    id: Option<&'static str>,
    #[prop(optional)] class: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    form_of(action.calls, id, class, children)
}

fn form_of(
    calls: Calls,
    id: Option<&'static str>,
    class: Option<&'static str>,
    children: Children,
) -> AnyView {
    let change = RwSignal::new(new_change());
    view! {
        <form
            action=calls.path method="post" id=id class=class
            on:submit=move |event| calls.submit(&event, change)
        >
            <input type="hidden" name=CHANGE_FIELD value=move || change.get()/>
            {children()}
        </form>
    }
    .into_any()
}

/// What a form of this name came to that was sent before the page was there.
pub(crate) fn flashed_outcome<T, R>(form: &'static str) -> FormOutcome<T, R> {
    let told = Told {
        calls: None,
        flash: Some((use_flash(), form)),
    };
    told.into()
}

/// What the form came to that was sent before the page was there, whichever it is, if that is
/// a `T`.
pub(crate) fn flashed<T: DeserializeOwned>() -> impl Fn() -> Option<T> {
    let CurrentFlash(flash) = use_flash();
    move || {
        flash.with(|flash| {
            let outcome: Outcome<T, IgnoredAny> = decoded(&flash.as_ref()?.outcome).ok()?;
            match outcome {
                Outcome::Done(value) => Some(value),
                Outcome::Refused(_) => None,
            }
        })
    }
}

/// What the form last came to: from the action once it ran in this page, else
/// from the flash.
pub(crate) fn form_outcome<F, T, R>(action: ServerAction<F>) -> FormOutcome<T, R>
where
    F: ServerFn<Output = Outcome<T, R>, Error = AppError>,
{
    let told = Told {
        calls: Some(action.calls),
        flash: Some((action.calls.flash, action.calls.path)),
    };
    told.into()
}

/// Several forms of one page, whichever they are.
#[derive(Clone, Copy)]
pub(crate) struct Forms {
    version: Signal<usize>,
    forget: Callback<()>,
}

impl Forms {
    pub(crate) fn of(calls: Vec<Calls>) -> Self {
        let answers: Vec<_> = calls.iter().map(|calls| calls.answers()).collect();
        let flash = use_flash();
        Self {
            version: Signal::derive(move || answers.iter().map(Memo::get).sum()),
            forget: Callback::new(move |()| {
                flash.forget();
                for calls in &calls {
                    calls.action.clear();
                }
            }),
        }
    }

    /// Moves with each answer to one of them, refusals included.
    pub(crate) fn version(self) -> usize {
        self.version.get()
    }

    /// A new attempt makes what came of earlier ones old news.
    pub(crate) fn forget_results(self) {
        self.forget.run(());
    }
}

/// What was typed into the form before it came back with a flash.
pub(crate) fn form_input<F: ServerFn, I: DeserializeOwned>() -> Option<I> {
    let CurrentFlash(flash) = use_flash();
    flash.with_untracked(|flash| {
        let flash = flash.as_ref().filter(|flash| flash.form == F::PATH)?;
        decoded(flash.input.as_deref()?).ok()
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
    R: DeserializeOwned + Display + 'static,
{
    failure_told::<R>(outcome.told)
}

fn failure_told<R: DeserializeOwned + Display + 'static>(told: Told) -> Signal<Option<Failure>> {
    signal(Box::new(move || {
        told.refused::<R>().map(|reason| match reason {
            Ok(reason) => Failure::Refused(reason.to_string()),
            Err(error) => Failure::Failed(error),
        })
    }))
}

/// The first of several failures.
pub(crate) fn first_failure(failures: Vec<Signal<Option<Failure>>>) -> Signal<Option<Failure>> {
    signal(Box::new(move || failures.iter().find_map(Signal::get)))
}

/// One for all: what differs between them is in the box.
fn signal(value: Box<dyn Fn() -> Option<Failure> + Send + Sync>) -> Signal<Option<Failure>> {
    Signal::derive(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fields_again_are_the_same_change_until_its_end_is_told() {
        let sent = |text: &str, open: Option<&str>| {
            OpenChange::of(text).sent_after(open.map(OpenChange::of))
        };
        let open = Some("change=1&id=r&member=m");
        assert_eq!(
            sent("change=2&id=r&member=m", open),
            "change=1&id=r&member=m"
        );
        assert_eq!(
            sent("change=2&id=r&member=n", open),
            "change=2&id=r&member=n"
        );
        assert_eq!(
            sent("change=2&id=r&member=m", None),
            "change=2&id=r&member=m"
        );
    }

    #[test]
    fn a_call_succeeded_whatever_it_came_to() {
        for done in [r#"null"#, r#""0191""#, r#"{"a": [1, {}]}"#, "[[]]"] {
            assert!(succeeded(&format!(r#"{{"Done": {done}}}"#)), "{done}");
        }
        for other in [
            r#"{"Refused": {"a": [1]}}"#,
            r#"{"Refused": "Plain"}"#,
            "null",
            "<!doctype html>",
        ] {
            assert!(!succeeded(other), "{other}");
        }
    }
}
