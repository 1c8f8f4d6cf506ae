//! The field for a template, with what it makes at present, its tokens, and the button that tries it.

use super::{held_fields, use_elsewhere, warning};
use crate::{components::TextArea, pages::address::parameter, view};
use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{Element, HtmlInputElement};

/// `preview` is what the template makes, and what is wrong with it.
#[component]
pub(super) fn TemplateField(
    /// Of the field, which is its id too.
    name: &'static str,
    hint: &'static str,
    value: String,
    #[prop(into)] problem: Signal<Option<String>>,
    /// What a time is told in.
    until: &'static str,
    #[prop(into)] preview: Signal<(Option<String>, Option<String>)>,
) -> impl IntoView {
    let preview = move || {
        let (preview, problem) = preview.get();
        let preview = preview
            .map(|preview| view! { <p>"At present: "<bdi translate="no">{preview}</bdi></p> });
        view! { {problem.map(warning)}{preview} }
    };
    view! {
        <TextArea id=name name label="Template" hint value problem/>
        <div role="status">{preview}</div>
        <details>
            <summary>"Tokens"</summary>
            <p class="hint">
                "%USER% %USERID% %USERHANDLE% %USERHANDLE_TEXTONLY% for those on duty, with NEXT_ as in %NEXT_USER% for \
                those who come next. %UNTIL% "{until}", %UNTIL_UTC%. %NAME% %CODE% %DESCRIPTION% \
                %DUTY_SIZE% %ROTATION_NOTES% of the rotation, %DUTYHANDLE% for its group. What has no value is N/A."
            </p>
        </details>
    }
    .into_any()
}

/// The version of what a form was drawn from whose template the address asks about, in a parameter
/// of this name.
pub(super) fn tried(drawn: &'static str) -> Option<String> {
    Some(parameter(drawn).get_untracked()).filter(|version| !version.is_empty())
}

/// Shows what the template in the field of this name makes, on the page `here`, whose address asks
/// about it in a parameter of the same name. The field `drawn` goes along.
#[component]
pub(super) fn Preview(name: &'static str, drawn: &'static str, here: String) -> impl IntoView {
    let (navigate, elsewhere) = (use_navigate(), use_elsewhere(&here));
    let ask = move |event: MouseEvent| {
        event.prevent_default();
        // Whatever has a value is read in the same way.
        let value = |field: Option<Element>| {
            let field = field.map(|field| field.unchecked_into::<HtmlInputElement>());
            field.map(|field| field.value()).unwrap_or_default()
        };
        let field = document().get_element_by_id(name);
        let form = field.as_ref().and_then(|field| field.closest("form").ok()?);
        // It stays the form that was drawn then.
        let began = form.and_then(|form| {
            let began = form.query_selector(&format!("input[name='{drawn}']"));
            began.ok()?
        });
        let (template, began) = (value(field), value(began));
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&elsewhere(&[(name, &template), (drawn, &began)]), options);
    };
    // Without our code the form itself opens the page.
    let held = held_fields(vec![name, drawn]);
    view! {
        {held}
        <button type="submit" class="button" formmethod="get" formaction=here on:click=ask>
            "Preview"
        </button>
    }
    .into_any()
}
