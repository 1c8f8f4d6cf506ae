//! The Slack channel of a rotation, and what is wrong with it.

use crate::{actions::channels::Channel, store::NoticeState};
use types::{ChannelTrouble, ChannelView, SlackWord};

pub(in crate::backend) fn slack_channel(channel: Channel) -> ChannelView {
    let trouble = channel.last.as_ref().and_then(trouble);
    let (preview, problem) = match channel.preview {
        Ok(preview) => (Some(preview), None),
        Err(problem) => (None, Some(problem.to_string())),
    };
    ChannelView {
        template: channel.template.unwrap_or_default(),
        preview,
        problem,
        channel: channel.id,
        version: channel.version,
        template_version: channel.template_version,
        may_write: channel.may_write,
        // That is said already.
        trouble: trouble
            .filter(|trouble| channel.may_write || *trouble != ChannelTrouble::MayNotWrite)
            .map(|trouble| trouble.to_string()),
    }
}

/// What is wrong with an announcement that has come so far.
fn trouble(last: &NoticeState) -> Option<ChannelTrouble> {
    let word = last.problem.as_deref().unwrap_or_default();
    match (last.state.as_str(), word) {
        ("waiting", "") | ("sending" | "delivered", _) => None,
        ("waiting", _) => Some(ChannelTrouble::Waiting),
        ("in_doubt", _) => Some(ChannelTrouble::InDoubt),
        ("given_up", word) => Some(of_word(word)),
        _ => Some(ChannelTrouble::Unknown),
    }
}

fn of_word(word: &str) -> ChannelTrouble {
    match word {
        "channel_not_found" => ChannelTrouble::NotFound,
        "not_in_channel" => ChannelTrouble::NotInChannel,
        "is_archived" => ChannelTrouble::Archived,
        "missing_scope" => ChannelTrouble::MayNotWrite,
        "not_installed" => ChannelTrouble::NotInstalled,
        "rotation_gone" | "server_failed" => ChannelTrouble::Unknown,
        word if word.starts_with("restricted_action") => ChannelTrouble::Restricted,
        word => SlackWord::parse(word).map_or(ChannelTrouble::Unknown, ChannelTrouble::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(state: &str, problem: Option<&str>) -> Option<ChannelTrouble> {
        trouble(&NoticeState {
            state: state.to_owned(),
            problem: problem.map(str::to_owned),
        })
    }

    #[test]
    fn what_is_well_or_on_its_way_is_no_trouble() {
        for state in ["waiting", "sending", "delivered"] {
            assert_eq!(told(state, None), None);
        }
        assert_eq!(told("delivered", Some("rate_limited")), None);
    }

    #[test]
    fn each_word_that_somebody_can_do_something_about_has_a_sentence_of_its_own() {
        for (word, trouble) in [
            ("channel_not_found", ChannelTrouble::NotFound),
            ("not_in_channel", ChannelTrouble::NotInChannel),
            ("is_archived", ChannelTrouble::Archived),
            (
                "restricted_action_read_only_channel",
                ChannelTrouble::Restricted,
            ),
            ("missing_scope", ChannelTrouble::MayNotWrite),
            ("not_installed", ChannelTrouble::NotInstalled),
        ] {
            assert_eq!(told("given_up", Some(word)), Some(trouble), "{word}");
        }
        let unknown = told("given_up", Some("a_word_of_tomorrow")).unwrap();
        assert!(unknown.to_string().contains("a_word_of_tomorrow"));
        assert_eq!(told("given_up", Some("<b>")), Some(ChannelTrouble::Unknown));
        assert_eq!(
            told("in_doubt", Some("timed_out")),
            Some(ChannelTrouble::InDoubt)
        );
        assert_eq!(
            told("waiting", Some("unreachable")),
            Some(ChannelTrouble::Waiting)
        );
        assert_eq!(told("of_tomorrow", None), Some(ChannelTrouble::Unknown));
    }
}
