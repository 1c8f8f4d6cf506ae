//! The page for an address that leads nowhere.

use crate::{components::use_title, view};
use leptos::prelude::*;

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    answer_not_found();
    use_title(|| "Page not found".to_owned());
    view! {
        <h1>"Page not found"</h1>
        <p>"There is nothing at this address. It may be mistyped, or what was here is gone."</p>
        <p><a class="button" href="/">"Go to the start page"</a></p>
    }
}

/// Status codes are set in one place, which reads this mark.
#[cfg(feature = "ssr")]
fn answer_not_found() {
    use crate::{AppError, server_fns::REFUSED_HEADER};
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.insert_header(
            REFUSED_HEADER,
            http::HeaderValue::from(AppError::NotFound.status()),
        );
    }
}
