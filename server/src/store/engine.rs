//! Everything that differs between SQLite and Postgres. The rest of the store
//! is written once, in the SQL that both understand.

use super::{
    Expect, OpenError, Trouble, opening,
    pool::{Pool, Upkeep, Work},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::{
    AnyPool, Connection as _, Error,
    any::AnyPoolOptions,
    migrate::{MigrateError, Migrator},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Once},
    time::Duration,
};
use url::Url;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Which database holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The connections to a database. Only one may write to SQLite at a time, and it
/// lets those who wait try again now and then, whoever came first: among many,
/// some would wait for seconds. So writers share one connection, for which they
/// queue.
pub(super) struct Pools {
    pub(super) pool: Pool,
    pub(super) writer: Pool,
    pub(super) upkeep: Arc<Upkeep>,
}

/// Makes both databases known to [`sqlx::Any`], which whoever connects through it has to do first.
pub fn install_drivers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        sqlx::any::install_drivers(&[sqlx_postgres::any::DRIVER, sqlx_sqlite::any::DRIVER])
            .expect("nobody else installs any");
    });
}

impl Engine {
    /// The engine that a URL names.
    pub fn of_url(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            Ok(Self::Sqlite)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Ok(Self::Postgres)
        } else {
            Err(OpenError::UnknownScheme)
        }
    }

    /// Opens the database, making a SQLite file when there is none, and brings its
    /// schema up to date.
    pub(super) async fn open(self, url: &str, expect: Expect) -> Result<Pools, OpenError> {
        install_drivers();
        let upkeep = Arc::new(Upkeep::new(self));
        let (pool, writer) = match self {
            Self::Sqlite => {
                let url = creating(url);
                opening::look_at_sqlite(&url, expect).await?;
                // First, so that whoever reads finds the file as it is to be.
                let connecting = pool_of(1, &[SETTINGS], &upkeep).connect(&url).await;
                let writer = connecting.map_err(OpenError::Connect)?;
                migrate(&writer).await?;
                let connecting = pool_of(8, &[SETTINGS], &upkeep).connect(&url).await;
                let pool = connecting.map_err(OpenError::Connect)?;
                (pool, writer)
            }
            Self::Postgres => {
                // A pooler by transaction would hand on to others what is set, so nothing
                // is before it is known that there is none.
                let (looked_through, _) = opening::look_at_postgres(url).await?;
                // It was only read.
                let _ = looked_through.close().await;
                let connecting = pool_of(1, &[GIVING_UP], &upkeep).connect(url).await;
                let migrating = connecting.map_err(opening::postgres_refusal)?;
                migrate(&migrating).await?;
                migrating.close().await;
                let connecting = pool_of(16, &[GIVING_UP, PATIENCE], &upkeep).connect(url);
                let pool = connecting.await.map_err(opening::postgres_refusal)?;
                (pool.clone(), pool)
            }
        };
        let watched = |raw, work| Pool::new(raw, Arc::clone(&upkeep), work);
        Ok(Pools {
            pool: watched(pool, Work::Reading),
            writer: watched(writer, Work::Writing),
            upkeep,
        })
    }

    /// The statement that begins a transaction that will write. SQLite takes its
    /// write lock at once: a transaction that reads first and writes later would fail
    /// with "busy" instead of waiting for its turn.
    pub(super) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// The statement after which a connection's commits outlast a loss of power.
    pub(super) const fn durable(self) -> &'static str {
        match self {
            Self::Sqlite => "PRAGMA synchronous = FULL",
            // Every other value is at least as careful.
            Self::Postgres => {
                "select set_config('synchronous_commit', 'on', false)
                 where current_setting('synchronous_commit') = 'off'"
            }
        }
    }

    /// The statement that undoes [`Engine::durable`].
    pub(super) const fn not_durable(self) -> &'static str {
        match self {
            Self::Sqlite => "PRAGMA synchronous = NORMAL",
            Self::Postgres => "reset synchronous_commit",
        }
    }

    /// How long a statement may take, where the other side can vanish. What only reads
    /// waits for nobody, and is asked again.
    pub(super) const fn statement_limit(self, work: Work) -> Option<Duration> {
        match (self, work) {
            (Self::Sqlite, _) => None,
            (Self::Postgres, Work::Reading) => Some(Duration::from_secs(5)),
            (Self::Postgres, Work::Writing | Work::Durable) => Some(Duration::from_secs(10)),
        }
    }

    /// How long a connection may take to say that it is there, where the other side can
    /// vanish.
    pub(super) const fn ping_limit(self) -> Option<Duration> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Duration::from_secs(2)),
        }
    }

    /// What sets how long a transaction waits that tries whether something can be
    /// written: less than whoever asks, who is to be told what it waits for.
    pub(super) const fn hurry(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => {
                Some("set local lock_timeout = '3s'; set local statement_timeout = '4s'")
            }
        }
    }

    /// What is the matter when nothing is heard: SQLite, which is no other side, waits
    /// for a lock.
    pub(super) const fn unanswered(self) -> Trouble {
        match self {
            Self::Sqlite => Trouble::Locked,
            Self::Postgres => Trouble::NoAnswer,
        }
    }

    /// What an error says of the database where nothing else was asked of it than to
    /// read and write at all.
    pub(super) fn hindrance(self, error: &Error) -> Trouble {
        self.trouble(error).unwrap_or_else(|| {
            let code = error.as_database_error().and_then(|error| error.code());
            match (self, code.as_deref()) {
                (Self::Postgres, Some("55P03")) => Trouble::Locked,
                (Self::Postgres, Some("57014")) => Trouble::Slow,
                _ => Trouble::Refused,
            }
        })
    }

    /// What an error says of the database as a whole; nothing when it concerns the
    /// statement alone. The codes are SQLite's result codes and Postgres' SQLSTATE.
    pub(super) fn trouble(self, error: &Error) -> Option<Trouble> {
        match error {
            Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Some(self.unanswered()),
            Error::PoolTimedOut => Some(self.unanswered()),
            Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
                Some(Trouble::Lost)
            }
            Error::Database(error) => {
                let code = error.code()?;
                match self {
                    Self::Sqlite => sqlite_trouble(code.parse().ok()?),
                    Self::Postgres => postgres_trouble(&code),
                }
            }
            _ => None,
        }
    }

    /// The statements after which the database itself says that it is being served,
    /// wherever it is copied to.
    pub(super) const fn mark_served(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["PRAGMA user_version = 1", "PRAGMA wal_checkpoint(TRUNCATE)"],
            Self::Postgres => &[],
        }
    }

    /// The statements that undo [`Engine::mark_served`].
    pub(super) const fn unmark_served(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["PRAGMA user_version = 0"],
            Self::Postgres => &[],
        }
    }

    /// An SQL expression for the rows of a group as JSON: an array of arrays of these
    /// `columns`, by `order`; an empty array when there are no rows.
    pub(super) fn json_rows(self, columns: &str, order: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}) order by {order})"),
            Self::Postgres => format!(
                "coalesce(json_agg(json_build_array({columns}) order by {order})::text, '[]')"
            ),
        }
    }

    /// A list of the objects in the JSON array that is bound to `$1`, as `j.value`: so one
    /// statement writes however many rows.
    pub(super) const fn rows_of_json(self) -> &'static str {
        match self {
            Self::Sqlite => "json_each($1) as j",
            Self::Postgres => "json_array_elements($1::json) as j(value)",
        }
    }

    /// The same of the JSON array that is bound to `placeholder`.
    pub(super) fn rows_of_json_in(self, placeholder: &str) -> String {
        self.rows_of_json().replace("$1", placeholder)
    }

    /// A subquery for the texts in the JSON array that is bound to `placeholder`.
    pub(super) fn texts_of_json(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("(select value from json_each({placeholder}))"),
            Self::Postgres => {
                format!("(select value from json_array_elements_text({placeholder}::json))")
            }
        }
    }

    /// What ends a subquery of ids whose rows are then changed: Postgres holds them in this order.
    /// SQLite lets only one write at a time.
    pub(super) const fn held_in_order(self) -> &'static str {
        match self {
            Self::Sqlite => "order by id",
            Self::Postgres => "order by id for update",
        }
    }

    /// The same without the rows that another transaction is changing.
    pub(super) const fn held_unless_taken(self) -> &'static str {
        match self {
            Self::Sqlite => "order by id",
            Self::Postgres => "order by id for update skip locked",
        }
    }

    /// The database's own time as an SQL expression, in milliseconds since 1970.
    pub(super) const fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "cast(unixepoch('subsec') * 1000 as integer)",
            Self::Postgres => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
        }
    }
}

/// Of the result codes, the last byte tells the kind.
const fn sqlite_trouble(code: u32) -> Option<Trouble> {
    /// No room to map more of the shared memory file.
    const IOERR_SHMSIZE: u32 = 4874;
    match (code, code & 0xff) {
        (IOERR_SHMSIZE, _) | (_, 13) => Some(Trouble::DiskFull),
        (_, 8) => Some(Trouble::ReadOnly),
        (_, 5 | 6) => Some(Trouble::Locked),
        (_, 10 | 11 | 14 | 26) => Some(Trouble::Damaged),
        _ => None,
    }
}

fn postgres_trouble(code: &str) -> Option<Trouble> {
    match code {
        "53100" => Some(Trouble::DiskFull),
        "25006" => Some(Trouble::ReadOnly),
        "53300" => Some(Trouble::TooManyConnections),
        "28000" | "28P01" => Some(Trouble::LoginRefused),
        "57P01" | "57P02" | "57P03" | "57P05" => Some(Trouble::Lost),
        "58030" | "XX001" | "XX002" => Some(Trouble::Damaged),
        _ if code.starts_with("08") => Some(Trouble::Lost),
        _ => None,
    }
}

/// How long to wait for a connection, whether one is made or becomes free.
pub(super) const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);

/// Connections on each of which these statements run before it is lent first.
fn pool_of(
    connections: u32,
    preparations: &'static [&'static [&'static str]],
    upkeep: &Arc<Upkeep>,
) -> AnyPoolOptions {
    let (lending, taking_back) = (Arc::clone(upkeep), Arc::clone(upkeep));
    AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_LIMIT)
        .max_connections(connections)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statements in preparations {
                    for statement in *statements {
                        sqlx::raw_sql(*statement).execute(&mut *connection).await?;
                    }
                }
                Ok(())
            })
        })
        .before_acquire(move |connection, known| {
            let upkeep = Arc::clone(&lending);
            Box::pin(async move { Ok(upkeep.may_be_lent(connection, known).await) })
        })
        .after_release(move |_, known| {
            let outdated = taking_back.is_outdated(known.age);
            Box::pin(async move { Ok(!outdated) })
        })
}

/// How every connection to SQLite is set up.
const SETTINGS: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
];

/// When Postgres gives up a connection at whose other end nobody is any more. Until then
/// a transaction keeps its locks, and by the system's own limits that is two hours. Set
/// by statements: poolers refuse settings at the beginning of a connection that they do
/// not know.
pub const GIVING_UP: &[&str] = &["set idle_in_transaction_session_timeout = '15s';
     set tcp_keepalives_idle = '15s';
     set tcp_keepalives_interval = '5s';
     set tcp_keepalives_count = 3;
     set tcp_user_timeout = '30s'"];

/// How long Postgres works on a statement of a server: less than a writer waits for an
/// answer, who so is told that the statement was slow or waited for a lock, and knows
/// that the connection is sound. Migrations take the time that they need.
const PATIENCE: &[&str] = &["set lock_timeout = '8s'; set statement_timeout = '9s'"];

/// The path of the file that a SQLite URL leads to, read as sqlx reads it.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let parsed = Url::parse(url);
    let path = written_path(parsed.as_ref().map_or(url, Url::as_str))?;
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    Some(PathBuf::from(decoded.into_owned()))
}

/// The path as it is written in a SQLite URL, without the parameters.
pub fn written_path(url: &str) -> Option<&str> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    Some(path.split_once('?').map_or(path, |(path, _)| path))
}

/// The inverse of [`sqlite_path`], for a file that is there.
pub(super) fn sqlite_url(file: &Path, mode: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-');
    // The beginning of a path without a root would be taken for a host.
    let whole = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let path = whole.to_string_lossy();
    format!(
        "sqlite://{}?mode={mode}",
        utf8_percent_encode(&path, ENCODED)
    )
}

/// The version of the schema that this program brings a database to.
pub(super) fn newest_version() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

async fn migrate(pool: &AnyPool) -> Result<(), OpenError> {
    MIGRATIONS.run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => OpenError::LaterVersion {
            found,
            known: newest_version(),
        },
        error => OpenError::Migrate(error),
    })
}

fn creating(url: &str) -> String {
    if url.contains("mode=") {
        url.to_owned()
    } else if url.contains('?') {
        format!("{url}&mode=rwc")
    } else {
        format!("{url}?mode=rwc")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_statement_alone_say_nothing_of_the_database() {
        // A constraint, and a schema that changed.
        for code in [19, 1555, 2067, 17] {
            assert_eq!(sqlite_trouble(code), None, "{code}");
        }
        // A constraint, a deadlock, a syntax error, a statement that was too slow, a lock
        // that somebody else kept.
        for code in ["23505", "40P01", "42601", "57014", "55P03"] {
            assert_eq!(postgres_trouble(code), None, "{code}");
        }
    }

    /// Servers of the version before go on while this one's are brought in one by one.
    #[test]
    fn no_migration_takes_away_what_an_earlier_server_uses() {
        for migration in MIGRATIONS.iter() {
            let statements: String = migration
                .sql
                .as_str()
                .lines()
                .filter(|line| !line.starts_with("--"))
                .map(str::to_lowercase)
                .collect();
            for taking in ["drop ", "rename "] {
                let version = migration.version;
                assert!(!statements.contains(taking), "{version}: {taking}");
            }
        }
    }

    #[test]
    fn a_url_and_its_path_lead_to_the_same_file() {
        for (url, path) in [
            ("sqlite://data/rr.db", "data/rr.db"),
            ("sqlite:data/rr.db?mode=ro", "data/rr.db"),
            (
                "sqlite:///srv/round%20robin/rr.db",
                "/srv/round robin/rr.db",
            ),
            ("sqlite:///srv/round robin/rr.db", "/srv/round robin/rr.db"),
            ("sqlite:///srv/100%25%3F.db?mode=rw", "/srv/100%?.db"),
            ("sqlite:///srv/100%/rr.db", "/srv/100%/rr.db"),
        ] {
            assert_eq!(sqlite_path(url).unwrap(), Path::new(path), "{url}");
        }
        assert_eq!(sqlite_path("postgres://localhost/rr"), None);
        let path = Path::new("/nowhere/100 %?#ä.db");
        assert_eq!(sqlite_path(&sqlite_url(path, "ro")).unwrap(), path);
    }

    #[test]
    fn extended_result_codes_tell_the_same_as_their_kind() {
        for (code, trouble) in [
            (13, Trouble::DiskFull),
            (4874, Trouble::DiskFull),
            (8, Trouble::ReadOnly),
            (1032, Trouble::ReadOnly),
            (778, Trouble::Damaged),
            (517, Trouble::Locked),
        ] {
            assert_eq!(sqlite_trouble(code), Some(trouble), "{code}");
        }
        assert_eq!(postgres_trouble("08006"), Some(Trouble::Lost));
        assert_eq!(postgres_trouble("25006"), Some(Trouble::ReadOnly));
        assert_eq!(postgres_trouble("53100"), Some(Trouble::DiskFull));
    }
}
