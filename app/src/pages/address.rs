//! Addresses with a query, and what a page reads from its own.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// `path` with those parameters that have a value.
pub(super) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let query: Vec<_> = parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

/// A parameter of the page's address; empty when it is absent.
pub(super) fn parameter(name: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get(name).unwrap_or_default()))
}

/// Everything but letters, digits and a few harmless marks as `%XX`.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _a_string_takes_it = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn absent_values_leave_no_trace() {
        assert_eq!(address("/rotations", &[("search", "")]), "/rotations");
    }

    #[test]
    fn values_cannot_break_out_of_their_parameter() {
        assert_eq!(
            address("/a", &[("search", "x&mode=é /"), ("mode", "manual")]),
            "/a?search=x%26mode%3D%C3%A9%20%2F&mode=manual"
        );
    }
}
