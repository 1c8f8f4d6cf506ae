//! What Slack refuses about blocks, with its word for it and the place where it is wrong. Somebody's long
//! name must not be what makes a message too large.

use serde_json::{Value, json};

use crate::slack::caller::Refusal;

/// Where blocks are shown, which decides what they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Message,
    /// A modal or the app's home.
    View,
}

const LONGEST_SECTION: usize = 3000;
const LONGEST_FIELD: usize = 2000;
const LONGEST_HEADER: usize = 150;
const LONGEST_BUTTON: usize = 75;
const LONGEST_ID: usize = 255;
const LONGEST_VALUE: usize = 2000;
/// All texts of a message together. Slack does not say so, and refuses more all the same.
const LONGEST_IN_ALL: usize = 13_000;
const MOST_FIELDS: usize = 10;
const MOST_CONTEXT: usize = 10;
const MOST_ACTIONS: usize = 25;
const MOST_OPTIONS: usize = 100;

#[derive(Debug, PartialEq, Eq)]
pub enum Flaw {
    TooLong,
    Invalid { place: String, what: String },
}

impl Flaw {
    pub fn refusal(self) -> Refusal {
        match self {
            Self::TooLong => "msg_blocks_too_long".into(),
            Self::Invalid { place, what } => {
                let sentence = format!("{what} [json-pointer:{place}]");
                Refusal(json!({
                    "ok": false,
                    "error": "invalid_blocks",
                    "errors": [sentence],
                    "response_metadata": {"messages": [format!("[ERROR] {sentence}")]},
                }))
            }
        }
    }
}

type Checked = Result<(), Flaw>;

fn wrong(place: &str, what: &str) -> Checked {
    Err(Flaw::Invalid {
        place: place.to_owned(),
        what: what.to_owned(),
    })
}

pub fn check(blocks: &Value, surface: Surface) -> Checked {
    let most = match surface {
        Surface::Message => 50,
        Surface::View => 100,
    };
    let Some(list) = blocks.as_array() else {
        return wrong("/blocks", "must be an array");
    };
    if list.len() > most {
        return wrong("/blocks", &format!("no more than {most} items allowed"));
    }
    let mut ids: Vec<&str> = Vec::new();
    for (place, block) in list.iter().enumerate() {
        let place = format!("/blocks/{place}");
        check_block(block, surface, &place)?;
        if let Some(id) = block["block_id"].as_str() {
            if id.chars().count() > LONGEST_ID || ids.contains(&id) {
                return wrong(&place, "block_id is too long or there twice");
            }
            ids.push(id);
        }
    }
    if surface == Surface::Message && length(blocks) > LONGEST_IN_ALL {
        return Err(Flaw::TooLong);
    }
    Ok(())
}

fn check_block(block: &Value, surface: Surface, place: &str) -> Checked {
    match block["type"].as_str().unwrap_or_default() {
        "section" => check_section(block, place),
        "header" => check_text(
            &block["text"],
            LONGEST_HEADER,
            true,
            &format!("{place}/text"),
        ),
        "context" => each(block, "elements", MOST_CONTEXT, place, |element, place| {
            if element["type"] == "image" {
                return check_image(element, place);
            }
            check_text(element, LONGEST_SECTION, false, place)
        }),
        "actions" => each(block, "elements", MOST_ACTIONS, place, check_element),
        "divider" => Ok(()),
        "image" => check_image(block, place),
        "input" if surface == Surface::View => {
            check_text(
                &block["label"],
                LONGEST_FIELD,
                true,
                &format!("{place}/label"),
            )?;
            check_element(&block["element"], &format!("{place}/element"))
        }
        _ => wrong(place, "unsupported type"),
    }
}

fn check_section(block: &Value, place: &str) -> Checked {
    if block["text"].is_null() && block["fields"].is_null() {
        return wrong(place, "missing required field: text or fields");
    }
    if !block["text"].is_null() {
        check_text(
            &block["text"],
            LONGEST_SECTION,
            false,
            &format!("{place}/text"),
        )?;
    }
    if !block["fields"].is_null() {
        each(block, "fields", MOST_FIELDS, place, |field, place| {
            check_text(field, LONGEST_FIELD, false, place)
        })?;
    }
    match &block["accessory"] {
        Value::Null => Ok(()),
        element if element["type"] == "image" => check_image(element, place),
        element => check_element(element, &format!("{place}/accessory")),
    }
}

fn each(
    block: &Value,
    list: &str,
    most: usize,
    place: &str,
    check: impl Fn(&Value, &str) -> Checked,
) -> Checked {
    let place = format!("{place}/{list}");
    let Some(rows) = block[list].as_array().filter(|rows| !rows.is_empty()) else {
        return wrong(&place, "must have at least one item");
    };
    if rows.len() > most {
        return wrong(&place, &format!("no more than {most} items allowed"));
    }
    rows.iter()
        .enumerate()
        .try_for_each(|(number, row)| check(row, &format!("{place}/{number}")))
}

fn check_text(text: &Value, longest: usize, plain: bool, place: &str) -> Checked {
    let kind = text["type"].as_str().unwrap_or_default();
    if kind != "plain_text" && (plain || kind != "mrkdwn") {
        return wrong(
            place,
            "must be a text object of a type that is allowed here",
        );
    }
    let length = text["text"].as_str().map_or(0, |text| text.chars().count());
    if length == 0 {
        return wrong(place, "must be more than 0 characters");
    }
    if length > longest {
        return wrong(
            place,
            &format!("must be less than {} characters", longest + 1),
        );
    }
    Ok(())
}

fn check_image(image: &Value, place: &str) -> Checked {
    if image["image_url"].is_string() && image["alt_text"].is_string() {
        return Ok(());
    }
    wrong(place, "missing required field: image_url or alt_text")
}

fn check_element(element: &Value, place: &str) -> Checked {
    if element["action_id"]
        .as_str()
        .is_some_and(|id| id.is_empty() || id.chars().count() > LONGEST_ID)
    {
        return wrong(place, "action_id is empty or too long");
    }
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            check_text(
                &element["text"],
                LONGEST_BUTTON,
                true,
                &format!("{place}/text"),
            )?;
            let value = element["value"].as_str().unwrap_or_default();
            if value.chars().count() > LONGEST_VALUE {
                return wrong(place, "value is too long");
            }
            if !matches!(element["style"].as_str(), None | Some("primary" | "danger")) {
                return wrong(place, "style must be primary or danger");
            }
            Ok(())
        }
        "static_select" | "radio_buttons" | "checkboxes" | "overflow" => {
            each(element, "options", MOST_OPTIONS, place, |option, place| {
                check_text(&option["text"], LONGEST_BUTTON, false, place)
            })
        }
        "users_select"
        | "conversations_select"
        | "channels_select"
        | "multi_users_select"
        | "plain_text_input"
        | "datepicker"
        | "timepicker" => Ok(()),
        _ => wrong(place, "unsupported element"),
    }
}

/// All that is text in the blocks.
fn length(value: &Value) -> usize {
    match value {
        Value::Array(rows) => rows.iter().map(length).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("text", Value::String(text)) => text.chars().count(),
                _ => length(value),
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(length: usize) -> Value {
        json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}})
    }

    fn place(blocks: Value, surface: Surface) -> Option<String> {
        match check(&blocks, surface) {
            Ok(()) => None,
            Err(Flaw::TooLong) => Some("too long".to_owned()),
            Err(Flaw::Invalid { place, .. }) => Some(place),
        }
    }

    #[test]
    fn each_limit_holds_at_its_very_end() {
        let header = |length: usize| json!([{"type": "header", "text": {"type": "plain_text", "text": "x".repeat(length)}}]);
        let button = |length: usize| {
            json!([{"type": "actions", "elements": [
                {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x".repeat(length)}},
            ]}])
        };
        let sections = |count: usize, length: usize| Value::Array(vec![section(length); count]);
        for (blocks, wrong_at) in [
            (sections(1, 3000), None),
            (sections(1, 3001), Some("/blocks/0/text")),
            (sections(1, 0), Some("/blocks/0/text")),
            (sections(50, 1), None),
            (sections(51, 1), Some("/blocks")),
            (sections(5, 2600), None),
            (sections(5, 2601), Some("too long")),
            (header(150), None),
            (header(151), Some("/blocks/0/text")),
            (button(75), None),
            (button(76), Some("/blocks/0/elements/0/text")),
            (json!({}), Some("/blocks")),
            (json!([{"type": "marquee"}]), Some("/blocks/0")),
            (json!([{"type": "section"}]), Some("/blocks/0")),
        ] {
            let written = blocks.to_string();
            assert_eq!(
                place(blocks, Surface::Message).as_deref(),
                wrong_at,
                "{written:.80}"
            );
        }
    }

    #[test]
    fn inputs_belong_to_views() {
        let input = json!([{
            "type": "input",
            "label": {"type": "plain_text", "text": "Until"},
            "element": {"type": "plain_text_input", "action_id": "until"},
        }]);
        assert_eq!(place(input.clone(), Surface::View), None);
        assert_eq!(place(input, Surface::Message).as_deref(), Some("/blocks/0"));
    }
}
