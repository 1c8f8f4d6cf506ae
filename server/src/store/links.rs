//! Who of PagerDuty is who in Slack, where an admin said so.

use super::{NewAuditEntry, Result, Store, audit, revisions};
use domain::Links;
use types::{PagerDutyUserId, PersonId, WorkspaceId};

impl Store {
    pub async fn links(&self, workspace: &WorkspaceId) -> Result<Links> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "select pagerduty_user_id, person_id from person_links where workspace_id = $1",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(user, person)| (PagerDutyUserId::new(user), PersonId::new(person)))
            .collect())
    }

    /// Links a PagerDuty user to a person, in the place of whomever they were
    /// linked to.
    pub async fn link(
        &self,
        user: &PagerDutyUserId,
        person: &PersonId,
        entry: &NewAuditEntry,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into person_links (workspace_id, pagerduty_user_id, person_id, linked_at,
                 linked_by)
             values ($1, $2, $3, $4, $5)
             on conflict (workspace_id, pagerduty_user_id) do update set
                 person_id = excluded.person_id, linked_at = excluded.linked_at,
                 linked_by = excluded.linked_by",
        )
        .bind(entry.workspace().as_str())
        .bind(user.as_str())
        .bind(person.as_str())
        .bind(entry.at.as_millis())
        .bind(entry.actor_id())
        .execute(&mut *tx)
        .await?;
        audit::insert(&mut tx, entry).await?;
        revisions::people_changed(&mut tx, entry.workspace()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Undoes a link; false when there is none.
    pub async fn unlink(&self, user: &PagerDutyUserId, entry: &NewAuditEntry) -> Result<bool> {
        let mut tx = self.begin().await?;
        let deleted = sqlx::query(
            "delete from person_links where workspace_id = $1 and pagerduty_user_id = $2",
        )
        .bind(entry.workspace().as_str())
        .bind(user.as_str())
        .execute(&mut *tx)
        .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        audit::insert(&mut tx, entry).await?;
        revisions::people_changed(&mut tx, entry.workspace()).await?;
        tx.commit().await?;
        Ok(true)
    }
}
