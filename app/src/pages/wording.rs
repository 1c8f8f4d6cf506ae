//! Small words that several pages need to get right.

/// `1 rotation`, `2 rotations`.
pub(super) fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// `2 of 3 linked to Slack`.
pub(super) fn linked_count((linked, all): (usize, usize)) -> String {
    format!("{linked} of {all} linked to Slack")
}
