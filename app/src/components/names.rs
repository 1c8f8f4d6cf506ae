//! Names as they are told: each in an element of its own, since it may be written from right
//! to left, and somebody's instead of nobody's.

use maud::{Markup, html};
use types::Stretch;

/// Who has the duty of a stretch.
pub(crate) fn who(stretch: &Stretch) -> &str {
    let holder = stretch.holder.as_ref();
    holder.map_or("Nobody", |holder| holder.name.as_str())
}

/// `Ada, Bob and Cem`.
pub(crate) fn names_markup(names: &[String]) -> Markup {
    html! {
        @for (place, name) in names.iter().enumerate() {
            @if place > 0 {
                @if place + 1 == names.len() { " and " } @else { ", " }
            }
            bdi { (name) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names_markup;

    #[test]
    fn the_last_of_several_names_comes_after_and() {
        for (names, told) in [
            (&["Ada"][..], "<bdi>Ada</bdi>"),
            (&["A", "B"], "<bdi>A</bdi> and <bdi>B</bdi>"),
            (
                &["A", "<b>", "C"],
                "<bdi>A</bdi>, <bdi>&lt;b&gt;</bdi> and <bdi>C</bdi>",
            ),
        ] {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            assert_eq!(names_markup(&names).into_string(), told);
        }
    }
}
