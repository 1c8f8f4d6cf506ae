//! The Slack channels of a rotation, what was written there last, and what is wrong with each.

use crate::{
    actions::channels::Announced,
    slack::CHANNEL_LEFT,
    store::{LastTold, NoticeState},
};
use types::{AnnouncementView, ChannelTrouble, ChannelView, SlackChannelId};

pub(in crate::backend) fn announcements(announced: Announced) -> AnnouncementView {
    let (preview, problem) = match announced.preview {
        Ok(preview) => (Some(preview), None),
        Err(problem) => (None, Some(problem.to_string())),
    };
    let may_write = announced.may_write;
    let channels = announced.channels.into_iter();
    AnnouncementView {
        channels: channels
            .map(|(id, last, facts)| ChannelView {
                facts,
                ..channel(id, last, may_write)
            })
            .collect(),
        template: announced.template.unwrap_or_default(),
        preview,
        problem,
        template_version: announced.template_version,
        may_write,
    }
}

fn channel(id: SlackChannelId, last: Option<LastTold>, may_write: bool) -> ChannelView {
    let trouble = last.as_ref().and_then(|last| trouble(&last.latest));
    let last = last.unwrap_or_default();
    ChannelView {
        id,
        facts: None,
        written_at: last.told_at,
        written: last.said,
        // That is said already.
        trouble: trouble
            .filter(|trouble| may_write || *trouble != ChannelTrouble::MayNotWrite)
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
        // It was chosen again since then.
        ("given_up", CHANNEL_LEFT) => None,
        ("given_up", word) => Some(ChannelTrouble::of_word(word)),
        _ => Some(ChannelTrouble::Unknown),
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
        assert_eq!(told("given_up", Some(CHANNEL_LEFT)), None);
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
            ("unreachable", ChannelTrouble::GivenUp),
            ("status_502", ChannelTrouble::GivenUp),
            ("token_revoked", ChannelTrouble::TokenRefused),
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
