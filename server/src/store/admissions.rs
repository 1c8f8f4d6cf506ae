//! What decides whether somebody is let in, as sessions and feeds read it along with their own
//! columns, and as it is of whoever gives a command.

use super::{
    Engine, Result, Store,
    people::role,
    workspaces::{STANDING, StandingRow},
};
use domain::{Admission, Person};
use sqlx::{AssertSqlSafe, FromRow};
use types::{PersonId, Timestamp, WorkspaceId};

impl Store {
    /// Somebody, by either of their ids, and what decides whether they are let in.
    pub async fn admission(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
    ) -> Result<Option<Admission>> {
        let statement = format!(
            "select {} from people p join workspaces w on w.id = p.workspace_id
             where p.workspace_id = $1 and (p.id = $2 or p.other_id = $2)
             order by case when p.id = $2 then 0 else 1 end limit 1",
            AdmissionRow::columns(self.engine)
        );
        let row: Option<AdmissionRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(person.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(AdmissionRow::admission))
    }
}

#[derive(FromRow)]
pub(super) struct AdmissionRow {
    workspace_id: String,
    installed: i64,
    #[sqlx(flatten)]
    standing: StandingRow,
    first_workspace_id: Option<String>,
    person_id: String,
    person_name: String,
    email: Option<String>,
    role: String,
    deactivated: i64,
    as_of: i64,
}

impl AdmissionRow {
    /// Of a person `p` and their workspace `w`.
    pub(super) fn columns(engine: Engine) -> String {
        let now = engine.now();
        format!(
            "w.id as workspace_id,
             case when w.bot_token_sealed is null then 0 else 1 end as installed,
             (select first_workspace_id from deployment where id = 1) as first_workspace_id,
             {STANDING}, p.id as person_id, p.name as person_name, p.email, p.role, p.deactivated,
             {now} as as_of"
        )
    }

    pub(super) fn admission(self) -> Admission {
        Admission {
            workspace: WorkspaceId::new(self.workspace_id),
            installed: self.installed != 0,
            standing: self.standing.into(),
            first_workspace: self.first_workspace_id.map(WorkspaceId::new),
            person: Person {
                id: PersonId::new(self.person_id),
                name: self.person_name,
                email: self.email,
                role: role(&self.role),
                deactivated: self.deactivated != 0,
            },
            as_of: Timestamp::from_millis(self.as_of),
        }
    }
}
