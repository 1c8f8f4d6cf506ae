//! Lists by the page. Slack's cursors are opaque, and one that was not given out is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{caller::Refusal, params::Params};

pub const LONGEST_PAGE: usize = 1000;

/// The rows that were asked for, and the cursor of the next ones: empty at the end. `kind` keeps the cursors
/// of one list from being taken for those of another.
pub fn page(
    rows: Vec<Value>,
    params: &Params,
    kind: &str,
    default: usize,
) -> Result<(Vec<Value>, String), Refusal> {
    let limit = match params.given("limit") {
        None => default,
        Some(text) => match text.parse() {
            Ok(0) => default,
            Ok(limit) => LONGEST_PAGE.min(limit),
            Err(_) => return Err("invalid_limit".into()),
        },
    };
    let first = match params.given("cursor") {
        None => 0,
        Some(cursor) => place(cursor, kind)
            .filter(|place| *place < rows.len())
            .ok_or("invalid_cursor")?,
    };
    let after = first + limit;
    let next_cursor = if after < rows.len() {
        STANDARD.encode(format!("{kind}:{after}"))
    } else {
        String::new()
    };
    Ok((
        rows.into_iter().skip(first).take(limit).collect(),
        next_cursor,
    ))
}

fn place(cursor: &str, kind: &str) -> Option<usize> {
    let decoded = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    decoded.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}
