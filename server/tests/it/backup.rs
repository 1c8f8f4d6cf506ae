//! Backups and putting them back, and `roundrobin check`: what is relied on when
//! something has gone wrong.

use crate::support::{
    Database, ENCRYPTION_KEYS, NOWHERE, create, databases,
    disk::Disk,
    entry, keys, new_credential, postgres,
    process::{Ended, ServerProcess, run},
    sqlite, with_people, workspace,
};
use axum::{Json, Router, http::HeaderMap, routing::get};
use secrecy::SecretString;
use serde_json::json;
use server::store::{Store, credential_row};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;
use types::AuditAction;

fn at(file: &Path) -> Database {
    Database::at(format!("sqlite://{}", file.display()))
}

async fn names(database: &Database) -> Vec<String> {
    let store = Store::open(&database.url).await.unwrap();
    let rotations = store.rotations(&workspace()).await.unwrap();
    store.close().await;
    rotations
        .into_iter()
        .map(|rotation| rotation.details.name)
        .collect()
}

/// A database in a folder of its own, and the folder.
async fn with_rotation(name: &str) -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = at(&folder.path().join("rr.db"));
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    create(&store, name).await;
    store.close().await;
    (database, folder)
}

fn failed(ended: &Ended, parts: &[&str]) {
    assert!(!ended.success, "{ended:?}");
    for part in parts {
        assert!(ended.said.contains(part), "no {part:?} in {ended:?}");
    }
}

async fn copying(command: &str, file: &Path, database: &Database) -> Ended {
    run(&[command, file.to_str().unwrap()], &database.url, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_while_the_server_serves_and_can_be_put_back() {
    let (database, folder) = with_rotation("Before").await;
    let server = ServerProcess::start(&database, NOWHERE).await;
    let store = Store::open(&database.url).await.unwrap();
    create(&store, "Only in the log yet").await;
    let file = folder.path().join("backup.db");

    let copied = copying("backup", &file, &database).await;
    assert!(copied.success, "{copied:?}");
    assert!(copied.printed.contains("encryption keys"), "{copied:?}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&file).unwrap();
    failed(
        &copying("backup", &file, &database).await,
        &["backup.db", "overwrites nothing"],
    );
    assert_eq!(fs::read(&file).unwrap(), bytes);

    create(&store, "After the backup").await;
    store.close().await;
    let refused = copying("restore", &file, &database).await;
    failed(&refused, &["another process serves", "rr.db"]);
    server.kill();
    let restored = copying("restore", &file, &database).await;
    assert!(restored.success, "{restored:?}");
    assert_eq!(names(&database).await, ["Before", "Only in the log yet"]);

    // What was there is kept, log and all.
    let kept = kept_in(folder.path());
    assert!(
        restored.printed.contains(kept.to_str().unwrap()),
        "{restored:?}"
    );
    assert_eq!(
        names(&at(&kept)).await,
        ["After the backup", "Before", "Only in the log yet"]
    );
    // A server starts over it, and the backup is still one.
    ServerProcess::start(&database, NOWHERE).await.kill();
    assert!(copying("restore", &file, &database).await.success);
}

fn kept_in(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut kept = files.filter(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.contains(".before-restore-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    });
    kept.next().expect("the database that was there is kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_is_not_put_back() {
    let (database, folder) = with_rotation("Still here").await;
    let file = folder.path().join("backup.db");
    assert!(copying("backup", &file, &database).await.success);
    let whole = fs::read(&file).unwrap();
    let other = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    };
    let mut torn = whole.clone();
    for page in torn.chunks_mut(4096).skip(3) {
        page.fill(7);
    }
    for (file, sentence) in [
        (folder.path().join("nowhere.db"), "there is no file"),
        (other("empty.db", b""), "copied without its log"),
        (
            other("letter.db", &b"Dear database".repeat(100)),
            "no SQLite database",
        ),
        (other("torn.db", &torn), "damaged"),
    ] {
        failed(&copying("restore", &file, &database).await, &[sentence]);
    }
    let later = other("later.db", &whole);
    let mut raw = AnyConnection::connect(&at(&later).url).await.unwrap();
    raw.execute("update _sqlx_migrations set version = 99990101 where version = 1")
        .await
        .unwrap();
    raw.close().await.unwrap();
    failed(
        &copying("restore", &later, &database).await,
        &["later version"],
    );
    assert_eq!(names(&database).await, ["Still here"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_does_not_fit_leaves_nothing_that_looks_like_one() {
    let Some(disk) = Disk::of_megabytes(1) else {
        return;
    };
    let (database, _folder) = with_rotation("Large").await;
    let store = Store::open(&database.url).await.unwrap();
    let mut large = entry(AuditAction::SignedOutEverywhere);
    large.after = Some("x".repeat(4 << 20));
    store.record(&large).await.unwrap();
    store.close().await;
    let file = disk.path().join("backup.db");
    failed(
        &copying("backup", &file, &database).await,
        &["backup.db", "full"],
    );
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_saved_by_its_own_programs() {
    let Some(database) = postgres().await else {
        return;
    };
    for command in ["backup", "restore"] {
        let ended = copying(command, Path::new("/nowhere/backup"), &database).await;
        failed(&ended, &["pg_dump", "pg_restore"]);
    }
}

/// Slack as far as the check asks it: whose token it is, with what it may do.
async fn slack(scopes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move {
        let mut headers = HeaderMap::new();
        headers.insert("x-oauth-scopes", scopes.parse().unwrap());
        (headers, Json(json!({"ok": true, "team_id": "T1"})))
    };
    let router = Router::new().route("/api/auth.test", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn check(database: &Database, keys: &str, slack_url: &str) -> Ended {
    let settings = [
        ("ROUNDROBIN_ENCRYPTION_KEYS", keys),
        ("ROUNDROBIN_SLACK_CLIENT_ID", "1.2"),
        ("ROUNDROBIN_SLACK_CLIENT_SECRET", "the-client-secret"),
        ("ROUNDROBIN_SLACK_URL", slack_url),
    ];
    run(&["check"], &database.url, &settings).await
}

/// One line that has all of this.
fn has_line(ended: &Ended, parts: &[&str]) {
    let mut lines = ended.printed.lines();
    let found = lines.any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "no line with {parts:?} in {ended:?}");
}

const OTHER_KEY: &str = "k9:HxwdGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAA=";
const NEEDED: &str = "users:read,users:read.email,team:read";

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_of_each_part_whether_it_is_well_and_shows_no_secret() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        let sealed = keys().seal(
            &SecretString::from("the-api-key"),
            &credential_row(&workspace()),
        );
        let connected = entry(AuditAction::ConnectedPagerDuty);
        assert!(
            store
                .connect(&new_credential(&sealed), &connected)
                .await
                .unwrap()
        );
        store.close().await;

        let well = check(&database, ENCRYPTION_KEYS, &slack(NEEDED).await).await;
        has_line(&well, &["well", "keys", "2 of 2"]);
        has_line(&well, &["well", "schema"]);
        has_line(&well, &["well", "Slack", "users:read.email"]);
        let mode = if database.url.starts_with("sqlite") {
            "journal mode wal"
        } else {
            "Postgres"
        };
        has_line(&well, &["well", "database", mode]);
        for secret in [
            "the-api-key",
            "xoxb-test",
            "the-client-secret",
            ENCRYPTION_KEYS,
        ] {
            assert!(
                !well.printed.contains(secret) && !well.said.contains(secret),
                "{well:?}"
            );
        }
        // The clusters of tests write without care, and the check says so.
        let careless = well.printed.contains("fsync is off");
        assert_eq!(well.success, !careless, "{well:?}");

        let ill = check(&database, OTHER_KEY, &slack("users:read,team:read").await).await;
        assert!(!ill.success);
        has_line(&ill, &["ILL", "keys", "encryption key k1"]);
        let ill = check(
            &database,
            ENCRYPTION_KEYS,
            &slack("users:read,team:read").await,
        )
        .await;
        assert!(!ill.success);
        has_line(&ill, &["ILL", "Slack", "lacks users:read.email"]);
        // A network that is away says nothing about the installation.
        let unknown = check(&database, ENCRYPTION_KEYS, NOWHERE).await;
        has_line(&unknown, &["?", "Slack", "not looked at"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_makes_nothing_and_runs_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let database = at(&folder.path().join("rr.db"));
    let nothing = run(&["check"], &database.url, &[]).await;
    has_line(&nothing, &["?", "database", "first start"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let database = sqlite();
    let server = ServerProcess::start(&database, NOWHERE).await;
    let beside = check(&database, ENCRYPTION_KEYS, NOWHERE).await;
    assert!(beside.success, "{beside:?}");
    has_line(&beside, &["well", "database", "being served"]);
    server.kill();
}
