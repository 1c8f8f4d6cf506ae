//! What it takes to take back a change that somebody made by hand: the people of the rotation
//! before it and after it. Whether that still may be done is decided by the reader.

use super::{DatabaseConnection, Engine, NewAuditEntry, Result, Store, as_json, from_json, millis};
use domain::{Crew, Duty, Member, Undo};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use types::{
    Holder, LinkState, MemberKey, PagerDutyUserId, PersonId, RotationId, Timestamp, UndoId,
    WorkspaceId,
};

/// How long a change can be taken back.
pub(super) const UNDO_KEPT: Duration = Duration::from_secs(3600);

/// The people of a rotation, as they are kept.
#[derive(Serialize, Deserialize)]
struct CrewRow {
    members: Vec<MemberRow>,
    duties: Vec<DutyRow>,
}

#[derive(Serialize, Deserialize)]
struct MemberRow {
    key: MemberKey,
    person: Option<PersonId>,
    pagerduty_user: Option<PagerDutyUserId>,
    name: String,
    email: Option<String>,
    link: String,
}

#[derive(Serialize, Deserialize)]
struct DutyRow {
    holder: Holder,
    since: Timestamp,
    until: Option<Timestamp>,
}

impl From<&Crew> for CrewRow {
    fn from(crew: &Crew) -> Self {
        let members = crew.members.iter().map(|member| MemberRow {
            key: member.key.clone(),
            person: member.person.clone(),
            pagerduty_user: member.pagerduty_user.clone(),
            name: member.name.clone(),
            email: member.email.clone(),
            link: member.link.code().to_owned(),
        });
        let duties = crew.duties.iter().map(|duty| DutyRow {
            holder: duty.holder.clone(),
            since: duty.since,
            until: duty.until,
        });
        Self {
            members: members.collect(),
            duties: duties.collect(),
        }
    }
}

impl CrewRow {
    fn crew(self) -> Crew {
        let members = self.members.into_iter().map(|row| Member {
            key: row.key,
            person: row.person,
            pagerduty_user: row.pagerduty_user,
            name: row.name,
            email: row.email,
            link: LinkState::from_code(&row.link).unwrap_or(LinkState::NotYetKnown),
        });
        let duties = self.duties.into_iter().map(|row| Duty {
            holder: row.holder,
            since: row.since,
            until: row.until,
        });
        Crew {
            members: members.collect(),
            duties: duties.collect(),
        }
    }
}

impl Store {
    /// The rotation that a person of the workspace changed, and how to take that back; nothing
    /// of what others changed, or too long ago.
    pub async fn undo(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        id: &UndoId,
    ) -> Result<Option<(RotationId, Undo)>> {
        let now = self.engine.now();
        let statement = format!(
            "select rotation_id, before_change, after_change from undos
             where id = $1 and workspace_id = $2 and person_id = $3 and made_at >= {now} - $4"
        );
        let row: Option<(String, String, String)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(id.as_str())
            .bind(workspace.as_str())
            .bind(person.as_str())
            .bind(millis(UNDO_KEPT))
            .fetch_optional(&self.pool)
            .await?;
        let Some((rotation, before, after)) = row else {
            return Ok(None);
        };
        // What another version has kept otherwise, this one cannot take back.
        let crew = |json: &str| from_json::<CrewRow>(json, "a change").map(CrewRow::crew);
        let (Ok(before), Ok(after)) = (crew(&before), crew(&after)) else {
            return Ok(None);
        };
        let undo = Undo { before, after };
        Ok(Some((RotationId::new(rotation), undo)))
    }

    /// Forgets what nobody may take back any more.
    pub async fn purge_undos(&self) -> Result<()> {
        let now = self.engine.now();
        let purge = format!("delete from undos where made_at < {now} - $1");
        sqlx::query(AssertSqlSafe(purge))
            .bind(millis(UNDO_KEPT))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// Keeps how whoever made the entry can take the change back.
pub(super) async fn keep(
    connection: &mut DatabaseConnection,
    engine: Engine,
    id: &UndoId,
    entry: &NewAuditEntry,
    rotation: &RotationId,
    undo: &Undo,
) -> Result<()> {
    let now = engine.now();
    let statement = format!(
        "insert into undos (id, workspace_id, rotation_id, person_id, made_at, before_change,
             after_change)
         values ($1, $2, $3, $4, {now}, $5, $6)"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(id.as_str())
        .bind(entry.workspace().as_str())
        .bind(rotation.as_str())
        .bind(entry.actor_id())
        .bind(as_json(&CrewRow::from(&undo.before)))
        .bind(as_json(&CrewRow::from(&undo.after)))
        .execute(connection)
        .await?;
    Ok(())
}
