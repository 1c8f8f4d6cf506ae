//! Looking at a database without changing anything in it, for whoever wants to know
//! whether it is well before something depends on it.

use super::{
    Engine, Expect, OpenError, ServingLock,
    engine::{install_drivers, newest_version, sqlite_path},
    opening::{self, text},
};
use sqlx::{AnyConnection, Connection as _, Error};
use std::path::Path;

/// What a database is like.
#[derive(Debug)]
pub struct Inspection {
    /// Which it is, and how it is run, in words.
    pub mode: String,
    /// What may not be as it should be, each with what to do.
    pub doubts: Vec<String>,
    /// How many bytes may still be written to its disk; `None` where that is for its
    /// own server to know.
    pub free_bytes: Option<u64>,
    /// The version of its schema; 0 for none.
    pub schema: i64,
    /// The version that this program wants.
    pub known_schema: i64,
}

/// Looks at the database at `url`; fails with what a start would refuse it with.
pub async fn inspect(url: &str, expect: Expect) -> Result<Inspection, OpenError> {
    install_drivers();
    match sqlite_path(url) {
        Some(database) => of_sqlite(url, &database, expect).await,
        None => {
            Engine::of_url(url)?;
            of_postgres(url).await
        }
    }
}

async fn of_sqlite(url: &str, database: &Path, expect: Expect) -> Result<Inspection, OpenError> {
    let header = opening::look_at_files(database, expect)?;
    let path = database.display();
    let mut inspection = Inspection {
        mode: format!("SQLite at {path}, empty"),
        doubts: Vec::new(),
        free_bytes: free_beside(database),
        schema: 0,
        known_schema: newest_version(),
    };
    let Some(header) = header else {
        return Ok(inspection);
    };
    let missing = opening::log_missing(database, &header);
    inspection
        .doubts
        .extend(missing.map(|missing| missing.to_string()));
    let mut raw = AnyConnection::connect(url)
        .await
        .map_err(OpenError::Connect)?;
    opening::look_at_words(&mut raw, database).await?;
    let log = text(&mut raw, "PRAGMA journal_mode").await;
    let log = log.map_err(OpenError::Connect)?;
    let served = if ServingLock::is_held(database) {
        "being served"
    } else {
        "served by nobody"
    };
    inspection.mode = format!(
        "SQLite at {path}, journal mode {log}, sound, {served}; secrets are written with synchronous = FULL"
    );
    inspection.schema = opening::schema_of_sqlite(&mut raw, database, expect).await?;
    // It was only read.
    let _ = raw.close().await;
    Ok(inspection)
}

async fn of_postgres(url: &str) -> Result<Inspection, OpenError> {
    let (mut raw, schema) = opening::look_at_postgres(url).await?;
    let mut setting = async |name: &str| -> Result<String, Error> {
        text(&mut raw, &format!("select current_setting('{name}')")).await
    };
    let version = setting("server_version")
        .await
        .map_err(OpenError::Connect)?;
    let mut doubts = Vec::new();
    for (name, danger) in [
        ("fsync", "a loss of power may destroy the whole database"),
        (
            "full_page_writes",
            "a loss of power may destroy parts of the database",
        ),
    ] {
        if setting(name).await.map_err(OpenError::Connect)? == "off" {
            doubts.push(format!(
                "{name} is off, and {danger}; set it to on in postgresql.conf"
            ));
        }
    }
    // It was only read.
    let _ = raw.close().await;
    Ok(Inspection {
        mode: format!("Postgres {version}, takes writes, lends connections for whole sessions"),
        doubts,
        free_bytes: None,
        schema,
        known_schema: newest_version(),
    })
}

/// What this user may still write into the folder of a file.
fn free_beside(file: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(opening::folder_of(file)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_beside_a_file_is_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_beside(&folder.path().join("rr.db")).is_some_and(|free| free > 0));
    }
}
