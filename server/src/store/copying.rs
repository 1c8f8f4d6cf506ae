//! Backups of a SQLite database, and putting them back. A copy of the one file is not
//! enough: what was written last is in the log beside it. Here SQLite copies, and what
//! it wrote is looked at before anybody relies on it.

use super::{
    OpenError, ServingLock,
    engine::{install_drivers, newest_version, sqlite_path, sqlite_url},
    opening::{Header, RESTORING, beside, hand_over, number, text},
};
use sqlx::{AnyConnection, Connection as _, Error, Executor as _, Row as _};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(
        "this is for SQLite. A Postgres database is saved with: pg_dump --format=custom --file=FILE URL, and put back, into an empty database, with: pg_restore --exit-on-error --single-transaction --no-owner --dbname=URL FILE"
    )]
    Postgres,
    #[error(
        "there is no database {path}; see whether ROUNDROBIN_DATABASE_URL names the right file"
    )]
    NoSource { path: String },
    #[error("there is no file {path}; name one that was written with: roundrobin backup FILE")]
    NoBackup { path: String },
    #[error("{path} is there already, and a backup overwrites nothing; name another file")]
    AlreadyThere { path: String },
    #[error(
        "{path} cannot be written: {cause}; name a file in a folder that this user may write to, on a disk with room"
    )]
    Write { path: String, cause: io::Error },
    #[error(
        "{path} holds no data of Round Robin, perhaps since it was copied without its log; name one that was written with: roundrobin backup FILE"
    )]
    Empty { path: String },
    #[error("{path} is no backup; name one that was written with: roundrobin backup FILE")]
    NotABackup { path: String },
    #[error(
        "{path} cannot be read by {user}: {cause}; let this user read it, or name another file"
    )]
    Unread {
        path: String,
        user: String,
        cause: io::Error,
    },
    #[error(
        "{path} was written by a later version of Round Robin: its schema is {found}, and this version knows {known}; restore it with that version"
    )]
    LaterBackup {
        path: String,
        found: i64,
        known: i64,
    },
    #[error("{path} is damaged ({words}); take another one")]
    Damaged { path: String, words: String },
    #[error(
        "the copy {path} has not what the database has ({table}: {copied} rows instead of {there}), and was removed; see whether the disk is sound, and try again"
    )]
    Differs {
        path: String,
        table: String,
        copied: i64,
        there: i64,
    },
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Remedy: see whether the disk is sound and has room, then try again.
    #[error("SQLite could not copy {path}: {cause}")]
    Database { path: String, cause: Error },
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub tables: usize,
    pub rows: i64,
}

/// What was put back.
#[derive(Clone, Debug)]
pub struct Restored {
    pub copied: Copied,
    /// Where that is what was there before.
    pub kept: Vec<PathBuf>,
}

/// Copies the database at `url` into a new file, while it is being served or not, and
/// looks at what was written.
pub async fn back_up(url: &str, file: &Path) -> Result<Copied, CopyError> {
    let database = sqlite_path(url).ok_or(CopyError::Postgres)?;
    if !database.exists() {
        let path = shown(&database);
        return Err(CopyError::NoSource { path });
    }
    // Before all the work, and again when the name is given.
    if file.exists() {
        return Err(CopyError::AlreadyThere { path: shown(file) });
    }
    sound(&database).await?;
    copy(&database, file, new_name).await
}

/// Puts the backup in `file` in the place of the database at `url`, which nobody may
/// serve meanwhile and which is kept beside it. `moment` tells it from others that are
/// kept. Whatever interrupts it, the old database or the new one is whole in its place,
/// or there is none, and then a start says that a restore was interrupted.
pub async fn restore(url: &str, file: &Path, moment: &str) -> Result<Restored, CopyError> {
    let database = sqlite_path(url).ok_or(CopyError::Postgres)?;
    if !file.exists() {
        return Err(CopyError::NoBackup { path: shown(file) });
    }
    let _nobody_serves = ServingLock::take(url)?;
    sound(file)
        .await
        .map_err(|error| of_a_backup(file, error))?;
    let new = beside(&database, RESTORING);
    let copied = copy(file, &new, replace).await?;
    hand_over(&new, &database);
    let kept = put_aside(&database, &format!(".before-restore-{moment}"))?;
    replace(&new, &database)?;
    keep_names(&database);
    Ok(Restored { copied, kept })
}

/// What SQLite has beside a database and cannot do without. It finds them by their
/// names, and would take them for parts of whatever has the database's.
const PARTS: [&str; 2] = ["-wal", "-journal"];
/// The same, made anew whenever it is missing.
const INDEX: &str = "-shm";

/// Gives a database and its parts, as far as they are there, names with a suffix. The
/// parts have their new names before it has, and the old ones until then, so that it is
/// whole at every moment.
fn put_aside(database: &Path, suffix: &str) -> Result<Vec<PathBuf>, CopyError> {
    let aside = beside(database, suffix);
    let mut kept = Vec::new();
    for part in PARTS {
        let (from, to) = (beside(database, part), beside(&aside, part));
        if from.exists() {
            second_name(&from, &to).map_err(|cause| unwritten(&to, cause))?;
            kept.push(to);
        }
    }
    keep_names(database);
    if database.exists() {
        replace(database, &aside)?;
        keep_names(database);
        kept.insert(0, aside);
    }
    for part in PARTS.iter().chain([&INDEX]) {
        let old = beside(database, part);
        match fs::remove_file(&old) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(unwritten(&old, cause));
            }
            _ => {}
        }
    }
    keep_names(database);
    Ok(kept)
}

/// Where a file system knows no second names, a copy serves.
fn second_name(file: &Path, name: &Path) -> io::Result<()> {
    fs::hard_link(file, name).or_else(|_| {
        fs::copy(file, name)?;
        File::open(name)?.sync_all()
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What is wrong with a backup is said of the file that somebody named, and not of the
/// database that is served.
fn of_a_backup(file: &Path, error: CopyError) -> CopyError {
    let path = shown(file);
    match error {
        CopyError::Open(OpenError::NoDatabase { .. }) => CopyError::NotABackup { path },
        CopyError::Open(OpenError::NotWritable { user, cause, .. }) => {
            CopyError::Unread { path, user, cause }
        }
        CopyError::Open(OpenError::LaterVersion { found, known }) => {
            CopyError::LaterBackup { path, found, known }
        }
        error => error,
    }
}

fn unwritten(path: &Path, cause: io::Error) -> CopyError {
    CopyError::Write {
        path: shown(path),
        cause,
    }
}

fn failed(path: &Path) -> impl Fn(Error) -> CopyError {
    let path = shown(path);
    move |cause| CopyError::Database {
        path: path.clone(),
        cause,
    }
}

/// Has the names in a file's folder outlast a loss of power, where that can be asked
/// for.
fn keep_names(file: &Path) {
    if let Some(Ok(folder)) = file.parent().map(File::open) {
        let _ = folder.sync_all();
    }
}

async fn open(file: &Path, mode: &str) -> Result<AnyConnection, CopyError> {
    install_drivers();
    AnyConnection::connect(&sqlite_url(file, mode))
        .await
        .map_err(failed(file))
}

/// Whether a file is a whole database of ours that this version can read.
async fn sound(file: &Path) -> Result<(), CopyError> {
    let path = shown(file);
    if Header::read(file)?.is_none() {
        return Err(CopyError::Empty { path });
    }
    let mut raw = open(file, "ro").await?;
    // A file that is damaged enough cannot even be checked.
    let words = text(&mut raw, "PRAGMA integrity_check").await;
    let words = words.unwrap_or_else(|error| error.to_string());
    if words != "ok" {
        return Err(CopyError::Damaged { path, words });
    }
    let schema = "select count(*) from sqlite_master where name = '_sqlx_migrations'";
    if number(&mut raw, schema).await.map_err(failed(file))? == 0 {
        return Err(CopyError::Empty { path });
    }
    let version = "select coalesce(max(version), 0) from _sqlx_migrations";
    let found = number(&mut raw, version).await.map_err(failed(file))?;
    let known = newest_version();
    if found > known {
        return Err(OpenError::LaterVersion { found, known }.into());
    }
    let _ = raw.close().await;
    Ok(())
}

/// Has SQLite copy a sound database into a new file that only this user may read. It
/// is given its name when it is whole.
async fn copy(
    from: &Path,
    to: &Path,
    name: fn(&Path, &Path) -> Result<(), CopyError>,
) -> Result<Copied, CopyError> {
    let part = beside(to, ".part");
    // One that was left by an interruption is nobody's.
    let _ = fs::remove_file(&part);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Empty, as SQLite wants it.
    let made = options.open(&part);
    made.map_err(|cause| unwritten(to, cause))?;
    let copied = fill(from, &part).await;
    let copied = copied.and_then(|copied| name(&part, to).map(|()| copied));
    // It is only half a copy, or has another name by now.
    for suffix in ["", "-journal"] {
        let _ = fs::remove_file(beside(&part, suffix));
    }
    keep_names(to);
    copied
}

/// Gives a file another name, whoever has it.
fn replace(part: &Path, to: &Path) -> Result<(), CopyError> {
    fs::rename(part, to).map_err(|cause| unwritten(to, cause))
}

/// Gives a file another name, which nobody may have.
fn new_name(part: &Path, to: &Path) -> Result<(), CopyError> {
    match fs::hard_link(part, to) {
        Ok(()) => Ok(()),
        Err(_) if to.exists() => Err(CopyError::AlreadyThere { path: shown(to) }),
        // Not every file system knows second names.
        Err(_) => replace(part, to),
    }
}

async fn fill(from: &Path, to: &Path) -> Result<Copied, CopyError> {
    let mut source = open(from, "ro").await?;
    let before = contents(&mut source).await.map_err(failed(from))?;
    sqlx::query("vacuum into $1")
        .bind(shown(to))
        .execute(&mut source)
        .await
        .map_err(failed(to))?;
    let after = contents(&mut source).await.map_err(failed(from))?;
    let _ = source.close().await;

    let mut copy = open(to, "rw").await?;
    // It was perhaps being served; the copy is not.
    let unmarked = copy.execute("PRAGMA user_version = 0").await;
    unmarked.map_err(failed(to))?;
    let words = text(&mut copy, "PRAGMA integrity_check").await;
    let words = words.map_err(failed(to))?;
    if words != "ok" {
        let path = shown(to);
        return Err(CopyError::Damaged { path, words });
    }
    let copied = contents(&mut copy).await.map_err(failed(to))?;
    copy.close().await.map_err(failed(to))?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|cause| unwritten(to, cause))?;
    // What somebody writes meanwhile is in it or not.
    if before == after
        && let Some((table, there)) = before
            .iter()
            .find(|(table, there)| copied.get(*table) != Some(there))
    {
        return Err(CopyError::Differs {
            path: shown(to),
            copied: copied.get(table).copied().unwrap_or(0),
            table: table.clone(),
            there: *there,
        });
    }
    Ok(Copied {
        tables: copied.len(),
        rows: copied.values().sum(),
    })
}

/// How many rows each table has.
async fn contents(raw: &mut AnyConnection) -> Result<BTreeMap<String, i64>, Error> {
    let tables = "select name from sqlite_master
                  where type = 'table' and name not like 'sqlite_%'";
    let tables = raw.fetch_all(tables).await?;
    let mut contents = BTreeMap::new();
    for table in tables {
        let name: String = table.try_get(0)?;
        let count = format!("select count(*) from \"{name}\"");
        let rows = number(raw, &count).await?;
        contents.insert(name, rows);
    }
    Ok(contents)
}
