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
            (before(place, names.len()))
            bdi { (name) }
        }
    }
}

/// The same where there are no elements, as in what is read out.
pub(super) fn names_text(names: &[String]) -> String {
    let names = names.iter().enumerate().map(|(place, name)| {
        let before = before(place, names.len());
        format!("{before}{name}")
    });
    names.collect()
}

/// What stands before a name among so many.
const fn before(place: usize, count: usize) -> &'static str {
    match place {
        0 => "",
        _ if place + 1 == count => " and ",
        _ => ", ",
    }
}

#[cfg(test)]
mod tests {
    use super::{names_markup, names_text};

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
        let names = ["Ada", "Bob", "Cem"].map(str::to_owned);
        assert_eq!(names_text(&names), "Ada, Bob and Cem");
    }
}
