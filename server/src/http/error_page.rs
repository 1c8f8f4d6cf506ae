//! A page for when the app itself cannot answer: a form without JavaScript that
//! was refused, or a request that a layer turned away.

/// What the page may load: our stylesheet.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The HTML of a page that says one sentence and leads back.
pub fn html(sentence: &str, stylesheet: &str, back: &str) -> String {
    let (sentence, stylesheet, back) = (escaped(sentence), escaped(stylesheet), escaped(back));
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>This did not work – Round Robin</title>\n\
         <link rel=\"stylesheet\" href=\"{stylesheet}\">\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <h1>This did not work</h1>\n\
         <p role=\"alert\">{sentence}</p>\n\
         <p><a href=\"{back}\">Go back</a></p>\n\
         </main>\n\
         </body>\n\
         </html>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_page_can_break_out_of_its_place() {
        let page = html("<script>'&", "/pkg/a.css", "/x?\"onclick=\"y");
        assert!(page.contains("&lt;script&gt;&#39;&amp;"));
        assert!(page.contains("href=\"/x?&quot;onclick=&quot;y\""));
    }
}
