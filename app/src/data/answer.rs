//! What a server function answered, whichever it was. The server has it as a value
//! and writes it into the page as JSON; the browser has JSON, from the page or from
//! the server, and makes it a value once somebody reads it.

#[cfg(not(feature = "ssr"))]
use super::Shared;
use super::{Data, Erased, Json};
use crate::AppError;
use leptos::server::codee::{Decoder, Encoder};
use serde::de::DeserializeOwned;
use std::{future::Future, pin::Pin};

pub(crate) type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

#[cfg(not(feature = "ssr"))]
pub(crate) use in_browser::Answer;
#[cfg(feature = "ssr")]
pub(crate) use on_server::Answer;

#[cfg(not(feature = "ssr"))]
impl Answer {
    pub(crate) fn value<T: Data + DeserializeOwned>(&self) -> Result<Shared<T>, AppError> {
        self.erased(decode::<T>).map(Shared::from)
    }
}

/// Makes a value of JSON.
pub(super) type Decode = fn(&Json) -> Result<Erased, AppError>;

pub(super) fn decode<T: Data + DeserializeOwned>(json: &Json) -> Result<Erased, AppError> {
    json.read::<T>().map(Erased::new)
}

/// How an answer, or that nothing was asked, travels in the page.
pub(crate) struct InPage;

/// Only the server writes pages, and only browsers read them.
#[derive(Debug)]
pub(crate) struct NotHere;

#[cfg(feature = "ssr")]
mod on_server {
    use super::{super::positional, *};
    use serde::Serialize;

    #[derive(Clone)]
    pub(crate) struct Answer {
        value: Result<Erased, AppError>,
        encode: fn(&Erased) -> serde_json::Result<String>,
    }

    impl<T: Data + Serialize> From<Result<T, AppError>> for Answer {
        fn from(value: Result<T, AppError>) -> Self {
            Self {
                value: value.map(Erased::new),
                encode: |value| positional::to_string(&Ok::<&T, ()>(value.get())),
            }
        }
    }

    impl Answer {
        pub(crate) fn failed(error: AppError) -> Self {
            Self::from(Err::<(), _>(error))
        }

        pub(crate) fn erased(&self, _: Decode) -> Result<Erased, AppError> {
            self.value.clone()
        }

        pub(crate) fn is_failure(&self) -> bool {
            self.value.is_err()
        }

        fn json(&self) -> serde_json::Result<String> {
            match &self.value {
                Ok(value) => (self.encode)(value),
                Err(error) => positional::to_string(&Err::<(), _>(error)),
            }
        }
    }

    impl Encoder<Option<Answer>> for InPage {
        type Error = serde_json::Error;
        type Encoded = String;

        fn encode(answer: &Option<Answer>) -> serde_json::Result<String> {
            match answer {
                Some(answer) => answer.json(),
                None => Ok("null".to_owned()),
            }
        }
    }

    impl Decoder<Option<Answer>> for InPage {
        type Error = NotHere;
        type Encoded = str;

        fn decode(_: &str) -> Result<Option<Answer>, NotHere> {
            Err(NotHere)
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod in_browser {
    use super::*;
    use std::sync::{Arc, OnceLock};

    #[derive(Clone)]
    pub(crate) struct Answer(Arc<Inner>);

    struct Inner {
        json: Result<Json, AppError>,
        value: OnceLock<Result<Erased, AppError>>,
    }

    impl From<Result<Json, AppError>> for Answer {
        fn from(json: Result<Json, AppError>) -> Self {
            let value = OnceLock::new();
            Self(Arc::new(Inner { json, value }))
        }
    }

    impl Answer {
        pub(crate) fn erased(&self, decode: Decode) -> Result<Erased, AppError> {
            let Inner { json, value } = &*self.0;
            let value = value.get_or_init(|| match json {
                // Not of this server, or of this version of it.
                Ok(json) => decode(json).map_err(|_| AppError::Offline),
                Err(error) => Err(error.clone()),
            });
            value.clone()
        }

        pub(crate) fn is_failure(&self) -> bool {
            self.0.json.is_err()
        }
    }

    impl Encoder<Option<Answer>> for InPage {
        type Error = NotHere;
        type Encoded = String;

        fn encode(_: &Option<Answer>) -> Result<String, NotHere> {
            Err(NotHere)
        }
    }

    impl Decoder<Option<Answer>> for InPage {
        type Error = AppError;
        type Encoded = str;

        fn decode(text: &str) -> Result<Option<Answer>, AppError> {
            let Json::Object(fields) = Json::parse(text)? else {
                return Ok(None);
            };
            let (kind, value) = fields.into_iter().next().ok_or(AppError::BadRequest)?;
            let answer = match kind.as_str() {
                "Ok" => Ok(value),
                _ => Err(value.read()?),
            };
            Ok(Some(answer.into()))
        }
    }
}
