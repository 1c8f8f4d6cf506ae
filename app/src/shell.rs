//! The HTML document around the app, which only the server writes.

use crate::{CONTAINER, Drawn};
use leptos::config::LeptosOptions;
use maud::{Markup, PreEscaped, html};
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

/// How the name of the module ends; `cargo leptos` makes another one.
const MODULE: &str = match option_env!("LEPTOS_OUTPUT_NAME") {
    Some(_) => ".wasm",
    None => "_bg.wasm",
};

/// What the document around a page is made of besides the page.
pub struct Shell<'a> {
    pub options: &'a LeptosOptions,
    pub watch: &'a WatchScript,
    /// The addresses of the code that the page needs besides what every page needs, so that
    /// the browser loads both at once.
    pub chunks: &'a [String],
    pub theme: Theme,
    /// A script that tells the server the browser's time zone from the next request on.
    pub note_zone: &'a str,
    /// Of this answer alone, and not to be guessed: scripts without it do not run.
    pub nonce: &'a str,
}

impl Shell<'_> {
    /// The whole document. What is long in it is copied once.
    pub fn around(&self, page: &Drawn) -> String {
        let (theme, nonce) = (self.theme.code(), self.nonce);
        let head = self.head(&page.title).into_string();
        let [open, close] = FENCE;
        let before = format!(
            r#"<!DOCTYPE html><html lang="en" data-theme="{theme}">{head}<body>{open}<div id="{CONTAINER}">"#
        );
        let between = format!(r#"</div>{close}<script nonce="{nonce}">"#);
        let mut pieces = vec![before.as_str()];
        pieces.extend(page.html.iter().map(String::as_str));
        pieces.extend([between.as_str(), &page.data, "</script></body></html>"]);
        pieces.concat()
    }

    fn head(&self, title: &str) -> Markup {
        let LeptosOptions {
            site_pkg_dir,
            output_name,
            ..
        } = self.options;
        let file = format!("/{site_pkg_dir}/{output_name}");
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="format-detection" content=(NO_LINKS);
                title { (title) }
                script nonce=(self.nonce) data-cfasync="false" { (PreEscaped(&self.watch.0)) }
                script nonce=(self.nonce) { (PreEscaped(self.note_zone)) }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href={ (file) ".css" };
                link rel="modulepreload" href={ (file) ".js" } crossorigin="anonymous";
                link
                    rel="preload" href={ (file) (MODULE) } as="fetch" type="application/wasm"
                    crossorigin="anonymous";
                script type="module" nonce=(self.nonce) { (PreEscaped(start(&file))) }
                @for chunk in self.chunks {
                    link
                        rel="preload" href=(chunk) as="fetch" type="application/wasm"
                        crossorigin="anonymous";
                }
            }
        }
    }
}

/// Has the app take the page over.
fn start(file: &str) -> String {
    format!(
        "import('{file}.js').then(app => app.default({{module_or_path: '{file}{MODULE}'}}).then(() => app.hydrate()));"
    )
}
