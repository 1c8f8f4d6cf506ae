//! What rotations' announcements say, where somebody has written that.

use super::{DatabaseConnection, NewAuditEntry, Result, Store, audit, rotations};
use domain::Rotation;
use types::{RotationId, WorkspaceId};

impl Store {
    pub async fn announcement_template(&self, rotation: &RotationId) -> Result<Option<String>> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, rotation).await
    }

    /// Has a rotation's announcements say this, or what they usually do, if `allow`, which is
    /// handed the rotation and what they say until now, does not refuse. `None` when there is no such rotation.
    pub async fn set_announcement_template<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        template: Option<&str>,
        allow: impl FnOnce(&Rotation, Option<&str>) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<(), R>>> {
        let mut tx = self.begin().await?;
        let Some(rotation) = rotations::lock_and_load(&mut tx, self.engine, workspace, id).await?
        else {
            return Ok(None);
        };
        let before = read(&mut tx, id).await?;
        let entry = match allow(&rotation, before.as_deref()) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        match template {
            Some(template) => {
                let saving = sqlx::query(
                    "insert into announcement_templates (rotation_id, template) values ($1, $2)
                     on conflict (rotation_id) do update set template = excluded.template",
                );
                saving.bind(id.as_str()).bind(template)
            }
            None => sqlx::query("delete from announcement_templates where rotation_id = $1")
                .bind(id.as_str()),
        }
        .execute(&mut *tx)
        .await?;
        audit::insert(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }
}

async fn read(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
) -> Result<Option<String>> {
    let row: Option<(String,)> =
        sqlx::query_as("select template from announcement_templates where rotation_id = $1")
            .bind(rotation.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(template,)| template))
}
