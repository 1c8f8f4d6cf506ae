//! Backups and putting them back, and `roundrobin check`: what is relied on when
//! something has gone wrong.

use crate::support::{
    Database, ENCRYPTION_KEYS, NOWHERE, create, databases,
    disk::Disk,
    entry, keys, new_credential, postgres,
    process::{Ended, ServerProcess, run},
    sqlite, with_people, workspace,
};
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use secrecy::SecretString;
use serde_json::json;
use server::store::{Store, credential_row};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
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

/// A database whose last rotation is only in its log, as a crash leaves it, and a backup
/// from before.
async fn crashed() -> (Database, PathBuf, tempfile::TempDir) {
    let (database, folder) = with_rotation("Before").await;
    let backup = folder.path().join("backup.db");
    assert!(copying("backup", &backup, &database).await.success);
    let store = Store::open(&database.url).await.unwrap();
    create(&store, "Only in the log").await;
    let crashed = folder.path().join("crashed.db");
    for part in ["", "-wal"] {
        fs::copy(
            part_of(&folder.path().join("rr.db"), part),
            part_of(&crashed, part),
        )
        .unwrap();
    }
    store.close().await;
    (at(&crashed), backup, folder)
}

fn part_of(file: &Path, part: &str) -> PathBuf {
    PathBuf::from(format!("{}{part}", file.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_left_without_its_database_is_not_taken_for_part_of_the_restored_one() {
    let (database, backup, folder) = crashed().await;
    let file = folder.path().join("crashed.db");
    fs::remove_file(&file).unwrap();
    fs::write(part_of(&file, "-shm"), "of nobody").unwrap();
    fs::write(part_of(&file, "-journal"), "of somebody else").unwrap();
    let log = fs::read(part_of(&file, "-wal")).unwrap();
    let restored = copying("restore", &backup, &database).await;
    assert!(restored.success, "{restored:?}");
    assert_eq!(names(&database).await, ["Before"]);
    let (_, kept) = restored.printed.split_once("kept at ").unwrap();
    let (kept, _) = kept.split_once(".\n").unwrap();
    assert!(kept.ends_with("-wal"), "{restored:?}");
    assert_eq!(fs::read(kept).unwrap(), log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_interrupted_loses_nothing_and_is_asked_for_again() {
    let keys = [("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)];
    // What a restore has done when it ends in the middle: the copy is whole; the log has
    // a second name; the database is aside; so is its log.
    for steps in 1..=4 {
        let (database, backup, folder) = crashed().await;
        let file = folder.path().join("crashed.db");
        let kept = part_of(&file, ".before-restore-1");
        let log = part_of(&file, "-wal");
        fs::copy(&backup, part_of(&file, ".restoring")).unwrap();
        if steps > 1 {
            fs::hard_link(&log, part_of(&kept, "-wal")).unwrap();
        }
        if steps > 2 {
            fs::rename(&file, &kept).unwrap();
        }
        if steps > 3 {
            fs::remove_file(&log).unwrap();
        }
        let all = ["Before", "Only in the log"];
        if steps > 2 {
            for command in ["migrate", "check"] {
                let started = run(&[command], &database.url, &keys).await;
                let told = format!("{}{}", started.said, started.printed);
                assert!(!started.success, "{started:?}");
                assert!(told.contains("restore was interrupted"), "{started:?}");
            }
            assert!(!file.exists());
        } else {
            assert_eq!(names(&database).await, all, "after {steps}");
        }
        let again = copying("restore", &backup, &database).await;
        assert!(again.success, "{again:?}");
        assert_eq!(names(&database).await, ["Before"], "after {steps}");
        assert_eq!(
            names(&at(&kept_in(folder.path()))).await,
            all,
            "after {steps}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_root_restores_belongs_to_whoever_serves_it() {
    let (database, folder) = with_rotation("Before").await;
    let backup = folder.path().join("backup.db");
    assert!(copying("backup", &backup, &database).await.success);
    let file = folder.path().join("rr.db");
    let owned = |file: &Path| {
        let owned = fs::metadata(file).unwrap();
        (owned.uid(), owned.gid())
    };
    if owned(&file).0 != 0 {
        eprintln!("SKIPPING the test of a restore by root: this is another user");
        return;
    }
    let lock = part_of(&file, ".serving");
    // The owner of the database counts, and without one that of the folder.
    for (owner, folder_is) in [
        ((65_533, 65_532), (65_531, 65_530)),
        ((65_531, 65_530), (65_531, 65_530)),
    ] {
        chown(folder.path(), Some(folder_is.0), Some(folder_is.1)).unwrap();
        if owner == folder_is {
            fs::remove_file(&file).unwrap();
        } else {
            chown(&file, Some(owner.0), Some(owner.1)).unwrap();
        }
        let _ = fs::remove_file(&lock);
        let restored = copying("restore", &backup, &database).await;
        assert!(restored.success, "{restored:?}");
        assert_eq!(owned(&file), owner);
        assert_eq!(owned(&lock), owner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_with_signs_that_urls_have_for_themselves_is_the_same_for_everything() {
    let folder = tempfile::tempdir().unwrap();
    let written = format!(
        "sqlite://{}/round%20robin/100%25%3F.db",
        folder.path().display()
    );
    let made = run(&["migrate"], &written, &[]).await;
    assert!(made.success, "{made:?}");
    let place = folder.path().join("round robin");
    for name in ["100%?.db", "100%?.db.serving", "encryption.key"] {
        assert!(place.join(name).exists(), "no {name}");
    }
    let database = Database::at(written);
    let backup = folder.path().join("50% of #1?.db");
    for command in ["backup", "restore"] {
        let ended = copying(command, &backup, &database).await;
        assert!(ended.success, "{ended:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

    // An earlier version looked for the key where the URL seems to say.
    let key = folder.path().join("round%20robin").join("encryption.key");
    fs::create_dir(key.parent().unwrap()).unwrap();
    fs::rename(place.join("encryption.key"), &key).unwrap();
    let found = run(&["migrate"], &database.url, &[]).await;
    assert!(found.success, "{found:?}");
    assert!(found.said.contains(key.to_str().unwrap()), "{found:?}");
    assert!(!place.join("encryption.key").exists());
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
            "is no backup",
        ),
        (folder.path().to_owned(), "is no backup"),
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
    slack_that_says(move || {
        let mut headers = HeaderMap::new();
        headers.insert("x-oauth-scopes", scopes.parse().unwrap());
        (headers, Json(json!({"ok": true, "team_id": "T1"}))).into_response()
    })
    .await
}

async fn slack_that_says(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || {
        let answered = answer();
        async move { answered }
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
        has_line(&well, &["well", "keys", "all 2"]);
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
async fn a_check_blames_the_installation_for_nothing_but_what_slack_says_of_it() {
    let database = sqlite();
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    store.close().await;
    let limited = || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "90")]).into_response();
    let page = || (StatusCode::FORBIDDEN, Html("<h1>Blocked</h1>")).into_response();
    let word =
        |word: &'static str| move || Json(json!({"ok": false, "error": word})).into_response();
    for (slack, parts) in [
        (slack_that_says(limited).await, ["?", "wait 90 s"]),
        (slack_that_says(page).await, ["?", "status 403"]),
        (
            slack_that_says(word("fatal_error")).await,
            ["?", "fatal_error"],
        ),
        (
            slack_that_says(word("token_revoked")).await,
            ["ILL", "token_revoked"],
        ),
        (
            slack_that_says(word("team_access_not_granted")).await,
            ["ILL", "grant the app access"],
        ),
    ] {
        let ended = check(&database, ENCRYPTION_KEYS, &slack).await;
        has_line(&ended, &["Slack", parts[0], parts[1]]);
        assert_eq!(ended.success, parts[0] == "?", "{ended:?}");
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
