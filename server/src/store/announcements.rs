//! What servers that share a Postgres tell each other, for their open pages. Of rotations they
//! are told in the very transaction that changes them: Postgres passes a notice on when the
//! transaction has been committed, once, and never otherwise, so no server can die between
//! the two. SQLite serves one process, which has nobody to tell.

use super::{DatabaseConnection, Engine, Result, Store, as_json};
use serde::{Deserialize, Serialize};
use types::{LiveTopic, RotationId, WorkspaceId};
use uuid::Uuid;

/// The channel of Postgres' on which it is told.
pub const CHANNEL: &str = "roundrobin_live";

/// One event on its way between servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The server that it comes from, which tells its own pages.
    pub origin: Uuid,
    pub workspace: WorkspaceId,
    /// Absent when more happened than could be told.
    pub topic: Option<LiveTopic>,
}

impl Store {
    /// Tells the other servers what no transaction has told them; they are told in the order
    /// of the calls.
    pub async fn announce(&self, workspace: &WorkspaceId, topic: Option<LiveTopic>) -> Result<()> {
        let announcement = self.announcement(workspace, topic);
        self.notify(CHANNEL, &as_json(&announcement)).await
    }

    /// Whether an announcement is of this server's making.
    pub fn made(&self, announcement: &Announcement) -> bool {
        announcement.origin == self.origin
    }

    /// Tells the other servers, once the transaction is committed, that rotations changed.
    pub(super) async fn announce_rotations(
        &self,
        connection: &mut DatabaseConnection,
        workspace: &WorkspaceId,
        rotations: impl IntoIterator<Item = &RotationId>,
    ) -> Result<()> {
        let announcements = rotations.into_iter().map(|rotation| {
            let topic = LiveTopic::Rotation(rotation.clone());
            self.announcement(workspace, Some(topic))
        });
        let announcements: Vec<_> = announcements.collect();
        if announcements.is_empty() || self.engine == Engine::Sqlite {
            return Ok(());
        }
        sqlx::query(
            "select count(pg_notify($2, j.value::text))
             from json_array_elements($1::json) as j(value)",
        )
        .bind(as_json(&announcements))
        .bind(CHANNEL)
        .execute(connection)
        .await?;
        Ok(())
    }

    fn announcement(&self, workspace: &WorkspaceId, topic: Option<LiveTopic>) -> Announcement {
        Announcement {
            origin: self.origin,
            workspace: workspace.clone(),
            topic,
        }
    }
}
