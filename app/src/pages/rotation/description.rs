//! What a rotation is for, as its owners wrote it. Addresses of web pages in it are links,
//! and everything else is text.

use crate::view;
use leptos::prelude::*;
use maud::{Markup, html};
use types::is_invisible;

#[component]
pub(super) fn Description(text: String) -> impl IntoView {
    (!text.is_empty()).then(|| {
        let html = linked(&text).into_string();
        view! { <p class="description" dir="auto" inner_html=html></p> }
    })
}

/// An address stays an address in a text that is written from right to left. It leads to
/// pages of others, which are told nothing of this one.
fn linked(text: &str) -> Markup {
    html! {
        @for part in parts(text) {
            @match part {
                Part::Text(text) => (text),
                Part::Address(address) => a
                    href=(address) dir="ltr" target="_blank" rel="external noopener noreferrer"
                    { (address) },
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Address(&'a str),
}

const SCHEMES: [&str; 2] = ["https://", "http://"];

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    // Up to where everything is a part already.
    let mut told = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(|char: char| char.eq_ignore_ascii_case(&'h')) {
        let begin = at + found;
        let begins_a_word = !text[..begin].ends_with(|char: char| char.is_ascii_alphanumeric());
        match address(&text[begin..]).filter(|_| begins_a_word) {
            Some(address) => {
                if told < begin {
                    parts.push(Part::Text(&text[told..begin]));
                }
                parts.push(Part::Address(address));
                told = begin + address.len();
                at = told;
            }
            None => at = begin + 1,
        }
    }
    if told < text.len() {
        parts.push(Part::Text(&text[told..]));
    }
    parts
}

/// The address with which the text begins. One that names somebody before its host is none:
/// that is how one site is made to look like another.
fn address(text: &str) -> Option<&str> {
    let scheme = SCHEMES.into_iter().find(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let end = text.find(ends_address).unwrap_or(text.len());
    let address = without_punctuation(&text[..end]);
    let rest = address.get(scheme.len()..)?;
    let host = rest.split(['/', '?', '#']).next()?;
    let begins = |char: char| char.is_ascii_alphanumeric() || !char.is_ascii() || char == '[';
    (host.starts_with(begins) && !host.contains('@')).then_some(address)
}

/// What no address holds as it is written, and the punctuation of other scripts.
fn ends_address(char: char) -> bool {
    match char {
        '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' => true,
        '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' => true,
        _ => char.is_control() || is_invisible(char),
    }
}

/// What ends a sentence or a bracket around the address is no part of it.
fn without_punctuation(mut address: &str) -> &str {
    while let Some(last) = address.chars().next_back() {
        let opening = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' => None,
            ')' => Some('('),
            ']' => Some('['),
            _ => break,
        };
        let count = |char: char| address.matches(char).count();
        if opening.is_some_and(|opening| count(last) <= count(opening)) {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

#[cfg(test)]
mod tests {
    use super::{Part, linked, parts};

    fn addresses(text: &str) -> Vec<&str> {
        let parts = parts(text);
        let written: String = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) | Part::Address(text) => *text,
            })
            .collect();
        assert_eq!(written, text, "nothing is lost");
        let address = |part| match part {
            Part::Address(address) => Some(address),
            Part::Text(_) => None,
        };
        parts.into_iter().filter_map(address).collect()
    }

    #[test]
    fn addresses_of_pages_are_found_wherever_they_stand() {
        for (text, found) in [
            ("https://a.example", &["https://a.example"][..]),
            (
                "See HTTP://a.example/x?y=1&z#top.",
                &["HTTP://a.example/x?y=1&z#top"],
            ),
            ("(https://a.example/b_(c))", &["https://a.example/b_(c)"]),
            (
                "http://[::1]:80/, https://b.example!",
                &["http://[::1]:80/", "https://b.example"],
            ),
            (
                "one\nhttps://a.example/1\nhttps://a.example/2",
                &["https://a.example/1", "https://a.example/2"],
            ),
            ("ראו https://a.example/ב.", &["https://a.example/ב"]),
            ("https://a.example/x。然后", &["https://a.example/x"]),
            ("\u{2067}https://a.example\u{2069}", &["https://a.example"]),
            ("<https://a.example>", &["https://a.example"]),
            ("h https://a.example/é", &["https://a.example/é"]),
        ] {
            assert_eq!(addresses(text), found, "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_text() {
        for text in [
            "",
            "h",
            "ħttps",
            "https://",
            "https:// a.example",
            "http:///etc",
            "https://.",
            "https://?x",
            "xhttps://a.example",
            "javascript:alert(1)",
            "javascript://https",
            "data:text/html,x",
            "ftp://a.example",
            "slack://user",
            "//a.example",
            "www.a.example",
            "https://slack.com@b.example/",
            "https://me:secret@b.example/",
        ] {
            assert_eq!(addresses(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_a_link_or_of_the_text() {
        let html = linked("<b>&\" https://a.example/'onclick=x&y\"z").into_string();
        assert_eq!(
            html,
            "&lt;b&gt;&amp;&quot; <a href=\"https://a.example/'onclick=x&amp;y\" dir=\"ltr\" \
             target=\"_blank\" rel=\"external noopener noreferrer\">\
             https://a.example/'onclick=x&amp;y</a>&quot;z"
        );
    }
}
