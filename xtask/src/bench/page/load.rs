//! How many pages the server makes in a second, and how long each takes, with few
//! visitors and with many. Beside it, what is possible at all on this machine: a
//! server that sends the very same bytes from memory.

use std::fs;

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::bench::load::Target;
use crate::bench::page::PAGE;
use crate::bench::table::Table;
use crate::bench::workspace::Workspace;
use crate::http::{self, Request};
use crate::processes::{self, Process};
use crate::{product, report};

const SECONDS: u64 = 8;
const WARM_UP_SECONDS: u64 = 3;
/// How many ask at once.
const CONNECTIONS: [usize; 3] = [1, 10, 50];
/// With so many, there is something to reach.
const USUAL_CONNECTIONS: usize = 10;
const PER_SECOND: f64 = 1000.0;
const P99_MILLIS: f64 = 30.0;

pub fn measure(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Asking for the list of 50 rotations over and over");
    let server = workspace.start()?;
    let cookies = workspace.visitor.cookie_header();
    let headers = [("Accept-Encoding", "br"), ("Cookie", cookies.as_str())];
    let (answer, page) = http::bytes(workspace.ports.server, &Request::get(PAGE, &headers))?;
    ensure!(answer.status == 200, "the page answered {}", answer.status);
    let (plain, _plain_server) = serve_plainly(&workspace.built, &page)?;

    let ours = Target {
        programs: &workspace.built,
        port: workspace.ports.server,
        path: PAGE,
        cookies: &cookies,
    };
    let plain = Target {
        port: plain,
        ..ours
    };
    ours.load(USUAL_CONNECTIONS, WARM_UP_SECONDS)?;
    for connections in CONNECTIONS {
        let of = format!("{PAGE}, {connections} at once");
        let before = server.processor_time()?;
        let measured = ours.load(connections, SECONDS)?;
        let taken = (server.processor_time()? - before).as_secs_f64() * 1000.0;
        let (per_second, p99) = (format!("{of}: per second"), format!("{of}: p99"));
        if connections == USUAL_CONNECTIONS {
            table.at_least(&per_second, measured.per_second, PER_SECOND, "");
            table.at_most(&p99, measured.p99_millis, P99_MILLIS, "ms");
        } else {
            table.note(&per_second, format!("{:.0}", measured.per_second));
            table.note(&p99, told(measured.p99_millis));
        }
        table.note(&format!("{of}: median"), told(measured.median_millis));
        table.note(
            &format!("{of}: processor time of the server for each"),
            told(taken / measured.answers),
        );
        let reference = plain.load(connections, SECONDS)?;
        table.note(
            "    the same bytes from memory: per second, median, p99",
            format!(
                "{:.0}, {}, {}",
                reference.per_second,
                told(reference.median_millis),
                told(reference.p99_millis)
            ),
        );
    }
    table.note(
        "memory (VmRSS) after all that",
        format!("{:.0} MB", server.memory("VmRSS")?),
    );
    Ok(())
}

fn told(millis: f64) -> String {
    format!("{millis:.2} ms")
}

/// A server of its own that sends these bytes; gives its port.
fn serve_plainly(built: &str, page: &[u8]) -> Result<(u16, Process)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page.br");
    fs::write(&file, page)?;
    let port = http::free_port()?;
    let mut command = product::local_command(&format!("{built}/examples/bench_plain"));
    command
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .arg(&file);
    let mut process = Process::start("the plain server", &mut command, Signal::TERM)?;
    // It has read the file when it answers.
    while http::bytes(port, &Request::get(PAGE, &[])).is_err() {
        process.expect_running()?;
        processes::pause()?;
    }
    Ok((port, process))
}
