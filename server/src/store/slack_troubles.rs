//! What Slack does not take of what rotations tell there, for all rotations of a workspace at once:
//! lists of rotations say of each whether it needs somebody.

use super::{Result, Store, topics::SUFFIX};
use sqlx::AssertSqlSafe;
use types::{RotationId, SlackPart, WorkspaceId};

/// Something that Slack did not take when it was last tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackTrouble {
    pub rotation: RotationId,
    pub part: SlackPart,
    /// What it is called in Slack, where everybody may know that, or else its id.
    pub name: String,
    /// Slack's word, or a code of ours.
    pub word: String,
}

impl Store {
    /// What Slack did not take when it was last tried, of notices of these kinds: announcements,
    /// groups and topics. An announcement counts as long as nothing was to be told after it.
    pub async fn slack_troubles(
        &self,
        workspace: &WorkspaceId,
        [announcements, groups, topics]: [&str; 3],
    ) -> Result<Vec<SlackTrouble>> {
        let statement = format!(
            "select o.subject_id, o.kind, o.target, c.name, coalesce(o.problem, '')
             from outbox o
             join subscriptions s on s.rotation_id = o.subject_id and s.kind = o.kind
                 and s.target = o.target
             left join slack_channels c on c.workspace_id = o.workspace_id
                 and c.channel_id = o.target and c.is_private = 0
             where o.workspace_id = $1 and o.kind = $2 and o.state = 'given_up'
                 and o.subject_kind = 'rotation'
                 and not exists (select 1 from outbox l
                     where l.subject_kind = o.subject_kind and l.subject_id = o.subject_id
                         and l.kind = o.kind and l.target = o.target
                         and (l.not_before, l.id) > (o.not_before, o.id))
             union all
             select s.rotation_id, s.kind, g.group_id, g.handle, g.problem
             from duty_groups g
             join subscriptions s on s.workspace_id = g.workspace_id and s.kind = $3
                 and s.target = g.group_id
             where g.workspace_id = $1 and g.problem is not null
             union all
             select t.rotation_id, s.kind, t.channel_id, c.name, t.problem
             from channel_topics t
             join subscriptions s on s.rotation_id = t.rotation_id and s.kind = $4
                 and s.target = t.channel_id || '{SUFFIX}'
             left join slack_channels c on c.workspace_id = t.workspace_id
                 and c.channel_id = t.channel_id and c.is_private = 0
             where t.workspace_id = $1 and t.problem is not null"
        );
        type Row = (String, String, String, Option<String>, String);
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(announcements)
            .bind(groups)
            .bind(topics)
            .fetch_all(&self.pool)
            .await?;
        let troubles = rows.into_iter().map(|(rotation, kind, id, name, word)| {
            let part = match kind {
                kind if kind == groups => SlackPart::Group,
                kind if kind == topics => SlackPart::Topic,
                _ => SlackPart::Announcements,
            };
            let sign = if part == SlackPart::Group { '@' } else { '#' };
            SlackTrouble {
                rotation: RotationId::new(rotation),
                part,
                name: name.map_or(id, |name| format!("{sign}{name}")),
                word,
            }
        });
        Ok(troubles.collect())
    }
}
