//! Where somebody has duty otherwise than the order has it: in words, and in a drawing by a
//! frame of its own.

use super::{
    names::{names_markup, names_text},
    pieces::Scale,
};
use maud::{Markup, html};
use types::{Override, Stretch, Timestamp};

/// `override in place of Bob`, or `covers for Bob`.
pub(crate) fn override_markup(one: &Override) -> Markup {
    let (what, whose) = words_of(one);
    html! {
        (what)
        @if !one.instead_of.is_empty() { (whose) (names_markup(&one.instead_of)) }
    }
}

/// What it is, and what comes before the names of those whose place it takes.
const fn words_of(one: &Override) -> (&'static str, &'static str) {
    match one.is_cover {
        true => ("covers", " for "),
        false => ("override", " in place of "),
    }
}

/// The same as text, with its times where it is only a part of the stretch; `tell` says an instant.
pub(super) fn override_words(
    one: &Override,
    stretch: &Stretch,
    tell: impl Fn(Timestamp) -> String,
) -> String {
    let words = override_text(one);
    match is_all(one, stretch) {
        true => words,
        false => format!(
            "{words} from {} to {}",
            tell(one.starts_at),
            tell(one.ends_at)
        ),
    }
}

fn override_text(one: &Override) -> String {
    let (what, whose) = words_of(one);
    match &one.instead_of[..] {
        [] => what.to_owned(),
        names => format!("{what}{whose}{}", names_text(names)),
    }
}

/// Whether it is the whole stretch.
pub(crate) fn is_all(one: &Override, stretch: &Stretch) -> bool {
    let ends = |end| end <= one.ends_at;
    one.starts_at <= stretch.starts_at && stretch.ends_at.is_some_and(ends)
}

/// What stands beside the name in a drawing of a stretch that is one as a whole.
pub(crate) fn override_note(stretch: &Stretch) -> Option<&'static str> {
    let one = stretch.overrides.iter().find(|one| is_all(one, stretch))?;
    Some(match one.is_cover {
        true => "\u{a0}(cover)",
        false => "\u{a0}(override)",
    })
}

/// The frames around the overrides of a stretch that is drawn at this height.
pub(crate) fn override_frames(
    stretch: &Stretch,
    scale: Scale,
    (y, height): (usize, usize),
) -> Markup {
    html! {
        @for one in &stretch.overrides {
            rect
                class=(if one.is_cover { "override covers" } else { "override" }) aria-hidden="true" x=(scale.percent(one.starts_at)) y=(y)
                width=(scale.width(one.starts_at, one.ends_at)) height=(height) rx="6"
            {
                title { (override_text(one)) }
            }
        }
    }
}
