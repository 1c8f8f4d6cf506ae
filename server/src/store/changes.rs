//! What came of what people changed, so that a change that is sent again is not done
//! again.

use super::{Result, Store, duration, millis};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use types::WorkspaceId;

/// Longer than any change takes. One without an end since then was broken off.
pub const LONGEST_CHANGE: Duration = Duration::from_secs(90);

/// What is known of a change that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// Nothing until now: whoever asked is the one to do it.
    New,
    /// Somebody began it so long ago.
    UnderWay(Duration),
    /// It was done, with this outcome in JSON.
    Done(String),
    /// It was broken off, and may have been done.
    BrokenOff,
}

impl Store {
    /// Begins a change under a key that is no other's, unless it was begun before. Of
    /// several who ask at once, one begins it.
    pub async fn begin_change(&self, workspace: &WorkspaceId, key: &str) -> Result<ChangeState> {
        let now = self.engine.now();
        let read = format!("select outcome, ended, {now} - begun_at from changes where key = $1");
        let row: Option<(Option<String>, i64, i64)> = sqlx::query_as(AssertSqlSafe(read))
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        match row {
            Some((Some(outcome), ..)) => return Ok(ChangeState::Done(outcome)),
            Some((None, 0, age)) => return Ok(ChangeState::UnderWay(duration(age))),
            Some((None, ..)) => return Ok(ChangeState::BrokenOff),
            None => {}
        }
        let begin = format!(
            "insert into changes (key, workspace_id, begun_at, ended) values ($1, $2, {now}, 0)
             on conflict (key) do nothing"
        );
        let begun = sqlx::query(AssertSqlSafe(begin))
            .bind(key)
            .bind(workspace.as_str())
            .execute(&self.writer)
            .await?;
        Ok(match begun.rows_affected() {
            0 => ChangeState::UnderWay(Duration::ZERO),
            _ => ChangeState::New,
        })
    }

    /// Keeps how a change ended: with an outcome in JSON, or broken off.
    pub async fn end_change(&self, key: &str, outcome: Option<&str>) -> Result<()> {
        sqlx::query("update changes set outcome = $2, ended = 1 where key = $1")
            .bind(key)
            .bind(outcome)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets a change, which may be begun anew.
    pub async fn forget_change(&self, key: &str) -> Result<()> {
        sqlx::query("delete from changes where key = $1")
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets what was begun longer ago than `kept`.
    pub async fn purge_changes(&self, kept: Duration) -> Result<()> {
        let now = self.engine.now();
        let purge = format!("delete from changes where begun_at < {now} - $1");
        sqlx::query(AssertSqlSafe(purge))
            .bind(millis(kept))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
