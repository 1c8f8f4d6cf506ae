//! Topics of Slack channels that say who is on duty: what each is made of, and what became of it.
//! Whether a rotation sets one is a matter of subscriptions.

use super::{
    DatabaseConnection, NewAuditEntry, Result, Store, audit, outbox, rotations, subscriptions,
};
use domain::{Addressee, LastTopic, Occasion, Rotation};
use sqlx::{AssertSqlSafe, FromRow};
use types::{RotationId, SlackChannelId, Timestamp, WorkspaceId};

/// What tells the notices of a channel's topic from those for the channel itself.
pub(super) const SUFFIX: &str = "/topic";

/// By what notices about the topic of this channel are known.
pub fn topic_target(channel: &SlackChannelId) -> String {
    format!("{channel}{SUFFIX}")
}

/// The inverse of [`topic_target`].
pub fn topic_channel(target: &str) -> Option<SlackChannelId> {
    target.strip_suffix(SUFFIX).and_then(SlackChannelId::parse)
}

/// The topic of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelTopic {
    pub channel: SlackChannelId,
    /// The rotation that sets it.
    pub rotation: RotationId,
    /// The rotation is gone, or sets it no more: it is to be cleared.
    pub ends: bool,
    pub template: String,
    /// What it was set to, or found to be; absent until it was for the first time.
    pub written: Option<String>,
    /// What Slack handed back after that.
    pub shown: Option<String>,
    /// What was sent since then, as long as it is not known what became of it.
    pub sent: Option<String>,
    pub written_at: Option<Timestamp>,
    /// When it was seen last that somebody else has set another one.
    pub edited_at: Option<Timestamp>,
    /// Why the last attempt came to nothing, as a code, and when that was.
    pub problem: Option<(String, Timestamp)>,
}

/// What came of looking at a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicNote<'a> {
    /// It is about to be set to this; or, where Slack surely did not, what is known of an earlier
    /// attempt.
    Sent(Option<&'a str>),
    /// It says this now, and that took writing; and what Slack handed back, if it did.
    Written(&'a str, Option<&'a str>),
    /// It says this already, as Slack hands it back.
    AsWanted(&'a str, &'a str),
    /// Somebody else has set another one.
    Edited,
    /// Nothing, for this reason.
    Problem(&'a str),
}

/// What came of choosing a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicSet {
    /// It is as was chosen, in the place of the one that the rotation set until now, and both are
    /// brought right.
    Set,
    /// Another rotation sets the topic of that channel.
    Taken,
}

#[derive(FromRow)]
struct Row {
    channel_id: String,
    rotation_id: String,
    template: String,
    written: Option<String>,
    shown: Option<String>,
    sent: Option<String>,
    written_at: Option<i64>,
    edited_at: Option<i64>,
    problem: Option<String>,
    problem_at: Option<i64>,
    feeding: i64,
}

impl From<Row> for ChannelTopic {
    fn from(row: Row) -> Self {
        let at = Timestamp::from_millis;
        Self {
            channel: SlackChannelId::new(row.channel_id),
            rotation: RotationId::new(row.rotation_id),
            ends: row.feeding == 0,
            template: row.template,
            written: row.written,
            shown: row.shown,
            sent: row.sent,
            written_at: row.written_at.map(at),
            edited_at: row.edited_at.map(at),
            problem: row.problem.zip(row.problem_at.map(at)),
        }
    }
}

impl ChannelTopic {
    /// Whether the one that somebody else has set is there still, as far as is known.
    pub fn is_edited(&self) -> bool {
        self.edited_at > self.written_at
    }

    /// What is known of our last write.
    pub fn last(&self) -> LastTopic<'_> {
        LastTopic {
            written: self.written.as_deref(),
            shown: self.shown.as_deref(),
            sent: self.sent.as_deref(),
        }
    }
}

impl Store {
    /// The topics of a workspace, as far as `channel` is one of them or absent. Notices of this
    /// kind are about them.
    pub async fn topics(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        channel: Option<&SlackChannelId>,
    ) -> Result<Vec<ChannelTopic>> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, workspace, kind, channel).await
    }

    /// The workspaces with topics.
    pub async fn workspaces_with_topics(&self) -> Result<Vec<WorkspaceId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select distinct workspace_id from channel_topics order by workspace_id",
        )
        .fetch_all(&self.pool)
        .await?;
        let workspaces = rows.into_iter();
        Ok(workspaces
            .map(|(workspace,)| WorkspaceId::new(workspace))
            .collect())
    }

    /// Has a rotation set the topic of this channel by this template, and no other one, or none any
    /// more, if `allow`, which is handed the rotation and what it set until now, does not refuse.
    /// `None` when there is no such rotation. What is as it was is no change, but is written now.
    pub async fn set_topic<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        (kind, chosen): (&str, Option<(&SlackChannelId, &str)>),
        allow: impl FnOnce(&Rotation, Option<&ChannelTopic>) -> std::result::Result<NewAuditEntry, R>
        + Send,
    ) -> Result<Option<std::result::Result<TopicSet, R>>> {
        let now = self.now().await?;
        let mut tx = self.begin().await?;
        let Some(rotation) = rotations::lock_and_load(&mut tx, self.engine, workspace, id).await?
        else {
            return Ok(None);
        };
        let told = subscriptions::told_of(&mut tx, id, kind).await?;
        let told = told.as_ref();
        let told = told.map(|(target, occasion)| (target.as_str(), *occasion));
        let former = match told.and_then(|(target, _)| topic_channel(target)) {
            Some(channel) => {
                let set = read(&mut tx, workspace, kind, Some(&channel)).await?;
                set.into_iter().find(|topic| topic.rotation == *id)
            }
            None => None,
        };
        let entry = match allow(&rotation, former.as_ref()) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let known = former.as_ref();
        let known = known.map(|topic| (&topic.channel, topic.template.as_str()));
        if known != chosen {
            if let Some(chosen) = chosen
                && !save(&mut tx, workspace, id, (kind, chosen)).await?
            {
                return Ok(Some(Ok(TopicSet::Taken)));
            }
            let after = chosen.map(|(channel, _)| topic_target(channel));
            let after = after.as_deref();
            let after = after.map(|after| (after, Occasion::ChangeOfDuty));
            subscriptions::point(&mut tx, workspace, id, kind, (told, after)).await?;
            audit::insert(&mut tx, &entry).await?;
            self.rotations_changed(&mut tx, workspace, [id]).await?;
        }
        let chosen = chosen.map(|(channel, _)| channel);
        let left = former.as_ref().map(|topic| &topic.channel);
        let left = left.filter(|left| chosen != Some(*left));
        for channel in left.into_iter().chain(chosen) {
            let target = topic_target(channel);
            let (whose, target) = ((workspace, id), (kind, target.as_str()));
            outbox::tell_now(&mut tx, self.engine, whose, target, now).await?;
        }
        tx.commit().await?;
        Ok(Some(Ok(TopicSet::Set)))
    }

    /// Has a channel told of a rotation no more, neither by its topic nor by announcements, if
    /// `allow`, which is handed the rotation, whether the channel is told by announcements until now
    /// and the topic that the rotation sets there, does not refuse. The first of the `kinds` is that of
    /// announcements, the other of topics. A topic that it sets there is to be cleared from then on, and
    /// what was given up there is so for the reason `left`. `None` when there is no such rotation.
    pub async fn leave_channel<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        (channel, kinds, left): (&SlackChannelId, [&str; 2], &str),
        allow: impl FnOnce(
            &Rotation,
            bool,
            Option<&ChannelTopic>,
        ) -> std::result::Result<Vec<NewAuditEntry>, R>
        + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let [announcements, topics] = kinds;
        let now = self.now().await?;
        let mut tx = self.begin().await?;
        let Some(rotation) = rotations::lock_and_load(&mut tx, self.engine, workspace, id).await?
        else {
            return Ok(None);
        };
        let told = subscriptions::targets(&mut tx, id, announcements).await?;
        let is_told = told.iter().any(|target| target == channel.as_str());
        let set = read(&mut tx, workspace, topics, Some(channel)).await?;
        let mut ours = set.into_iter();
        let topic = ours.find(|topic| topic.rotation == *id && !topic.ends);
        let entries = match allow(&rotation, is_told, topic.as_ref()) {
            Ok(entries) => entries,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let targets = [channel.to_string(), topic_target(channel)];
        for (kind, target) in kinds.into_iter().zip(targets) {
            outbox::leave_given_up(&mut tx, id, (kind, &target), left).await?;
            let target = Addressee::Target(target);
            subscriptions::unsubscribe(&mut tx, id, kind, &target).await?;
        }
        if topic.is_some() {
            // Whoever clears it is told by the same transaction, as when a rotation is deleted.
            let cleared = [(topics, topic_target(channel))];
            let whose = (workspace, id);
            outbox::tell_at_once(&mut tx, self.engine, whose, &cleared, now).await?;
        }
        for entry in &entries {
            audit::insert(&mut tx, entry).await?;
        }
        self.rotations_changed(&mut tx, workspace, [id]).await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }

    /// Keeps what came of looking at a topic.
    pub async fn note_topic(
        &self,
        workspace: &WorkspaceId,
        channel: &SlackChannelId,
        note: TopicNote<'_>,
    ) -> Result<()> {
        let now = self.engine.now();
        let shown = match note {
            TopicNote::Written(_, shown) => shown,
            TopicNote::AsWanted(_, shown) => Some(shown),
            TopicNote::Sent(_) | TopicNote::Edited | TopicNote::Problem(_) => None,
        };
        let (changes, text) = match note {
            TopicNote::Sent(text) => ("sent = $1, shown = coalesce($4, shown)".to_owned(), text),
            TopicNote::Written(text, shown) => {
                // As long as Slack has handed nothing back, it may be anything that looks like it.
                let sent = if shown.is_some() { "null" } else { "$1" };
                (
                    format!(
                        "written = $1, shown = $4, sent = {sent}, written_at = {now},
                         problem = null, problem_at = null"
                    ),
                    Some(text),
                )
            }
            TopicNote::AsWanted(text, _) => (
                // Whoever had set another one has taken it back.
                "written = $1, shown = $4, sent = null, problem = null, problem_at = null,
                     edited_at = case when edited_at > coalesce(written_at, 0) then null
                         else edited_at end"
                    .to_owned(),
                Some(text),
            ),
            // Seen again before it was set back, it is still the same.
            TopicNote::Edited => (
                format!(
                    "edited_at = case when edited_at > coalesce(written_at, 0) then edited_at
                         else {now} end,
                     problem = coalesce($1, problem), shown = coalesce($4, shown)"
                ),
                None,
            ),
            TopicNote::Problem(word) => (
                format!("problem = $1, problem_at = {now}, shown = coalesce($4, shown)"),
                Some(word),
            ),
        };
        let statement = format!(
            "update channel_topics set {changes} where workspace_id = $2 and channel_id = $3"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(text)
            .bind(workspace.as_str())
            .bind(channel.as_str())
            .bind(shown)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets a topic that is ours no more.
    pub async fn forget_topic(
        &self,
        workspace: &WorkspaceId,
        channel: &SlackChannelId,
    ) -> Result<()> {
        sqlx::query("delete from channel_topics where workspace_id = $1 and channel_id = $2")
            .bind(workspace.as_str())
            .bind(channel.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// The topics of a workspace, as [`Store::topics`] tells them.
async fn read(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    kind: &str,
    channel: Option<&SlackChannelId>,
) -> Result<Vec<ChannelTopic>> {
    let statement = format!(
        "select t.channel_id, t.rotation_id, t.template, t.written, t.shown, t.sent,
             t.written_at, t.edited_at, t.problem, t.problem_at,
             (select count(*) from subscriptions s where s.workspace_id = t.workspace_id
                 and s.rotation_id = t.rotation_id and s.kind = $2
                 and s.target = t.channel_id || '{SUFFIX}') as feeding
         from channel_topics t
         where t.workspace_id = $1 and t.channel_id = coalesce($3, t.channel_id)
         order by t.channel_id"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(kind)
        .bind(channel.map(SlackChannelId::as_str))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(ChannelTopic::from).collect())
}

/// Has a rotation set the topic of a channel by this template. False when another one does.
async fn save(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    rotation: &RotationId,
    (kind, (channel, template)): (&str, (&SlackChannelId, &str)),
) -> Result<bool> {
    let statement = format!(
        "insert into channel_topics (workspace_id, channel_id, rotation_id, template)
         values ($1, $2, $3, $4)
         on conflict (workspace_id, channel_id) do update set
             rotation_id = excluded.rotation_id, template = excluded.template,
             edited_at = null, problem = null, problem_at = null
             where channel_topics.rotation_id = excluded.rotation_id
                 or not exists (select 1 from subscriptions s
                     where s.workspace_id = $1 and s.kind = $5
                         and s.rotation_id = channel_topics.rotation_id
                         and s.target = channel_topics.channel_id || '{SUFFIX}')"
    );
    let saved = sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(channel.as_str())
        .bind(rotation.as_str())
        .bind(template)
        .bind(kind)
        .execute(connection)
        .await?;
    Ok(saved.rows_affected() == 1)
}
