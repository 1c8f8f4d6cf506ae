//! Poolers between the server and Postgres: the real pgbouncer in each of its modes.

use crate::support::{
    Database, ENCRYPTION_KEYS, NOWHERE, create, hear_others, ports::free_port, postgres,
    process::run, programs::installed, rotation, services, workspace,
};
use secrecy::SecretString;
use std::{
    fs,
    os::unix::fs::chown,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{net::TcpStream, time};
use types::LiveTopic;
use url::Url;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A running pgbouncer; it ends with the value.
struct Pooler {
    /// The database, through it.
    database: Database,
    process: Child,
    _folder: tempfile::TempDir,
}

/// The ids of an account that pgbouncer may run as, which refuses root.
fn account() -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = accounts.lines().find(|line| line.starts_with("nobody:"))?;
    let mut ids = nobody.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next()?, ids.next()?))
}

impl Pooler {
    async fn start(database: &Database, settings: &str) -> Option<Self> {
        let program = installed("pgbouncer", "the tests of poolers")?;
        let url = Url::parse(&database.url).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let path = |name: &str| folder.path().join(name);
        let user = url.username();
        let password = url.password().unwrap_or_default();
        fs::write(path("users"), format!("\"{user}\" \"{password}\"\n")).unwrap();
        let configuration = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             logfile = {}\n{settings}\n",
            url.host_str().unwrap(),
            url.port().unwrap_or(5432),
            path("users").display(),
            path("log").display(),
        );
        fs::write(path("configuration"), configuration).unwrap();
        let process = as_another_than_root(&program, folder.path())
            .arg("-q")
            .arg(path("configuration"))
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut through = url.clone();
        through.set_host(Some("127.0.0.1")).unwrap();
        through.set_port(Some(port)).unwrap();
        let listening = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        time::timeout(START_LIMIT, listening).await.unwrap();
        Some(Self {
            database: Database::at(through.to_string()),
            process,
            _folder: folder,
        })
    }
}

fn as_another_than_root(program: &Path, folder: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    let is_root = fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if let Some((user, group)) = account().filter(|_| is_root) {
        for file in fs::read_dir(folder).unwrap() {
            chown(file.unwrap().path(), Some(user), Some(group)).unwrap();
        }
        chown(folder, Some(user), Some(group)).unwrap();
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

const TAKEN: &str = "ignore_startup_parameters = extra_float_digits\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_lends_by_transaction_or_statement_is_refused_with_mode_and_setting() {
    let Some(database) = postgres().await else {
        return;
    };
    for mode in ["transaction", "statement"] {
        for size in [1, 20] {
            let settings = format!("{TAKEN}pool_mode = {mode}\ndefault_pool_size = {size}");
            let Some(pooler) = Pooler::start(&database, &settings).await else {
                return;
            };
            let keys = [("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)];
            for command in ["serve", "migrate"] {
                let ended = run(&[command], &pooler.database.url, &keys).await;
                assert!(!ended.success, "{ended:?}");
                let sentence = ended.said.lines().last().unwrap();
                for part in ["pooler", "transaction", "pool_mode = session"] {
                    assert!(sentence.contains(part), "no {part:?} in {ended:?}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_refuses_how_connections_begin_is_named_with_its_setting() {
    let Some(database) = postgres().await else {
        return;
    };
    let Some(pooler) = Pooler::start(&database, "pool_mode = session").await else {
        return;
    };
    let keys = [("ROUNDROBIN_ENCRYPTION_KEYS", ENCRYPTION_KEYS)];
    let ended = run(&["migrate"], &pooler.database.url, &keys).await;
    // Later versions of pgbouncer take the parameter.
    assert!(
        ended.success
            || ended
                .said
                .contains("ignore_startup_parameters = extra_float_digits"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_lends_by_session_serves() {
    let Some(database) = postgres().await else {
        return;
    };
    let settings = format!("{TAKEN}pool_mode = session\ndefault_pool_size = 40");
    let Some(pooler) = Pooler::start(&database, &settings).await else {
        return;
    };
    let here = services(&pooler.database, NOWHERE).await;
    let there = services(&pooler.database, NOWHERE).await;
    for services in [&here, &there] {
        let url = SecretString::from(pooler.database.url.as_str());
        tokio::spawn(hear_others((*services).clone(), url));
    }
    let (_, mut events) = there.live.subscribe(&workspace(), |_| true);
    assert_eq!(events.recv().await.unwrap().topic, None);
    let id = create(&here.store, "Through a pooler").await;
    assert_eq!(rotation(&there.store, &id).await.id, id);
    let told = async {
        loop {
            here.live.publish(&workspace(), LiveTopic::Connection);
            let event = time::timeout(Duration::from_secs(1), events.recv()).await;
            if event.is_ok_and(|event| event.unwrap().topic == Some(LiveTopic::Connection)) {
                break;
            }
        }
    };
    time::timeout(START_LIMIT, told).await.unwrap();
}
