//! What of the outbox is being delivered. All times are the database's, so that servers whose
//! clocks differ agree.

use super::{Result, Store, as_json, duration, millis, outbox};
use domain::Occurrence;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use tokio::sync::Notify;
use types::{CoverId, RotationId, Timestamp, WorkspaceId};

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Rotation(RotationId),
    /// Of the app, by its id.
    Mention(String),
    /// A request for cover.
    Cover(CoverId),
    /// As a whole.
    Workspace(WorkspaceId),
    /// An answer that comes late, by its id.
    Answer(String),
}

impl Subject {
    /// Those that this version knows, as they are stored.
    const KINDS: &str = "('rotation', 'mention', 'cover', 'workspace', 'late_answer')";

    /// The kind and the id, as they are stored.
    pub(super) fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Rotation(rotation) => ("rotation", rotation.as_str()),
            Self::Mention(mention) => ("mention", mention),
            Self::Cover(cover) => ("cover", cover.as_str()),
            Self::Workspace(workspace) => ("workspace", workspace.as_str()),
            Self::Answer(answer) => ("late_answer", answer),
        }
    }

    fn of_columns(kind: &str, id: String) -> Self {
        match kind {
            "mention" => Self::Mention(id),
            "cover" => Self::Cover(CoverId::new(id)),
            "workspace" => Self::Workspace(WorkspaceId::new(id)),
            "late_answer" => Self::Answer(id),
            _ => Self::Rotation(RotationId::new(id)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, id) = self.columns();
        write!(f, "{kind} {id}")
    }
}

/// A notice that this server has claimed and is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: String,
    pub workspace: WorkspaceId,
    pub subject: Subject,
    pub occurrence: Occurrence,
    pub kind: String,
    pub target: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// For how long it has been due.
    pub late: Duration,
}

impl Delivery {
    /// The rotation that it is about, if it is about one.
    pub fn rotation(&self) -> Option<&RotationId> {
        match &self.subject {
            Subject::Rotation(rotation) => Some(rotation),
            Subject::Mention(_)
            | Subject::Cover(_)
            | Subject::Workspace(_)
            | Subject::Answer(_) => None,
        }
    }
}

/// A notice that is told together with another one for the same target, and what it is to tell of.
#[derive(Clone, Debug)]
pub struct Beside {
    id: String,
    pub subject: Subject,
    occurrence: i64,
}

impl Beside {
    pub fn occurrence(&self) -> Occurrence {
        Occurrence::at(Timestamp::from_millis(self.occurrence))
    }
}

/// That notices of one kind are sent after those of another one have been tried, of the same
/// rotation.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Precedence<'a> {
    pub kind: &'a str,
    pub after: &'a str,
}

/// That of the kinds in one lane one notice is sent at a time in each workspace.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Single<'a> {
    pub kind: &'a str,
    pub lane: &'a str,
}

/// What may be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Claimable<'a> {
    pub kinds: &'a [&'a str],
    /// Those of them of which one is sent at a time in each workspace and lane: whoever dies while
    /// sending leaves one in doubt there and not many.
    pub singly: &'a [Single<'a>],
    pub precedences: &'a [Precedence<'a>],
}

/// What there is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueNotices {
    /// Whether there is any now.
    pub any: bool,
    /// How long until there is more.
    pub next_in: Option<Duration>,
}

/// What became of an attempt. A problem is a code of the one who delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryEnd {
    Delivered,
    /// It may or may not have been told, and is not told again.
    InDoubt {
        problem: String,
    },
    /// It was not told, and will not be.
    GivenUp {
        problem: String,
    },
    /// Nothing was tried; it waits for so long.
    Later {
        wait: Duration,
        reason: String,
    },
    /// It is tried again after so long.
    Again {
        wait: Duration,
        problem: String,
    },
}

impl DeliveryEnd {
    /// The state, the problem and the wait, as they are stored.
    fn columns(&self) -> (&'static str, Option<&str>, Option<Duration>) {
        match self {
            Self::Delivered => ("delivered", None, None),
            Self::InDoubt { problem } => ("in_doubt", Some(problem), None),
            Self::GivenUp { problem } => ("given_up", Some(problem), None),
            Self::Later { wait, reason } => ("waiting", Some(reason), Some(*wait)),
            Self::Again { wait, problem } => ("waiting", Some(problem), Some(*wait)),
        }
    }
}

/// How far a notice has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeState {
    /// `waiting`, `sending`, `delivered`, `in_doubt` or `given_up`, as long as no other version
    /// knows more.
    pub state: String,
    /// The code of what was wrong with the last attempt.
    pub problem: Option<String>,
}

/// What is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldAgain {
    /// It is tried now.
    Now,
    /// Nothing is left to be told.
    Nothing,
    /// The latest may have been told.
    InDoubt,
}

/// What a target was told, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastTold {
    /// How far the latest notice for it has come.
    pub latest: NoticeState,
    /// When something was told for the last time.
    pub told_at: Option<Timestamp>,
    /// What that said, where it is known.
    pub said: Option<String>,
}

impl Store {
    /// What each target was told last by notices of this kind, as far as there have been any.
    pub async fn last_told(
        &self,
        rotation: &RotationId,
        kind: &str,
    ) -> Result<HashMap<String, LastTold>> {
        type Row = (
            String,
            String,
            Option<String>,
            Option<String>,
            Option<i64>,
            i64,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "select target, state, problem, said, ended_at, place from (
                 select target, state, problem, said, ended_at,
                     row_number() over (partition by target
                         order by not_before desc, id desc) as place,
                     row_number() over (partition by target, state
                         order by ended_at desc, id desc) as place_of_state
                 from outbox where subject_kind = 'rotation' and subject_id = $1 and kind = $2) o
             where place = 1 or state = 'delivered' and place_of_state = 1",
        )
        .bind(rotation.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await?;
        let mut told: HashMap<_, LastTold> = HashMap::new();
        for (target, state, problem, said, ended_at, place) in rows {
            let of_target = told.entry(target).or_default();
            if state == "delivered" {
                of_target.told_at = ended_at.map(Timestamp::from_millis);
                of_target.said = said;
            }
            if place == 1 {
                of_target.latest = NoticeState { state, problem };
            }
        }
        Ok(told)
    }

    /// Has a target told now what waits for it, or could not be told when that was tried last, unless
    /// for this reason. What may have been told, or was, is not told again: how far the latest notice
    /// had come says which.
    pub async fn tell_again(
        &self,
        (workspace, rotation): (&WorkspaceId, &RotationId),
        (kind, target): (&str, &str),
        unless: &str,
    ) -> Result<ToldAgain> {
        let mut tx = self.begin().await?;
        let latest: Option<(String, String, Option<String>)> = sqlx::query_as(
            "select id, state, problem from outbox
             where subject_kind = 'rotation' and subject_id = $1 and kind = $2 and target = $3
             order by not_before desc, id desc limit 1",
        )
        .bind(rotation.as_str())
        .bind(kind)
        .bind(target)
        .fetch_optional(&mut *tx)
        .await?;
        let (id, state, problem) = latest.unwrap_or_default();
        match (state.as_str(), problem) {
            ("waiting", _) => {}
            ("given_up", problem) if problem.as_deref() != Some(unless) => {
                // It is late from now on, and not since it was due: it would be given up at once.
                let statement = format!(
                    "update outbox set state = 'waiting', ended_at = null,
                         not_before = {now}, retry_at = 0
                     where id = $1 and state = 'given_up'",
                    now = self.engine.now()
                );
                sqlx::query(AssertSqlSafe(statement))
                    .bind(&id)
                    .execute(&mut *tx)
                    .await?;
            }
            ("in_doubt", _) => return Ok(ToldAgain::InDoubt),
            _ => return Ok(ToldAgain::Nothing),
        }
        // To a target all goes in order, whichever rotation it is of.
        sqlx::query(
            "update outbox set retry_at = 0
             where workspace_id = $1 and kind = $2 and target = $3 and state = 'waiting'",
        )
        .bind(workspace.as_str())
        .bind(kind)
        .bind(target)
        .execute(&mut *tx)
        .await?;
        outbox::announce(&mut tx, self.engine).await?;
        tx.commit().await?;
        Ok(ToldAgain::Now)
    }

    /// Signals that something has been written into the outbox.
    pub fn outbox_signal(&self) -> Arc<Notify> {
        self.upkeep.outbox_signal()
    }

    /// Claims, for as long as `length`, what is due of what may be, `most` at once: of each target
    /// the first that was not delivered, and nothing of a target to which something is being sent,
    /// nor of a rotation of which something else goes first. What goes first does so once: it holds
    /// up nothing while its own target is tried again, whichever notice that is for.
    pub async fn claim_notices(
        &self,
        Claimable {
            kinds,
            singly,
            precedences,
        }: Claimable<'_>,
        most: usize,
        length: Duration,
    ) -> Result<Vec<Delivery>> {
        let now = self.engine.now();
        let kinds_of = self.engine.texts_of_json("$1");
        let is_of_use =
            |row: &str| format!("({row}.expires_at is null or {row}.expires_at > (select {now}))");
        let (one, earlier) = (is_of_use("o"), is_of_use("e"));
        let precedences_of = self.engine.rows_of_json_in("$4");
        let singly_of = self.engine.rows_of_json_in("$5");
        let lane_of = |row: &str| {
            format!(
                "(select j.value->>'lane' from {singly_of} where j.value->>'kind' = {row}.kind)"
            )
        };
        let (lane, lane_of_sent) = (lane_of("o"), lane_of("s"));
        let held = self.engine.held_unless_taken();
        let subjects = Subject::KINDS;
        let mut tx = self.begin().await?;
        outbox::join_waiting(&mut tx, self.engine).await?;
        let statement = format!(
            "update outbox set state = 'sending', attempts = attempts + 1,
                 posting = -(attempts + 1), claimed_until = {now} + $2
             where state = 'waiting' and id in (select id from outbox where id in (select id from (
                 select o.id, o.not_before, row_number() over (
                     partition by o.workspace_id, coalesce({lane}, o.id)
                     order by o.not_before, o.id) as place
                 from outbox o
                 where o.state = 'waiting' and o.kind in {kinds_of} and o.subject_kind in {subjects}
                     and o.not_before <= (select {now}) and o.retry_at <= (select {now}) and {one}
                     and not exists (select 1 from outbox e
                         where e.workspace_id = o.workspace_id and e.target = o.target
                             and e.kind in {kinds_of}
                             and (e.state = 'sending' or e.state = 'waiting' and {earlier}
                                 and (e.not_before, e.id) < (o.not_before, o.id)))
                     and not exists (select 1 from {precedences_of}, outbox f
                         where j.value->>'kind' = o.kind and f.kind = j.value->>'after'
                             and f.subject_kind = o.subject_kind and f.subject_id = o.subject_id
                             and f.not_before <= (select {now})
                             and (f.state = 'sending' or f.state = 'waiting' and f.attempts = 0
                                 and not exists (select 1 from outbox b
                                     where b.workspace_id = f.workspace_id and b.target = f.target
                                         and b.kind = f.kind and b.state = 'waiting'
                                         and b.retry_at > (select {now}))))
                     and not exists (select 1 from outbox s
                         where s.workspace_id = o.workspace_id and s.state = 'sending'
                             and {lane_of_sent} = {lane})) free
                 where place = 1 order by not_before, id limit $3) {held})
             returning id, workspace_id, subject_kind, subject_id, occurrence, kind, target, attempts,
                 {now} - not_before"
        );
        type Row = (
            String,
            String,
            String,
            String,
            i64,
            String,
            String,
            i64,
            i64,
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(as_json(kinds))
            .bind(millis(length))
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .bind(as_json(precedences))
            .bind(as_json(singly))
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        let claimed = rows.into_iter().map(
            |(id, workspace, about, subject, occurrence, kind, target, attempt, late)| Delivery {
                id,
                workspace: WorkspaceId::new(workspace),
                subject: Subject::of_columns(&about, subject),
                occurrence: Occurrence::at(Timestamp::from_millis(occurrence)),
                kind,
                target,
                attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
                late: duration(late),
            },
        );
        Ok(claimed.collect())
    }

    /// Writes what became of an attempt. False when it counts as that of one who is gone.
    pub async fn end_delivery(&self, delivery: &Delivery, end: &DeliveryEnd) -> Result<bool> {
        let (state, problem, wait) = end.columns();
        let now = self.engine.now();
        let statement = format!(
            "update outbox set state = $1, problem = $2, claimed_until = null,
                 retry_at = {now} + coalesce($3, 0),
                 ended_at = case when $1 = 'waiting' then null else {now} end
             where id = $4 and state = 'sending' and attempts = $5"
        );
        let ended = sqlx::query(AssertSqlSafe(statement))
            .bind(state)
            .bind(problem)
            .bind(wait.map(millis))
            .bind(&delivery.id)
            .bind(i64::from(delivery.attempt))
            .execute(&self.writer)
            .await?;
        Ok(ended.rows_affected() == 1)
    }

    /// Claims, for as long as `length`, what is due for the same target and of the same kind as a
    /// notice that is being sent: it is told with that one, and ends as that does. What changes
    /// from now on is written beside it, and told afterwards.
    pub async fn claim_beside(&self, delivery: &Delivery, length: Duration) -> Result<Vec<Beside>> {
        let now = self.engine.now();
        let statement = format!(
            "update outbox set state = 'sending', attempts = attempts + 1,
                 posting = -(attempts + 1), claimed_until = {now} + $4
             where id in (select id from outbox
                 where workspace_id = $1 and target = $2 and kind = $3 and state = 'waiting'
                     and not_before <= (select {now})
                     and (expires_at is null or expires_at > (select {now})) {})
             returning id, subject_kind, subject_id, occurrence",
            self.engine.held_unless_taken()
        );
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(delivery.workspace.as_str())
            .bind(&delivery.target)
            .bind(&delivery.kind)
            .bind(millis(length))
            .fetch_all(&self.writer)
            .await?;
        let beside = rows.into_iter();
        Ok(beside
            .map(|(id, about, subject, occurrence)| Beside {
                id,
                subject: Subject::of_columns(&about, subject),
                occurrence,
            })
            .collect())
    }

    /// Writes the same end for notices that were told together with another one.
    pub async fn end_beside(&self, beside: &[Beside], end: &DeliveryEnd) -> Result<()> {
        if beside.is_empty() {
            return Ok(());
        }
        let (state, problem, wait) = end.columns();
        let now = self.engine.now();
        let statement = format!(
            "update outbox set state = $2, problem = $3, claimed_until = null,
                 retry_at = {now} + coalesce($4, 0),
                 ended_at = case when $2 = 'waiting' then null else {now} end
             where id in (select id from outbox where state = 'sending' and id in {} {})",
            self.engine.texts_of_json("$1"),
            self.engine.held_in_order()
        );
        let ids: Vec<_> = beside.iter().map(|one| one.id.as_str()).collect();
        sqlx::query(AssertSqlSafe(statement))
            .bind(as_json(&ids))
            .bind(state)
            .bind(problem)
            .bind(wait.map(millis))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Whether this attempt is the present one.
    pub async fn is_sending(&self, delivery: &Delivery) -> Result<bool> {
        let sending: Option<(String,)> = sqlx::query_as(
            "select id from outbox where id = $1 and state = 'sending' and attempts = $2",
        )
        .bind(&delivery.id)
        .bind(i64::from(delivery.attempt))
        .fetch_optional(&self.writer)
        .await?;
        Ok(sending.is_some())
    }

    /// Keeps what is about to be said. False where its target is told of the rotation no more, so
    /// that nothing must be said.
    pub async fn note_said(&self, delivery: &Delivery, text: &str) -> Result<bool> {
        let noted = sqlx::query(
            "update outbox set said = $2 where id = $1
                 and exists (select 1 from subscriptions s where s.rotation_id = outbox.subject_id
                     and s.kind = outbox.kind and s.target = outbox.target)",
        )
        .bind(&delivery.id)
        .bind(text)
        .execute(&self.writer)
        .await?;
        Ok(noted.rows_affected() == 1)
    }

    /// Keeps that an attempt begins to write, for what is told with it as well: see
    /// [`Store::recover_deliveries`]. False when it counts as that of one who is gone.
    pub async fn note_posting(&self, delivery: &Delivery, beside: &[Beside]) -> Result<bool> {
        let noted = sqlx::query(
            "update outbox set posting = attempts
             where id = $1 and state = 'sending' and attempts = $2",
        )
        .bind(&delivery.id)
        .bind(i64::from(delivery.attempt))
        .execute(&self.writer)
        .await?;
        if noted.rows_affected() == 0 {
            return Ok(false);
        }
        if !beside.is_empty() {
            let statement = format!(
                "update outbox set posting = attempts
                 where id in (select id from outbox where state = 'sending' and id in {} {})",
                self.engine.texts_of_json("$1"),
                self.engine.held_in_order()
            );
            let ids: Vec<_> = beside.iter().map(|one| one.id.as_str()).collect();
            sqlx::query(AssertSqlSafe(statement))
                .bind(as_json(&ids))
                .execute(&self.writer)
                .await?;
        }
        if let Subject::Mention(mention) = &delivery.subject {
            // Where a version looks that knows this of mentions alone.
            sqlx::query("update mentions set posting = $2 where id = $1")
                .bind(mention)
                .bind(format!("{}/{}", delivery.id, delivery.attempt))
                .execute(&self.writer)
                .await?;
        }
        Ok(true)
    }

    /// Takes back what somebody who is gone was sending. Those of the `repeatable` kinds are sent
    /// again, also those of `kinds` that had surely not begun to be written; of the others nobody
    /// knows whether they were told: how many these are.
    pub async fn recover_deliveries(
        &self,
        kinds: &[&str],
        repeatable: &[&str],
        problem: &str,
    ) -> Result<u64> {
        let now = self.engine.now();
        let gone = format!("state = 'sending' and claimed_until <= (select {now})");
        let again = format!(
            "update outbox set state = 'waiting', claimed_until = null
             where {gone} and (kind in {} or kind in {} and posting = -attempts)",
            self.engine.texts_of_json("$1"),
            self.engine.texts_of_json("$2")
        );
        sqlx::query(AssertSqlSafe(again))
            .bind(as_json(repeatable))
            .bind(as_json(kinds))
            .execute(&self.writer)
            .await?;
        let in_doubt = format!(
            "update outbox set state = 'in_doubt', claimed_until = null, ended_at = {now},
                 problem = $2
             where {gone} and kind in {}",
            self.engine.texts_of_json("$1")
        );
        let in_doubt = sqlx::query(AssertSqlSafe(in_doubt))
            .bind(as_json(kinds))
            .bind(problem)
            .execute(&self.writer)
            .await?;
        Ok(in_doubt.rows_affected())
    }

    /// Whether something of these kinds is due, or counts as sent by one who is gone, and how
    /// long until more is. What waits for its turn is due as well.
    pub async fn due_notices(&self, kinds: &[&str]) -> Result<DueNotices> {
        let now = self.engine.now();
        let statement = format!(
            "select coalesce(max(case when at <= now then 1 else 0 end), 0),
                 min(case when at > now then at - now end)
             from (select case when state = 'sending' then claimed_until
                     when retry_at > not_before then retry_at else not_before end as at
                 from outbox where kind in {} and (state = 'sending' or state = 'waiting'
                     and (expires_at is null or expires_at > (select {now})))) times,
                 (select {now} as now) clock",
            self.engine.texts_of_json("$1")
        );
        let (any, next): (i64, Option<i64>) = sqlx::query_as(AssertSqlSafe(statement))
            .bind(as_json(kinds))
            .fetch_one(&self.pool)
            .await?;
        Ok(DueNotices {
            any: any != 0,
            next_in: next.map(duration),
        })
    }

    /// Deletes what ended before `before`, and what was of no use any more then. What was told of
    /// a shift to come is kept until that has begun, or it would be told again.
    pub async fn purge_outbox(&self, before: Timestamp) -> Result<()> {
        sqlx::query(
            "delete from outbox where (ended_at < $1 and coalesce(expires_at, 0) < $1)
                 or (state = 'waiting' and expires_at < $1)",
        )
        .bind(before.as_millis())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
