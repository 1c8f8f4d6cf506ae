//! What time it is at the database. Servers' clocks differ, and what they have to agree on, such as
//! when duty changes hands by a rotation's own schedule, goes by the one that all of them share.

use super::{DatabaseConnection, Result, Store};
use crate::clock;
use sqlx::AssertSqlSafe;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use types::Timestamp;

/// What the database tells is rounded to a millisecond, and what our clock tells is cut.
const ROUNDING_MILLIS: i64 = 1;

/// By how many milliseconds the database's clock is ahead of ours, as far as it has told.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead(Arc<AtomicI64>);

impl Ahead {
    /// The database has told its time between two moments of ours. It may have been at any of those,
    /// so what is known stays unless that contradicts it.
    fn told(&self, told: Timestamp, (asked, answered): (Timestamp, Timestamp)) {
        let least = told.as_millis() - answered.as_millis() - ROUNDING_MILLIS;
        let most = told.as_millis() - asked.as_millis() + ROUNDING_MILLIS;
        // Unless our own clock was set back meanwhile.
        if least <= most {
            let within = |known: i64| Some(known.clamp(least, most));
            let order = Ordering::Relaxed;
            self.0.fetch_update(order, order, within).ok();
        }
    }

    fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Store {
    /// What time it is at the database. What several servers must agree on, such as
    /// until when something is good, goes by this clock.
    pub async fn now(&self) -> Result<Timestamp> {
        let mut connection = self.pool.acquire().await?;
        self.now_in(&mut connection).await
    }

    /// The same in a transaction, which holds what it is asked for: worked out earlier, something
    /// could undo what came in between.
    pub(super) async fn now_in(&self, connection: &mut DatabaseConnection) -> Result<Timestamp> {
        let statement = format!("select {}", self.engine.now());
        let asked = clock::now();
        let (millis,): (i64,) = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_one(connection)
            .await?;
        let now = Timestamp::from_millis(millis);
        self.ahead.told(now, (asked, clock::now()));
        Ok(now)
    }

    /// The same without asking, by what it told last: for pages, on which nothing is decided.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millis(clock::now().as_millis() + self.ahead.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_the_databases_clock_stays_until_it_tells_otherwise() {
        let ahead = Ahead::default();
        let told = |told, asked, answered| {
            let at = Timestamp::from_millis;
            ahead.told(at(told), (at(asked), at(answered)));
            ahead.millis()
        };
        // However long it took to answer, the clocks may be the same.
        assert_eq!(told(1_000, 1_000, 1_000), 0);
        assert_eq!(told(1_000, 400, 5_000), 0);
        assert_eq!(told(1_001, 1_000, 1_000), 0, "it is rounded");
        // Ten minutes behind, as far as is certain.
        assert_eq!(told(1_000, 601_000, 601_500), -599_999);
        assert_eq!(told(1_000, 601_000, 601_000), -599_999);
        // Right again.
        assert_eq!(told(5_000, 5_000, 5_000), -1);
        // Nothing is learned while our own clock is set back.
        assert_eq!(told(9_000, 9_000, 2_000), -1);
    }
}
