//! Which server does the tasks that one of several shall do. The database's clock
//! decides when a lease has ended, so that servers whose clocks differ cannot both
//! have it.

use super::{Result, Store, millis};
use sqlx::AssertSqlSafe;
use std::time::Duration;

impl Store {
    /// Takes the lease of a task for so long, or makes it last so much longer where
    /// `holder` has it. False while another has it.
    pub async fn take_task_lease(
        &self,
        task: &str,
        holder: &str,
        length: Duration,
    ) -> Result<bool> {
        let now = self.engine.now();
        let statement = format!(
            "insert into task_leases (task, holder, held_until) values ($1, $2, {now} + $3)
             on conflict (task) do update
                 set holder = excluded.holder, held_until = excluded.held_until
                 where task_leases.holder = excluded.holder or task_leases.held_until <= {now}"
        );
        let taken = sqlx::query(AssertSqlSafe(statement))
            .bind(task)
            .bind(holder)
            .bind(millis(length))
            .execute(&self.writer)
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Gives the lease back, for another to take it at once.
    pub async fn release_task_lease(&self, task: &str, holder: &str) -> Result<()> {
        sqlx::query("delete from task_leases where task = $1 and holder = $2")
            .bind(task)
            .bind(holder)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
