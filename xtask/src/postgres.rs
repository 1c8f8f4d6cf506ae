//! The Postgres of the store tests: the one named in the environment, else a
//! throw-away cluster made from the installed programs, which ends with the
//! tests and leaves nothing behind. Measurements always have a cluster of their own.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::processes::{self, Process};
use crate::{debian, http, programs, report};

pub const URL: &str = "ROUNDROBIN_TEST_POSTGRES_URL";
pub const MISSING: &str = "The tests on Postgres are SKIPPED, since Postgres is not installed: install it \
    (Debian: apt-get install postgresql; macOS: brew install postgresql) or name a server in ROUNDROBIN_TEST_POSTGRES_URL.";
const START_LIMIT: Duration = Duration::from_secs(60);

pub enum Postgres {
    Given(String),
    Cluster(Cluster),
    Missing,
}

impl Postgres {
    pub fn obtain() -> Result<Self> {
        if let Ok(url) = env::var(URL)
            && !url.is_empty()
        {
            return Ok(Self::Given(url));
        }
        match Cluster::obtain()? {
            Some(cluster) => Ok(Self::Cluster(cluster)),
            None if programs::is_ci() => bail!("{MISSING} In CI this is a failure."),
            None => Ok(Self::Missing),
        }
    }

    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Given(url) => Some(url),
            Self::Cluster(cluster) => Some(cluster.url()),
            Self::Missing => None,
        }
    }
}

/// Debian keeps the server's programs off the PATH, one folder per version.
fn programs_folder() -> Option<PathBuf> {
    let on_path = programs::find("initdb").and_then(|initdb| fs::canonicalize(initdb).ok());
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut packaged: Vec<_> = versions
        .map(|version| version.path().join("bin/initdb"))
        .collect();
    packaged.sort();
    on_path
        .into_iter()
        .chain(packaged.into_iter().rev())
        .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
        .find(|folder| {
            ["initdb", "postgres"]
                .iter()
                .all(|program| folder.join(program).is_file())
        })
}

/// A running server; dropping it stops it and removes its files, in this order.
pub struct Cluster {
    url: String,
    port: u16,
    _server: Process,
    _folder: TempDir,
}

impl Cluster {
    /// A new one, unless the programs for it are missing and cannot be installed.
    pub fn obtain() -> Result<Option<Self>> {
        if programs_folder().is_none() && debian::can_install() {
            debian::install("postgresql")?;
        }
        let programs = programs_folder();
        programs.map(|programs| Self::start(&programs)).transpose()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same database, for whoever is led to it from another port.
    pub fn url_at(port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    fn start(programs: &Path) -> Result<Self> {
        report::step("Starting a Postgres");
        let folder = tempfile::Builder::new()
            .prefix("roundrobin-postgres-")
            .tempdir()?;
        let account = Account::for_postgres()?;
        account.own(folder.path())?;
        let data = folder.path().join("data");
        let log = folder.path().join("log");
        create(programs, &account, &data)?;

        let port = http::free_port()?;
        let mut command = account.command(&programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        for setting in [
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "max_connections=200",
        ] {
            command.args(["-c", setting]);
        }
        command
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?);
        // SIGINT is Postgres's fast shutdown, which does not wait for clients.
        let mut server = Process::start("Postgres", &mut command, Signal::INT)?;
        wait_until_ready(&mut server, &log)?;
        Ok(Self {
            url: Self::url_at(port),
            port,
            _server: server,
            _folder: folder,
        })
    }
}

fn create(programs: &Path, account: &Account, data: &Path) -> Result<()> {
    let mut initdb = account.command(&programs.join("initdb"));
    initdb
        .args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "-D",
        ])
        .arg(data);
    let output = initdb.output().context("cannot run initdb")?;
    if output.status.success() {
        return Ok(());
    }
    bail!(
        "initdb cannot make a database for the tests: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )
}

fn wait_until_ready(server: &mut Process, log: &Path) -> Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let written = fs::read_to_string(log)?;
        if written.contains("ready to accept connections") {
            return Ok(());
        }
        server
            .expect_running()
            .map_err(|error| anyhow!("{error}\n{written}"))?;
        if Instant::now() > deadline {
            bail!(
                "Postgres was not ready within {} s:\n{written}",
                START_LIMIT.as_secs()
            );
        }
        processes::pause()?;
    }
}

/// The system account that Postgres runs under: ours, except that it refuses root.
struct Account {
    ids: Option<(u32, u32)>,
}

impl Account {
    fn for_postgres() -> Result<Self> {
        if !programs::is_root() {
            return Ok(Self { ids: None });
        }
        let ids = ["postgres", "nobody"]
            .iter()
            .find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
        match ids {
            Some(ids) => Ok(Self { ids: Some(ids) }),
            None => bail!(
                "Postgres refuses to run as root, and there is neither an account postgres nor nobody"
            ),
        }
    }

    fn own(&self, folder: &Path) -> Result<()> {
        if let Some((user, group)) = self.ids {
            chown(folder, Some(user), Some(group))?;
        }
        Ok(())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        // It may not enter the folder that the command was started from.
        command.current_dir("/");
        command
    }
}

fn id(what: &str, name: &str) -> Option<u32> {
    processes::output(Command::new("id").args([what, name]))?
        .parse()
        .ok()
}
