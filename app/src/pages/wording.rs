//! Small words that several pages need to get right.

use maud::{Markup, html};
use std::fmt::Display;
use types::{RotationId, SlackPart};

/// `1 rotation`, `2 rotations`.
pub(super) fn count<N: Display + PartialEq + From<u8>>(
    number: N,
    one: &str,
    several: &str,
) -> String {
    let word = if number == N::from(1) { one } else { several };
    format!("{number} {word}")
}

/// Those counts that are not zero, in words: `12 schedules, 1 rotation`.
pub(super) fn counts<const N: usize>(
    counts: [(u32, &str, &str); N],
    separator: &str,
) -> Option<String> {
    let told: Vec<String> = counts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, several)| count(number, one, several))
        .collect();
    (!told.is_empty()).then(|| told.join(separator))
}

/// What Slack does not take of a rotation, with the way to where that is chosen.
pub(super) fn refused_by_slack(
    rotation: &RotationId,
    part: SlackPart,
    (name, cause): (&str, &str),
) -> Markup {
    let what = match part {
        SlackPart::Announcements => "Announcements in ",
        SlackPart::Group => "User group ",
        SlackPart::Topic => "Topic of ",
    };
    html! {
        p { (what) bdi translate="no" { (name) } ": " (cause) }
        p { a href=(format!("/rotations/{rotation}/slack")) { "Open its Slack page" } }
    }
}

/// `2 of 3 linked to Slack`.
pub(super) fn linked_count((linked, all): (usize, usize)) -> String {
    format!("{linked} of {all} linked to Slack")
}

/// `840 ms`, `1.2 s`.
pub(super) fn duration(millis: u32) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(840), "840 ms");
        assert_eq!(duration(1_250), "1.2 s");
    }
}
