//! What Slack tells of what happens in channels, as far as it matters here: that somebody has
//! mentioned the app. Pure.

use super::shapes::person_id;
use serde_json::Value;
use types::{PersonId, SlackChannelId, WorkspaceId};

/// Somebody has mentioned the app in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub channel: SlackChannelId,
    /// Of the message, which is one alone in its channel.
    pub ts: String,
    /// The message under which the thread stands.
    pub thread: String,
    /// The first word after the mention: the code of a rotation.
    pub code: Option<String>,
    /// What Slack calls this one alone; the same mention may come under another.
    pub event: String,
}

/// What Slack sends to the address of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Slack asks whether the address is the app's.
    Challenge(String),
    Mention(Mention),
    /// Something that is taken and left alone.
    Other,
    /// Nobody knows what it is.
    Odd,
}

impl Event {
    pub fn read(body: &[u8]) -> Self {
        let Ok(sent) = serde_json::from_slice::<Value>(body) else {
            return Self::Odd;
        };
        match sent["type"].as_str() {
            Some("url_verification") => match sent["challenge"].as_str() {
                Some(challenge) => Self::Challenge(challenge.to_owned()),
                None => Self::Odd,
            },
            Some("event_callback") => mention(&sent).map_or(Self::Other, Self::Mention),
            _ => Self::Odd,
        }
    }
}

fn mention(sent: &Value) -> Option<Mention> {
    let event = &sent["event"];
    // What programs write, our own among them, is nobody's wish.
    if event["type"] != "app_mention" || event["bot_id"].is_string() {
        return None;
    }
    let ts = event["ts"].as_str()?;
    let mut words = event["text"].as_str()?.split_whitespace();
    let code = words.find(|word| !word.starts_with("<@"));
    Some(Mention {
        workspace: sent["team_id"].as_str().and_then(WorkspaceId::parse)?,
        person: person_id(&event["user"])?,
        channel: event["channel"].as_str().and_then(SlackChannelId::parse)?,
        thread: event["thread_ts"].as_str().unwrap_or(ts).to_owned(),
        ts: ts.to_owned(),
        code: code.map(str::to_uppercase),
        event: sent["event_id"].as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent() -> Value {
        json!({
            "type": "event_callback", "team_id": "T1", "event_id": "Ev1",
            "event": {
                "type": "app_mention", "user": "U0ANN", "channel": "C1", "ts": "1.2",
                "text": "<@U0BOT> ops the printer burns",
            },
        })
    }

    fn read(sent: &Value) -> Event {
        Event::read(sent.to_string().as_bytes())
    }

    #[test]
    fn a_mention_names_a_code_and_is_answered_in_its_thread() {
        let Event::Mention(mention) = read(&sent()) else {
            panic!("it is a mention");
        };
        assert_eq!(mention.code.as_deref(), Some("OPS"));
        assert_eq!(mention.thread, "1.2");
        let mut in_thread = sent();
        in_thread["event"]["thread_ts"] = json!("1.0");
        in_thread["event"]["text"] = json!("<@U0BOT>");
        let Event::Mention(mention) = read(&in_thread) else {
            panic!("it is a mention");
        };
        assert_eq!((mention.thread.as_str(), mention.code), ("1.0", None));
    }

    #[test]
    fn whatever_is_odd_about_it_it_is_left_alone() {
        for field in ["type", "user", "channel", "ts", "text"] {
            for odd in [Value::Null, json!(7), json!({}), json!([])] {
                let mut sent = sent();
                sent["event"][field] = odd.clone();
                assert_eq!(read(&sent), Event::Other, "{field}: {odd}");
            }
        }
        let mut by_bot = sent();
        by_bot["event"]["bot_id"] = json!("B1");
        assert_eq!(read(&by_bot), Event::Other);
        for odd in [json!({}), json!([]), json!({"type": "url_verification"})] {
            assert_eq!(read(&odd), Event::Odd, "{odd}");
        }
        assert_eq!(Event::read(b"text=ops"), Event::Odd);
        let asked = json!({"type": "url_verification", "challenge": "c"});
        assert_eq!(read(&asked), Event::Challenge("c".to_owned()));
    }
}
