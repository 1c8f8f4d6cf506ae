//! Pages for when the app itself cannot answer: to a form without JavaScript that
//! was refused or that leads to another site, and to a request that a layer
//! turned away.

use types::Theme;

/// What the page may load: our stylesheet.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How such a page looks.
#[derive(Clone, Debug)]
pub struct Look {
    /// The address of the stylesheet.
    pub stylesheet: String,
    pub theme: Theme,
}

/// The HTML of a page that says one sentence and leads back.
pub fn html(sentence: &str, look: &Look, back: &str) -> String {
    page(
        "This did not work",
        "",
        &format!(
            "<p role=\"alert\">{}</p>\n<p><a href=\"{}\">Go back</a></p>",
            escaped(sentence),
            escaped(back)
        ),
        look,
    )
}

/// The HTML of a page that goes on to another site by itself.
pub fn leading_to(address: &str, host: &str, look: &Look) -> String {
    let (address, host) = (escaped(address), escaped(host));
    page(
        "Going on to PagerDuty",
        &format!("<meta http-equiv=\"refresh\" content=\"0;url={address}\">\n"),
        &format!(
            "<p><a href=\"{address}\">Go on to {host}</a> if your browser does not do so by itself.</p>"
        ),
        look,
    )
}

/// `head` and `content` are HTML already.
fn page(title: &str, head: &str, content: &str, look: &Look) -> String {
    let stylesheet = escaped(&look.stylesheet);
    let theme = look.theme.code();
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\" data-theme=\"{theme}\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         {head}\
         <title>{title} – Round Robin</title>\n\
         <link rel=\"stylesheet\" href=\"{stylesheet}\">\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <h1>{title}</h1>\n\
         {content}\n\
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

    fn look(theme: Theme) -> Look {
        Look {
            stylesheet: "/pkg/a.css".to_owned(),
            theme,
        }
    }

    #[test]
    fn the_page_has_the_chosen_colours() {
        let page = html("No.", &look(Theme::Dark), "/");
        assert!(page.contains("<html lang=\"en\" data-theme=\"dark\">"));
    }

    #[test]
    fn nothing_in_the_page_can_break_out_of_its_place() {
        let page = html("<script>'&", &look(Theme::System), "/x?\"onclick=\"y");
        assert!(page.contains("&lt;script&gt;&#39;&amp;"));
        assert!(page.contains("href=\"/x?&quot;onclick=&quot;y\""));
    }

    #[test]
    fn the_way_on_is_an_address_and_nothing_else() {
        let address = "https://a.example/?b=1&c=\"><b>";
        let page = leading_to(address, "a.example", &look(Theme::System));
        assert!(
            page.contains("content=\"0;url=https://a.example/?b=1&amp;c=&quot;&gt;&lt;b&gt;\"")
        );
        assert!(!page.contains("<b>"));
    }
}
