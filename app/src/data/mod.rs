//! What the server knows and the pages show. Leptos compiles resources and memos anew
//! for each type of what they hold, and effects for each of what they do, which the browser
//! then has to load; here one of each holds everything, and only thin handles know the types.
//! How a page comes by its data, with an example: `docs/page-loading.md`.

mod answer;
#[cfg(feature = "ssr")]
mod asked;
mod effect;
mod erased;
mod json;
mod memo;
mod page;
#[cfg(feature = "ssr")]
mod positional;
mod question;
mod resource;
#[cfg(all(test, feature = "ssr"))]
mod samples;
#[cfg(all(test, feature = "ssr"))]
mod wire;

pub(crate) use answer::{Answer, Asking};
#[cfg(feature = "ssr")]
pub(crate) use asked::{all_answered, provide_asked};
pub(crate) use effect::effect;
pub(crate) use erased::{Data, Erased, Shared};
pub(crate) use json::Json;
pub(crate) use memo::{DataMemo, erased};
pub(crate) use page::from_page;
pub(crate) use question::{Question, Reads};
pub(crate) use resource::{Resource, Source};
