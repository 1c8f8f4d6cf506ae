//! The user interface of Round Robin: pages, components and the declarations
//! of the server functions they call. It knows neither the database nor
//! PagerDuty nor any secret: on the server everything goes through the
//! [`backend::Backend`] trait.

// A page's view is one deeply nested type, which the compiler walks through.
#![recursion_limit = "512"]

/// Leptos' `view!`, boxed: parts of different shapes become one type, and what a framework
/// compiles for each type is there once.
macro_rules! boxed_view {
    ($($markup:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { $($markup)* })
    };
}
pub(crate) use boxed_view as view;

mod app;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod chunks;
mod components;
mod data;
#[cfg(feature = "ssr")]
mod drawing;
mod duty;
mod error;
mod forms;
mod live;
mod pages;
mod place;
mod prefetch;
mod retry;
pub mod server_fns;
#[cfg(feature = "ssr")]
mod shell;

pub use app::{App, CONTAINER};
pub use components::DIALOG_PARAMETER;
#[cfg(feature = "ssr")]
pub use drawing::{Drawn, draw};
pub use error::AppError;
pub use forms::{CHANGE_FIELD, Flash, LOGIN_CALLBACK_FORM};
pub use retry::pause_after;
#[cfg(feature = "ssr")]
pub use shell::{Shell, WatchScript};
