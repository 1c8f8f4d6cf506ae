//! What is looked at before a database is used, and why it is refused: better one
//! sentence at the start, with what helps, than a server that loses what it is told.

use super::engine::{ACQUIRE_LIMIT, newest_version, sqlite_path};
use sqlx::{
    AnyConnection, AssertSqlSafe, Connection as _, Error, Executor as _, Row as _,
    any::AnyPoolOptions,
};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, lchown},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Remedy: write ROUNDROBIN_DATABASE_URL in one of these forms.
    #[error(
        "the database URL must begin with sqlite:// or postgres://, for example sqlite://data/roundrobin.db"
    )]
    UnknownScheme,
    /// Remedy: make the folder and let this user own it.
    #[error("the folder {folder} for the database could not be made by {user}: {cause}")]
    Folder {
        folder: String,
        user: String,
        cause: io::Error,
    },
    #[error(
        "{user} cannot write {path}: {cause}. SQLite writes the database, its log and their folder; let this user own them, for example with: chown -R {owner} {folder}"
    )]
    NotWritable {
        path: String,
        folder: String,
        user: String,
        /// The user by number, which need not have a name.
        owner: u32,
        cause: io::Error,
    },
    #[error(
        "{path} is no SQLite database; see whether ROUNDROBIN_DATABASE_URL names the right file"
    )]
    NoDatabase { path: String },
    #[error(
        "{path} is a database of another program; see whether ROUNDROBIN_DATABASE_URL names the right one"
    )]
    Foreign { path: String },
    #[error(
        "the database {path} is damaged ({words}); restore a backup with: roundrobin restore FILE"
    )]
    Damaged { path: String, words: String },
    #[error(
        "{path} cannot have a write-ahead log: asked for one, SQLite answers that its mode is {mode}. Round Robin reads while it writes and needs one; put the database on a local disk, and leave vfs and mode out of ROUNDROBIN_DATABASE_URL"
    )]
    NoLog { path: String, mode: String },
    #[error(
        "another process serves {path} already: it holds {lock}. One SQLite file has one server; end that one first, or use Postgres for several"
    )]
    Served { path: String, lock: String },
    /// Remedy: let this user write into the folder, and keep the database on a disk that
    /// has locks.
    #[error("the lock {lock} could not be taken by {user}: {cause}")]
    Lock {
        lock: String,
        user: String,
        cause: io::Error,
    },
    #[error(
        "there is an encryption key beside {path}, so there was data, but the database {found}. Put the data back, for example with: roundrobin restore FILE. If there is to be none, start once with ROUNDROBIN_NEW_DATABASE=true"
    )]
    DataLost { path: String, found: &'static str },
    #[error(
        "a restore was interrupted before {path} was in its place. Run it again with: roundrobin restore FILE. To begin with another database instead, remove {copy}"
    )]
    RestoreInterrupted { path: String, copy: String },
    #[error(
        "the database was used by a later version of Round Robin: its schema is {found}, and this version knows {known}. Start that version, or restore a backup from before"
    )]
    LaterVersion { found: i64, known: i64 },
    #[error(
        "ROUNDROBIN_DATABASE_URL leads through a pooler that lends a connection to Postgres for one transaction at a time (in pgbouncer: pool_mode = transaction or statement). Round Robin keeps prepared statements and listens for notices on its connections: set pool_mode = session for this database, or name Postgres itself"
    )]
    PoolerByTransaction,
    #[error(
        "the pooler in ROUNDROBIN_DATABASE_URL refuses how a connection begins ({words}); in pgbouncer, set ignore_startup_parameters = extra_float_digits, and pool_mode = session"
    )]
    PoolerStart { words: String },
    /// Remedy: correct the URL, or grant the user access in Postgres.
    #[error(
        "Postgres does not accept the user or the password of ROUNDROBIN_DATABASE_URL ({words})"
    )]
    LoginRefused { words: String },
    #[error(
        "Postgres has no database of that name ({words}); make it with: createdb, and let the user of ROUNDROBIN_DATABASE_URL own it"
    )]
    NoSuchDatabase { words: String },
    #[error(
        "the Postgres in ROUNDROBIN_DATABASE_URL takes no writes: it is a standby, or default_transaction_read_only is on; name the primary"
    )]
    ReadOnlyPostgres,
    #[error(
        "Postgres took no connection within {} seconds; see whether it runs, and whether ROUNDROBIN_DATABASE_URL and the network lead to it", ACQUIRE_LIMIT.as_secs()
    )]
    NoAnswer,
    #[error(
        "the database could not be opened: {0}; see whether it runs, and whether ROUNDROBIN_DATABASE_URL is right"
    )]
    Connect(Error),
    /// Remedy: nothing of the step that failed is kept: mend what the cause names and start
    /// again, or go back to the version before.
    #[error("the database could not be brought to this version's schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Said, not refused: the data may be whole all the same.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} was in use when it was last written, but its write-ahead log {log} is missing, so what was written last is missing too if this is a copy of the one file. A whole copy is made with: roundrobin backup FILE, and put back with: roundrobin restore FILE"
)]
pub struct LogMissing {
    path: String,
    log: String,
}

/// Whether data has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is a key that sealed something.
    Data,
    Anything,
}

/// The user that this process runs as, by name if the system tells it.
pub fn user() -> String {
    let id = owner();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    accounts
        .lines()
        .find_map(|account| {
            let mut fields = account.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
        })
        .unwrap_or_else(|| format!("the user with id {id}"))
}

fn owner() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A file that belongs to a database, by what is added to its name.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    PathBuf::from(name)
}

/// What the name of the lock file adds to that of the database. Not `.lock`, which
/// SQLite itself may use.
const LOCK: &str = ".serving";
/// The same for the copy that is to take the place of a database.
pub(super) const RESTORING: &str = ".restoring";

/// Held by the one process that serves a SQLite file, and gone with it, however it
/// ends.
#[derive(Debug)]
pub struct ServingLock {
    _file: File,
}

impl ServingLock {
    /// `None` where several servers may share the database.
    pub fn take(url: &str) -> Result<Option<Self>, OpenError> {
        let Some(database) = sqlite_path(url) else {
            return Ok(None);
        };
        make_folder_of(&database)?;
        let path = beside(&database, LOCK);
        let failed = |cause| OpenError::Lock {
            lock: shown(&path),
            user: user(),
            cause,
        };
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(&path);
        let file = match file {
            Err(cause) if is_about_rights(&cause) => return Err(not_writable(&path, cause)),
            file => file.map_err(failed)?,
        };
        hand_over(&path, &database);
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served {
                path: shown(&database),
                lock: shown(&path),
            }),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Whether some process holds it.
    pub(super) fn is_held(database: &Path) -> bool {
        File::open(beside(database, LOCK))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Gives a file, where root made it, to whoever owns the database beside it, or the
/// folder if there is none: the user who serves it has to open it.
pub(super) fn hand_over(file: &Path, database: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let owner = fs::metadata(database).or_else(|_| fs::metadata(folder_of(database)));
    // Not what a link leads to: whoever owns the folder may have made one.
    let given = owner.and_then(|owner| lchown(file, Some(owner.uid()), Some(owner.gid())));
    if let Err(error) = given {
        let file = shown(file);
        tracing::warn!(%error, file, "a file of root's is left, which other users cannot open");
    }
}

/// The folder of a file, also of one that is named without any.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn is_about_rights(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn not_writable(path: &Path, cause: io::Error) -> OpenError {
    OpenError::NotWritable {
        path: shown(path),
        folder: shown(folder_of(path)),
        user: user(),
        owner: owner(),
        cause,
    }
}

/// Why a file that is there is no SQLite database, as far as its first bytes tell.
pub fn is_no_database(file: &Path) -> Option<OpenError> {
    Header::read(file).err()
}

fn make_folder_of(database: &Path) -> Result<(), OpenError> {
    let Some(folder) = database.parent() else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|cause| OpenError::Folder {
        folder: shown(folder),
        user: user(),
        cause,
    })
}

/// What a database file says of itself in its first bytes.
pub(super) struct Header {
    /// It was being served when this was written into the file itself.
    pub served: bool,
}

/// What `PRAGMA user_version` is while a server has the file.
pub(super) const SERVED: u32 = 1;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where the header has the user version, big-endian.
const USER_VERSION_AT: usize = 60;

impl Header {
    /// `None` for an empty file.
    pub(super) fn read(database: &Path) -> Result<Option<Self>, OpenError> {
        if database.is_dir() {
            let path = shown(database);
            return Err(OpenError::NoDatabase { path });
        }
        let mut bytes = Vec::new();
        let read = File::open(database).and_then(|file| file.take(100).read_to_end(&mut bytes));
        read.map_err(|cause| not_writable(database, cause))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() < 100 || !bytes.starts_with(MAGIC) {
            let path = shown(database);
            return Err(OpenError::NoDatabase { path });
        }
        let version = bytes[USER_VERSION_AT..].first_chunk().copied();
        let served = version.map(u32::from_be_bytes) == Some(SERVED);
        Ok(Some(Self { served }))
    }
}

/// A sentence when the log of a file that was in use is gone.
pub(super) fn log_missing(database: &Path, header: &Header) -> Option<LogMissing> {
    let log = beside(database, "-wal");
    (header.served && !log.exists()).then(|| LogMissing {
        path: shown(database),
        log: shown(&log),
    })
}

/// Looks at a SQLite file before it is opened, and at what it holds, in which nothing
/// is changed but that it has a write-ahead log from now on.
pub(super) async fn look_at_sqlite(url: &str, expect: Expect) -> Result<(), OpenError> {
    let Some(database) = sqlite_path(url) else {
        return Ok(());
    };
    let database = &database;
    make_folder_of(database)?;
    let header = look_at_files(database, expect)?;
    let missing = header
        .as_ref()
        .and_then(|header| log_missing(database, header));
    if let Some(missing) = &missing {
        tracing::warn!("{missing}");
    }

    let raw = AnyConnection::connect(url).await;
    let mut raw = raw.map_err(sqlite_refusal(database))?;
    let mode = text(&mut raw, "PRAGMA journal_mode = WAL").await;
    let mode = mode.map_err(sqlite_refusal(database))?;
    if mode != "wal" {
        let path = shown(database);
        return Err(OpenError::NoLog { path, mode });
    }
    look_at_words(&mut raw, database).await?;
    schema_of_sqlite(&mut raw, database, expect).await?;
    // Closing may well take the log away, which then is no sign of a loss.
    let left_served = missing.is_none() && header.is_some_and(|header| header.served);
    if left_served && !ServingLock::is_held(database) {
        let unmarked = raw.execute("PRAGMA user_version = 0").await;
        unmarked.map_err(OpenError::Connect)?;
    }
    // An error would come back on the connections that follow.
    let _ = raw.close().await;
    Ok(())
}

fn lost(database: &Path, found: &'static str) -> OpenError {
    OpenError::DataLost {
        path: shown(database),
        found,
    }
}

/// What can be seen of a database from outside; no header for one that is not there or
/// empty.
pub(super) fn look_at_files(database: &Path, expect: Expect) -> Result<Option<Header>, OpenError> {
    let restoring = beside(database, RESTORING);
    let header = if database.exists() {
        Header::read(database)?
    } else if restoring.exists() {
        return Err(OpenError::RestoreInterrupted {
            path: shown(database),
            copy: shown(&restoring),
        });
    } else if expect == Expect::Data {
        return Err(lost(database, "is not there"));
    } else {
        None
    };
    may_be_written(database)?;
    Ok(header)
}

/// Whether SQLite finds the file sound.
pub(super) async fn look_at_words(
    raw: &mut AnyConnection,
    database: &Path,
) -> Result<(), OpenError> {
    let words = text(raw, "PRAGMA quick_check(1)").await;
    let words = words.map_err(sqlite_refusal(database))?;
    if words != "ok" {
        let path = shown(database);
        return Err(OpenError::Damaged { path, words });
    }
    Ok(())
}

/// The version of the schema; 0 for an empty database.
pub(super) async fn schema_of_sqlite(
    raw: &mut AnyConnection,
    database: &Path,
    expect: Expect,
) -> Result<i64, OpenError> {
    let tables = "select count(*) from sqlite_master where type = 'table'";
    let ours = format!("{tables} and name = '_sqlx_migrations'");
    if number(raw, &ours).await.map_err(OpenError::Connect)? > 0 {
        return schema(raw).await;
    }
    if number(raw, tables).await.map_err(OpenError::Connect)? > 0 {
        let path = shown(database);
        return Err(OpenError::Foreign { path });
    }
    match expect {
        Expect::Data => Err(lost(database, "is empty")),
        Expect::Anything => Ok(0),
    }
}

/// Whether this user may write the database's files and make others beside them.
fn may_be_written(database: &Path) -> Result<(), OpenError> {
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(database, suffix);
        if file.exists() {
            let opened = OpenOptions::new().write(true).open(&file);
            opened.map_err(|cause| not_writable(&file, cause))?;
        }
    }
    let attempt = beside(database, &format!("-{}.attempt", std::process::id()));
    let made = File::create(&attempt);
    match made {
        Ok(_) => {
            // It is empty and has a name of its own.
            let _ = fs::remove_file(&attempt);
            Ok(())
        }
        // A full disk passes, and is told by other means.
        Err(cause) if is_about_rights(&cause) => {
            let folder = folder_of(database);
            Err(OpenError::NotWritable {
                path: format!("into the folder {}", shown(folder)),
                folder: shown(folder),
                user: user(),
                owner: owner(),
                cause,
            })
        }
        Err(_) => Ok(()),
    }
}

fn sqlite_refusal(database: &Path) -> impl Fn(Error) -> OpenError {
    let path = shown(database);
    move |error| {
        let path = path.clone();
        let code = error
            .as_database_error()
            .and_then(|error| error.code()?.parse::<u32>().ok());
        match code.map(|code| code & 0xff) {
            Some(26) => OpenError::NoDatabase { path },
            Some(11) => OpenError::Damaged {
                path,
                words: error.to_string(),
            },
            _ => OpenError::Connect(error),
        }
    }
}

/// How long a second connection for the comparison may take: a pooler may have none.
const SECOND_LIMIT: Duration = Duration::from_secs(5);

/// Looks at a Postgres database that nobody here uses yet. A connection to it, and the version
/// of its schema; 0 for none.
pub(super) async fn look_at_postgres(url: &str) -> Result<(AnyConnection, i64), OpenError> {
    let pool = AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_LIMIT)
        .max_connections(2)
        .connect_lazy(url)
        .map_err(postgres_refusal)?;
    // Detached: a connection that goes back to the pool is tried there, and one that a pooler
    // has broken off would put its failure into the log beneath the sentence that helps.
    let mut first = pool.acquire().await.map_err(postgres_refusal)?.detach();
    if let Ok(Ok(second)) = time::timeout(SECOND_LIMIT, pool.acquire()).await {
        let mut second = second.detach();
        let is_lent = is_lent_by_transaction(&mut first, &mut second).await;
        // The pooler may have closed it.
        let _ = second.close().await;
        if is_lent.map_err(OpenError::Connect)? {
            return Err(OpenError::PoolerByTransaction);
        }
    }
    let read_only = text(
        &mut first,
        "select current_setting('transaction_read_only')",
    )
    .await;
    if read_only.map_err(OpenError::Connect)? == "on" {
        return Err(OpenError::ReadOnlyPostgres);
    }
    let ours = "select cast(count(to_regclass('_sqlx_migrations')) as bigint)";
    let version = if number(&mut first, ours).await.map_err(OpenError::Connect)? > 0 {
        schema(&mut first).await?
    } else {
        0
    };
    Ok((first, version))
}

/// Whether connections to a pooler get another connection to Postgres with each
/// transaction: while one is in a transaction, the other has lost the connection that
/// it had.
async fn is_lent_by_transaction(
    first: &mut AnyConnection,
    second: &mut AnyConnection,
) -> Result<bool, Error> {
    // Others who use the pooler may hide it once.
    for _ in 0..3 {
        let before = number(first, BACKEND).await?;
        if second.execute("BEGIN").await.is_err() {
            // So it is where connections are lent by statement.
            return Ok(true);
        }
        let held = number(second, BACKEND).await?;
        if held == before || number(first, BACKEND).await? != before {
            return Ok(true);
        }
        second.execute("ROLLBACK").await?;
    }
    Ok(false)
}

const BACKEND: &str = "select cast(pg_backend_pid() as bigint)";

pub(super) fn postgres_refusal(error: Error) -> OpenError {
    if matches!(error, Error::PoolTimedOut) {
        return OpenError::NoAnswer;
    }
    let Some(refused) = error.as_database_error() else {
        return OpenError::Connect(error);
    };
    let words = refused.message().to_owned();
    match refused.code().as_deref() {
        Some("28000" | "28P01") => OpenError::LoginRefused { words },
        Some("3D000") => OpenError::NoSuchDatabase { words },
        Some("08P01") if words.contains("startup parameter") => OpenError::PoolerStart { words },
        _ => OpenError::Connect(error),
    }
}

/// The version of a schema that is there, unless a later program made it.
async fn schema(raw: &mut AnyConnection) -> Result<i64, OpenError> {
    let found = number(
        raw,
        "select coalesce(max(version), 0) from _sqlx_migrations",
    )
    .await;
    let found = found.map_err(OpenError::Connect)?;
    let known = newest_version();
    if found > known {
        return Err(OpenError::LaterVersion { found, known });
    }
    Ok(found)
}

/// The one text that a statement gives, without preparing it.
pub(super) async fn text(raw: &mut AnyConnection, statement: &str) -> Result<String, Error> {
    let row = raw
        .fetch_one(sqlx::raw_sql(AssertSqlSafe(statement)))
        .await?;
    row.try_get(0)
}

/// The one number that a statement gives, without preparing it.
pub(super) async fn number(raw: &mut AnyConnection, statement: &str) -> Result<i64, Error> {
    let row = raw
        .fetch_one(sqlx::raw_sql(AssertSqlSafe(statement)))
        .await?;
    row.try_get(0)
}
