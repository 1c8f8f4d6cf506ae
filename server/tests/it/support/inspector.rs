//! Looks into the database for states that must never be there, past everything
//! that the server does to keep them away.

use super::Database;
use server::clock;
use sqlx::{AnyPool, AssertSqlSafe, any::AnyPoolOptions};
use std::{collections::BTreeSet, time::Duration};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use types::{RotationId, ScheduleId};

/// By how much the clocks of a test may seem to differ: a `Date` has whole seconds.
const CLOCK_MILLIS: i64 = 2_000;
/// The rest between two looks.
const REST: Duration = Duration::from_millis(15);

/// What is wrong, as one statement and so of one state. $1 is the time; $2 how
/// long ago a shift may have ended whose holder is still on duty; $3 a little.
const WRONGS: &str = "
    select 'a binding without a connection' as wrong, b.rotation_id as subject from bindings b
    where not exists (select 1 from pagerduty_connections c where c.workspace_id = b.workspace_id)
  union all
    select 'a schedule that nothing is bound to', s.id from pagerduty_schedules s
    where not exists (select 1 from bindings b
        where b.workspace_id = s.workspace_id and b.schedule_id = s.id)
  union all
    select 'a rotation that follows nothing', r.id from rotations r
    where r.mode = 'pagerduty'
        and not exists (select 1 from bindings b where b.rotation_id = r.id)
  union all
    select 'a Manual rotation that is bound', r.id from rotations r
    join bindings b on b.rotation_id = r.id where r.mode <> 'pagerduty'
  union all
    select 'a bound rotation that is on offer as a former one', f.rotation_id
    from former_bindings f join bindings b on b.rotation_id = f.rotation_id
  union all
    select 'a credential in the place of none', p.session_key from pending_switches p
    where not exists (select 1 from pagerduty_connections c where c.workspace_id = p.workspace_id)
  union all
    select 'a login to replace a credential that is gone', p.state_key
    from pending_authorisations p
    where p.replaces is not null and not exists
        (select 1 from pagerduty_connections c where c.workspace_id = p.workspace_id)
  union all
    select 'on duty without a shift', m.key || ' in ' || m.rotation_id from rotation_members m
    join bindings b on b.rotation_id = m.rotation_id
    where m.on_duty_since is not null and not exists (select 1 from pagerduty_shifts s
        where s.workspace_id = b.workspace_id and s.schedule_id = b.schedule_id
            and s.user_id = m.pagerduty_user_id and s.starts_at <= $1 + $3
            and s.ends_at > $1 - $2)
  union all
    select 'a duty without its record', m.key || ' in ' || m.rotation_id from rotation_members m
    where m.on_duty_since is not null and not exists (select 1 from duty_history h
        where h.rotation_id = m.rotation_id and h.person = m.pagerduty_user_id
            and h.shift_starts_at = m.on_duty_since
            and coalesce(h.ends_at, 0) = coalesce(m.on_duty_until, 0))
  union all
    select 'a duty of somebody whom the members do not tell', d.holder || ' in ' || d.rotation_id
    from duties d
    where d.name is null and not exists (select 1 from rotation_members m
        where m.rotation_id = d.rotation_id and m.key = d.holder and m.duty_kept = 1
            and m.on_duty_since = d.starts_at
            and coalesce(m.on_duty_until, 0) = coalesce(d.ends_at, 0))
  union all
    select 'a duty of a member as if of somebody else', d.holder || ' in ' || d.rotation_id
    from duties d
    join rotation_members m on m.rotation_id = d.rotation_id and m.key = d.holder
    where d.name is not null
  union all
    select 'a member on duty without a duty', m.key || ' in ' || m.rotation_id
    from rotation_members m
    where m.on_duty_since is not null and not exists (select 1 from duties d
        where d.rotation_id = m.rotation_id and d.holder = m.key)
  union all
    select 'a record of a duty that should have ended', h.person || ' in ' || h.rotation_id
    from duty_history h
    where (h.ends_at is null or h.ends_at > $1 + $3) and not exists
        (select 1 from rotation_members m
         where m.rotation_id = h.rotation_id and m.pagerduty_user_id = h.person
             and m.on_duty_since = h.shift_starts_at)
  union all
    select 'a record of a shift that PagerDuty never told', h.person || ' in ' || h.rotation_id
    from duty_history h
    where not exists (select 1 from told_shifts t
        where t.user_id = h.person and t.starts_at = h.shift_starts_at)
  union all
    select 'two records of one person at once', h.person || ' in ' || h.rotation_id
    from duty_history h
    join duty_history later on later.rotation_id = h.rotation_id and later.person = h.person
        and later.starts_at > h.starts_at
    where h.ends_at is null or h.ends_at > later.starts_at";

/// Keeps every shift that is ever stored, so that records can be held against
/// them when PagerDuty has long changed its mind.
const JOURNAL: &str = "create table told_shifts (user_id text, starts_at bigint,
    primary key (user_id, starts_at))";
const JOURNAL_ON_SQLITE: [&str; 1] = ["create trigger tell after insert on pagerduty_shifts begin
        insert or ignore into told_shifts values (new.user_id, new.starts_at);
    end"];
const JOURNAL_ON_POSTGRES: [&str; 2] = [
    "create function tell() returns trigger language plpgsql as $$ begin
        insert into told_shifts values (new.user_id, new.starts_at) on conflict do nothing;
        return new;
    end $$",
    "create trigger tell after insert on pagerduty_shifts for each row execute function tell()",
];

/// A connection of its own to the database.
pub struct Inspector {
    raw: AnyPool,
    /// How long a shift's holder may stay on duty after its end.
    grace: Duration,
}

impl Inspector {
    /// Looks at a database that a server has opened before.
    pub async fn new(database: &Database, grace: Duration) -> Self {
        server::store::install_drivers();
        let options = AnyPoolOptions::new().max_connections(1);
        let raw = options.connect(&database.url).await.unwrap();
        Self { raw, grace }
    }

    /// Begins to keep the shifts that are stored.
    pub async fn journal(&self, database: &Database) {
        let statements: &[&'static str] = if database.url.starts_with("sqlite") {
            &JOURNAL_ON_SQLITE
        } else {
            &JOURNAL_ON_POSTGRES
        };
        for &statement in [JOURNAL].iter().chain(statements) {
            sqlx::query(statement).execute(&self.raw).await.unwrap();
        }
    }

    /// What is wrong now.
    pub async fn wrongs(&self) -> Vec<String> {
        let grace = i64::try_from(self.grace.as_millis()).unwrap();
        let found: Vec<(String, String)> = sqlx::query_as(WRONGS)
            .bind(clock::now().as_millis())
            .bind(grace)
            .bind(CLOCK_MILLIS)
            .fetch_all(&self.raw)
            .await
            .unwrap();
        found
            .into_iter()
            .map(|(wrong, subject)| format!("{wrong}: {subject}"))
            .collect()
    }

    /// Which rotation is bound to which schedule.
    pub async fn bindings(&self) -> BTreeSet<(RotationId, ScheduleId)> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select rotation_id, schedule_id from bindings")
                .fetch_all(&self.raw)
                .await
                .unwrap();
        rows.into_iter()
            .map(|(rotation, schedule)| (RotationId::new(rotation), ScheduleId::new(schedule)))
            .collect()
    }

    /// Every record of a duty: rotation, person and start.
    pub async fn records(&self) -> BTreeSet<(String, String, i64)> {
        let rows = sqlx::query_as("select rotation_id, person, starts_at from duty_history")
            .fetch_all(&self.raw)
            .await
            .unwrap();
        rows.into_iter().collect()
    }

    /// A number, as a statement gives it.
    pub async fn number(&self, statement: &str) -> i64 {
        let (number,): (i64,) = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_one(&self.raw)
            .await
            .unwrap();
        number
    }

    /// The run that has the connection's lease, unless the lease has run out.
    pub async fn lease(&self) -> Option<String> {
        let lease: Option<(String,)> = sqlx::query_as(
            "select lease_holder from pagerduty_connections
             where lease_holder is not null and lease_until > $1",
        )
        .bind(clock::now().as_millis())
        .fetch_optional(&self.raw)
        .await
        .unwrap();
        lease.map(|(holder,)| holder)
    }

    /// How long PagerDuty is left alone, as things are.
    pub async fn back_off(&self) -> Duration {
        let until: Option<(Option<i64>,)> = sqlx::query_as(
            "select max(at) from (
                 select next_sync_at as at from pagerduty_connections
                 union all select ask_after from pagerduty_connections
                 union all select poll_at from pagerduty_schedules) waits",
        )
        .fetch_optional(&self.raw)
        .await
        .unwrap();
        let until = until.and_then(|(until,)| until).unwrap_or(0);
        let millis = until - clock::now().as_millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// Goes on looking, at every moment, until something is wrong or it is told to
    /// stop.
    pub fn watch(self) -> Watch {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let looking = tokio::spawn(async move {
            let mut looks = 0;
            while !stopped.is_cancelled() {
                let wrongs = self.wrongs().await;
                if !wrongs.is_empty() {
                    return Err(wrongs);
                }
                looks += 1;
                // The servers need the processor too.
                time::sleep(REST).await;
            }
            Ok(looks)
        });
        Watch { stop, looking }
    }
}

/// Somebody who looks all the time.
pub struct Watch {
    stop: CancellationToken,
    looking: JoinHandle<Result<u32, Vec<String>>>,
}

impl Watch {
    /// Stops, and says how often it has looked, or what was wrong.
    pub async fn end(self) -> Result<u32, Vec<String>> {
        self.stop.cancel();
        self.looking.await.unwrap()
    }
}
