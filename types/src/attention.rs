//! What somebody has to look after, so that duty can be relied on: in a rotation, and in what
//! rotations depend on.

use crate::{
    ChannelTrouble, Gap, GroupTrouble, PagerDutyProblem, RotationId, ScheduleHealth, SlackProblem,
    SlackWord, Timestamp, TopicTrouble, slack::Hindrance,
};
use serde::{Deserialize, Serialize};

/// What a rotation needs somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RotationNeed {
    /// Nobody is on duty.
    Nobody,
    /// Something decides about it that only another version knows.
    UnknownMode,
    /// What its schedule says cannot be confirmed at present.
    Unconfirmed(Attention),
    /// Nobody will be on duty, soon.
    Gap(Gap),
    /// So many of its people are not linked to Slack.
    Unlinked { people: u32 },
    /// So many shifts of its schedule make no sense, and are left out: somebody may be missing.
    LeftOut { shifts: u32 },
    /// Slack does not take what the rotation tells there, under this name there, for what the
    /// sentence says.
    Slack {
        part: SlackPart,
        name: String,
        cause: String,
    },
}

/// Something that Slack does not take, and of which rotation it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedBySlack {
    pub rotation: RotationId,
    pub rotation_name: String,
    pub part: SlackPart,
    pub name: String,
    pub cause: String,
}

/// What a rotation tells Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlackPart {
    Announcements,
    Group,
    Topic,
}

impl SlackPart {
    /// What is wrong with it, where Slack's word is this, or one of our own codes for what has no
    /// word. Absent where it mends itself, or ails all of Slack and is told of that.
    pub fn trouble(self, word: &str) -> Option<String> {
        match (self, Hindrance::of_word(word)) {
            (_, Hindrance::NotInstalled | Hindrance::TokenRefused) => return None,
            // What was announced nowhere until it was given up is not tried again by itself.
            (Self::Announcements, Hindrance::Passing) => {}
            (Self::Group | Self::Topic, Hindrance::Passing) => return None,
            (_, Hindrance::Unknown | Hindrance::Word(_)) => {}
        }
        match self {
            Self::Announcements => Some(ChannelTrouble::of_word(word).to_string()),
            Self::Group => match GroupTrouble::of_word(word) {
                GroupTrouble::Waiting | GroupTrouble::HalfDone => None,
                trouble => Some(trouble.to_string()),
            },
            Self::Topic => Some(TopicTrouble::of_word(word).to_string()),
        }
    }
}

/// Why what a card shows cannot be confirmed, and how old it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// [`ScheduleHealth::Stale`] or worse.
    pub health: ScheduleHealth,
    pub confirmed_at: Option<Timestamp>,
}

/// What the connection to PagerDuty needs somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagerDutyNeed {
    /// What PagerDuty answered, if one problem explains it all.
    pub problem: Option<PagerDutyProblem>,
    /// It stays so until an admin reconnects.
    pub needs_reconnection: bool,
    /// The rotations that the reader may see and whose schedules cannot be confirmed.
    pub rotations: u32,
}

/// What Slack needs somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlackNeed {
    /// Round Robin is not installed any more, as every page says.
    Ended,
    /// Slack refused the token with this word, and is being asked again.
    Doubted(SlackWord),
    /// People were not read to the end for a long time, or will not be by themselves.
    PeopleUnread {
        problem: SlackProblem,
        read_at: Option<Timestamp>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mends_itself_or_ails_all_of_slack_is_no_need_of_one_rotation() {
        for part in [SlackPart::Announcements, SlackPart::Group, SlackPart::Topic] {
            for word in ["token_revoked", "not_installed"] {
                assert_eq!(part.trouble(word), None, "{part:?} {word}");
            }
            for word in ["rate_limited", "status_502", "request_timeout"] {
                // An announcement that was given up stays so.
                let mends_itself = part != SlackPart::Announcements;
                let told = part.trouble(word);
                assert_eq!(told.is_none(), mends_itself, "{part:?} {word}");
            }
            let told = part.trouble("a_word_of_tomorrow").unwrap();
            assert!(told.contains("a_word_of_tomorrow"), "{told}");
        }
        assert_eq!(SlackPart::Group.trouble("not_yet_so"), None);
        let archived = SlackPart::Topic.trouble("is_archived").unwrap();
        assert!(archived.contains("archived"), "{archived}");
    }
}
