//! The HTML document around the app, which only the server writes.

use crate::{App, CONTAINER};
use leptos::{nonce::use_nonce, prelude::*, tachys::html::InertElement};
use leptos_meta::MetaTags;
use types::{TakeoverFailure, Theme};

/// A drawing inside the page: there is no file to ask for.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E\
    %3Crect width='24' height='24' rx='6' fill='%230f766e'/%3E\
    %3Cpath d='M7 12a5 5 0 0 1 8.5-3.5L17 10M17 12a5 5 0 0 1-8.5 3.5L7 14' fill='none' stroke='white' \
    stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E";

/// Notices when the page is not taken over, says so, and loads it anew. It depends on
/// nothing else that is loaded.
pub struct WatchScript(String);

impl WatchScript {
    /// From `takeover.js`, made small by the build of a release; else from the file itself,
    /// whose comments stay here.
    pub fn new(small: Option<&str>) -> Self {
        let code = small.map_or_else(without_comments, str::to_owned);
        let sentences = TakeoverFailure::ALL.map(|failure| (failure.code(), failure.to_string()));
        let sentences = serde_json::to_string(&sentences).expect("texts can be written as JSON");
        Self(code.replace("SENTENCES_BY_CAUSE", &sentences))
    }
}

fn without_comments() -> String {
    let lines = include_str!("takeover.js").lines().map(str::trim);
    let code: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
    code.join("\n")
}

/// Tells proxies to leave the e-mail addresses in between as they are.
const FENCE: [&str; 2] = ["<!--email_off-->", "<!--/email_off-->"];

/// What browsers would make links of, which the app then did not find again.
const NO_LINKS: &str = "telephone=no, date=no, address=no, email=no, url=no";

/// The HTML document around the app. `chunks` are the addresses of the code that its
/// page needs besides what every page needs, so that the browser loads both at once.
pub fn shell(
    options: LeptosOptions,
    theme: Theme,
    chunks: Vec<String>,
    watch: &WatchScript,
) -> impl IntoView + use<> {
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.code()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="format-detection" content=NO_LINKS/>
                <script nonce=use_nonce() data-cfasync="false">{watch.0.clone()}</script>
                <link rel="icon" href=ICON/>
                <link rel="stylesheet" href=stylesheet/>
                <HydrationScripts options/>
                {chunks.into_iter().map(|chunk| view! {
                    <link rel="preload" href=chunk r#as="fetch" type="application/wasm" crossorigin="anonymous"/>
                }).collect_view()}
                <MetaTags/>
            </head>
            <body>
                {InertElement::new(FENCE[0])}
                <div id=CONTAINER><App/></div>
                {InertElement::new(FENCE[1])}
            </body>
        </html>
    }
}
