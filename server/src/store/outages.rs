//! Whether admins were told that PagerDuty needs to be reconnected. It is noted in the transaction that
//! has them told.

use super::{
    DatabaseConnection, Engine, Result, Store, deliveries::Subject, notifications, outbox, people,
};
use domain::{Notice, NoticeKey, Occurrence, Outage, OutageStep, PersonalNotice, outage_step};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use types::{MemberKey, PagerDutyProblem, Timestamp, WorkspaceId};

/// A workspace, what is wrong with its connection, when admins were told last, and since when it
/// has been well again.
type Row = (String, Option<String>, Option<i64>, Option<i64>);

impl Store {
    /// Has admins told where PagerDuty needs to be reconnected, and notes where it does not any more.
    pub async fn follow_outages(&self) -> Result<()> {
        let statement = "select w.id, c.problem, o.told_at, o.well_since from workspaces w
             left join pagerduty_connections c on c.workspace_id = w.id
             left join outages o on o.workspace_id = w.id
             where c.problem is not null or o.workspace_id is not null and o.well_since is null";
        let rows: Vec<Row> = sqlx::query_as(statement).fetch_all(&self.pool).await?;
        let now = self.now().await?;
        for row in rows {
            let workspace = WorkspaceId::new(row.0.clone());
            let follows = match step_of(&row, now) {
                OutageStep::Nothing => false,
                OutageStep::Note(_) => true,
                // Nobody can be told yet.
                OutageStep::Tell(_) => {
                    let mut connection = self.pool.acquire().await?;
                    notifications::may_write(&mut connection, &workspace).await?
                }
            };
            if follows {
                self.follow_outage(&workspace, now).await?;
            }
        }
        Ok(())
    }

    /// What is read and what follows is one transaction: two servers tell once.
    async fn follow_outage(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let held = match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => "for update of w",
        };
        let statement = format!(
            "select w.id, c.problem, o.told_at, o.well_since from workspaces w
             left join pagerduty_connections c on c.workspace_id = w.id
             left join outages o on o.workspace_id = w.id
             where w.id = $1 {held}"
        );
        let row: Option<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(()) };
        let outage = match step_of(&row, now) {
            OutageStep::Nothing => return Ok(()),
            OutageStep::Note(outage) => outage,
            // Where nobody can be told yet, it is not known, so that they are once they can be.
            OutageStep::Tell(outage) => {
                match tell_admins(&mut tx, self.engine, workspace, now).await? {
                    true => outage,
                    false => return Ok(()),
                }
            }
        };
        sqlx::query(
            "insert into outages (workspace_id, told_at, well_since) values ($1, $2, $3)
             on conflict (workspace_id) do update
                 set told_at = excluded.told_at, well_since = excluded.well_since",
        )
        .bind(workspace.as_str())
        .bind(outage.told_at.as_millis())
        .bind(outage.well_since.map(Timestamp::as_millis))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn step_of((_, problem, told_at, well_since): &Row, now: Timestamp) -> OutageStep {
    let at = |millis: &i64| Timestamp::from_millis(*millis);
    let known = told_at.as_ref().map(|told_at| Outage {
        told_at: at(told_at),
        well_since: well_since.as_ref().map(at),
    });
    let problem = super::connections::read_problem(problem.clone());
    let is_ill = problem
        .as_ref()
        .is_some_and(PagerDutyProblem::needs_reconnection);
    outage_step(known, is_ill, now)
}

/// False where nobody can be told.
async fn tell_admins(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<bool> {
    if !notifications::may_write(connection, workspace).await? {
        return Ok(false);
    }
    let admins = people::admins(connection, workspace).await?;
    let notices = admins.iter().map(|admin| Notice {
        key: NoticeKey {
            occurrence: Occurrence::at(now),
            kind: PersonalNotice::Reconnect.kind().to_owned(),
            target: MemberKey::of_person(admin).to_string(),
        },
        due_in: Duration::ZERO,
        expires_in: None,
    });
    let notices: Vec<_> = notices.collect();
    let subject = Subject::Workspace(workspace.clone());
    let rows = notices.iter();
    let rows: Vec<_> = rows
        .map(|notice| outbox::Row::new(workspace, &subject, notice))
        .collect();
    outbox::insert(connection, engine, &rows).await?;
    Ok(!admins.is_empty())
}
