//! The topic of a rotation's channel, and what is wrong with it.

use crate::actions::topics::RotationTopic;
use domain::topic_as_read;
use types::{TopicTrouble, TopicView};

pub(in crate::backend) fn topic(topic: RotationTopic) -> TopicView {
    let (preview, problem) = match topic.preview {
        Some(Ok(preview)) => (Some(preview), None),
        Some(Err(problem)) => (None, Some(problem.to_string())),
        None => (None, None),
    };
    let set = topic.set.as_ref();
    let problem_word = set.and_then(|set| Some(set.problem.as_ref()?.0.as_str()));
    let trouble = problem_word.map(TopicTrouble::of_word);
    TopicView {
        channel: set.map(|set| set.channel.clone()),
        facts: topic.facts,
        offered: topic.offered,
        template: set.map(|set| set.template.clone()).unwrap_or_default(),
        version: topic.version,
        preview: preview.map(|preview| topic_as_read(&preview)),
        problem,
        may_write: topic.may_write,
        written_at: set.and_then(|set| set.written_at),
        edited_at: set.and_then(|set| set.edited_at),
        is_edited: set.is_some_and(|set| set.is_edited()),
        // That is said already.
        trouble: trouble
            .filter(|trouble| topic.may_write || *trouble != TopicTrouble::MayNotWrite)
            .map(|trouble| trouble.to_string()),
        waiting: topic.waiting,
    }
}
