//! The functions that the browser calls by POST (changes) and GET (reads) under
//! `/rpc`. Each is a public endpoint: it identifies the caller, then hands over
//! to the backend, which authorises.

mod absences;
mod audit;
mod authorisation;
mod background;
mod channels;
mod connection;
mod duty_groups;
mod exchange;
mod feeds;
mod holidays;
mod links;
mod notifications;
mod overrides;
mod rotations;
mod schedules;
mod session;
mod slack_settings;
mod topics;
mod week;
mod zones;

pub use absences::*;
pub use audit::*;
pub use authorisation::*;
pub use background::*;
pub use channels::*;
pub use connection::*;
pub use duty_groups::*;
#[cfg(not(feature = "ssr"))]
pub(crate) use exchange::read;
pub(crate) use exchange::{decoded, post};
pub use feeds::*;
pub use holidays::*;
pub use links::*;
pub use notifications::*;
pub use overrides::*;
pub use rotations::*;
pub use schedules::*;
pub use session::*;
pub use slack_settings::*;
pub use topics::*;
pub use week::*;
pub use zones::*;

#[cfg(feature = "ssr")]
pub use request::{REFUSED_HEADER, from_request};

#[cfg(feature = "ssr")]
mod request {
    //! The server's side of every server function: who calls, and how the
    //! answer travels back.

    use crate::{
        AppError, Flash,
        backend::{Begun, Caller, ChangeEnd, SentChange, SharedBackend},
    };
    use http::{HeaderName, HeaderValue, header, request::Parts};
    use leptos::{prelude::*, reactive::owner::with_context, server_fn::ServerFn};
    use leptos_axum::ResponseOptions;
    use serde::{Serialize, de::DeserializeOwned};
    use std::future::Future;
    use types::Outcome;

    /// Tells the HTTP layer, which alone decides on status codes, what a server
    /// function failed with: its value is the status. Never leaves the server.
    pub const REFUSED_HEADER: HeaderName = HeaderName::from_static("x-roundrobin-refused");

    /// For forms that hold secrets, or nothing worth typing again.
    pub(super) const NOTHING_KEPT: Option<&()> = None;

    /// What the layers in front left in the request's extensions.
    pub fn from_request<T: Clone + Send + Sync + 'static>() -> Option<T> {
        with_context(|parts: &Parts| parts.extensions.get::<T>().cloned())?
    }

    /// Runs `call` for the signed-in caller and marks the response when it fails.
    pub(super) async fn call<T, Fut>(
        call: impl FnOnce(SharedBackend, Caller) -> Fut,
    ) -> Result<T, AppError>
    where
        Fut: Future<Output = Result<T, AppError>>,
    {
        let response = use_context::<ResponseOptions>();
        let result = match from_request::<Caller>() {
            Some(caller) => call(expect_context::<SharedBackend>(), caller).await,
            None => Err(AppError::Unauthenticated),
        };
        if let (Err(error), Some(response)) = (&result, response) {
            response.insert_header(REFUSED_HEADER, HeaderValue::from(error.status()));
        }
        result
    }

    /// Runs the call of a form, once: a form that was sent before is answered with what
    /// came of it then. A form sent without JavaScript gets its outcome as a flash on the
    /// page it is redirected to.
    ///
    /// `kept` is what was typed, for the form to show again, unless the answer leads elsewhere;
    /// `on_done` is where to go after success, if not back to where the form was.
    pub(super) async fn submit<F, T, R, Fut>(
        kept: Option<&impl Serialize>,
        on_done: impl FnOnce(&T) -> Option<String>,
        call: impl FnOnce(SharedBackend, Caller) -> Fut,
    ) -> Result<Outcome<T, R>, AppError>
    where
        F: ServerFn,
        T: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        Fut: Future<Output = Result<Outcome<T, R>, AppError>>,
    {
        let sent_without_javascript = wants_html();
        let kept = kept.and_then(|input| serde_json::to_string(input).ok());
        self::call(|backend, caller| async move {
            let sent = from_request::<SentChange>();
            let begun = match &sent {
                Some(sent) => Some(backend.begin_change(&caller, F::PATH, sent).await?),
                None => None,
            };
            let (result, key) = match begun {
                // Another version may have kept what this one cannot read.
                Some(Begun::Before(json)) => {
                    let outcome = serde_json::from_str(&json);
                    (outcome.map_err(|_| AppError::Unfinished), None)
                }
                Some(Begun::Now(key)) => (call(backend.clone(), caller.clone()).await, Some(key)),
                None => (call(backend.clone(), caller.clone()).await, None),
            };
            let done = result.as_ref().ok().and_then(Outcome::done);
            let goes_on_at = done.and_then(on_done);
            let told = told(&result, goes_on_at.as_deref());
            if let Some(key) = key {
                let end = change_end(&result, told.as_ref());
                backend.end_change(&caller, key, end).await;
            }
            let outcome = result?;
            if sent_without_javascript && let Some(outcome_json) = told {
                let flash = Flash {
                    form: F::PATH.to_owned(),
                    outcome: outcome_json,
                    input: kept.filter(|_| goes_on_at.is_none()),
                };
                backend.keep_flash(&caller, flash).await?;
            }
            if let Some(path) = goes_on_at {
                leptos_axum::redirect(&path);
            }
            Ok(outcome)
        })
        .await
    }

    /// The outcome in JSON, for a page of ours to tell. What leads away from here is told
    /// by where it leads, which is for one reader only.
    fn told<T: Serialize, R: Serialize>(
        result: &Result<Outcome<T, R>, AppError>,
        goes_on_at: Option<&str>,
    ) -> Option<String> {
        let stays = goes_on_at.is_none_or(|path| path.starts_with('/'));
        let outcome = result.as_ref().ok().filter(|_| stays)?;
        serde_json::to_string(outcome).ok()
    }

    fn change_end<O>(result: &Result<O, AppError>, told: Option<&String>) -> ChangeEnd {
        match (result, told) {
            (_, Some(json)) => ChangeEnd::With(json.clone()),
            (Err(AppError::Internal { .. }), None) => ChangeEnd::Unknown,
            (_, None) => ChangeEnd::Forgotten,
        }
    }

    fn wants_html() -> bool {
        let accepts = |parts: &Parts| {
            let accept = parts.headers.get(header::ACCEPT)?.to_str().ok()?;
            Some(accept.contains("text/html"))
        };
        with_context(accepts).flatten().unwrap_or(false)
    }
}
