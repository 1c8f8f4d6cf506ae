//! What Slack tells of what happens in channels, as far as it matters here: that somebody has
//! mentioned the app. Pure.

use super::shapes::person_id;
use crate::foreign_json;
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
        let Ok(sent) = foreign_json::read::<Value>(body) else {
            return Self::Odd;
        };
        match sent["type"].as_str() {
            Some("url_verification") => match sent["challenge"].as_str() {
                Some(challenge) => Self::Challenge(challenge.to_owned()),
                None => Self::Odd,
            },
            Some("event_callback") => mention(&sent).map_or(Self::Other, Self::Mention),
            // What Slack tells of besides, as that it was asked too often.
            Some(_) => Self::Other,
            None => Self::Odd,
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
    let authorisations = sent["authorizations"].as_array();
    let app = authorisations.and_then(|all| {
        let is_app = |one: &&Value| one["is_bot"] == true;
        all.iter().find(is_app).or(all.first())
    });
    let app = app.and_then(|app| app["user_id"].as_str());
    let text = event["text"].as_str()?;
    // Somebody else may be named, for whom the app is installed.
    let app = app.filter(|app| text.contains(&mention_of(app)));
    let code = code_after(text, app.unwrap_or_default());
    Some(Mention {
        workspace: sent["team_id"].as_str().and_then(WorkspaceId::parse)?,
        person: person_id(&event["user"])?,
        channel: event["channel"].as_str().and_then(SlackChannelId::parse)?,
        thread: event["thread_ts"].as_str().unwrap_or(ts).to_owned(),
        ts: ts.to_owned(),
        code,
        event: sent["event_id"].as_str()?.to_owned(),
    })
}

/// How a mention of somebody begins.
fn mention_of(person: &str) -> String {
    format!("<@{person}")
}

/// The first word after the mention of the app, or of whomever where it is not known who that is,
/// without what stands around it.
fn code_after(text: &str, app: &str) -> Option<String> {
    let (_, behind) = text.split_once(&mention_of(app))?;
    let (_, behind) = behind.split_once('>')?;
    let words = behind
        .split_whitespace()
        .filter(|word| !word.starts_with("<@"));
    let mut codes = words.map(|word| word.trim_matches(|char: char| !char.is_alphanumeric()));
    codes.find(|code| !code.is_empty()).map(str::to_uppercase)
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
    fn a_code_is_the_word_after_the_mention_wherever_that_stands() {
        for (text, code) in [
            ("please help <@U0BOT> ops", Some("OPS")),
            ("<@U0ANN> ask <@U0BOT>, ops!", Some("OPS")),
            ("<@U0BOT|robin> *ops-1*", Some("OPS-1")),
            ("<@U0BOT> <@U0ANN> ops", Some("OPS")),
            ("ops <@U0BOT>", None),
            ("ops", None),
        ] {
            let found = code_after(text, "U0BOT");
            assert_eq!(found.as_deref(), code, "{text}");
        }
        assert_eq!(code_after("<@U0BOT> ops", "").as_deref(), Some("OPS"));
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
