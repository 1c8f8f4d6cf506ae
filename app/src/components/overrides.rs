//! Where somebody has duty otherwise than the order has it: in words, and in a drawing by a
//! frame of its own.

use super::{
    names::{names_markup, names_text},
    pieces::Scale,
};
use maud::{Markup, html};
use types::{Override, Stretch, Timestamp};

/// `override in place of Bob`.
pub(crate) fn override_markup(one: &Override) -> Markup {
    html! {
        "override"
        @if !one.instead_of.is_empty() { " in place of " (names_markup(&one.instead_of)) }
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
    match &one.instead_of[..] {
        [] => "override".to_owned(),
        names => format!("override in place of {}", names_text(names)),
    }
}

/// Whether it is the whole stretch.
pub(crate) fn is_all(one: &Override, stretch: &Stretch) -> bool {
    let ends = |end| end <= one.ends_at;
    one.starts_at <= stretch.starts_at && stretch.ends_at.is_some_and(ends)
}

/// What stands beside the name in a drawing of a stretch that is one as a whole.
pub(crate) fn override_note(stretch: &Stretch) -> Option<&'static str> {
    let is_one = stretch.overrides.iter().any(|one| is_all(one, stretch));
    is_one.then_some("\u{a0}(override)")
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
                class="override" aria-hidden="true" x=(scale.percent(one.starts_at)) y=(y)
                width=(scale.width(one.starts_at, one.ends_at)) height=(height) rx="6"
            {
                title { (override_text(one)) }
            }
        }
    }
}
