//! Labelled fields with their hint and what is wrong with them. They keep what
//! was typed by themselves: their value is only set when they are drawn, so
//! nothing typed before our code has loaded is lost.

use super::redrawn;
use crate::view;
use leptos::{attr::Attribute, prelude::*};

/// What is wrong with a field, said where it is.
#[component]
pub(crate) fn ProblemText(
    id: String,
    #[prop(into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    view! { <p class="problem" id=id role="alert">{redrawn(move || problem.get())}</p> }
}

/// The ids under which a field's hint and problem describe it.
fn descriptions(id: &str, has_hint: bool) -> String {
    if has_hint {
        format!("{id}-hint {id}-problem")
    } else {
        format!("{id}-problem")
    }
}

/// For a field of what was made elsewhere: password managers neither fill it nor offer
/// to keep what is typed as the password of the account here. Each has an attribute of
/// its own; they are 1Password's, LastPass's, Bitwarden's, Dashlane's and Proton Pass's.
pub(crate) fn unknown_to_password_managers() -> impl Attribute {
    leptos::prelude::view! {
        <{..}
            data-1p-ignore="true"
            data-lpignore="true"
            data-bwignore="true"
            data-form-type="other"
            data-protonpass-ignore="true"
        />
    }
}

#[component]
pub(crate) fn TextField(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(optional)] hint: Option<&'static str>,
    value: String,
    #[prop(into)] problem: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    /// The focus starts here in its dialog.
    #[prop(optional)]
    autofocus: bool,
    #[prop(default = "text")] inputmode: &'static str,
    #[prop(default = "text")] kind: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <input
                type=kind
                id=id
                name=name
                value=value
                dir="auto"
                autocomplete="off"
                inputmode=inputmode
                autofocus=autofocus
                aria-required=required.then_some("true")
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby=descriptions(id, hint.is_some())
                {..unknown_to_password_managers()}
            />
            <ProblemText id=format!("{id}-problem") problem/>
        </div>
    }
}

#[component]
pub(crate) fn TextArea(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(optional)] hint: Option<&'static str>,
    value: String,
    #[prop(into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <textarea
                id=id
                name=name
                rows="3"
                dir="auto"
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby=descriptions(id, hint.is_some())
                inner_html=textarea_html(&value)
            ></textarea>
            <ProblemText id=format!("{id}-problem") problem/>
        </div>
    }
}

/// A text area's content as HTML. As a child it would carry the markers that
/// hydration needs, which a text area shows; and a line break right after the
/// tag would not count.
fn textarea_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    match escaped.starts_with(['\n', '\r']) {
        true => format!("\n{escaped}"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::textarea_html;

    #[test]
    fn a_text_area_cannot_be_closed_from_within() {
        assert_eq!(
            textarea_html("a & b</textarea><script>"),
            "a &amp; b&lt;/textarea>&lt;script>"
        );
    }

    #[test]
    fn a_leading_line_break_is_kept() {
        assert_eq!(textarea_html("\na"), "\n\na");
    }
}
