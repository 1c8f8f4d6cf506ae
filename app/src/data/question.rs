//! The call of a server function that only reads, whichever it is.

#[cfg(feature = "ssr")]
use super::{Answer, asked};
use super::{Asking, Data};
use crate::AppError;
use leptos::server_fn::ServerFn;
use serde::Serialize;
#[cfg(feature = "ssr")]
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Question {
    path: &'static str,
    /// What is asked, URL-encoded.
    query: String,
    #[cfg(feature = "ssr")]
    ask: Arc<dyn Fn() -> Asking + Send + Sync>,
}

/// A server function that answers with a `T`.
pub(crate) trait Reads<T>:
    ServerFn<Output = T, Error = AppError> + Clone + Serialize + Sync + 'static
{
}

impl<F, T> Reads<T> for F where
    F: ServerFn<Output = T, Error = AppError> + Clone + Serialize + Sync + 'static
{
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        (self.path, &self.query) == (other.path, &other.query)
    }
}

impl Question {
    pub(crate) fn new<F: Reads<T>, T: Data + Serialize>(function: F) -> Self {
        Self {
            path: F::PATH,
            // The server says so if anything is missing.
            query: serde_qs::to_string(&function).unwrap_or_default(),
            #[cfg(feature = "ssr")]
            ask: Arc::new(move || {
                let body = function.clone().run_body();
                Box::pin(async { Answer::from(body.await) })
            }),
        }
    }

    #[cfg(feature = "ssr")]
    pub(crate) fn ask(self) -> Asking {
        asked::once(&self, || (self.ask)())
    }

    #[cfg(not(feature = "ssr"))]
    pub(crate) fn ask(self) -> Asking {
        Box::pin(async move { crate::server_fns::read(self.path, &self.query).await.into() })
    }
}
