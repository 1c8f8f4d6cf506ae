//! What the server says in a page besides answers: who is signed in, what time it is.

use super::Json;
use crate::{AppError, Flash};
use leptos::server::{
    SharedValue,
    codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};
use types::{PageZone, SessionView, Theme, Timestamp};

/// What a page may carry. Only what is named below can, and all of that is read back in a test.
pub(crate) trait PageData: Serialize + DeserializeOwned {}

macro_rules! page_data {
    ($($data:ty),+) => {
        $(impl PageData for $data {})+

        #[cfg(all(test, feature = "ssr"))]
        pub(super) const READ_BACK: &[fn()] = &[$(super::wire::is_read_back::<$data>),+];
    };
}

page_data!(
    Option<SessionView>,
    Option<Flash>,
    Option<u64>,
    PageZone,
    Theme,
    Timestamp
);

/// What the server said in the page that it sent, on either side.
pub(crate) fn from_page<T: PageData>(server: impl FnOnce() -> T) -> T {
    SharedValue::<T, Json>::new_with_encoding(server).into_inner()
}

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> serde_json::Result<String> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = AppError;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, AppError> {
        Self::parse(text)?.read()
    }
}
