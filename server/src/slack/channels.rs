//! The channels of workspaces, as people search among them, and one that somebody has chosen. Slack tells
//! of them in pages, so whoever searches shares what was told of late with the others; of private
//! ones each is told of those alone that they are in themselves.

use super::{
    AskError, Installed, SlackError, SlackServices,
    shapes::{self, PageEnd, storable},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{self, OwnedMutexGuard};
use types::{ChannelFacts, ChannelSummary, PersonId, SlackChannelId, WorkspaceId};

/// How old an answer may be in which somebody searches.
const AGE: Duration = Duration::from_secs(5 * 60);
/// How many pages are read for one answer: in the largest workspaces that is not all.
const PAGES: usize = 10;

const LIST: &str = "conversations.list";
const SHARED: &str = "users.conversations";
const INFO: &str = "conversations.info";
const PUBLIC: &str = "channels:read";
const PRIVATE: &str = "groups:read";

/// Which channels are listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Among {
    /// All public ones.
    Public,
    /// The private ones in which both Round Robin and this person are. Slack tells of all that the
    /// app was invited to, and not who else may know of them.
    PrivateOf(PersonId),
}

/// The channels of a workspace.
#[derive(Debug, Default)]
pub struct Listed {
    pub channels: Vec<ChannelSummary>,
    /// Whether these are all.
    pub whole: bool,
}

/// A page of the list, and how it ends.
#[derive(Clone, Debug)]
pub struct ChannelsPage {
    pub channels: Vec<ChannelSummary>,
    pub end: PageEnd,
}

/// What Slack last told of the channels of each workspace. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Channels(Arc<Mutex<HashMap<(WorkspaceId, Among), Slot>>>);

/// Whoever reads holds it, so that others wait for the same answer.
type Slot = Arc<sync::Mutex<Told>>;
/// When Slack was asked last, and what it told.
type Told = Option<(Instant, Arc<Listed>)>;

impl Channels {
    /// Whether Slack lets Round Robin know of any.
    pub fn may_read(&self, installed: &Installed, among: &Among) -> bool {
        installed.has_scope(match among {
            Among::Public => PUBLIC,
            Among::PrivateOf(_) => PRIVATE,
        })
    }

    /// The channels that Slack lets Round Robin know of, as of late; `None` where it lets it know of
    /// none. What is being read is read to its end and kept, however long whoever asks waits for it.
    pub async fn of_late(
        &self,
        services: &SlackServices,
        installed: &Installed,
        among: &Among,
    ) -> Result<Option<Arc<Listed>>, AskError> {
        if !self.may_read(installed, among) {
            return Ok(None);
        }
        let told = self.slot(installed, among).lock_owned().await;
        if let Some((at, listed)) = told.as_ref()
            && at.elapsed() < AGE
        {
            return Ok(Some(Arc::clone(listed)));
        }
        let reading = fill(told, services.clone(), installed.clone(), among.clone());
        match services.tasks.spawn(reading).await {
            Ok(listed) => Ok(Some(listed?)),
            Err(error) => {
                tracing::error!(%error, "the reading of channels broke off");
                Err(SlackError::Unreadable.into())
            }
        }
    }

    fn slot(&self, installed: &Installed, among: &Among) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of people who search no more nothing stays.
        slots.retain(|_, slot| match slot.try_lock() {
            Ok(told) => told.as_ref().is_some_and(|(at, _)| at.elapsed() < AGE),
            Err(_) => true,
        });
        let workspace = installed.workspace.id.clone();
        Arc::clone(slots.entry((workspace, among.clone())).or_default())
    }
}

/// Reads what a slot is to hold, until the server ends.
async fn fill(
    mut told: OwnedMutexGuard<Told>,
    services: SlackServices,
    installed: Installed,
    among: Among,
) -> Result<Arc<Listed>, AskError> {
    let at = Instant::now();
    let reading = read(&services, &installed, &among);
    let Some(listed) = services.shutdown.run_until_cancelled(reading).await else {
        return Err(SlackError::TimedOut.into());
    };
    let listed = Arc::new(listed?);
    *told = Some((at, Arc::clone(&listed)));
    Ok(listed)
}

async fn read(
    services: &SlackServices,
    installed: &Installed,
    among: &Among,
) -> Result<Listed, AskError> {
    let method = match among {
        Among::Public => LIST,
        Among::PrivateOf(_) => SHARED,
    };
    let mut listed = Listed::default();
    let mut cursor = String::new();
    let mut seen = HashSet::new();
    for number in 0..PAGES {
        let question = || {
            services
                .client
                .channels_page(&installed.token, among, &cursor)
        };
        let page = match installed.ask(services, method, question).await {
            Ok(page) => page,
            // What was told before can be searched.
            Err(AskError::Slack(_)) if number > 0 => return Ok(listed),
            Err(error) => return Err(error),
        };
        // One may be told of twice while others come and go.
        let mut channels = page.channels;
        channels.retain(|channel| seen.insert(channel.id.clone()));
        let is_news = !channels.is_empty();
        listed.channels.extend(channels);
        match page.end {
            // It goes round in a circle.
            PageEnd::Next(next) if next == cursor && !is_news => return Ok(listed),
            PageEnd::Last => {
                listed.whole = true;
                return Ok(listed);
            }
            PageEnd::Next(next) => cursor = next,
            PageEnd::Unclear => return Ok(listed),
        }
    }
    Ok(listed)
}

/// What Slack tells of one channel, and its topic, where it tells that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    pub facts: ChannelFacts,
    pub topic: Option<String>,
}

/// One channel, also one that is found by no search.
pub async fn channel(
    services: &SlackServices,
    installed: &Installed,
    channel: &SlackChannelId,
) -> Result<ChannelInfo, AskError> {
    let question = || services.client.channel(&installed.token, channel);
    installed.ask(services, INFO, question).await
}

/// What an answer about a channel tells. What it does not say clearly is taken for private, so that
/// nobody is told its name by mistake.
pub(super) fn read_info(answer: &Value) -> Option<ChannelInfo> {
    let channel = answer["channel"].as_object()?;
    let told = |name: &str| channel.get(name).unwrap_or(&Value::Null);
    Some(ChannelInfo {
        facts: ChannelFacts {
            name: told("name").as_str().map(storable),
            is_private: *told("is_private") != false,
            is_member: *told("is_member") == true,
            is_archived: *told("is_archived") == true,
        },
        topic: told("topic")["value"].as_str().map(str::to_owned),
    })
}

/// What a page tells. A channel of which it is not clear which it is is left out, and so is one of
/// another kind than was asked for.
pub(super) fn read_page(answer: &Value, among: &Among) -> Option<ChannelsPage> {
    let is_private = matches!(among, Among::PrivateOf(_));
    let channels = answer["channels"].as_array()?.iter();
    let channels = channels.filter(|channel| (channel["is_private"] == true) == is_private);
    let channels = channels.filter_map(|channel| {
        let id = channel["id"].as_str().and_then(SlackChannelId::parse)?;
        Some(ChannelSummary {
            name: storable(channel["name"].as_str().unwrap_or(id.as_str())),
            id,
            is_private,
        })
    });
    Some(ChannelsPage {
        channels: channels.collect(),
        end: shapes::page_end(answer),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_odd_channel_leaves_the_others() {
        let answer = json!({"channels": [
            {"id": "C1", "name": "ops"}, {"name": "nobody"}, 7, null,
            {"id": "C3", "name": "layoffs", "is_private": true},
            {"id": "C2", "name": 7, "is_private": "yes"},
        ]});
        let mine = Among::PrivateOf(PersonId::new("U1"));
        for (among, expected) in [
            (&Among::Public, &[("C1", "ops"), ("C2", "C2")][..]),
            (&mine, &[("C3", "layoffs")]),
        ] {
            let page = read_page(&answer, among).unwrap();
            let told = page.channels.iter();
            let told = told.map(|one| (one.id.as_str(), one.name.as_str()));
            let told: Vec<_> = told.collect();
            assert_eq!(told, expected);
            assert_eq!(page.end, PageEnd::Last);
            assert!(read_page(&json!({"channels": {}}), among).is_none());
        }
    }

    #[test]
    fn a_channel_that_is_not_clearly_public_counts_as_private() {
        for (told, is_private) in [
            (json!({"name": "ops", "is_private": false}), false),
            (json!({"name": "ops", "is_private": true}), true),
            (json!({"name": "ops"}), true),
            (json!({"name": "ops", "is_private": "no"}), true),
        ] {
            let info = read_info(&json!({"channel": told})).unwrap();
            assert_eq!(info.facts.is_private, is_private);
            assert_eq!(info.facts.name.as_deref(), Some("ops"));
            assert_eq!(info.topic, None);
        }
        assert_eq!(read_info(&json!({"channel": []})), None);
    }
}
