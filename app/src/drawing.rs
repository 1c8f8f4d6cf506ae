//! Draws a page on the server, whole: its HTML, and the data from which the browser takes it
//! over. Leptos' own way streams, and writes that data between double quotes: each quote of
//! the JSON then takes a backslash, and each character is looked at by itself.

use crate::App;
use futures::StreamExt;
use hydration_context::{SerializedDataId, SsrSharedContext};
use leptos::{prelude::*, reactive::owner::Sandboxed, tachys::view::RenderHtml};
use leptos_router::location::RequestUrl;
use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

/// A page without the document around it.
pub struct Drawn {
    pub title: String,
    /// In pieces, since a list is long and whoever joins it with something copies it.
    pub html: Vec<String>,
    /// A script that leaves the page's data where the app looks for it.
    pub data: String,
}

/// Where the page that is being drawn says what it is called.
#[derive(Clone, Default)]
pub(crate) struct PageTitle(Arc<Mutex<String>>);

impl PageTitle {
    pub(crate) fn set(&self, title: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = title;
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Draws the page at an address. `provide` puts into the context what else is known of the
/// request.
pub async fn draw(address: &str, provide: impl FnOnce() + Send) -> Drawn {
    let data = Arc::new(SsrSharedContext::new());
    let owner = Owner::new_root(Some(data.clone()));
    // Others are answered on this thread as well, and must find nothing of this page.
    owner.clone().unset();
    let drawn = owner.with(|| {
        let title = PageTitle::default();
        provide();
        provide_context(RequestUrl::new(address));
        provide_context(title.clone());
        let html = App().into_view().to_html_stream_in_order();
        Sandboxed::new(async move {
            Drawn {
                html: html.collect().await,
                title: title.take(),
                data: script(data.consume_buffers().await),
            }
        })
    });
    let drawn = drawn.await;
    owner.unset_with_forced_cleanup();
    drawn
}

/// Under the names by which Leptos finds it.
fn script(data: Vec<(SerializedDataId, String)>) -> String {
    let mut script =
        "__SERIALIZED_ERRORS=[];__INCOMPLETE_CHUNKS=[];__RESOLVED_RESOURCES=[];".to_owned();
    for (id, text) in data {
        let _infallible = write!(script, "__RESOLVED_RESOURCES[{}]=", id.into_inner());
        push_literal(&mut script, &text);
        script.push(';');
    }
    script
}

/// Writes JSON as a literal of JavaScript, in which its double quotes stay as they are. JSON
/// has no line breaks that would have to be escaped, and without `<` nothing in it can end
/// the script.
fn push_literal(script: &mut String, json: &str) {
    script.push('\'');
    let mut rest = json;
    while let Some(at) = rest.find(['\\', '\'', '<']) {
        let (plain, special) = rest.split_at(at);
        script.push_str(plain);
        script.push_str(match special.as_bytes()[0] {
            b'\\' => r"\\",
            b'\'' => r"\'",
            _ => r"\x3c",
        });
        rest = &special[1..];
    }
    script.push_str(rest);
    script.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_data_ends_its_literal_or_the_script() {
        let mut script = String::new();
        push_literal(&mut script, r#"["O'Neil\n","</script><!--"]"#);
        assert_eq!(script, r#"'["O\'Neil\\n","\x3c/script>\x3c!--"]'"#);
    }
}
