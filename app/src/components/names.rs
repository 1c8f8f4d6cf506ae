//! Names as they are told: each in an element of its own, since it may be written from right
//! to left, and somebody's instead of nobody's.

use leptos::prelude::*;
use maud::{Markup, html};
use types::Stretch;

/// Who has the duty of a stretch.
pub(crate) fn who(stretch: &Stretch) -> &str {
    let holder = stretch.holder.as_ref();
    holder.map_or("Nobody", |holder| holder.name.as_str())
}

/// `Ada, Bob and Cem`.
#[component]
pub(crate) fn Names(names: Vec<String>) -> impl IntoView {
    let count = names.len();
    names
        .into_iter()
        .enumerate()
        .map(|(place, name)| view! { {before(place, count)}<bdi translate="no">{name}</bdi> })
        .collect_view()
}

/// The same as text.
pub(crate) fn names_markup(names: &[String]) -> Markup {
    html! {
        @for (place, name) in names.iter().enumerate() {
            @if let Some(before) = before(place, names.len()) { (before) }
            bdi { (name) }
        }
    }
}

const fn before(place: usize, count: usize) -> Option<&'static str> {
    match place {
        0 => None,
        place if place + 1 == count => Some(" and "),
        _ => Some(", "),
    }
}
