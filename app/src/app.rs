//! The document and its routes.

use crate::forms::provide_flash;
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};

/// The HTML document around the app.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body><App/></body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_flash();
    view! { <main>"Round Robin"</main> }
}
