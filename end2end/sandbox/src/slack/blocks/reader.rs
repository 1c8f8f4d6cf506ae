//! Who looks at a message: names are looked up in their workspace, and dates are told by their clock.

use jiff::{Timestamp, tz::TimeZone};

use super::dates;
use crate::{
    clock::Clock,
    slack::{BOT_USER_ID, Slack, Workspace, bot_user},
    zones,
};

pub struct Reader<'a> {
    pub slack: &'a Slack,
    pub workspace: &'a Workspace,
    pub zone: TimeZone,
    pub now: Timestamp,
}

impl<'a> Reader<'a> {
    /// `zone` is UTC when nobody knows it.
    pub fn new(slack: &'a Slack, workspace: &'a Workspace, zone: &str) -> Self {
        Self {
            slack,
            workspace,
            zone: zones::find(zone).unwrap_or(TimeZone::UTC),
            now: Clock::machine(),
        }
    }

    /// Also somebody of another workspace, as in a channel that is shared.
    pub fn person(&self, id: &str) -> Option<String> {
        if id == BOT_USER_ID {
            return Some(bot_user().name);
        }
        self.slack.person(id).map(|(_, person)| person.name.clone())
    }

    pub fn channel(&self, id: &str) -> Option<&str> {
        self.workspace
            .conversation(id)
            .map(|one| one.name.as_str())
            .filter(|name| !name.is_empty())
    }

    pub fn group(&self, id: &str) -> Option<&str> {
        self.workspace.group(id).map(|group| group.handle.as_str())
    }

    pub fn date(&self, moment: &str, format: &str) -> Option<String> {
        dates::written(moment, format, &self.zone, self.now)
    }
}
