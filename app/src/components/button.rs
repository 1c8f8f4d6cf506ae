//! The button that sends a form: while the answer is awaited it says so, and the form
//! is not sent again. It is not disabled, which would lose the focus.

use super::redrawn;
use crate::view;
use leptos::prelude::*;

/// How much a button weighs on its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ButtonKind {
    Primary,
    #[default]
    Plain,
    /// Plain, and as small as a row of a list needs it.
    Small,
    Danger,
    /// An entry of a menu.
    Entry,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Plain => "button",
            Self::Small => "button small",
            Self::Danger => "button danger",
            Self::Entry => "",
        }
    }

    fn role(self) -> Option<&'static str> {
        (self == Self::Entry).then_some("menuitem")
    }
}

#[component]
pub(crate) fn SubmitButton(
    label: &'static str,
    /// What the button says while the answer is awaited.
    #[prop(default = label)]
    busy_label: &'static str,
    /// What the button acts on, for those who do not see the row it is in.
    #[prop(optional, into)]
    target: Option<String>,
    #[prop(into)] pending: Signal<bool>,
    #[prop(default = ButtonKind::Plain)] kind: ButtonKind,
) -> impl IntoView {
    let busy = move || pending.get().then_some("true");
    view! {
        <button
            type="submit"
            class=kind.class()
            role=kind.role()
            aria-disabled=busy
            aria-busy=busy
        >
            {redrawn(move || if pending.get() { busy_label } else { label })}
            {target.map(|target| view! { <span class="visually-hidden">" "<bdi translate="no">{target}</bdi></span> })}
        </button>
    }
}
