//! From the start of the process to its first answer, and the memory that a server
//! holds which nobody has asked anything yet.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::bench::database_in;
use crate::bench::table::{Table, percentile};
use crate::bench::workspace::Workspace;
use crate::processes::{self, Process};
use crate::{http, report};

const STARTS: usize = 5;
const START_SECONDS: f64 = 0.2;
const START_LIMIT: Duration = Duration::from_secs(30);
const IDLE_MEGABYTES: f64 = 40.0;
/// Memory that stays within a share of what it was for so long is at rest.
const AT_REST: Duration = Duration::from_secs(5);
const AT_REST_SHARE: f64 = 0.01;
const REST_LIMIT: Duration = Duration::from_secs(60);

pub fn measure(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Starting the server");
    let mut fresh = Vec::new();
    for _ in 0..STARTS {
        let folder = tempfile::tempdir()?;
        let mut command = workspace.command_with(&database_in(folder.path()))?;
        fresh.push(first_answer(&mut command, workspace.ports.server)?.1);
    }
    let mut again = Vec::new();
    for _ in 0..STARTS {
        again.push(first_answer(&mut workspace.command()?, workspace.ports.server)?.1);
    }
    for (what, seconds) in [
        ("start to first answer, median of 5", &again),
        ("the same with a new database", &fresh),
    ] {
        table.at_most(what, percentile(seconds, 0.5), START_SECONDS, "s");
    }
    let server = first_answer(&mut workspace.command()?, workspace.ports.server)?.0;
    let memory = memory_at_rest(&server)?;
    table.at_most("memory (VmRSS) at rest", memory, IDLE_MEGABYTES, "MB");
    Ok(())
}

/// Starts the server, and says after how many seconds it answered that it is ready.
fn first_answer(command: &mut Command, port: u16) -> Result<(Process, f64)> {
    let start = Instant::now();
    let mut server = Process::start("Round Robin", command, Signal::TERM)?;
    loop {
        if http::get(port, "/readyz").is_ok_and(|answer| answer.status == 200) {
            return Ok((server, start.elapsed().as_secs_f64()));
        }
        server.expect_running()?;
        processes::stop_if_told()?;
        ensure!(
            start.elapsed() < START_LIMIT,
            "the server did not become ready"
        );
        // Shorter than the usual pause, which is a good part of what is measured.
        thread::sleep(Duration::from_millis(1));
    }
}

fn memory_at_rest(server: &Process) -> Result<f64> {
    let start = Instant::now();
    let (mut since, mut memory) = (start, server.memory("VmRSS")?);
    while since.elapsed() < AT_REST {
        ensure!(
            start.elapsed() < REST_LIMIT,
            "the memory did not come to rest"
        );
        processes::pause()?;
        let now = server.memory("VmRSS")?;
        if (now - memory).abs() > memory * AT_REST_SHARE {
            (since, memory) = (Instant::now(), now);
        }
    }
    server.memory("VmRSS")
}
