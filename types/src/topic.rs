//! The topic of the Slack channel that says who is on duty in a rotation.

use crate::{
    ChannelFacts, EditedMeanwhile, SlackChannelId, SlackWord, Timestamp, slack::Hindrance,
};
use serde::{Deserialize, Serialize};

/// Longer than any topic can become.
pub const TEMPLATE_MAX_CHARS: usize = 4_000;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TemplateProblem {
    #[error("%{0}% stands for nothing. The tokens that there are stand below the field.")]
    UnknownToken(String),
    #[error(
        "This is too long for a template (at most {TEMPLATE_MAX_CHARS} characters). Shorten it."
    )]
    TooLong,
}

/// The topic of a rotation's channel, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicView {
    pub channel: Option<SlackChannelId>,
    /// What Slack told of it; absent until it has.
    pub facts: Option<ChannelFacts>,
    /// Where there is none, the first channel in which the rotation's changes are announced.
    pub offered: Option<SlackChannelId>,
    /// Empty where there is none.
    pub template: String,
    /// Of both, for the form that changes them.
    pub version: String,
    /// What a template makes at present: the one that was asked about, else the rotation's.
    pub preview: Option<String>,
    /// What is wrong with the one that was asked about, in a sentence.
    pub problem: Option<String>,
    /// Whether Slack lets Round Robin set topics at all.
    pub may_write: bool,
    pub written_at: Option<Timestamp>,
    /// When it was seen last that somebody has set another topic by hand.
    pub edited_at: Option<Timestamp>,
    /// That one is there still, and is to go.
    pub is_edited: bool,
    /// What is wrong, in a sentence.
    pub trouble: Option<String>,
    /// Something is to be written.
    pub waiting: bool,
}

/// Why a topic was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TopicRefusal {
    #[error(
        "This is no channel's ID, which begins with C or G. In Slack, open the channel's details and copy the ID at their end, or copy the link to the channel."
    )]
    NoChannel,
    #[error("Another rotation sets the topic of this channel. Choose another channel.")]
    Taken,
    #[error("The rotation sets no topic any more. Reload the page to set one.")]
    NotSet,
    #[error("{0}")]
    Template(#[from] TemplateProblem),
    #[error("{0}")]
    EditedMeanwhile(EditedMeanwhile),
}

/// Why a topic is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicTrouble {
    #[error(
        "Slack does not know this channel, or it is private and Round Robin is not in it. Compare the ID, or write /invite @Round Robin in the channel."
    )]
    NotFound,
    #[error("Round Robin is not in this channel. Write /invite @Round Robin there.")]
    NotInChannel,
    #[error("The channel is archived. Choose another one, or bring it back in Slack.")]
    Archived,
    #[error(
        "Only some people may set the topic of this channel. Let Round Robin do so, in the channel's settings in Slack, or choose another channel."
    )]
    Restricted,
    #[error("This kind of conversation has no topic. Choose a channel.")]
    NoTopic,
    #[error(
        "Slack refuses Round Robin's token. It is asked again by itself; if this lasts, an Owner or Admin signs in and adds Round Robin again."
    )]
    TokenRefused,
    #[error(
        "Round Robin is not installed in Slack any more. An Owner or Admin signs in and adds it."
    )]
    NotInstalled,
    #[error(
        "When it was last tried, Slack said that Round Robin lacks a permission to set this channel's topic. It is tried again by itself, or at once with Write now; if it stays so, an Owner or Admin of the workspace has to install it anew, under Settings → Slack."
    )]
    MayNotWrite,
    #[error(
        "Slack did not answer, or asked to wait. It is tried again by itself, and nothing has to be done."
    )]
    Waiting,
    #[error(
        "Slack refused the topic: {0}. Slack's documentation of conversations.setTopic tells more."
    )]
    Refused(SlackWord),
    #[error(
        "Only another version of Round Robin can read this template, so the topic is left as it is. Set a template here, or use the version with which this one was set."
    )]
    UnreadableTemplate,
    #[error("The last attempt came to nothing. The log says why; it is tried again by itself.")]
    Unknown,
}

impl TopicTrouble {
    /// What a word of Slack's means where a topic is set, or one of our own codes for what has no
    /// word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "channel_not_found" => Self::NotFound,
            "not_in_channel" => Self::NotInChannel,
            "is_archived" => Self::Archived,
            "user_is_restricted" => Self::Restricted,
            "method_not_supported_for_channel_type" => Self::NoTopic,
            "missing_scope" => Self::MayNotWrite,
            "unreadable_template" => Self::UnreadableTemplate,
            word => match Hindrance::of_word(word) {
                Hindrance::NotInstalled => Self::NotInstalled,
                Hindrance::TokenRefused => Self::TokenRefused,
                Hindrance::Passing => Self::Waiting,
                Hindrance::Unknown => Self::Unknown,
                Hindrance::Word(word) => Self::Refused(word),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_that_somebody_can_do_something_about_has_a_sentence_of_its_own() {
        for (word, trouble) in [
            ("channel_not_found", TopicTrouble::NotFound),
            ("not_in_channel", TopicTrouble::NotInChannel),
            ("is_archived", TopicTrouble::Archived),
            ("user_is_restricted", TopicTrouble::Restricted),
            ("missing_scope", TopicTrouble::MayNotWrite),
            ("unreadable_template", TopicTrouble::UnreadableTemplate),
            ("token_revoked", TopicTrouble::TokenRefused),
            ("status_502", TopicTrouble::Waiting),
        ] {
            assert_eq!(TopicTrouble::of_word(word), trouble, "{word}");
        }
        let unknown = TopicTrouble::of_word("too_long").to_string();
        assert!(unknown.contains("too_long"));
    }
}
