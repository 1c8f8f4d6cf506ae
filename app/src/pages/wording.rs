//! Small words that several pages need to get right.

use std::fmt::Display;

/// `1 rotation`, `2 rotations`.
pub(super) fn count<N: Display + PartialEq + From<u8>>(
    number: N,
    one: &str,
    several: &str,
) -> String {
    let word = if number == N::from(1) { one } else { several };
    format!("{number} {word}")
}

/// `2 of 3 linked to Slack`.
pub(super) fn linked_count((linked, all): (usize, usize)) -> String {
    format!("{linked} of {all} linked to Slack")
}
