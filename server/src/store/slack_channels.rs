//! What Slack told of the channels that rotations name by their ids: how each is called, and whether
//! Round Robin can write there.

use super::{Result, Store, as_json, millis, topics::SUFFIX};
use sqlx::AssertSqlSafe;
use std::{collections::HashMap, time::Duration};
use types::{ChannelFacts, SlackChannelId, Timestamp, WorkspaceId};

impl Store {
    /// Keeps what Slack told just now, if it was only that it tells nothing.
    pub async fn note_channel(
        &self,
        workspace: &WorkspaceId,
        channel: &SlackChannelId,
        facts: &ChannelFacts,
    ) -> Result<()> {
        let statement = format!(
            "insert into slack_channels (workspace_id, channel_id, name, is_private, is_member,
                 is_archived, told_at)
             values ($1, $2, $3, $4, $5, $6, {now})
             on conflict (workspace_id, channel_id) do update set name = excluded.name,
                 is_private = excluded.is_private, is_member = excluded.is_member,
                 is_archived = excluded.is_archived, told_at = excluded.told_at",
            now = self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(channel.as_str())
            .bind(facts.name.as_deref())
            .bind(i64::from(facts.is_private))
            .bind(i64::from(facts.is_member))
            .bind(i64::from(facts.is_archived))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// What is known of these.
    pub async fn slack_channels(
        &self,
        workspace: &WorkspaceId,
        channels: &[&SlackChannelId],
    ) -> Result<HashMap<SlackChannelId, ChannelFacts>> {
        if channels.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = format!(
            "select channel_id, name, is_private, is_member, is_archived from slack_channels
             where workspace_id = $1 and channel_id in {}",
            self.engine.texts_of_json("$2")
        );
        let rows: Vec<(String, Option<String>, i64, i64, i64)> =
            sqlx::query_as(AssertSqlSafe(statement))
                .bind(workspace.as_str())
                .bind(as_json(channels))
                .fetch_all(&self.pool)
                .await?;
        let facts = rows.into_iter();
        let facts = facts.map(|(id, name, is_private, is_member, is_archived)| {
            let facts = ChannelFacts {
                name,
                is_private: is_private != 0,
                is_member: is_member != 0,
                is_archived: is_archived != 0,
            };
            (SlackChannelId::new(id), facts)
        });
        Ok(facts.collect())
    }

    /// The channels that are told by notices of these kinds, announcements and topics, and of which
    /// Slack was not asked for as long as `age`: the longest ago first.
    pub async fn channels_to_ask_about(
        &self,
        [announcements, topics]: [&str; 2],
        age: Duration,
    ) -> Result<Vec<(WorkspaceId, SlackChannelId)>> {
        let statement = format!(
            "select t.workspace_id, t.channel_id from (
                 select workspace_id, target as channel_id from subscriptions where kind = $1
                 union
                 select workspace_id, replace(target, '{SUFFIX}', '') from subscriptions
                 where kind = $2) t
             left join slack_channels c on c.workspace_id = t.workspace_id
                 and c.channel_id = t.channel_id
             where coalesce(c.told_at, 0) <= {now} - $3
             order by coalesce(c.told_at, 0), t.workspace_id, t.channel_id",
            now = self.engine.now()
        );
        let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(announcements)
            .bind(topics)
            .bind(millis(age))
            .fetch_all(&self.pool)
            .await?;
        let channels = rows.into_iter();
        let channels = channels.map(|(workspace, channel)| {
            (WorkspaceId::new(workspace), SlackChannelId::new(channel))
        });
        Ok(channels.collect())
    }

    /// Forgets what was told before `before`: it is told again of whatever is still in use.
    pub async fn purge_channels(&self, before: Timestamp) -> Result<()> {
        sqlx::query("delete from slack_channels where told_at < $1")
            .bind(before.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
