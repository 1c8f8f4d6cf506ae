//! Slack's markup of text, taken apart: what it says, whom it mentions, and what of it is bold. What looks
//! like a reference and is none is shown as it was written.

use std::collections::BTreeSet;

use super::Reader;
use crate::slack::text::unescape;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// Whom it reaches, as it is shown.
    Mention(String),
    Link {
        target: String,
        shown: String,
    },
    Styled(Style, Vec<Piece>),
    Code(String),
    Preformatted(String),
    Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Bold,
    Italic,
    Struck,
}

const STYLES: [(char, Style); 3] = [
    ('*', Style::Bold),
    ('_', Style::Italic),
    ('~', Style::Struck),
];

pub fn pieces(text: &str, reader: &Reader<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let found = special(rest, reader).or_else(|| {
            (!before.is_alphanumeric())
                .then(|| styled(rest, reader))
                .flatten()
        });
        let taken = match found {
            Some((piece, taken)) => {
                flush(&mut plain, &mut pieces);
                pieces.push(piece);
                taken
            }
            None => {
                plain.push(first);
                first.len_utf8()
            }
        };
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    flush(&mut plain, &mut pieces);
    pieces
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(unescape(plain)));
        plain.clear();
    }
}

/// A piece that begins here and needs no room before it, and how long it is.
fn special(text: &str, reader: &Reader<'_>) -> Option<(Piece, usize)> {
    if text.starts_with('\n') {
        return Some((Piece::Line, 1));
    }
    if let Some(inside) = text.strip_prefix("```") {
        let end = inside.find("```").filter(|end| *end > 0)?;
        return Some((Piece::Preformatted(unescape(&inside[..end])), end + 6));
    }
    if let Some(inside) = text.strip_prefix('`') {
        let end = inside.find(['`', '\n']).filter(|end| *end > 0)?;
        return inside[end..]
            .starts_with('`')
            .then(|| (Piece::Code(unescape(&inside[..end])), end + 2));
    }
    let inside = text.strip_prefix('<')?;
    let end = inside.find('>')?;
    reference(&inside[..end], reader).map(|piece| (piece, end + 2))
}

fn styled(text: &str, reader: &Reader<'_>) -> Option<(Piece, usize)> {
    let (sign, style) = STYLES
        .into_iter()
        .find(|(sign, _)| text.starts_with(*sign))?;
    let inside = &text[1..];
    let mut line = inside
        .char_indices()
        .take_while(|(_, one)| *one != '\n')
        .peekable();
    let mut end = None;
    while let Some((place, one)) = line.next() {
        let goes_on = line.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if one == sign && !goes_on {
            end = Some(place);
            break;
        }
    }
    let end = end.filter(|end| *end > 0)?;
    let content = &inside[..end];
    if content.starts_with(' ') || content.ends_with(' ') {
        return None;
    }
    Some((Piece::Styled(style, pieces(content, reader)), end + 2))
}

/// What stands between the brackets.
fn reference(inside: &str, reader: &Reader<'_>) -> Option<Piece> {
    let (name, label) = match inside.split_once('|') {
        Some((name, label)) => (name, Some(unescape(label))),
        None => (inside, None),
    };
    if let Some(id) = name.strip_prefix('@') {
        return Some(Piece::Mention(format!("@{}", reader.person(id)?)));
    }
    if let Some(id) = name.strip_prefix('#') {
        return Some(Piece::Mention(format!("#{}", reader.channel(id)?)));
    }
    if let Some(id) = name.strip_prefix("!subteam^") {
        return Some(Piece::Mention(format!("@{}", reader.group(id)?)));
    }
    if let Some(date) = name.strip_prefix("!date^") {
        let mut parts = date.splitn(3, '^');
        let text = parts.next().zip(parts.next());
        let text = text.and_then(|(moment, format)| reader.date(moment, &unescape(format)));
        return text.or(label).map(Piece::Text);
    }
    if let Some(word @ ("here" | "channel" | "everyone")) = name.strip_prefix('!') {
        return Some(Piece::Mention(format!("@{word}")));
    }
    let is_link = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| name.starts_with(scheme));
    is_link.then(|| {
        let target = unescape(name);
        Piece::Link {
            shown: label.unwrap_or_else(|| target.clone()),
            target,
        }
    })
}

/// Whom the text reaches: ids of people and groups, and the words that reach everybody.
pub fn mentions(text: &str) -> BTreeSet<String> {
    text.split('<')
        .skip(1)
        .filter_map(|part| part.split_once('>'))
        .filter_map(|(inside, _)| {
            let name = inside.split('|').next()?;
            let id = name
                .strip_prefix('@')
                .or_else(|| name.strip_prefix("!subteam^"));
            let everybody = name
                .strip_prefix('!')
                .filter(|word| matches!(*word, "here" | "channel" | "everyone"));
            id.or(everybody).map(str::to_owned)
        })
        .collect()
}
