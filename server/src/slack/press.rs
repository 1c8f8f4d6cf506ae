//! Buttons that people press under messages of the app, as Slack sends it. Pure.

use super::shapes::person_id;
use serde_json::Value;
use types::{PersonId, SlackChannelId, WorkspaceId};

/// Longer than any id that this server gives to a message.
const LONGEST_VALUE: usize = 128;

/// What the block of the buttons is called, before the number of the call under which they are.
/// Versions that know nothing of it read the value of the button, which says the mention alone.
const BLOCK_OF_CALL: &str = "mention_call_";

/// What the buttons' block under the call of this number is called.
pub fn block_of_call(number: usize) -> String {
    format!("{BLOCK_OF_CALL}{number}")
}

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

/// The message under which somebody has pressed a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    pub channel: SlackChannelId,
    /// By what Slack knows it.
    pub ts: String,
    /// Which call of the mention it is.
    pub call: usize,
}

/// Somebody has pressed a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub action: Action,
    /// What the button stands for, as this server has named it.
    pub value: String,
    /// As far as Slack says where it was.
    pub under: Option<Pressed>,
    /// What Slack calls this press alone, or by what else it is told from others.
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
        under: under(sent),
        trigger: match sent["trigger_id"].as_str() {
            Some(trigger) => trigger.to_owned(),
            // Pressed again, it is the same as before, as far as Slack does not say when it was.
            None => format!("{value} {} {}", pressed["action_id"], pressed["action_ts"]),
        },
        reply_to: sent["response_url"].as_str().map(str::to_owned),
    })
}

fn under(sent: &Value) -> Option<Pressed> {
    let (container, message) = (&sent["container"], &sent["message"]);
    let block = sent["actions"][0]["block_id"].as_str()?;
    let channel = container["channel_id"].as_str();
    let channel = channel.or_else(|| sent["channel"]["id"].as_str())?;
    let ts = container["message_ts"].as_str();
    let ts = ts.or_else(|| message["ts"].as_str())?;
    Some(Pressed {
        channel: SlackChannelId::parse(channel)?,
        ts: (ts.len() <= LONGEST_VALUE).then(|| ts.to_owned())?,
        call: block.strip_prefix(BLOCK_OF_CALL)?.parse().ok()?,
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
            "container": {"message_ts": "3.4", "channel_id": "C1"},
            "actions": [{
                "action_id": "mention_pass", "value": "m1", "block_id": block_of_call(2),
            }],
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
            under: Some(Pressed {
                channel: SlackChannelId::new("C1"),
                ts: "3.4".to_owned(),
                call: 2,
            }),
            trigger: "1.2".to_owned(),
            reply_to: Some("https://hooks.slack.com/x".to_owned()),
        };
        assert_eq!(read(&sent()), Interaction::Press(press));
    }

    #[test]
    fn the_message_is_known_wherever_slack_names_it() {
        let mut elsewhere = sent();
        elsewhere["container"] = Value::Null;
        elsewhere["channel"] = json!({"id": "C1"});
        elsewhere["message"] = json!({"ts": "3.4"});
        assert_eq!(read(&elsewhere), read(&sent()));
        // What another version has written counts all the same.
        let mut unnamed = sent();
        unnamed["actions"][0]["block_id"] = json!("x");
        let Interaction::Press(press) = read(&unnamed) else {
            panic!("it is a press");
        };
        assert_eq!(press.under, None);
    }

    #[test]
    fn a_press_that_slack_does_not_name_is_known_by_what_was_pressed_when() {
        let trigger = |at: Value| {
            let mut sent = sent();
            sent["trigger_id"] = Value::Null;
            sent["actions"][0]["action_ts"] = at;
            match read(&sent) {
                Interaction::Press(press) => press.trigger,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(trigger(json!("1.5")), trigger(json!("1.5")));
        assert_ne!(trigger(json!("1.5")), trigger(json!("1.6")));
        assert_eq!(trigger(Value::Null), trigger(Value::Null));
    }

    #[test]
    fn whatever_is_odd_about_it_it_is_left_alone() {
        let long = "x".repeat(LONGEST_VALUE + 1);
        for (at, odd) in [
            ("/type", json!("view_submission")),
            ("/team", json!(7)),
            ("/user/id", json!("ann")),
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
