//! Buttons that people press under messages of the app, as Slack sends it. Pure.

use super::shapes::person_id;
use serde_json::Value;
use types::{PersonId, WorkspaceId};

/// Longer than any id that this server gives to a message.
const LONGEST_VALUE: usize = 128;

/// What a button is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whoever presses it takes what somebody asks for.
    Acknowledge,
    /// Whoever presses it cannot, and somebody else is to be asked.
    Pass,
}

impl Action {
    /// What Slack calls it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Acknowledge => "mention_ack",
            Self::Pass => "mention_pass",
        }
    }

    fn from_id(id: &str) -> Option<Self> {
        [Self::Acknowledge, Self::Pass]
            .into_iter()
            .find(|action| action.id() == id)
    }
}

/// Somebody has pressed a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub action: Action,
    /// What the button stands for, as this server has named it.
    pub value: String,
    /// What Slack calls this press alone.
    pub trigger: String,
    /// Where an answer for the one who pressed it is taken, as Slack names it.
    pub reply_to: Option<String>,
}

/// What Slack sends when people press or fill in something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    Press(Press),
    /// Something that is taken and left alone, as a button that only opens a page.
    Other,
    /// Nobody knows what it is.
    Odd,
}

impl Interaction {
    /// From the one field of a form.
    pub fn read(body: &[u8]) -> Self {
        let mut fields = url::form_urlencoded::parse(body);
        let payload = fields.find(|(name, _)| name == "payload");
        let sent = payload.and_then(|(_, json)| serde_json::from_str::<Value>(&json).ok());
        match sent {
            Some(sent) if sent["type"].is_string() => press(&sent).map_or(Self::Other, Self::Press),
            _ => Self::Odd,
        }
    }
}

fn press(sent: &Value) -> Option<Press> {
    if sent["type"] != "block_actions" {
        return None;
    }
    let pressed = &sent["actions"][0];
    let value = pressed["value"].as_str()?;
    Some(Press {
        workspace: sent["team"]["id"].as_str().and_then(WorkspaceId::parse)?,
        person: person_id(&sent["user"]["id"])?,
        action: Action::from_id(pressed["action_id"].as_str()?)?,
        value: (value.len() <= LONGEST_VALUE).then(|| value.to_owned())?,
        trigger: sent["trigger_id"].as_str()?.to_owned(),
        reply_to: sent["response_url"].as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent() -> Value {
        json!({
            "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U0ANN"},
            "trigger_id": "1.2", "response_url": "https://hooks.slack.com/x",
            "actions": [{"action_id": "mention_pass", "value": "m1"}],
        })
    }

    fn read(sent: &Value) -> Interaction {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &sent.to_string())
            .finish();
        Interaction::read(form.as_bytes())
    }

    #[test]
    fn who_pressed_what_is_in_the_payload() {
        let press = Press {
            workspace: WorkspaceId::new("T1"),
            person: PersonId::new("U0ANN"),
            action: Action::Pass,
            value: "m1".to_owned(),
            trigger: "1.2".to_owned(),
            reply_to: Some("https://hooks.slack.com/x".to_owned()),
        };
        assert_eq!(read(&sent()), Interaction::Press(press));
    }

    #[test]
    fn whatever_is_odd_about_it_it_is_left_alone() {
        let long = "x".repeat(LONGEST_VALUE + 1);
        for (at, odd) in [
            ("/type", json!("view_submission")),
            ("/team", json!(7)),
            ("/user/id", json!("ann")),
            ("/trigger_id", Value::Null),
            ("/actions", json!([])),
            ("/actions/0/action_id", json!("open_page")),
            ("/actions/0/value", json!(long)),
        ] {
            let mut sent = sent();
            *sent.pointer_mut(at).unwrap() = odd;
            assert_eq!(read(&sent), Interaction::Other, "{at}");
        }
        assert_eq!(read(&json!({})), Interaction::Odd);
        assert_eq!(read(&json!([])), Interaction::Odd);
        assert_eq!(Interaction::read(b"payload=ops"), Interaction::Odd);
        assert_eq!(Interaction::read(b"text=ops"), Interaction::Odd);
    }
}
