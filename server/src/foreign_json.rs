//! JSON as others write it. One text with half of a character, or a number that is none, would spoil
//! the whole of an answer, though nobody may ever read that part of it. So what is no JSON is read once
//! more with such parts replaced.

use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// What stands for a character that cannot be read.
const UNREADABLE: &str = "\\ufffd";

/// The bytes as a `T`, or why not, as the last attempt has it.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes).or_else(|error| {
        let mended = mended(bytes).ok_or(error)?;
        serde_json::from_str(&mended)
    })
}

/// The same text with everything replaced that JSON has not; nothing where there is nothing to replace.
fn mended(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut mended = String::with_capacity(rest.len());
    while let Some(first) = rest.chars().next() {
        let (piece, length) = match first {
            '"' => string(rest),
            _ if begins_a_word(first) => word(rest),
            _ => (Cow::from(&rest[..first.len_utf8()]), first.len_utf8()),
        };
        mended.push_str(&piece);
        rest = &rest[length..];
    }
    (mended.as_bytes() != bytes).then_some(mended)
}

/// The string that `text` begins with, and how long it is there.
fn string(text: &str) -> (Cow<'_, str>, usize) {
    let mut mended = String::new();
    // Up to where it is taken over.
    let (mut taken, mut at) = (0, 1);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                break;
            }
            b'\\' => {
                let length = match unit(&text[at..]) {
                    Some(0xd800..=0xdbff) if is_second_half(text.get(at + 6..)) => 12,
                    Some(0xd800..=0xdfff) => {
                        mended.push_str(&text[taken..at]);
                        mended.push_str(UNREADABLE);
                        taken = at + 6;
                        6
                    }
                    Some(_) => 6,
                    None => 2,
                };
                at += length;
            }
            _ => at += 1,
        }
    }
    // A backslash may be the last of all.
    let end = at.min(text.len());
    if taken == 0 {
        return (Cow::from(&text[..end]), end);
    }
    mended.push_str(&text[taken..end]);
    (Cow::from(mended), end)
}

/// The unit of UTF-16 that `text` begins with as an escape.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_digits.then(|| u32::from_str_radix(digits, 16).ok())?
}

fn is_second_half(text: Option<&str>) -> bool {
    matches!(text.and_then(unit), Some(0xdc00..=0xdfff))
}

const fn begins_a_word(first: char) -> bool {
    first == '-' || first.is_ascii_alphanumeric()
}

/// The number or word that `text` begins with, or null where it stands for no number that there is.
fn word(text: &str) -> (Cow<'_, str>, usize) {
    let is_of_it = |letter: char| begins_a_word(letter) || matches!(letter, '.' | '+');
    let length = text.find(|letter| !is_of_it(letter)).unwrap_or(text.len());
    let word = &text[..length];
    let is_number = matches!(word, "NaN" | "Infinity" | "-Infinity")
        || word.parse::<f64>().is_ok_and(f64::is_infinite);
    let piece = if is_number { "null" } else { word };
    (Cow::from(piece), length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read_as(bytes: &[u8], expected: Value) {
        assert_eq!(read::<Value>(bytes).unwrap(), expected);
    }

    #[test]
    fn half_a_character_spoils_no_other_text() {
        for (odd, expected) in [
            (r#"{"a": "x\ud83d", "b": 1}"#, "x\u{fffd}"),
            (r#"{"a": "\ud83dx", "b": 1}"#, "\u{fffd}x"),
            (
                r#"{"a": "\uDE00 \ud83d\ud83d\ude00", "b": 1}"#,
                "\u{fffd} \u{fffd}😀",
            ),
            (r#"{"a": "\ud83d\\\"é", "b": 1}"#, "\u{fffd}\\\"é"),
            (r#"{"a": "\\ud83d \ud83d", "b": 1}"#, "\\ud83d \u{fffd}"),
        ] {
            read_as(odd.as_bytes(), json!({"a": expected, "b": 1}));
        }
    }

    #[test]
    fn what_is_no_number_and_no_utf8_spoils_nothing_else() {
        read_as(
            br#"[1e400, -1e400, NaN, -Infinity, 1.5e3, true, "NaN 1e400"]"#,
            json!([null, null, null, null, 1500.0, true, "NaN 1e400"]),
        );
        read_as(b"[\"\xff\", 1]", json!(["\u{fffd}", 1]));
        read_as(b"\xef\xbb\xbf{\"a\": 1}", json!({"a": 1}));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for odd in [
            "",
            "{",
            "\"",
            "\"\\",
            "\"\\u",
            "\"\\ud83d",
            "<html>",
            "nul",
            "\"\\é",
            "\"é\\",
            "[1e400",
        ] {
            assert!(read::<Value>(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
