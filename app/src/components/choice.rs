//! One of several, as a radio button, or something that is wanted or not, as a checkbox, with its
//! explanation below. The explanation describes the control and is no part of its name.

use crate::view;
use leptos::prelude::*;

#[component]
pub(crate) fn Choice(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// Chosen when the page is drawn; later the radio itself knows.
    checked: bool,
    #[prop(optional)] on_choose: Option<Callback<()>>,
) -> impl IntoView {
    let hint_id = (!hint.is_empty()).then(|| format!("{id}-hint"));
    view! {
        <div class="choice">
            <input
                type="radio"
                id=id.clone()
                name=name
                value=value
                checked=checked
                aria-describedby=hint_id.clone()
                on:change=move |_| {
                    if let Some(on_choose) = on_choose {
                        on_choose.run(());
                    }
                }
            />
            <div>
                <label for=id dir="auto" translate="no">{label}</label>
                {hint_id.map(|id| view! { <p class="hint" id=id>{hint}</p> })}
            </div>
        </div>
    }
}

#[component]
pub(crate) fn Checkbox(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(default = "true")] value: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] hint: Option<&'static str>,
    /// Checked when the page is drawn; later the checkbox itself knows.
    checked: bool,
) -> impl IntoView {
    let hint_id = hint.map(|_| format!("{id}-hint"));
    view! {
        <div class="choice">
            <input
                type="checkbox" id=id.clone() name=name value=value checked=checked
                aria-describedby=hint_id.clone()
            />
            <div>
                <label for=id>{label}</label>
                {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            </div>
        </div>
    }
    .into_any()
}
