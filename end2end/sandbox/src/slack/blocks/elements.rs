//! What can be pressed, chosen or typed into: how it is drawn, and what Slack tells the app about it.

use serde_json::{Value, json};

use super::{Reader, draw::text_object};
use crate::{html::escape, minting};

/// Blocks and elements without ids get them, as Slack gives them.
pub fn with_ids(mut blocks: Value) -> Value {
    for block in blocks.as_array_mut().into_iter().flatten() {
        name(block, "block_id");
        for part in ["accessory", "element"] {
            if block[part].is_object() {
                name(&mut block[part], "action_id");
            }
        }
        if block["type"] == "actions" {
            let elements = block["elements"].as_array_mut();
            elements
                .into_iter()
                .flatten()
                .for_each(|element| name(element, "action_id"));
        }
    }
    blocks
}

fn name(part: &mut Value, id: &str) {
    if !part[id].is_string() {
        part[id] = json!(minting::hex(3));
    }
}

/// Everything in the blocks that a person can use, with the id of its block.
pub fn elements(blocks: &Value) -> impl Iterator<Item = (&str, &Value)> {
    blocks
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|block| {
            let id = block["block_id"].as_str().unwrap_or_default();
            let listed = (block["type"] == "actions")
                .then(|| block["elements"].as_array())
                .flatten();
            [&block["accessory"], &block["element"]]
                .into_iter()
                .chain(listed.into_iter().flatten())
                .map(move |element| (id, element))
        })
        .filter(|(_, element)| element["action_id"].is_string())
}

/// The element as Slack reports it once somebody has used it. `values` are what they chose, as the form
/// has it: the place of an option, an id, or a text.
pub fn chosen(element: &Value, values: &[String]) -> Value {
    let kind = element["type"].as_str().unwrap_or_default();
    let first = values.first().filter(|value| !value.is_empty());
    let options: Vec<&Value> = values
        .iter()
        .filter_map(|place| element["options"].get(place.parse::<usize>().ok()?))
        .collect();
    let mut told = json!({"type": kind});
    match kind {
        "button" => {
            told["text"] = element["text"].clone();
            told["value"] = element["value"].clone();
        }
        "checkboxes" => told["selected_options"] = json!(options),
        "static_select" | "radio_buttons" | "overflow" => {
            told["selected_option"] = json!(options.first());
        }
        "multi_users_select" => told["selected_users"] = json!(values),
        "users_select" => told["selected_user"] = json!(first),
        "channels_select" => told["selected_channel"] = json!(first),
        "conversations_select" => told["selected_conversation"] = json!(first),
        "datepicker" => told["selected_date"] = json!(first),
        "timepicker" => told["selected_time"] = json!(first),
        _ => told["value"] = json!(first),
    }
    told
}

/// The element as a control of a form, named by its block and itself.
pub fn as_control(block_id: &str, element: &Value, label: &str, reader: &Reader<'_>) -> String {
    let action_id = element["action_id"].as_str().unwrap_or_default();
    let name = escape(&format!("{block_id}|{action_id}"));
    let label = escape(label);
    let text = |field: &str| escape(element[field].as_str().unwrap_or_default());
    let people = || -> Vec<(String, String)> {
        let active = reader
            .workspace
            .people
            .iter()
            .filter(|one| !one.deactivated);
        active
            .map(|one| (one.id.clone(), one.name.clone()))
            .collect()
    };
    let channels = || -> Vec<(String, String)> {
        let named = reader.workspace.conversations.iter();
        named
            .filter(|one| !one.is_direct())
            .map(|one| (one.id.clone(), format!("#{}", one.name)))
            .collect()
    };
    let initial = |field: &str| element[field].as_str().unwrap_or_default().to_owned();
    match element["type"].as_str().unwrap_or_default() {
        "plain_text_input" if element["multiline"] == true => format!(
            "<textarea name=\"{name}\" aria-label=\"{label}\">{}</textarea>\n",
            text("initial_value")
        ),
        "plain_text_input" => field("text", &name, &label, &text("initial_value")),
        "datepicker" => field("date", &name, &label, &text("initial_date")),
        "timepicker" => field("time", &name, &label, &text("initial_time")),
        "static_select" | "overflow" => select(
            &name,
            &label,
            &options(element, reader),
            &initial_place(element),
            false,
        ),
        "users_select" => select(&name, &label, &people(), &initial("initial_user"), false),
        "multi_users_select" => select(&name, &label, &people(), "", true),
        "channels_select" => select(
            &name,
            &label,
            &channels(),
            &initial("initial_channel"),
            false,
        ),
        "conversations_select" => select(
            &name,
            &label,
            &channels(),
            &initial("initial_conversation"),
            false,
        ),
        kind @ ("radio_buttons" | "checkboxes") => {
            let kind = if kind == "checkboxes" {
                "checkbox"
            } else {
                "radio"
            };
            options(element, reader)
                .iter()
                .map(|(place, text)| {
                    format!(
                        "<label><input type=\"{kind}\" name=\"{name}\" value=\"{place}\"> {}</label>\n",
                        escape(text)
                    )
                })
                .collect()
        }
        _ => String::new(),
    }
}

fn field(kind: &str, name: &str, label: &str, value: &str) -> String {
    format!("<input type=\"{kind}\" name=\"{name}\" aria-label=\"{label}\" value=\"{value}\">\n")
}

fn options(element: &Value, reader: &Reader<'_>) -> Vec<(String, String)> {
    let options = element["options"].as_array();
    options
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(place, option)| {
            (
                place.to_string(),
                super::draw::plain(&text_object(&option["text"], reader)),
            )
        })
        .collect()
}

fn initial_place(element: &Value) -> String {
    let initial = &element["initial_option"]["value"];
    let options = element["options"].as_array();
    options
        .into_iter()
        .flatten()
        .position(|option| !initial.is_null() && option["value"] == *initial)
        .map(|place| place.to_string())
        .unwrap_or_default()
}

fn select(
    name: &str,
    label: &str,
    options: &[(String, String)],
    initial: &str,
    several: bool,
) -> String {
    let multiple = if several { " multiple" } else { "" };
    let none = if several {
        ""
    } else {
        "<option value=\"\">–</option>"
    };
    let options: String = options
        .iter()
        .map(|(value, text)| {
            let selected = if value == initial { " selected" } else { "" };
            format!(
                "<option value=\"{}\"{selected}>{}</option>",
                escape(value),
                escape(text)
            )
        })
        .collect();
    format!("<select name=\"{name}\" aria-label=\"{label}\"{multiple}>{none}{options}</select>\n")
}
