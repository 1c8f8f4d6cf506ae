//! The connections to the database: lent, watched while a statement is under way,
//! and taken back. One that is deaf, broken or read-only, or whose transaction the
//! engine ended by itself, never serves a second time, and the first one that is
//! found so speaks for all that were made before. A statement without an answer may
//! only be slow: then the others are asked whether they are there.

use super::{Engine, Trouble};
use futures::{
    FutureExt, StreamExt, TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    AnyConnection, AnyPool, Connection as _, Describe, Either, Error, Execute, Executor, SqlStr,
    any::{Any, AnyArguments, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
    pool::{PoolConnection, PoolConnectionMetadata},
};
use std::{
    fmt, io,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::Notify, time};

/// How long a connection may have waited and still count as sound. Asking each
/// whether it is would double the round trips of a busy server.
const SURELY_SOUND: Duration = Duration::from_secs(1);
/// How long what was learned about writing counts.
const FRESH: Duration = Duration::from_secs(2);

/// Connections for one kind of work. Clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    raw: AnyPool,
    upkeep: Arc<Upkeep>,
    work: Work,
}

/// What connections are lent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// May be asked again when no answer comes.
    Reading,
    Writing,
    /// What outlasts a loss of power: on the disk before it counts as written.
    Durable,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool for {:?}", self.work)
    }
}

impl Pool {
    pub(super) const fn new(raw: AnyPool, upkeep: Arc<Upkeep>, work: Work) -> Self {
        Self { raw, upkeep, work }
    }

    /// The same connections for other work.
    pub(super) fn working(&self, work: Work) -> Self {
        Self {
            work,
            ..self.clone()
        }
    }

    pub(super) async fn acquire(&self) -> Result<DatabaseConnection, Error> {
        let lent = self.raw.acquire().await.inspect_err(|error| {
            if let Some(trouble) = self.upkeep.engine.trouble(error) {
                self.upkeep.learned(Err(trouble));
            }
        })?;
        let mut connection = DatabaseConnection {
            lent: Some(lent),
            lent_at: Instant::now(),
            upkeep: Arc::clone(&self.upkeep),
            work: self.work,
            sound: true,
            in_transaction: false,
            durable: false,
            outbox_written: false,
        };
        if self.work == Work::Durable {
            connection.durable = true;
            connection.execute(self.upkeep.engine.durable()).await?;
        }
        Ok(connection)
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let mut connection = self.acquire().await?;
        connection.in_transaction = true;
        connection.execute(self.upkeep.engine.begin()).await?;
        Ok(Transaction(connection))
    }

    pub(super) async fn close(&self) {
        self.raw.close().await;
    }

    /// Does `act` on a connection. What only reads is done once more, on another one,
    /// when the first turned out not to serve.
    async fn on_connection<Answer: Send>(
        &self,
        statement: Statement,
        act: for<'c> fn(
            &'c mut DatabaseConnection,
            Statement,
        ) -> BoxFuture<'c, Result<Answer, Error>>,
    ) -> Result<Answer, Error> {
        let again = (self.work == Work::Reading).then(|| statement.again());
        let mut connection = self.acquire().await?;
        let answer = act(&mut connection, statement).await;
        match (answer, again) {
            (Err(_), Some(statement)) if !connection.sound => {
                drop(connection);
                let mut connection = self.acquire().await?;
                act(&mut connection, statement).await
            }
            (answer, _) => {
                if answer.is_ok() && self.work != Work::Reading {
                    self.upkeep.wrote();
                }
                answer
            }
        }
    }
}

type Step = Either<AnyQueryResult, AnyRow>;

/// What was asked, so that it can be asked again.
struct Statement {
    sql: SqlStr,
    arguments: Option<AnyArguments>,
}

impl Statement {
    fn of<'q>(mut query: impl Execute<'q, Any>) -> Result<Self, Error> {
        let arguments = query.take_arguments().map_err(Error::Encode)?;
        Ok(Self {
            sql: query.sql(),
            arguments,
        })
    }

    fn again(&self) -> Self {
        let arguments = self.arguments.as_ref().map(|known| {
            let mut arguments = AnyArguments::default();
            arguments.values.0.clone_from(&known.values.0);
            arguments
        });
        Self {
            sql: self.sql.clone(),
            arguments,
        }
    }
}

impl<'p> Executor<'p> for &Pool {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let pool = self.clone();
        let statement = Statement::of(query);
        let answer = async move {
            let steps: Vec<Step> = pool
                .on_connection(statement?, |connection, statement| {
                    let Statement { sql, arguments } = statement;
                    connection
                        .fetch_many((sql, arguments))
                        .try_collect()
                        .boxed()
                })
                .await?;
            Ok::<_, Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        answer.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let pool = self.clone();
        let statement = Statement::of(query);
        async move {
            pool.on_connection(statement?, |connection, statement| {
                let Statement { sql, arguments } = statement;
                connection.fetch_optional((sql, arguments))
            })
            .await
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.describe(sql).await }.boxed()
    }
}

/// A connection while it is lent. Every statement on it ends in time.
pub(super) struct DatabaseConnection {
    /// Present until it is given back.
    lent: Option<PoolConnection<Any>>,
    lent_at: Instant,
    upkeep: Arc<Upkeep>,
    work: Work,
    /// Nothing has been heard that forbids to lend it again.
    sound: bool,
    in_transaction: bool,
    /// Is set up to write durably, for now.
    durable: bool,
    /// The transaction has put something into the outbox.
    outbox_written: bool,
}

impl fmt::Debug for DatabaseConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseConnection")
    }
}

impl DatabaseConnection {
    /// Has the deliverer of this server look once the transaction is committed.
    pub(super) const fn note_outbox_written(&mut self) {
        self.outbox_written = true;
    }

    /// The connection itself, how long it may take, and whom to tell how it went.
    fn parts(&mut self) -> (&mut AnyConnection, Option<Duration>, Listener<'_>) {
        let limit = self.upkeep.engine.statement_limit(self.work);
        let lent = self.lent.as_mut().expect("it is lent until it is dropped");
        let listener = Listener {
            upkeep: &self.upkeep,
            lent_at: self.lent_at,
            sound: &mut self.sound,
        };
        (lent, limit, listener)
    }

    /// Ends what the last user left open; fails when the connection cannot be used
    /// any more.
    async fn tidy(&mut self) -> Result<(), Error> {
        if self.in_transaction {
            // It fails where the engine has ended the transaction by itself, and then
            // nobody knows what else is not as it should be.
            self.execute("ROLLBACK").await?;
            self.in_transaction = false;
        }
        if self.durable {
            self.execute(self.upkeep.engine.not_durable()).await?;
            self.durable = false;
        }
        self.sound = true;
        Ok(())
    }
}

/// Hears how each statement on a connection went.
struct Listener<'c> {
    upkeep: &'c Arc<Upkeep>,
    lent_at: Instant,
    sound: &'c mut bool,
}

impl Listener<'_> {
    fn hear<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &answer
            && self.upkeep.heard(error, self.lent_at)
        {
            *self.sound = false;
        }
        answer
    }
}

/// Nothing when the answer did not come in time.
async fn within<T>(limit: Option<Duration>, answer: impl Future<Output = T>) -> Option<T> {
    match limit {
        None => Some(answer.await),
        Some(limit) => time::timeout(limit, answer).await.ok(),
    }
}

fn no_answer() -> Error {
    Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the database did not answer a statement in time",
    ))
}

impl<'c> Executor<'c> for &'c mut DatabaseConnection {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let (raw, limit, mut listener) = self.parts();
        let steps = raw.fetch_many(query);
        let steps = match limit {
            None => steps,
            Some(limit) => tokio_stream::StreamExt::timeout(steps, limit)
                .map(|step| step.unwrap_or_else(|_| Err(no_answer())))
                .boxed(),
        };
        steps.map(move |step| listener.hear(step)).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let (raw, limit, mut listener) = self.parts();
        let row = raw.fetch_optional(query);
        async move {
            let row = within(limit, row).await;
            listener.hear(row.unwrap_or_else(|| Err(no_answer())))
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        self.parts().0.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'c: 'e,
    {
        self.parts().0.describe(sql)
    }
}

impl Drop for DatabaseConnection {
    fn drop(&mut self) {
        let Some(mut lent) = self.lent.take() else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            drop(lent.detach());
            return;
        };
        if !self.sound {
            drop(lent.detach());
            return;
        }
        if !(self.in_transaction || self.durable) {
            // The pool asks whether it is there, and would wait for a deaf one until
            // the operating system gives up. One that was given back in the middle of
            // a statement answers when that has ended.
            let returning = lent.return_to_pool();
            let upkeep = Arc::clone(&self.upkeep);
            runtime.spawn(async move {
                let limit = upkeep.engine.ping_limit();
                if within(limit, returning).await.is_none() {
                    upkeep.doubt();
                }
            });
            return;
        }
        // Not before it is tidy: the runtime may end in the middle.
        let mut untidy = Self {
            lent: Some(lent),
            upkeep: Arc::clone(&self.upkeep),
            sound: false,
            ..*self
        };
        runtime.spawn(async move {
            if let Err(error) = untidy.tidy().await {
                tracing::debug!(%error, "a connection to the database is not used again");
            }
        });
    }
}

/// A transaction that writes; undone unless it is committed.
#[derive(Debug)]
pub(super) struct Transaction(DatabaseConnection);

impl Transaction {
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        self.0.execute("COMMIT").await?;
        self.0.in_transaction = false;
        self.0.upkeep.wrote();
        if self.0.outbox_written {
            self.0.upkeep.outbox.notify_one();
        }
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = DatabaseConnection;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// What is known of the database and of the connections to it, shared by all pools.
#[derive(Debug)]
pub(super) struct Upkeep {
    engine: Engine,
    /// Connections that were made before this are not lent any more.
    renewed_at: Mutex<Option<Instant>>,
    /// Connections that were used before this, and not since, are asked whether they
    /// are there.
    doubted_at: Mutex<Option<Instant>>,
    renewals: AtomicU64,
    writing: Mutex<Writing>,
    /// Signals that a transaction has put something into the outbox.
    outbox: Arc<Notify>,
    /// Held by the one who tries whether something can be written.
    pub(super) trying: tokio::sync::Mutex<()>,
}

/// Whether something can be written, as it was learned last.
#[derive(Debug, Default)]
struct Writing {
    learned_at: Option<Instant>,
    trouble: Option<Trouble>,
    wrote_at: Option<Instant>,
}

impl Upkeep {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            renewed_at: Mutex::default(),
            doubted_at: Mutex::default(),
            renewals: AtomicU64::default(),
            writing: Mutex::default(),
            outbox: Arc::default(),
            trying: tokio::sync::Mutex::default(),
        }
    }

    /// Whether a connection that has waited may be lent.
    pub(super) async fn may_be_lent(
        &self,
        connection: &mut AnyConnection,
        known: PoolConnectionMetadata,
    ) -> bool {
        if self.is_outdated(known.age) {
            return false;
        }
        if known.idle_for < SURELY_SOUND && !is_since(&self.doubted_at, known.idle_for) {
            return true;
        }
        match within(self.engine.ping_limit(), connection.ping()).await {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection to the database has ended");
                self.renew(Trouble::Lost);
                false
            }
            None => {
                self.renew(Trouble::NoAnswer);
                false
            }
        }
    }

    /// Whether a connection of this age was made before the last renewal.
    pub(super) fn is_outdated(&self, age: Duration) -> bool {
        is_since(&self.renewed_at, age)
    }

    /// Has every connection that nobody uses say that it is there before it is lent.
    fn doubt(&self) {
        tracing::warn!("the database did not answer in time on one of its connections");
        *locked(&self.doubted_at) = Some(Instant::now());
    }

    /// Has every connection that there is replaced before it is used again.
    fn renew(&self, trouble: Trouble) {
        tracing::warn!(
            cause = trouble.code(),
            "the connections to the database are made anew"
        );
        *locked(&self.renewed_at) = Some(Instant::now());
        self.renewals.fetch_add(1, Ordering::Relaxed);
    }

    /// How often all connections were made anew.
    pub(super) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Relaxed)
    }

    /// Takes note of what an error says of the database. True when the connection
    /// that it came from, lent at `lent_at`, is not to be used again.
    fn heard(&self, error: &Error, lent_at: Instant) -> bool {
        let Some(trouble) = self.engine.trouble(error) else {
            return false;
        };
        if trouble == Trouble::NoAnswer {
            // Of this connection nobody knows what it is at.
            self.doubt();
            return true;
        }
        self.learned(Err(trouble));
        // One that was lent before the last renewal says nothing of those made since.
        let is_news = locked(&self.renewed_at).is_none_or(|at| at < lent_at);
        if trouble.spoils_connections() && is_news {
            self.renew(trouble);
        }
        trouble.spoils_connections()
    }

    pub(super) fn outbox_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox)
    }

    fn wrote(&self) {
        locked(&self.writing).wrote_at = Some(Instant::now());
    }

    /// Whether somebody has written something since.
    pub(super) fn wrote_since(&self, since: Instant) -> bool {
        locked(&self.writing).wrote_at.is_some_and(|at| at >= since)
    }

    pub(super) fn learned(&self, outcome: Result<(), Trouble>) {
        let mut writing = locked(&self.writing);
        writing.learned_at = Some(Instant::now());
        writing.trouble = outcome.err();
    }

    /// What is known about writing, if that is fresh, and otherwise what was the
    /// matter last.
    pub(super) fn known(&self) -> Result<Result<(), Trouble>, Option<Trouble>> {
        let writing = locked(&self.writing);
        match writing.learned_at {
            Some(at) if at.elapsed() < FRESH => Ok(writing.trouble.map_or(Ok(()), Err)),
            _ => Err(writing.trouble),
        }
    }
}

/// Whether the moment has come within this duration.
fn is_since(moment: &Mutex<Option<Instant>>, duration: Duration) -> bool {
    locked(moment).is_some_and(|moment| moment.elapsed() <= duration)
}

fn locked<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
