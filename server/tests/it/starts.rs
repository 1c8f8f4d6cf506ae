//! What a server does not start over, or says at the start: databases that it would
//! lose something with, each in a sentence that helps.

use crate::support::{
    Database, ENCRYPTION_KEYS, NOWHERE, create, databases,
    disk::Disk,
    postgres,
    process::{Ended, ServerProcess, run},
    sqlite, with_people,
};
use server::store::Store;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Brings a database to the schema, with the keys given, as a start does.
async fn migrate(url: &str) -> Ended {
    run(
        &["migrate"],
        url,
        &[("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)],
    )
    .await
}

/// It ended with a sentence that has all of this.
fn refused(ended: &Ended, parts: &[&str]) {
    assert!(!ended.success, "{ended:?}");
    let sentence = ended.said.lines().last().unwrap_or_default();
    for part in parts {
        assert!(sentence.contains(part), "no {part:?} in {sentence:?}");
    }
}

fn file_of(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite://").unwrap())
}

fn at(file: &Path) -> Database {
    Database::at(format!("sqlite://{}", file.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_writes_is_refused_with_path_user_and_remedy() {
    let Some(disk) = Disk::of_megabytes(8) else {
        return;
    };
    let database = at(&disk.path().join("rr.db"));
    assert!(migrate(&database.url).await.success);
    disk.make_read_only();
    let file = file_of(&database);
    let path = file.to_str().unwrap();
    for command in ["serve", "migrate", "reencrypt"] {
        let settings = [("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)];
        let ended = run(&[command], &database.url, &settings).await;
        refused(&ended, &[" cannot write ", path, "chown"]);
    }
    let settings = [("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)];
    let empty = at(&disk.path().join("new").join("rr.db"));
    let ended = run(&["migrate"], &empty.url, &settings).await;
    refused(&ended, &["could not be made by ", "new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_have_a_write_ahead_log_is_refused() {
    let database = sqlite();
    let url = format!("{}?vfs=unix-dotfile", database.url);
    let file = file_of(&database);
    refused(
        &migrate(&url).await,
        &[file.to_str().unwrap(), "write-ahead log", "local disk"],
    );
    // What was refused at a first start has left no key that the next one would find
    // without its data.
    refused(&run(&["migrate"], &url, &[]).await, &["write-ahead log"]);
    assert!(run(&["migrate"], &database.url, &[]).await.success);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sqlite_file_has_one_server_and_commands_run_beside_it() {
    let database = sqlite();
    let server = ServerProcess::start(&database, NOWHERE).await;
    let settings = [
        ("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS),
        ("ROUNDROBIN_LISTEN", "127.0.0.1:0"),
    ];
    let file = file_of(&database);
    let second = run(&["serve"], &database.url, &settings).await;
    refused(
        &second,
        &[
            "another process serves",
            file.to_str().unwrap(),
            "rr.db.serving",
        ],
    );
    let beside = run(&["reencrypt"], &database.url, &settings).await;
    assert!(beside.success, "{beside:?}");
    // The lock dies with the process, however that ends.
    server.kill();
    ServerProcess::start(&database, NOWHERE).await.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_later_version_is_refused() {
    for database in databases().await {
        assert!(migrate(&database.url).await.success);
        let mut raw = AnyConnection::connect(&database.url).await.unwrap();
        raw.execute(
            "insert into _sqlx_migrations
                 (version, description, installed_on, success, checksum, execution_time)
             select 99990101, 'from the future', installed_on, success, checksum, 0
             from _sqlx_migrations where version = 1",
        )
        .await
        .unwrap();
        refused(
            &migrate(&database.url).await,
            &["later version", "99990101", "this version knows"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_of_ours_is_refused_and_left_as_it_is() {
    let database = sqlite();
    let file = file_of(&database);
    let path = file.to_str().unwrap();
    let letter = "Dear database, ".repeat(100);
    fs::write(&file, &letter).unwrap();
    refused(&migrate(&database.url).await, &[path, "no SQLite database"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), letter);

    fs::remove_file(&file).unwrap();
    let url = format!("{}?mode=rwc", database.url);
    let mut raw = AnyConnection::connect(&url).await.unwrap();
    raw.execute("create table somebody_elses (id integer)")
        .await
        .unwrap();
    raw.close().await.unwrap();
    refused(&migrate(&database.url).await, &[path, "another program"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_beside_a_key_is_asked_about() {
    let database = sqlite();
    let file = file_of(&database);
    let first = run(&["migrate"], &database.url, &[]).await;
    assert!(first.success, "{first:?}");
    let lost = [
        "rr.db",
        "encryption key",
        "roundrobin restore",
        "ROUNDROBIN_NEW_DATABASE",
    ];

    fs::remove_file(&file).unwrap();
    refused(&run(&["migrate"], &database.url, &[]).await, &lost);
    assert!(!file.exists());
    fs::write(&file, "").unwrap();
    refused(&run(&["serve"], &database.url, &[]).await, &lost);
    // A copy of the one file, made before SQLite has moved its log into it.
    let mut raw = AnyConnection::connect(&database.url).await.unwrap();
    raw.execute("PRAGMA journal_mode = WAL").await.unwrap();
    raw.close().await.unwrap();
    refused(&run(&["migrate"], &database.url, &[]).await, &lost);

    let meant = [("ROUNDROBIN_NEW_DATABASE", "true")];
    let begun = run(&["migrate"], &database.url, &meant).await;
    assert!(begun.success, "{begun:?}");
    assert!(run(&["migrate"], &database.url, &[]).await.success);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_without_its_log_is_said_and_a_crash_is_not_taken_for_one() {
    let database = sqlite();
    let server = ServerProcess::start(&database, NOWHERE).await;
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    create(&store, "Only in the log").await;
    let file = file_of(&database);
    let folder = tempfile::tempdir().unwrap();
    let copy = at(&folder.path().join("copy.db"));
    fs::copy(&file, file_of(&copy)).unwrap();

    let said = migrate(&copy.url).await;
    assert!(said.success, "{said:?}");
    for part in [
        "copy.db",
        "write-ahead log",
        "copy.db-wal",
        "roundrobin backup",
    ] {
        assert!(said.said.contains(part), "no {part:?} in {said:?}");
    }
    store.close().await;
    server.kill();
    // After the crash somebody else opens it first, and closes it.
    for _ in 0..2 {
        let after = migrate(&database.url).await;
        assert!(
            after.success && !after.said.contains("write-ahead log"),
            "{after:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_takes_no_writes_is_refused() {
    let Some(database) = postgres().await else {
        return;
    };
    let name = database.url.rsplit_once('/').unwrap().1;
    let mut raw = AnyConnection::connect(&database.url).await.unwrap();
    let read_only = format!("alter database {name} set default_transaction_read_only = on");
    raw.execute(sqlx::AssertSqlSafe(read_only)).await.unwrap();
    refused(
        &migrate(&database.url).await,
        &["takes no writes", "name the primary"],
    );
}
