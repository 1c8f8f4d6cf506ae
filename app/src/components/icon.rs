//! The few drawings of the interface, always beside words.

use crate::view;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Close,
    Expand,
    Home,
    More,
    Rotations,
    Settings,
    Warning,
    Week,
}

impl Symbol {
    /// Strokes on a grid of 24 by 24.
    const fn path(self) -> &'static str {
        match self {
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Expand => "M6 9l6 6l6-6",
            Self::Home => "M4 11.5L12 4.5l8 7M6.5 9.5V19.5h11V9.5",
            Self::More => "M5 12v.01M12 12v.01M19 12v.01",
            Self::Rotations => {
                "M4 12a8 8 0 0 1 13.7-5.6L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.6L4 15.5M4 20v-4.5h4.5"
            }
            Self::Settings => {
                "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5M8 14.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5"
            }
            Self::Warning => "M12 4L21 19.5H3zM12 10v4.5M12 17v.01",
            Self::Week => "M4 6h16v14H4zM4 11h16M8 3v5M16 3v5",
        }
    }
}

#[component]
pub(crate) fn Icon(symbol: Symbol) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=symbol.path()></path></svg>
    }
}

/// The product's own sign, beside its name.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
            <rect width="24" height="24" rx="6"></rect>
            <path d="M7 12a5 5 0 0 1 8.5-3.5L17 10M17 12a5 5 0 0 1-8.5 3.5L7 14"></path>
        </svg>
    }
}
