//! The memory that open pages cost while nothing happens: each keeps a stream of live
//! events. And what is left of it when all have gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench::page::PAGE;
use crate::bench::table::Table;
use crate::bench::workspace::Workspace;
use crate::http::{self, Request};
use crate::{processes, report};

const STREAMS: usize = 500;
const STREAM_KIBIBYTES: f64 = 64.0;
const LEFT_MEGABYTES: f64 = 20.0;
/// So many pages are drawn before, since the first ones cost what all share.
const PAGES_BEFORE: usize = 50;
/// Heartbeats come meanwhile.
const OPEN_FOR: Duration = Duration::from_secs(25);
const GONE_FOR: Duration = Duration::from_secs(60);

pub fn measure(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Opening 500 streams of live events");
    let server = workspace.start()?;
    let cookies = workspace.visitor.cookie_header();
    let headers = [("Cookie", cookies.as_str())];
    for _ in 0..PAGES_BEFORE {
        http::bytes(workspace.ports.server, &Request::get(PAGE, &headers))?;
    }
    let before = server.memory("VmRSS")?;
    let streams = (0..STREAMS)
        .map(|_| workspace.visitor.events())
        .collect::<Result<Vec<_>>>()?;
    rest(OPEN_FOR)?;
    let during = server.memory("VmRSS")?;
    drop(streams);
    rest(GONE_FOR)?;
    let after = server.memory("VmRSS")?;
    let each = (during - before) * 1_000_000.0 / 1_024.0 / STREAMS as f64;
    let (open, gone) = (
        format!("memory (VmRSS) of an open stream of events, of {STREAMS}"),
        "memory more than before, 60 s after all have gone",
    );
    table.at_most(&open, each, STREAM_KIBIBYTES, "KB");
    table.at_most(gone, after - before, LEFT_MEGABYTES, "MB");
    Ok(())
}

fn rest(time: Duration) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < time {
        processes::stop_if_told()?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
