//! The channels of workspaces, as people search among them. Slack tells of them in pages, so whoever
//! searches shares what was told of late with the others.

use super::{
    AskError, Installed, SlackServices,
    shapes::{self, PageEnd, storable},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync;
use types::{ChannelSummary, SlackChannelId, WorkspaceId};

/// How old an answer may be in which somebody searches.
const AGE: Duration = Duration::from_secs(5 * 60);
/// How many pages are read for one answer: in the largest workspaces that is not all.
const PAGES: usize = 10;

const LIST: &str = "conversations.list";
const PUBLIC: &str = "channels:read";
/// Private ones are listed for nobody: Slack tells of all that the app was invited to, and not who else
/// may know of them.
const KINDS: &str = "public_channel";

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
pub struct Channels(Arc<Mutex<HashMap<WorkspaceId, Slot>>>);

/// Whoever reads holds it, so that others wait for the same answer.
type Slot = Arc<sync::Mutex<Option<(Instant, Arc<Listed>)>>>;

impl Channels {
    /// Whether Slack lets Round Robin know of any.
    pub fn may_read(&self, installed: &Installed) -> bool {
        installed.has_scope(PUBLIC)
    }

    /// The channels that Slack lets Round Robin know of, as of late; `None` where it lets it know of
    /// none.
    pub async fn of_late(
        &self,
        services: &SlackServices,
        installed: &Installed,
    ) -> Result<Option<Arc<Listed>>, AskError> {
        if !self.may_read(installed) {
            return Ok(None);
        }
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(installed.workspace.id.clone()).or_default())
        };
        let mut told = slot.lock().await;
        if let Some((at, listed)) = told.as_ref()
            && at.elapsed() < AGE
        {
            return Ok(Some(Arc::clone(listed)));
        }
        let at = Instant::now();
        let listed = Arc::new(read(services, installed).await?);
        *told = Some((at, Arc::clone(&listed)));
        Ok(Some(listed))
    }
}

async fn read(services: &SlackServices, installed: &Installed) -> Result<Listed, AskError> {
    let mut listed = Listed::default();
    let mut cursor = String::new();
    let mut seen = HashSet::new();
    for number in 0..PAGES {
        let question = || {
            services
                .client
                .channels_page(&installed.token, KINDS, &cursor)
        };
        let page = match installed.ask(services, LIST, question).await {
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

/// What a page tells. A channel of which it is not clear which it is is left out.
pub(super) fn read_page(answer: &Value) -> Option<ChannelsPage> {
    let channels = answer["channels"].as_array()?.iter();
    let channels = channels.filter(|channel| channel["is_private"] != true);
    let channels = channels.filter_map(|channel| {
        let id = channel["id"].as_str().and_then(SlackChannelId::parse)?;
        Some(ChannelSummary {
            name: storable(channel["name"].as_str().unwrap_or(id.as_str())),
            id,
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
        let page = read_page(&answer).unwrap();
        let told = page.channels.iter();
        let told = told.map(|one| (one.id.as_str(), one.name.as_str()));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [("C1", "ops"), ("C2", "C2")]);
        assert_eq!(page.end, PageEnd::Last);
        assert!(read_page(&json!({"channels": {}})).is_none());
    }
}
