//! A state in one or two words. The words carry the meaning, the colour only
//! helps to find it.

use crate::view;
use leptos::prelude::*;
use maud::{Markup, html};
use types::{LinkState, RotationMode};

/// How a state is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Neutral,
    Accent,
    Good,
    Warning,
    Bad,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// States change while somebody looks, so they are not to be translated.
#[component]
pub(crate) fn Badge(tone: Tone, #[prop(into)] text: String) -> impl IntoView {
    view! { <span class=class(tone) translate="no">{text}</span> }
}

/// A [`Badge`] as text, for lists whose items are written as text. The list says that
/// nothing in it is to be translated.
pub(crate) fn badge_markup(tone: Tone, text: &str) -> Markup {
    html! { span class=(class(tone)) { (text) } }
}

fn class(tone: Tone) -> String {
    format!("badge {}", tone.class())
}

/// `Manual` or `PagerDuty`.
#[component]
pub(crate) fn ModeBadge(mode: RotationMode) -> impl IntoView {
    let tone = match mode {
        RotationMode::Manual => Tone::Neutral,
        RotationMode::PagerDuty | RotationMode::Scheduled => Tone::Accent,
        RotationMode::Unknown => Tone::Warning,
    };
    view! { <Badge tone text=mode.to_string()/> }
}

/// How somebody relates to Slack, where that is not as it is with everybody.
#[component]
pub(crate) fn LinkBadge(link: LinkState) -> impl IntoView {
    let tone = if link.is_linked() {
        Tone::Neutral
    } else {
        Tone::Warning
    };
    (link != LinkState::Linked).then(|| view! { <Badge tone text=link.label()/> })
}
