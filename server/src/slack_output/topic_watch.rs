//! Looks at the topics that rotations set: whether somebody else has set one meanwhile, whether
//! what one should say has changed without a change of duty, and whether one is left of a rotation
//! that is gone.

use super::{allowed, may_be_tried, publish, watch};
use crate::{
    Services,
    actions::{Failure, rotations::Present, slack_channels, topics},
    background::Task,
    slack::{self, ANNOUNCEMENT, AskError, ChannelInfo, SlackError, TOPIC},
    store::{ChannelTopic, StoreError, TopicNote, topic_target},
};
use domain::{TopicStep, topic_step};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use types::{SlackCapability, SlackChannelId, WorkspaceId};

/// What the background work calls this.
const TASK: &str = "slack_topics";
/// Each topic takes a question.
const INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How old what is known of a channel may be.
const ASKED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// About how many channels of a workspace Slack is asked in one round: it takes some fifty such
/// questions a minute.
const ASKED_AT_ONCE: usize = 20;
/// A server that dies is replaced after so long.
const LEASE: Duration = Duration::from_secs(10 * 60);

/// Why topics were not looked at.
#[derive(Debug, thiserror::Error)]
#[error("the topics that are set in Slack are not known; it is tried again, and the log says why")]
struct NotLooked(#[from] StoreError);

/// How far the rounds through channels have come, so that each has its turn. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Arc<Mutex<Turns>>);

#[derive(Debug, Default)]
struct Turns {
    /// Where a round through the topics of a workspace ended, because Slack wanted to be left alone:
    /// the next begins there.
    ended_at: HashMap<WorkspaceId, SlackChannelId>,
    /// When Slack was asked about channels of which it has told nothing since then.
    tried_at: HashMap<(WorkspaceId, SlackChannelId), Instant>,
}

impl Rounds {
    /// The topics of a workspace in the order of this round.
    fn begin(&self, workspace: &WorkspaceId, mut topics: Vec<ChannelTopic>) -> Vec<ChannelTopic> {
        if let Some(first) = self.lock().ended_at.remove(workspace) {
            let passed = topics.partition_point(|topic| topic.channel < first);
            topics.rotate_left(passed);
        }
        topics
    }

    fn end_at(&self, workspace: &WorkspaceId, channel: &SlackChannelId) {
        let mut turns = self.lock();
        turns.ended_at.insert(workspace.clone(), channel.clone());
    }

    /// These, of which Slack is to tell, in the order of this round: those that were tried in vain come
    /// last, whatever is wrong with them.
    fn in_turn(
        &self,
        mut channels: Vec<(WorkspaceId, SlackChannelId)>,
    ) -> Vec<(WorkspaceId, SlackChannelId)> {
        let mut turns = self.lock();
        // Of the others Slack has told by now, or nobody needs it to.
        turns.tried_at.retain(|tried, _| channels.contains(tried));
        channels.sort_by_key(|channel| turns.tried_at.get(channel).copied());
        channels
    }

    fn try_now(&self, workspace: &WorkspaceId, channel: &SlackChannelId) {
        let tried = (workspace.clone(), channel.clone());
        self.lock().tried_at.insert(tried, Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looking at the start and at each interval, by one server of several.
pub fn task(services: &Services) -> Task {
    let about = "Looks at the topics of channels in Slack";
    let rounds = Rounds::default();
    watch(
        services,
        (TASK, about),
        (INTERVAL, LEASE),
        move |services| {
            let rounds = rounds.clone();
            async move { look_at_topics(&services, &rounds).await.map_err(NotLooked) }
        },
    )
}

/// Looks at the topics of all workspaces.
pub async fn look_at_topics(services: &Services, rounds: &Rounds) -> Result<(), StoreError> {
    for workspace in services.store.workspaces_with_topics().await? {
        if let Err(error) = look(services, rounds, &workspace).await {
            tracing::warn!(%workspace, ?error, "topics were not looked at");
        }
    }
    ask_about_channels(services, rounds).await
}

/// Asks about channels of which Slack told nothing for long: they may have been renamed, archived or made
/// private meanwhile.
async fn ask_about_channels(services: &Services, rounds: &Rounds) -> Result<(), StoreError> {
    let kinds = [ANNOUNCEMENT, TOPIC];
    let channels = services.store.channels_to_ask_about(kinds, ASKED_AFTER);
    let mut asked: HashMap<WorkspaceId, usize> = HashMap::new();
    for (workspace, channel) in rounds.in_turn(channels.await?) {
        let asked = asked.entry(workspace.clone()).or_default();
        if *asked >= ASKED_AT_ONCE {
            continue;
        }
        *asked += 1;
        rounds.try_now(&workspace, &channel);
        match slack_channels::ask_about(services, &workspace, &channel).await {
            Ok(true) => {}
            Ok(false) => *asked = ASKED_AT_ONCE,
            Err(error) => {
                tracing::warn!(%workspace, %channel, ?error, "a channel was not asked about");
            }
        }
    }
    Ok(())
}

async fn look(
    services: &Services,
    rounds: &Rounds,
    workspace: &WorkspaceId,
) -> Result<(), Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let Some(installed) = allowed(services, workspace, SlackCapability::Topics).await? else {
        return Ok(());
    };
    let told = store.targets_told(workspace, TOPIC).await?;
    let rotations = Present::read(services, workspace).await?;
    for known in rounds.begin(workspace, store.topics(workspace, TOPIC, None).await?) {
        let (channel, target) = (&known.channel, topic_target(&known.channel));
        if told.contains(&target) {
            continue;
        }
        if known.ends {
            let target = (TOPIC, target.as_str());
            store.tell_now(workspace, &known.rotation, target).await?;
            continue;
        }
        // It takes a while to get here, and it may have been set meanwhile.
        let Some(known) = one(services, workspace, channel).await? else {
            continue;
        };
        let info = slack::channel(slack, &installed, channel).await;
        let present = match info {
            Ok(ChannelInfo { facts, topic }) => {
                store.note_channel(workspace, channel, &facts).await?;
                let Some(present) = topic else {
                    tracing::info!(%workspace, %channel, "Slack does not tell a topic");
                    continue;
                };
                present
            }
            Err(AskError::Store(error)) => return Err(error.into()),
            Err(AskError::Slack(SlackError::RateLimited { .. })) => {
                rounds.end_at(workspace, channel);
                break;
            }
            Err(AskError::Slack(error)) => {
                tracing::info!(%workspace, %channel, %error, "Slack does not tell a topic");
                continue;
            }
        };
        let seen = (&known, present.as_str());
        if judge(services, (workspace, &rotations), seen)
            .await?
            .is_none()
        {
            continue;
        }
        // What Slack told of one that was set meanwhile, or is being set, may be of before or after
        // that.
        let told = store.targets_told(workspace, TOPIC).await?;
        let after = one(services, workspace, channel).await?;
        if told.contains(&target) || after.as_ref() != Some(&known) {
            continue;
        }
        let rotations = Present::read(services, workspace).await?;
        let judged = judge(services, (workspace, &rotations), seen).await?;
        if let Some((wanted, step)) = judged {
            note(services, workspace, seen, (&wanted, step)).await?;
        }
    }
    Ok(())
}

/// A topic as it is known now; absent where it is to be set no more.
async fn one(
    services: &Services,
    workspace: &WorkspaceId,
    channel: &SlackChannelId,
) -> Result<Option<ChannelTopic>, Failure> {
    let store = &services.store;
    let known = store.topics(workspace, TOPIC, Some(channel)).await?;
    Ok(known.into_iter().find(|known| !known.ends))
}

/// What a topic that is present should be, and what is to be done; absent where that is nothing,
/// and nothing is to be noted either.
async fn judge(
    services: &Services,
    present: (&WorkspaceId, &Present),
    (known, told): (&ChannelTopic, &str),
) -> Result<Option<(String, TopicStep)>, Failure> {
    let wanted = match topics::wanted(services, present, known).await {
        Ok(Some(wanted)) => wanted,
        Ok(None) | Err(Failure::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let step = topic_step(&wanted, told, known.last());
    let is_at_rest = known.problem.is_none() && !known.is_edited() && known.sent.is_none();
    Ok((step != TopicStep::Nothing || !is_at_rest).then_some((wanted, step)))
}

/// Notes what is seen of a topic, and has it set where it is not as it should be.
async fn note(
    services: &Services,
    workspace: &WorkspaceId,
    (known, present): (&ChannelTopic, &str),
    (wanted, step): (&str, TopicStep),
) -> Result<(), Failure> {
    let (store, channel) = (&services.store, &known.channel);
    let note = match step {
        TopicStep::Nothing => Some(TopicNote::AsWanted(wanted, present)),
        TopicStep::WriteOver if !known.is_edited() => Some(TopicNote::Edited),
        TopicStep::Write | TopicStep::WriteOver => None,
    };
    if let Some(note) = note {
        store.note_topic(workspace, channel, note).await?;
        publish(services, workspace, [&known.rotation]);
    }
    let now = store.now().await?;
    if step != TopicStep::Nothing && may_be_tried(known.problem.as_ref(), now) {
        let target = topic_target(channel);
        let target = (TOPIC, target.as_str());
        store.tell_now(workspace, &known.rotation, target).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str) -> (WorkspaceId, SlackChannelId) {
        (WorkspaceId::new("T1"), SlackChannelId::new(id))
    }

    #[test]
    fn a_channel_of_which_slack_tells_nothing_keeps_none_of_the_others_waiting() {
        let (rounds, all) = (Rounds::default(), ["C1", "C2", "C3"].map(channel).to_vec());
        for (id, next) in [("C1", ["C2", "C3", "C1"]), ("C2", ["C3", "C1", "C2"])] {
            let (workspace, tried) = channel(id);
            rounds.try_now(&workspace, &tried);
            assert_eq!(rounds.in_turn(all.clone()), next.map(channel));
        }
        // What was told meanwhile is asked for in its turn when it has become old.
        rounds.in_turn(vec![channel("C3")]);
        assert_eq!(rounds.in_turn(all.clone()), all);
    }
}
