//! The frame of every page of the stand-in, the escaping that names like "O'Neill" need, and the way from a
//! page back to the app.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

// The empty icon keeps browsers from asking for one, which would count as a request.
const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d1c1d;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #ddd;vertical-align:top}
code{background:#f3f2f0;padding:.1rem .3rem;border-radius:3px}
form{display:flex;flex-direction:column;gap:.5rem;max-width:32rem}
button{font:inherit;text-align:start;padding:.5rem .9rem;border:1px solid #888;border-radius:6px;background:#fff;cursor:pointer}
select{font:inherit;padding:.5rem}
button:hover,button:focus-visible{background:#eef4ff}
.note{background:#fff7e0;padding:.75rem 1rem;border-radius:6px}
</style>
"#;

pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// `body` is HTML already; the title is escaped here.
pub fn page(title: &str, body: &str) -> Html<String> {
    let title = escape(title);
    Html(format!(
        "{HEAD}<title>{title}</title></head><body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    ))
}

/// `name` is one of ours and needs no escaping.
pub fn hidden_field(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n",
        escape(value)
    )
}

/// 302, as both services send a browser on.
pub fn redirect(target: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

pub fn refusal(title: &str, sentence: &str) -> Response {
    let body = format!("<p class=\"note\" role=\"alert\">{}</p>", escape(sentence));
    (StatusCode::BAD_REQUEST, page(title, &body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(
            escape("O'Neill & <b>\"x\"</b>"),
            "O&#39;Neill &amp; &lt;b&gt;&quot;x&quot;&lt;/b&gt;"
        );
    }
}
