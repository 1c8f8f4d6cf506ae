//! User groups of Slack that hold those on duty: how each is kept, and what became of it. Which
//! rotations feed it is a matter of subscriptions.

use super::{DatabaseConnection, NewAuditEntry, Result, Store, as_json, audit};
use domain::{GroupRules, GroupState};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::BTreeSet, time::Duration};
use types::{GroupHolds, NobodyOnDuty, PersonId, RotationId, SlackGroupId, Timestamp, WorkspaceId};

/// A group that rotations feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyGroup {
    pub id: SlackGroupId,
    /// Without the `@`, as Slack last told.
    pub handle: String,
    pub rules: GroupRules,
    /// The rotations that feed it, at least one, and whom of each it holds.
    pub feeds: Vec<(RotationId, GroupHolds)>,
    /// How it was when all was right; absent until it was for the first time.
    pub known: Option<GroupState>,
    pub written_at: Option<Timestamp>,
    /// When somebody else changed it, and who, where Slack told.
    pub edited: Option<(Timestamp, Option<PersonId>)>,
    /// Those whom Slack did not take so long ago that it may take them by now.
    pub doubted: BTreeSet<PersonId>,
    /// What Slack has told of those on a list that it refused.
    pub asked: GroupAnswers,
    /// Why the last attempt came to nothing, as a code, and when that was.
    pub problem: Option<(String, Timestamp)>,
    /// Since when none has come to anything.
    pub problem_since: Option<Timestamp>,
}

/// What Slack has told of people whom it may have refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAnswers {
    /// Nothing is the matter with them.
    pub able: BTreeSet<PersonId>,
    /// They may be whom Slack means, if it is nobody else.
    pub doubtful: BTreeSet<PersonId>,
}

/// For how long they count since Slack was asked last: longer than it may want to be left alone.
const ASKED_FOR: Duration = Duration::from_secs(2 * 3600);

/// For how long nobody is put into a group again whom Slack did not take.
const NOT_TAKEN_FOR: Duration = Duration::from_secs(3600);

#[derive(FromRow)]
struct Row {
    group_id: String,
    handle: String,
    when_nobody: String,
    permanent: String,
    fallback: String,
    not_taken: String,
    is_not_taken: i64,
    asked: Option<String>,
    members: Option<String>,
    disabled: Option<i64>,
    written_at: Option<i64>,
    edited_at: Option<i64>,
    edited_by: Option<String>,
    problem: Option<String>,
    problem_at: Option<i64>,
    problem_since: Option<i64>,
    rotation_id: String,
    of_members: Option<i64>,
}

const COLUMNS: &str = "g.group_id, g.handle, g.when_nobody, g.permanent, g.fallback, g.not_taken,
    g.members, g.disabled, g.written_at, g.edited_at, g.edited_by, g.problem, g.problem_at,
    coalesce(g.problem_since, g.problem_at) as problem_since";

/// A list of people that another version may have written otherwise is nobody.
fn people(json: &str) -> BTreeSet<PersonId> {
    serde_json::from_str(json).unwrap_or_default()
}

impl From<Row> for DutyGroup {
    fn from(row: Row) -> Self {
        let known = row.members.zip(row.disabled);
        let edited_by = row.edited_by.map(PersonId::new);
        let (not_taken, doubted) = match row.is_not_taken {
            0 => (BTreeSet::new(), people(&row.not_taken)),
            _ => (people(&row.not_taken), BTreeSet::new()),
        };
        let holds = match row.of_members {
            Some(_) => GroupHolds::Members,
            None => GroupHolds::OnDuty,
        };
        Self {
            id: SlackGroupId::new(row.group_id),
            handle: row.handle,
            rules: GroupRules {
                when_nobody: NobodyOnDuty::from_code(&row.when_nobody).unwrap_or_default(),
                permanent: people(&row.permanent),
                fallback: people(&row.fallback),
                not_taken,
            },
            feeds: vec![(RotationId::new(row.rotation_id), holds)],
            known: known.map(|(members, disabled)| GroupState {
                members: people(&members),
                disabled: disabled != 0,
            }),
            written_at: row.written_at.map(Timestamp::from_millis),
            edited: row
                .edited_at
                .map(|at| (Timestamp::from_millis(at), edited_by)),
            doubted,
            // What another version may have written otherwise is asked anew.
            asked: row
                .asked
                .and_then(|json| serde_json::from_str(&json).ok())
                .unwrap_or_default(),
            problem_since: row
                .problem
                .as_ref()
                .and(row.problem_since)
                .map(Timestamp::from_millis),
            problem: row
                .problem
                .zip(row.problem_at)
                .map(|(problem, at)| (problem, Timestamp::from_millis(at))),
        }
    }
}

impl DutyGroup {
    /// Those that feed it.
    pub fn rotations(&self) -> impl Iterator<Item = &RotationId> {
        self.feeds.iter().map(|(rotation, _)| rotation)
    }
}

impl Store {
    /// The groups that rotations of a workspace feed by notices of this kind.
    pub async fn duty_groups(&self, workspace: &WorkspaceId, kind: &str) -> Result<Vec<DutyGroup>> {
        self.read_groups(workspace, kind, None).await
    }

    /// One of them.
    pub async fn duty_group(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        group: &SlackGroupId,
    ) -> Result<Option<DutyGroup>> {
        let groups = self.read_groups(workspace, kind, Some(group)).await?;
        Ok(groups.into_iter().next())
    }

    async fn read_groups(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        only: Option<&SlackGroupId>,
    ) -> Result<Vec<DutyGroup>> {
        let statement = format!(
            "select {COLUMNS}, s.rotation_id, s.of_members,
                 case when g.not_taken_at > {now} - {} then 1 else 0 end as is_not_taken,
                 case when g.asked_at > {now} - {} then g.asked end as asked
             from duty_groups g
             join subscriptions s on s.workspace_id = g.workspace_id and s.target = g.group_id
                 and s.kind = $2
             where g.workspace_id = $1 and g.group_id = coalesce($3, g.group_id)
             order by g.group_id, s.rotation_id",
            NOT_TAKEN_FOR.as_millis(),
            ASKED_FOR.as_millis(),
            now = self.engine.now()
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(kind)
            .bind(only.map(SlackGroupId::as_str))
            .fetch_all(&self.pool)
            .await?;
        let mut groups: Vec<DutyGroup> = Vec::new();
        for group in rows.into_iter().map(DutyGroup::from) {
            match groups.last_mut().filter(|last| last.id == group.id) {
                Some(last) => last.feeds.extend(group.feeds),
                None => groups.push(group),
            }
        }
        Ok(groups)
    }

    /// The workspaces that keep groups by notices of this kind.
    pub async fn workspaces_with_groups(&self, kind: &str) -> Result<Vec<WorkspaceId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select distinct workspace_id from subscriptions where kind = $1 order by workspace_id",
        )
        .bind(kind)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(workspace,)| WorkspaceId::new(workspace))
            .collect())
    }

    /// Has a group kept that no rotation has fed until now: nothing is known of it, and nobody is
    /// in it but those on duty.
    pub async fn begin_group(
        &self,
        workspace: &WorkspaceId,
        (id, handle): (&SlackGroupId, &str),
        when_nobody: NobodyOnDuty,
    ) -> Result<()> {
        sqlx::query(
            "insert into duty_groups (workspace_id, group_id, handle, when_nobody, permanent,
                 fallback, not_taken)
             values ($1, $2, $3, $4, '[]', '[]', '[]')
             on conflict (workspace_id, group_id) do update set
                 handle = excluded.handle, when_nobody = excluded.when_nobody, permanent = '[]',
                 fallback = '[]', not_taken = '[]', members = null, disabled = null,
                 written_at = null, edited_at = null, edited_by = null, problem = null,
                 problem_at = null, problem_since = null, asked = null, asked_at = null",
        )
        .bind(workspace.as_str())
        .bind(id.as_str())
        .bind(handle)
        .bind(when_nobody.code())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Changes how a group is kept, with the audit entry. False when it is not kept.
    pub async fn change_group(
        &self,
        id: &SlackGroupId,
        change: impl FnOnce(&mut GroupRules) + Send,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let Some(mut rules) = lock_rules(&mut tx, entry.workspace(), id).await? else {
            return Ok(false);
        };
        change(&mut rules);
        // Whom Slack did not take then it may take now.
        sqlx::query(
            "update duty_groups set when_nobody = $1, permanent = $2, fallback = $3,
                 not_taken = '[]'
             where workspace_id = $4 and group_id = $5",
        )
        .bind(rules.when_nobody.code())
        .bind(as_json(&rules.permanent))
        .bind(as_json(&rules.fallback))
        .bind(entry.workspace().as_str())
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps that Slack did not take these people, as it is now.
    pub async fn note_not_taken(
        &self,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        people: &BTreeSet<PersonId>,
    ) -> Result<()> {
        let now = format!("not_taken = $1, not_taken_at = {}", self.engine.now());
        self.set_not_taken(&now, workspace, id, people).await
    }

    /// Keeps that of those whom Slack had not taken these are left, of whom it was not asked anew.
    pub async fn note_taken_but(
        &self,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        left: &BTreeSet<PersonId>,
    ) -> Result<()> {
        self.set_not_taken("not_taken = $1", workspace, id, left)
            .await
    }

    async fn set_not_taken(
        &self,
        set: &str,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        people: &BTreeSet<PersonId>,
    ) -> Result<()> {
        let statement =
            format!("update duty_groups set {set} where workspace_id = $2 and group_id = $3");
        sqlx::query(AssertSqlSafe(statement))
            .bind(as_json(people))
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps what Slack has told of those on a list that it refused; none once that is settled.
    pub async fn note_asked(
        &self,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        answers: Option<&GroupAnswers>,
    ) -> Result<()> {
        let statement = format!(
            "update duty_groups set asked = $1,
                 asked_at = case when $1 is not null then {} end
             where workspace_id = $2 and group_id = $3",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(answers.map(as_json))
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps that a group is as it should be, and whether that took writing.
    pub async fn note_group(
        &self,
        workspace: &WorkspaceId,
        (id, handle): (&SlackGroupId, &str),
        state: &GroupState,
        written: bool,
    ) -> Result<()> {
        let statement = format!(
            "update duty_groups set handle = $1, members = $2, disabled = $3,
                 written_at = case when $4 <> 0 then {} else written_at end,
                 problem = null, problem_at = null, problem_since = null,
                 asked = null, asked_at = null
             where workspace_id = $5 and group_id = $6",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(handle)
            .bind(as_json(&state.members))
            .bind(i64::from(state.disabled))
            .bind(i64::from(written))
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps why an attempt came to nothing.
    pub async fn note_group_problem(
        &self,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        problem: &str,
    ) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update duty_groups set problem = $1, problem_at = {now},
                 problem_since = case when problem is null then {now}
                     else coalesce(problem_since, problem_at) end
             where workspace_id = $2 and group_id = $3"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(problem)
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps why Slack does not tell how the groups of a workspace are. What is known to be wrong
    /// with one of them stays.
    pub async fn note_groups_untold(&self, workspace: &WorkspaceId, problem: &str) -> Result<bool> {
        let now = self.engine.now();
        let statement = format!(
            "update duty_groups set problem = $1, problem_at = {now}, problem_since = {now}
             where workspace_id = $2 and problem is null"
        );
        let noted = sqlx::query(AssertSqlSafe(statement))
            .bind(problem)
            .bind(workspace.as_str())
            .execute(&self.writer)
            .await?;
        Ok(noted.rows_affected() > 0)
    }

    /// Keeps that somebody else has changed a group, which is so since then.
    pub async fn note_group_edited(
        &self,
        workspace: &WorkspaceId,
        id: &SlackGroupId,
        state: &GroupState,
        by: Option<&PersonId>,
    ) -> Result<()> {
        let statement = format!(
            "update duty_groups set members = $1, disabled = $2, edited_at = {}, edited_by = $3
             where workspace_id = $4 and group_id = $5",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(as_json(&state.members))
            .bind(i64::from(state.disabled))
            .bind(by.map(PersonId::as_str))
            .bind(workspace.as_str())
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// How a group is kept. Nobody else changes that before the transaction ends.
async fn lock_rules(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    id: &SlackGroupId,
) -> Result<Option<GroupRules>> {
    let row: Option<(String, String, String)> = sqlx::query_as(
        "update duty_groups set not_taken = not_taken where workspace_id = $1 and group_id = $2
         returning when_nobody, permanent, fallback",
    )
    .bind(workspace.as_str())
    .bind(id.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(when_nobody, permanent, fallback)| GroupRules {
        when_nobody: NobodyOnDuty::from_code(&when_nobody).unwrap_or_default(),
        permanent: people(&permanent),
        fallback: people(&fallback),
        not_taken: BTreeSet::new(),
    }))
}
