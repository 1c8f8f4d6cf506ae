//! Modals and the app's home, and the short-lived triggers by which the app may open a modal: a person has
//! to have done something just now.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{APP_ID, BOT_ID};
use crate::{clock::Clock, minting};

const TRIGGER_LIFETIME: SignedDuration = SignedDuration::from_secs(3);
/// A modal may open two more over itself.
pub const DEEPEST: usize = 3;

#[derive(Clone, Debug)]
pub struct View {
    pub id: String,
    pub person: String,
    /// Changes with every update.
    pub hash: String,
    /// As the app sent it, blocks with ids.
    pub content: Value,
}

impl View {
    pub fn new(person: &str, content: Value) -> Self {
        Self {
            id: format!("V{}", minting::hex(5).to_uppercase()),
            person: person.to_owned(),
            hash: new_hash(),
            content,
        }
    }

    pub fn replace(&mut self, content: Value) {
        self.content = content;
        self.hash = new_hash();
    }

    pub fn shown(&self, team: &str) -> Value {
        let mut shown = self.content.clone();
        for (field, value) in [
            ("id", json!(self.id)),
            ("team_id", json!(team)),
            ("hash", json!(self.hash)),
            ("app_id", json!(APP_ID)),
            ("bot_id", json!(BOT_ID)),
            ("state", json!({"values": {}})),
        ] {
            shown[field] = value;
        }
        for field in ["callback_id", "private_metadata", "external_id"] {
            if shown[field].is_null() {
                shown[field] = json!("");
            }
        }
        shown
    }
}

fn new_hash() -> String {
    format!("{}.{}", Clock::machine().as_second(), minting::hex(4))
}

#[derive(Clone, Debug)]
struct Trigger {
    person: String,
    given: Timestamp,
    used: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Views {
    /// Modals, the uppermost of each person last.
    pub open: Vec<View>,
    pub homes: HashMap<String, View>,
    triggers: HashMap<String, Trigger>,
}

impl Views {
    pub fn give_trigger(&mut self, person: &str) -> String {
        let id = format!("{}.{}", minting::hex(6), minting::hex(16));
        self.triggers.insert(
            id.clone(),
            Trigger {
                person: person.to_owned(),
                given: Clock::machine(),
                used: false,
            },
        );
        id
    }

    /// Whose trigger it is. It works once.
    pub fn use_trigger(&mut self, id: &str, now: Timestamp) -> Result<String, &'static str> {
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if now.duration_since(trigger.given) > TRIGGER_LIFETIME {
            return Err("expired_trigger_id");
        }
        if std::mem::replace(&mut trigger.used, true) {
            return Err("exchanged_trigger_id");
        }
        Ok(trigger.person.clone())
    }

    pub fn of<'a>(&'a self, person: &'a str) -> impl DoubleEndedIterator<Item = &'a View> {
        self.open.iter().filter(move |view| view.person == person)
    }

    pub fn close(&mut self, id: &str) {
        self.open.retain(|view| view.id != id);
    }

    pub fn close_all(&mut self, person: &str) {
        self.open.retain(|view| view.person != person);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_works_once_and_for_three_seconds() {
        let mut views = Views::default();
        let (first, late) = (views.give_trigger("U1"), views.give_trigger("U1"));
        let now = Clock::machine();
        assert_eq!(views.use_trigger(&first, now).as_deref(), Ok("U1"));
        assert_eq!(views.use_trigger(&first, now), Err("exchanged_trigger_id"));
        let later = now + SignedDuration::from_secs(4);
        assert_eq!(views.use_trigger(&late, later), Err("expired_trigger_id"));
        assert_eq!(views.use_trigger("x", now), Err("invalid_trigger_id"));
    }
}
