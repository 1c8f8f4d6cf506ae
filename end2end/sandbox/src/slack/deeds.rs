//! What happens in a workspace, whoever does it: the app by a method, a person on a page, a test by a lever.
//! Each deed posts the line that Slack would post and raises the event that Slack would send.

use serde_json::{Value, json};

use super::{
    APP_ID, BOT_ID, BOT_USER_ID, Workspace,
    blocks::mentions,
    conversation::{Conversation, Kind, Message, Topic},
    methods::user_groups,
};
use crate::clock::Clock;

/// What an app hears of, if it has subscribed to it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Under which it is subscribed to, which for messages depends on the channel.
    pub subscription: String,
    pub event: Value,
}

impl Workspace {
    pub fn conversation(&self, id: &str) -> Option<&Conversation> {
        self.conversations.iter().find(|one| one.id == id)
    }

    pub fn conversation_mut(&mut self, id: &str) -> Option<&mut Conversation> {
        self.conversations.iter_mut().find(|one| one.id == id)
    }

    /// The time of a message, later than that of every other.
    pub fn next_ts(&mut self) -> String {
        self.latest_ts = Clock::machine().as_microsecond().max(self.latest_ts + 1);
        ts_of(self.latest_ts)
    }

    pub fn raise(&mut self, subscription: &str, event: Value) {
        self.events.push(Event {
            subscription: subscription.to_owned(),
            event,
        });
    }

    /// Posts a message, which is heard of unless only one person sees it.
    pub fn post(&mut self, channel: &str, message: Message) {
        let team = self.id.clone();
        let Some(conversation) = self.conversation_mut(channel) else {
            return;
        };
        let mut event = told(&team, conversation, &message);
        let (kind, is_in) = (conversation.kind.clone(), conversation.has(BOT_USER_ID));
        let is_mention = !matches!(kind, Kind::Direct(_))
            && !message.is_by_bot()
            && message.subtype.is_none()
            && mentions(&message.text).contains(BOT_USER_ID);
        let is_heard = message.only_for.is_none();
        conversation.messages.push(message);
        if is_heard && is_in {
            let among = match kind {
                Kind::Public => "message.channels",
                Kind::Private => "message.groups",
                Kind::Direct(_) => "message.im",
            };
            self.raise(among, event.clone());
        }
        if is_heard && is_mention {
            event["type"] = json!("app_mention");
            self.raise("app_mention", event);
        }
    }

    /// A line by which Slack tells of a change of the channel.
    fn tell(&mut self, channel: &str, subtype: &'static str, user: &str, text: &str) {
        let ts = self.next_ts();
        let message = Message {
            subtype: Some(subtype),
            ..Message::new(ts, user, text)
        };
        self.post(channel, message);
    }

    /// Whether they had not been in it.
    pub fn join(&mut self, channel: &str, user: &str) -> bool {
        let Some(conversation) = self.conversation_mut(channel) else {
            return false;
        };
        if conversation.has(user) {
            return false;
        }
        conversation.members.push(user.to_owned());
        let kind = conversation.channel_type();
        self.tell(
            channel,
            "channel_join",
            user,
            &format!("<@{user}> has joined the channel"),
        );
        let event = json!({
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": short(kind),
            "team": self.id,
            "event_ts": ts_of(self.latest_ts),
        });
        self.raise("member_joined_channel", event);
        true
    }

    /// Whether they had been in it.
    pub fn leave(&mut self, channel: &str, user: &str) -> bool {
        let Some(conversation) = self.conversation_mut(channel).filter(|one| one.has(user)) else {
            return false;
        };
        conversation.members.retain(|member| member != user);
        let kind = conversation.channel_type();
        self.tell(
            channel,
            "channel_leave",
            user,
            &format!("<@{user}> has left the channel"),
        );
        let event = json!({
            "type": "member_left_channel",
            "user": user,
            "channel": channel,
            "channel_type": short(kind),
            "team": self.id,
            "event_ts": ts_of(self.latest_ts),
        });
        self.raise("member_left_channel", event);
        if user == BOT_USER_ID {
            let name = format!("{kind}_left");
            let event =
                json!({"type": name, "channel": channel, "event_ts": ts_of(self.latest_ts)});
            self.raise(&name, event);
        }
        true
    }

    pub fn set_topic(&mut self, channel: &str, user: &str, value: &str) {
        let posts_when_equal = self.settings.equal_topic_posts;
        let Some(conversation) = self.conversation_mut(channel) else {
            return;
        };
        let differs = conversation.topic.value != value;
        conversation.topic = Topic {
            value: value.to_owned(),
            creator: user.to_owned(),
            last_set: Clock::machine().as_second(),
        };
        if differs || posts_when_equal {
            let text = if value.is_empty() {
                format!("<@{user}> cleared the channel topic")
            } else {
                format!(
                    "<@{user}> set the channel topic: {}",
                    super::text::as_read_back(value)
                )
            };
            self.tell(channel, "channel_topic", user, &text);
        }
    }

    pub fn archive(&mut self, channel: &str, archived: bool, user: &str) {
        let Some(conversation) = self.conversation_mut(channel) else {
            return;
        };
        conversation.archived = archived;
        let kind = conversation.channel_type();
        let deed = if archived { "archive" } else { "unarchive" };
        let name = format!("{kind}_{deed}");
        let event =
            json!({"type": name, "channel": channel, "user": user, "event_ts": self.next_ts()});
        self.raise(&name, event);
    }

    pub fn rename(&mut self, channel: &str, name: &str) {
        let Some(conversation) = self.conversation_mut(channel) else {
            return;
        };
        let former = std::mem::replace(&mut conversation.name, name.to_owned());
        conversation.previous_names.insert(0, former);
        let (kind, created) = (conversation.channel_type(), conversation.created);
        let event_name = format!("{kind}_rename");
        let event = json!({
            "type": event_name,
            "channel": {"id": channel, "name": name, "created": created},
            "event_ts": self.next_ts(),
        });
        self.raise(&event_name, event);
    }

    /// A public channel becomes a private one of those who are in it.
    pub fn make_private(&mut self, channel: &str) {
        if let Some(conversation) = self.conversation_mut(channel) {
            conversation.kind = Kind::Private;
            let event = json!({
                "type": "channel_convert_to_private",
                "channel": channel,
                "event_ts": self.next_ts(),
            });
            self.raise("channel_convert_to_private", event);
        }
    }

    /// The direct messages between the person and the bot, opened now if they never were. Whether they were.
    pub fn open_direct(&mut self, person: &str) -> (String, bool) {
        let id = format!("D{}", person.trim_start_matches(['U', 'W']));
        let was_open = self.conversation(&id).is_some();
        if !was_open {
            let kind = Kind::Direct(person.to_owned());
            self.conversations.push(Conversation {
                created: Clock::machine().as_second(),
                ..Conversation::new(&id, "", kind, &[person, BOT_USER_ID])
            });
        }
        (id, was_open)
    }

    /// Takes the members over as they are given, and makes those who are new join the group's channels.
    pub fn set_group_users(&mut self, group: &str, users: Vec<String>, by: &str) {
        let now = Clock::machine().as_second();
        let Some(group) = self.group_mut(group) else {
            return;
        };
        let (added, removed) = (absent(&users, &group.users), absent(&group.users, &users));
        let before = std::mem::replace(&mut group.updated, now);
        group.users = users;
        group.updated_by = by.to_owned();
        let (id, channels) = (group.id.clone(), group.channels.clone());
        for channel in channels {
            for user in &added {
                self.join(&channel, user);
            }
        }
        let event = json!({
            "type": "subteam_members_changed",
            "subteam_id": id,
            "team_id": self.id,
            "date_previous_update": before,
            "date_update": now,
            "added_users": added,
            "added_users_count": added.len(),
            "removed_users": removed,
            "removed_users_count": removed.len(),
            "event_ts": self.next_ts(),
        });
        self.raise("subteam_members_changed", event);
    }

    /// Tells of a change of the group itself; `deed` is `created` or `updated`.
    pub fn tell_group(&mut self, group: &str, deed: &str) {
        let name = format!("subteam_{deed}");
        if let Some(group) = self.group(group) {
            let shown = user_groups::shown(self, group, true);
            let event = json!({"type": name, "subteam": shown, "event_ts": self.next_ts()});
            self.raise(&name, event);
        }
    }
}

/// A message as an event has it.
fn told(team: &str, conversation: &Conversation, message: &Message) -> Value {
    let mut event = json!({
        "type": "message",
        "channel": conversation.id,
        "channel_type": conversation.channel_type(),
        "user": message.author,
        "text": message.text,
        "ts": message.ts,
        "event_ts": message.ts,
        "team": team,
    });
    if let Some(thread) = &message.thread_ts {
        event["thread_ts"] = json!(thread);
    }
    if let Some(subtype) = message.subtype {
        event["subtype"] = json!(subtype);
    }
    if message.is_by_bot() {
        event["bot_id"] = json!(BOT_ID);
        event["app_id"] = json!(APP_ID);
    }
    event
}

/// Events of members abbreviate what kind of channel it is.
fn short(channel_type: &str) -> &str {
    &channel_type[..1]
}

fn absent(of: &[String], among: &[String]) -> Vec<String> {
    of.iter()
        .filter(|one| !among.contains(one))
        .cloned()
        .collect()
}

fn ts_of(microseconds: i64) -> String {
    format!(
        "{}.{:06}",
        microseconds.div_euclid(1_000_000),
        microseconds.rem_euclid(1_000_000)
    )
}
