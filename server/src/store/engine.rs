//! Everything that differs between SQLite and Postgres. The rest of the store
//! is written once, in the SQL that both understand.

use sqlx::{
    AnyPool, Connection as _, Transaction,
    any::{Any, AnyPoolOptions},
    migrate::Migrator,
};
use std::{path::Path, time::Duration};

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
    pub(super) pool: AnyPool,
    pub(super) writer: AnyPool,
    /// Where [`Engine::stamp`] is asked.
    pub(super) stamps: AnyPool,
}

/// Why a database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the database URL must begin with sqlite:// or postgres://, for example sqlite://data/roundrobin.db"
    )]
    UnknownScheme,
    #[error("the folder {folder} for the database could not be made: {cause}")]
    Folder {
        folder: String,
        cause: std::io::Error,
    },
    #[error("the database could not be opened: {0}")]
    Connect(sqlx::Error),
    #[error("the database could not be brought to this version's schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
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

    /// Opens the database, making a SQLite file when there is none.
    pub(super) async fn open(self, url: &str) -> Result<Pools, OpenError> {
        sqlx::any::install_default_drivers();
        match self {
            Self::Sqlite => {
                make_folder_of(url)?;
                let url = creating(url);
                // First, so that whoever reads finds the file as it is to be.
                let writer = sqlite_pool(&url, 1, &[]).await?;
                let pool = sqlite_pool(&url, 8, &[]).await?;
                let stamps = sqlite_pool(&url, 1, &[NAME_READER]).await?;
                Ok(Pools {
                    pool,
                    writer,
                    stamps,
                })
            }
            Self::Postgres => {
                let connecting = pool_of(16).connect(url).await;
                let pool = connecting.map_err(OpenError::Connect)?;
                Ok(Pools {
                    writer: pool.clone(),
                    stamps: pool.clone(),
                    pool,
                })
            }
        }
    }

    /// Begins a transaction that will write. SQLite takes its write lock at
    /// once: a transaction that reads first and writes later would fail with
    /// "busy" instead of waiting for its turn.
    pub(super) async fn begin(
        self,
        pool: &AnyPool,
    ) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self {
            Self::Sqlite => pool.begin_with("BEGIN IMMEDIATE").await,
            Self::Postgres => pool.begin().await,
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

    /// A statement whose one text stays the same for as long as no transaction that
    /// wrote anything is committed, here or by anybody else.
    pub(super) const fn stamp(self) -> &'static str {
        match self {
            // The version counts for the connection that asks, which may be replaced:
            // see `NAME_READER`.
            Self::Sqlite => {
                "select r.id || ' ' || v.data_version from temp.reader r, pragma_data_version v"
            }
            // Which transactions count at the moment, and whoever sees the same ones
            // sees the same rows.
            Self::Postgres => "select cast(pg_current_snapshot() as text)",
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

/// How long a connection may have waited and still count as sound. Asking each
/// whether it is would double the round trips of a busy server.
const SURELY_SOUND: Duration = Duration::from_secs(1);

fn pool_of(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .acquire_timeout(Duration::from_secs(10))
        .max_connections(connections)
        .test_before_acquire(false)
        .before_acquire(|connection, last_use| {
            Box::pin(async move {
                // One that is broken is replaced.
                Ok(last_use.idle_for < SURELY_SOUND || connection.ping().await.is_ok())
            })
        })
}

/// How every connection to SQLite is set up.
const SETTINGS: [&str; 4] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
];

/// Tells a connection to SQLite from any that came before it.
const NAME_READER: &str = "create temp table reader as select lower(hex(randomblob(8))) as id";

/// Connections on which `preparations` ran after the settings.
async fn sqlite_pool(
    url: &str,
    connections: u32,
    preparations: &'static [&'static str],
) -> Result<AnyPool, OpenError> {
    pool_of(connections)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statement in SETTINGS.iter().chain(preparations) {
                    sqlx::query(*statement).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect(url)
        .await
        .map_err(OpenError::Connect)
}

/// The path of a SQLite URL, without the parameters.
pub fn sqlite_path(url: &str) -> Option<&Path> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Some(Path::new(path))
}

pub(super) async fn migrate(pool: &AnyPool) -> Result<(), OpenError> {
    Ok(MIGRATIONS.run(pool).await?)
}

fn make_folder_of(url: &str) -> Result<(), OpenError> {
    let Some(folder) = sqlite_path(url).and_then(Path::parent) else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|cause| OpenError::Folder {
        folder: folder.display().to_string(),
        cause,
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
