//! The Slack channels in which a rotation's changes of duty are announced.

use crate::{
    EditedMeanwhile, SlackChannelId, SlackWord, TemplateProblem, Timestamp, slack::Hindrance,
};
use serde::{Deserialize, Serialize};

/// Where links to channels have the channel's id.
const ARCHIVES: &str = "/archives/";
/// How long ids of channels are: Slack's own have nine and more.
const ID_CHARS: std::ops::RangeInclusive<usize> = 2..=20;

/// In how many channels a rotation's changes are announced at most: more people than these hold
/// nobody has to tell, and each costs one message of some hundred that Slack takes in a minute.
pub const CHANNELS_MOST: usize = 10;

/// What Slack told of a channel that was chosen by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFacts {
    /// Without the `#`. Absent where Slack does not tell it, or it is not for the reader to know.
    pub name: Option<String>,
    pub is_private: bool,
    /// Round Robin is in it.
    pub is_member: bool,
    pub is_archived: bool,
}

impl ChannelFacts {
    /// Whether Round Robin is not in it, and may write there all the same.
    pub const fn is_written_from_outside(&self) -> bool {
        !(self.is_member || self.is_private || self.is_archived)
    }
}

/// A channel in which a rotation's changes are announced, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelView {
    pub id: SlackChannelId,
    /// Absent until Slack has told of it.
    pub facts: Option<ChannelFacts>,
    /// When something was announced there last, where that was of late.
    pub written_at: Option<Timestamp>,
    /// What that said, where it is known.
    pub written: Option<String>,
    /// What was wrong with the last announcement, in a sentence.
    pub trouble: Option<String>,
}

/// Where a rotation's changes are announced, and what is said there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncementView {
    pub channels: Vec<ChannelView>,
    /// Whether Slack lets Round Robin write messages at all.
    pub may_write: bool,
    /// What announcements say; empty where they say what they usually do.
    pub template: String,
    /// Of that, for the form that changes it.
    pub template_version: String,
    /// What a template makes at present, or without one what is usually said: the one that was
    /// asked about, else the rotation's.
    pub preview: Option<String>,
    /// What is wrong with the one that was asked about, in a sentence.
    pub problem: Option<String>,
}

/// A channel that a search finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSummary {
    pub id: SlackChannelId,
    /// Without the `#`.
    pub name: String,
    /// Both Round Robin and whoever searches are in it, or nobody would be told.
    pub is_private: bool,
}

/// What a search for channels finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelsFound {
    pub found: Vec<ChannelSummary>,
    /// Whether it finds more than that.
    pub more: bool,
    /// Whether all channels were searched: Slack may have more than are read.
    pub searched_all: bool,
    /// Whether Slack lets Round Robin read channels at all.
    pub may_read: bool,
    /// Whether private ones were searched: those in which both Round Robin and the reader are.
    pub searched_private: bool,
    /// Why Slack's channels are not shown, in a sentence.
    pub trouble: Option<String>,
}

/// Why Slack's channels are not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelSearchTrouble {
    #[error(
        "Round Robin is not installed in Slack any more. An Owner or Admin signs in and adds it."
    )]
    NotInstalled,
    #[error(
        "Slack refuses Round Robin's token. It is asked again by itself; if this lasts, an Owner or Admin signs in and adds Round Robin again."
    )]
    TokenRefused,
    #[error(
        "Slack did not answer, or asked to wait. Search again in a minute, or type the channel's ID below."
    )]
    Busy,
    #[error(
        "Slack does not tell of its channels: {0}. Type the channel's ID below; Slack's documentation of conversations.list tells more."
    )]
    Refused(SlackWord),
    #[error("The search came to nothing. The log says why; type the channel's ID below.")]
    Unknown,
}

impl ChannelSearchTrouble {
    /// What a word of Slack's means where channels are listed, or one of our own codes for what has
    /// no word.
    pub fn of_word(word: &str) -> Self {
        match Hindrance::of_word(word) {
            Hindrance::NotInstalled => Self::NotInstalled,
            Hindrance::TokenRefused => Self::TokenRefused,
            Hindrance::Passing => Self::Busy,
            Hindrance::Unknown => Self::Unknown,
            Hindrance::Word(word) => Self::Refused(word),
        }
    }
}

/// Why a channel was neither added nor removed, nor what waits for it tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ChannelRefusal {
    #[error(
        "This is no channel's ID, which begins with C or G. In Slack, open the channel's details and copy the ID at their end, or copy the link to the channel."
    )]
    NoId,
    #[error(
        "Changes of a rotation are announced in {CHANNELS_MOST} channels at most. Remove one of them, then add this one."
    )]
    TooMany,
    #[error(
        "Nothing is announced in this channel any more: somebody has removed it before you. Nothing has to be done."
    )]
    Gone,
    #[error(
        "Nothing waits to be announced in this channel: what was to be announced there has been, or is being written. The next change of duty is announced by itself."
    )]
    NothingWaits,
    #[error(
        "Whether the last announcement arrived is not known, and it is not written twice. Look into the channel; the next change of duty is announced by itself."
    )]
    InDoubt,
}

/// Why announcements do not say what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AnnouncementRefusal {
    #[error("{0}")]
    Template(#[from] TemplateProblem),
    #[error("{0}")]
    EditedMeanwhile(EditedMeanwhile),
}

/// Why the last change of duty was not announced in a channel, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelTrouble {
    #[error(
        "Slack does not know this channel, or it is private and Round Robin is not in it. Compare the ID, or write /invite @Round Robin in the channel."
    )]
    NotFound,
    #[error("Round Robin is not in this channel. Write /invite @Round Robin there.")]
    NotInChannel,
    #[error("The channel is archived. Remove it, or bring it back in Slack.")]
    Archived,
    #[error(
        "Only some people may write in this channel. Let Round Robin write there, in the channel's settings in Slack, or remove it."
    )]
    Restricted,
    #[error(
        "When it was last tried, Slack said that Round Robin lacks a permission to write into this channel. The next announcement is tried again; if it stays so, an Owner or Admin of the workspace has to install it anew, under Settings → Slack."
    )]
    MayNotWrite,
    #[error(
        "Round Robin is not installed in Slack any more. An Owner or Admin signs in and adds it."
    )]
    NotInstalled,
    /// Cause: no clear answer came from Slack, and a second message would be one too many.
    #[error(
        "Slack did not say clearly whether the last announcement arrived, so it was not repeated. Look into the channel; the next change is announced again."
    )]
    InDoubt,
    #[error(
        "Slack does not take announcements at the moment. The last one is tried again by itself."
    )]
    Waiting,
    #[error(
        "Slack did not answer, or asked to wait, until the last announcement was out of date, so it was given up. The next change is announced again."
    )]
    GivenUp,
    #[error(
        "Slack does not accept Round Robin's token any more. An Owner or Admin has to sign in again and choose Allow at Slack."
    )]
    TokenRefused,
    #[error(
        "Slack refused the last announcement: {0}. Slack's documentation of chat.postMessage tells more."
    )]
    Refused(SlackWord),
    #[error(
        "The last announcement came to nothing. The log says why; the next change is announced again."
    )]
    Unknown,
}

impl ChannelTrouble {
    /// What a word of Slack's means for what was given up, or one of our own codes for what has no
    /// word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "channel_not_found" => Self::NotFound,
            "not_in_channel" => Self::NotInChannel,
            "is_archived" => Self::Archived,
            "missing_scope" => Self::MayNotWrite,
            word if word.starts_with("restricted_action") => Self::Restricted,
            word => match Hindrance::of_word(word) {
                Hindrance::NotInstalled => Self::NotInstalled,
                Hindrance::TokenRefused => Self::TokenRefused,
                Hindrance::Passing => Self::GivenUp,
                Hindrance::Unknown => Self::Unknown,
                Hindrance::Word(word) => Self::Refused(word),
            },
        }
    }
}

/// The channel whose id, or a link to which, somebody typed.
pub fn typed_channel(text: &str) -> Option<SlackChannelId> {
    let text = text.trim();
    let id = match text.split_once(ARCHIVES) {
        Some((_, after)) => after.split(['/', '?', '#']).next().unwrap_or_default(),
        None => text,
    };
    let is_one = ID_CHARS.contains(&id.len())
        && id.starts_with(['C', 'G'])
        && id
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        // Not a name in capitals.
        && id.bytes().any(|byte| byte.is_ascii_digit());
    is_one.then(|| SlackChannelId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_link_name_a_channel() {
        for text in [
            "C0123456789",
            " C0123456789\n",
            "https://acme.slack.com/archives/C0123456789",
            "https://acme.slack.com/archives/C0123456789/p1700000000000000?thread_ts=1",
        ] {
            assert_eq!(
                typed_channel(text).unwrap().as_str(),
                "C0123456789",
                "{text:?}"
            );
        }
        assert!(typed_channel("G0123456789").is_some());
    }

    #[test]
    fn a_name_or_anything_else_names_none() {
        for text in [
            "",
            "#ops",
            "C",
            "GENERAL",
            "c0123456789",
            "U0123456789",
            "C0123 56789",
            "<!channel>",
            "https://acme.slack.com/archives/",
            "https://acme.slack.com/C0123456789",
            "C0123456789C0123456789",
        ] {
            assert_eq!(typed_channel(text), None, "{text:?}");
        }
    }
}
