//! Channels and direct messages as a workspace remembers them: who is in them, their topic, and what was
//! posted. Plain data and look-ups.

use jiff::Timestamp;
use serde_json::Value;

use super::BOT_USER_ID;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Public,
    Private,
    /// Between this person and the app's bot.
    Direct(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// As it was set; [`super::text::as_read_back`] tells it as Slack does.
    pub value: String,
    pub creator: String,
    pub last_set: i64,
}

#[derive(Clone, Debug)]
pub struct Message {
    /// Slack's id of a message in its channel: seconds and six digits, never twice in a workspace.
    pub ts: String,
    pub author: String,
    pub text: String,
    /// An array, or null.
    pub blocks: Value,
    pub thread_ts: Option<String>,
    /// Slack's word for a line that tells of a change of the channel.
    pub subtype: Option<&'static str>,
    pub edited: bool,
    /// Nobody else sees it.
    pub only_for: Option<String>,
    pub metadata: Value,
}

impl Message {
    pub fn new(ts: String, author: &str, text: &str) -> Self {
        Self {
            ts,
            author: author.to_owned(),
            text: text.to_owned(),
            blocks: Value::Null,
            thread_ts: None,
            subtype: None,
            edited: false,
            only_for: None,
            metadata: Value::Null,
        }
    }

    pub fn is_by_bot(&self) -> bool {
        self.author == BOT_USER_ID
    }

    pub fn posted(&self) -> Timestamp {
        let seconds = self.ts.split('.').next().unwrap_or_default();
        seconds
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: String,
    /// Without `#`; empty for direct messages.
    pub name: String,
    pub previous_names: Vec<String>,
    pub kind: Kind,
    pub created: i64,
    pub archived: bool,
    /// Everybody is in it and nobody can leave.
    pub general: bool,
    /// The other workspace that it is shared with.
    pub shared_with: Option<String>,
    pub members: Vec<String>,
    pub topic: Topic,
    pub purpose: String,
    pub messages: Vec<Message>,
    /// Slack's word for whom it keeps from posting, as in a channel where only some may.
    pub posting_refused: Option<String>,
    pub topic_refused: bool,
}

impl Conversation {
    pub fn new(id: &str, name: &str, kind: Kind, members: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            previous_names: Vec::new(),
            kind,
            created: 1_690_000_000,
            archived: false,
            general: false,
            shared_with: None,
            members: members.iter().map(|one| (*one).to_owned()).collect(),
            topic: Topic::default(),
            purpose: String::new(),
            messages: Vec::new(),
            posting_refused: None,
            topic_refused: false,
        }
    }

    pub fn has(&self, user: &str) -> bool {
        self.members.iter().any(|member| member == user)
    }

    pub fn is_seen_by(&self, user: &str) -> bool {
        self.kind == Kind::Public || self.has(user)
    }

    pub fn is_direct(&self) -> bool {
        matches!(self.kind, Kind::Direct(_))
    }

    /// Slack's word for it in events.
    pub fn channel_type(&self) -> &'static str {
        match self.kind {
            Kind::Public => "channel",
            Kind::Private => "group",
            Kind::Direct(_) => "im",
        }
    }

    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.ts == ts)
    }

    pub fn message_mut(&mut self, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.ts == ts)
    }
}
