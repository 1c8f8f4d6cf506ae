//! Whether something can be written: the one thing about a database that nobody
//! knows before it was tried.

use super::{Store, Trouble};
use sqlx::Executor as _;
use std::time::{Duration, Instant};
use tokio::time;

/// How long a try may take before the answer is that nothing can be written.
const LIMIT: Duration = Duration::from_secs(5);
/// What is written after a disk was full, in characters: more than the room that a
/// full disk may still have for little.
const ENOUGH: usize = 64 << 10;

impl Store {
    /// What keeps the database from being read and written, if anything does.
    pub async fn trouble(&self) -> Option<Trouble> {
        if let Err(error) = sqlx::query("select 1").execute(&self.pool).await {
            tracing::warn!(%error, "the database cannot be read");
            return Some(self.engine.hindrance(&error));
        }
        self.writability().await.err()
    }

    /// Tries to write something, unless that was learned within the last two seconds.
    /// However many ask at once, it is tried once.
    async fn writability(&self) -> Result<(), Trouble> {
        let _one_at_a_time = self.upkeep.trying.lock().await;
        let before = match self.upkeep.known() {
            Ok(known) => return known,
            Err(before) => before,
        };
        let padding = match before {
            Some(Trouble::DiskFull) => "-".repeat(ENOUGH),
            _ => String::new(),
        };
        let began = Instant::now();
        let outcome = match time::timeout(LIMIT, self.try_to_write(&padding)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "nothing can be written to the database");
                Err(self.engine.hindrance(&error))
            }
            // Those who write queue where only one may, which is no trouble.
            Err(_) if self.upkeep.wrote_since(began) => Ok(()),
            Err(_) => Err(self.unanswered()),
        };
        self.upkeep.learned(outcome);
        outcome
    }

    async fn try_to_write(&self, padding: &str) -> Result<(), sqlx::Error> {
        let attempt = sqlx::query(
            "insert into write_tries (id, padding) values (1, $1)
             on conflict (id) do update set padding = excluded.padding",
        )
        .bind(padding);
        let Some(hurry) = self.engine.hurry() else {
            attempt.execute(&self.writer).await?;
            return Ok(());
        };
        let mut tx = self.writer.begin().await?;
        tx.execute(hurry).await?;
        attempt.execute(&mut *tx).await?;
        tx.commit().await
    }

    /// What is the matter when nothing is heard of the database.
    pub fn unanswered(&self) -> Trouble {
        self.engine.unanswered()
    }

    /// How often all connections to the database were made anew, since one of them
    /// was found deaf, lost or read-only.
    pub fn renewals(&self) -> u64 {
        self.upkeep.renewals()
    }
}
