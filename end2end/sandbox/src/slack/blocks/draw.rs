//! Blocks as a page shows them, and as words alone, by which tests and the list of channels tell what a
//! reader would see.

use serde_json::Value;

use super::{
    Reader,
    elements::as_control,
    mrkdwn::{Piece, Style, pieces},
};
use crate::html::escape;

/// Mrkdwn as HTML.
pub fn text_as_html(text: &str, reader: &Reader<'_>) -> String {
    html(&pieces(text, reader))
}

/// Mrkdwn as a reader sees it, without its styles.
pub fn text_as_plain(text: &str, reader: &Reader<'_>) -> String {
    plain(&pieces(text, reader))
}

pub fn as_html(blocks: &Value, reader: &Reader<'_>) -> String {
    let blocks = blocks.as_array().into_iter().flatten();
    blocks.map(|block| block_as_html(block, reader)).collect()
}

/// A line for each block.
pub fn as_text(blocks: &Value, reader: &Reader<'_>) -> String {
    let lines: Vec<String> = blocks
        .as_array()
        .into_iter()
        .flatten()
        .map(|block| {
            texts(block)
                .map(|text| plain(&text_object(text, reader)))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// The text objects of a block in their order.
fn texts(block: &Value) -> impl Iterator<Item = &Value> {
    let rows = |name: &str| block[name].as_array().into_iter().flatten();
    [&block["text"], &block["label"]]
        .into_iter()
        .chain(rows("fields"))
        .chain(rows("elements").flat_map(|element| [element, &element["text"]]))
        .chain([&block["accessory"]["text"]])
        .filter(|text| text["text"].is_string())
}

pub fn text_object(text: &Value, reader: &Reader<'_>) -> Vec<Piece> {
    let written = text["text"].as_str().unwrap_or_default();
    if text["type"] == "mrkdwn" {
        return pieces(written, reader);
    }
    vec![Piece::Text(written.to_owned())]
}

fn object_as_html(text: &Value, reader: &Reader<'_>) -> String {
    html(&text_object(text, reader))
}

fn block_as_html(block: &Value, reader: &Reader<'_>) -> String {
    let id = block["block_id"].as_str().unwrap_or_default();
    let rows = |name: &str| block[name].as_array().into_iter().flatten();
    match block["type"].as_str().unwrap_or_default() {
        "header" => format!("<h3>{}</h3>\n", object_as_html(&block["text"], reader)),
        "divider" => "<hr>\n".to_owned(),
        "section" => {
            let fields: String = rows("fields")
                .map(|field| format!("<p class=\"field\">{}</p>", object_as_html(field, reader)))
                .collect();
            let text = match &block["text"] {
                Value::Null => String::new(),
                text => format!("<p>{}</p>", object_as_html(text, reader)),
            };
            let accessory = element_as_html(id, &block["accessory"], reader);
            format!("<div class=\"section\">{text}{fields}{accessory}</div>\n")
        }
        "context" => {
            let parts: Vec<String> = rows("elements")
                .map(|element| match element["type"].as_str() {
                    Some("image") => image(element),
                    _ => object_as_html(element, reader),
                })
                .collect();
            format!("<p class=\"context\">{}</p>\n", parts.join(" "))
        }
        "actions" => {
            let elements: String = rows("elements")
                .map(|element| element_as_html(id, element, reader))
                .collect();
            format!("<div class=\"actions\">{elements}</div>\n")
        }
        "image" => format!("<p>{}</p>\n", image(block)),
        "input" => {
            let label = block["label"]["text"].as_str().unwrap_or_default();
            let control = as_control(id, &block["element"], label, reader);
            format!(
                "<fieldset><legend>{}</legend>\n{control}</fieldset>\n",
                escape(label)
            )
        }
        _ => String::new(),
    }
}

/// A button, or a choice with a button of its own.
fn element_as_html(block_id: &str, element: &Value, reader: &Reader<'_>) -> String {
    let kind = element["type"].as_str().unwrap_or_default();
    let action_id = element["action_id"].as_str().unwrap_or_default();
    let name = escape(&format!("{block_id}|{action_id}"));
    match kind {
        "" => String::new(),
        "image" => image(element),
        "button" => {
            let style = escape(element["style"].as_str().unwrap_or_default());
            format!(
                "<button class=\"{style}\" name=\"use\" value=\"{name}\">{}</button>\n",
                object_as_html(&element["text"], reader)
            )
        }
        _ => {
            let label = element["placeholder"]["text"].as_str().unwrap_or("Choose");
            format!(
                "{}<button name=\"use\" value=\"{name}\">Choose</button>\n",
                as_control(block_id, element, label, reader)
            )
        }
    }
}

fn image(image: &Value) -> String {
    let text = |field: &str| escape(image[field].as_str().unwrap_or_default());
    // Nothing is fetched from elsewhere.
    format!(
        "<span class=\"image\" title=\"{}\">[{}]</span>",
        text("image_url"),
        text("alt_text")
    )
}

fn html(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => escape(text),
            Piece::Mention(name) => format!("<b class=\"mention\"><bdi>{}</bdi></b>", escape(name)),
            Piece::Link { target, shown } => {
                format!("<a href=\"{}\">{}</a>", escape(target), escape(shown))
            }
            Piece::Styled(style, inside) => {
                let tag = match style {
                    Style::Bold => "strong",
                    Style::Italic => "em",
                    Style::Struck => "s",
                };
                format!("<{tag}>{}</{tag}>", html(inside))
            }
            Piece::Code(text) => format!("<code>{}</code>", escape(text)),
            Piece::Preformatted(text) => format!("<pre>{}</pre>", escape(text)),
            Piece::Line => "<br>\n".to_owned(),
        })
        .collect()
}

pub fn plain(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text)
            | Piece::Mention(text)
            | Piece::Code(text)
            | Piece::Preformatted(text) => text.clone(),
            Piece::Link { shown, .. } => shown.clone(),
            Piece::Styled(_, inside) => plain(inside),
            Piece::Line => "\n".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{company, slack::Slack};

    fn drawn(text: &str) -> String {
        let slack = Slack::new(company::workspaces());
        let reader = Reader::new(&slack, &slack.workspaces[0], "Europe/Berlin");
        text_as_html(text, &reader)
    }

    #[test]
    fn text_is_drawn_as_slack_would() {
        for (text, html) in [
            (
                "*Ada* is _on_ ~duty~",
                "<strong>Ada</strong> is <em>on</em> <s>duty</s>",
            ),
            ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
            ("* no *", "* no *"),
            ("`a*b*` ```x\ny```", "<code>a*b*</code> <pre>x\ny</pre>"),
            ("*ü*ü *é*", "<strong>ü*ü *é</strong>"),
            (
                "hello <@U05TOMASHE>",
                "hello <b class=\"mention\"><bdi>@Tomás Herrera</bdi></b>",
            ),
            (
                "<!subteam^S02PAYMENTS> in <#C03PAYMENTS>",
                "<b class=\"mention\"><bdi>@payments-oncall</bdi></b> in <b class=\"mention\"><bdi>#payments</bdi></b>",
            ),
            ("<@UNOBODY>", "&lt;@UNOBODY&gt;"),
            ("&lt;!channel&gt;", "&lt;!channel&gt;"),
            ("<!channel>", "<b class=\"mention\"><bdi>@channel</bdi></b>"),
            (
                "<https://rr.example/?a=1&amp;b=2|open>",
                "<a href=\"https://rr.example/?a=1&amp;b=2\">open</a>",
            ),
            ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
            ("a\nb", "a<br>\nb"),
            (
                "<!date^1772438400^{date_num} {time}|soon>",
                "2026-03-02 9:00 AM",
            ),
            ("<!date^soon^{time}|soon>", "soon"),
            (
                "*<@U05TOMASHE>*",
                "<strong><b class=\"mention\"><bdi>@Tomás Herrera</bdi></b></strong>",
            ),
        ] {
            assert_eq!(drawn(text), html, "{text}");
        }
    }
}
