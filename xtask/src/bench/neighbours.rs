//! A hundred workspaces beside each other, of which one has a PagerDuty that hangs:
//! it must not keep the others waiting.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::bench::sandbox::Sandbox;
use crate::bench::scale::schedule;
use crate::bench::table::Table;
use crate::bench::{database_in, server_command};
use crate::product::{self, Ports};
use crate::{http, processes, report};

const WORKSPACES: usize = 100;
const SCHEDULES_EACH: usize = 20;
const PEOPLE: usize = 200;
/// Shorter than usual, to have several within a minute.
const INTERVAL: Duration = Duration::from_secs(15);
const INTERVALS: u32 = 3;
/// As much longer than an interval as an override may take to be seen.
const LONGEST_GAP_SECONDS: f64 = 15.0 * 1.25;
const HANGING: &str = "T000";
const HANGS_MILLIS: u32 = 30_000;

pub fn measure(table: &mut Table, built: &str) -> Result<()> {
    report::step("Preparing 100 workspaces of 20 schedules, one of which hangs");
    let sandbox = Sandbox::start(built)?;
    let schedules = WORKSPACES * SCHEDULES_EACH;
    sandbox.control("seed", &json!({ "users": PEOPLE, "schedules": schedules }))?;
    let folder = tempfile::tempdir()?;
    let database = database_in(folder.path());
    connect_workspaces(&sandbox, built, folder.path(), &database)?;

    let ports = Ports {
        server: http::free_port()?,
        sandbox: sandbox.port,
    };
    let metrics = http::free_port()?;
    let mut command = server_command(built, ports, &sandbox, &database, INTERVAL)?;
    command
        .env("ROUNDROBIN_SLACK_WORKSPACES", "any")
        .env("ROUNDROBIN_METRICS_LISTEN", format!("127.0.0.1:{metrics}"));
    let started = Instant::now();
    let mut server = product::start_server(&mut command, ports.server)?;
    wait_for_first_round(metrics, started)?;
    let first_round = started.elapsed().as_secs_f64();
    table.note(
        "first round of 100 workspaces",
        format!("{first_round:.1} s"),
    );

    report::step(&format!(
        "Watching {INTERVALS} intervals of {} s",
        INTERVAL.as_secs()
    ));
    let start = Instant::now();
    let mut oldest: HashMap<String, f64> = HashMap::new();
    while start.elapsed() < INTERVAL * INTERVALS {
        server.expect_running()?;
        for (workspace, age) in ages(metrics)? {
            let longest = oldest.entry(workspace).or_default();
            *longest = longest.max(age);
        }
        for _ in 0..10 {
            processes::pause()?;
        }
    }
    let hanging = oldest
        .remove(HANGING)
        .context("the hanging workspace is not there")?;
    let gap = oldest.values().copied().fold(0.0, f64::max);
    ensure!(
        oldest.len() == WORKSPACES - 1,
        "only {} others are there",
        oldest.len()
    );
    table.at_most(
        "99 beside a hanging one, every 15 s: longest without confirmation",
        gap,
        LONGEST_GAP_SECONDS,
        "s",
    );
    table.note(
        "the hanging one meanwhile: without confirmation",
        format!("{hanging:.1} s"),
    );
    Ok(())
}

/// Each with a key of its own and schedules that nobody else follows.
fn connect_workspaces(sandbox: &Sandbox, built: &str, folder: &Path, database: &str) -> Result<()> {
    let mut lines = String::new();
    for workspace in 0..WORKSPACES {
        let (name, key) = (format!("T{workspace:03}"), sandbox.new_key()?);
        if name == HANGING {
            let fault = json!({ "side": "pagerduty", "token": key, "delay_ms": HANGS_MILLIS });
            sandbox.control("faults", &fault)?;
        }
        let first = workspace * SCHEDULES_EACH;
        let schedules: Vec<_> = (first..first + SCHEDULES_EACH).map(schedule).collect();
        lines += &format!("{name} {key} {}\n", schedules.join(" "));
    }
    let list = folder.join("workspaces");
    fs::write(&list, lines)?;
    let mut seed = product::local_command(&format!("{built}/examples/bench_seed"));
    seed.arg(list).env("ROUNDROBIN_DATABASE_URL", database);
    processes::succeed("the seeding", &mut seed, "Its message above says why.")
}

/// Waits until the others have all been confirmed since the server started.
fn wait_for_first_round(metrics: u16, started: Instant) -> Result<()> {
    loop {
        let since = started.elapsed();
        let confirmed =
            |(workspace, age): (&String, &f64)| workspace == HANGING || *age < since.as_secs_f64();
        let ages = ages(metrics)?;
        if ages.len() == WORKSPACES && ages.iter().all(confirmed) {
            return Ok(());
        }
        ensure!(
            since < INTERVAL * 8,
            "the first round did not end: {ages:?}"
        );
        processes::pause()?;
    }
}

/// For how many seconds each workspace's oldest schedule was not confirmed.
fn ages(port: u16) -> Result<HashMap<String, f64>> {
    let metrics = http::get(port, "/metrics")?.body;
    Ok(metrics.lines().filter_map(age).collect())
}

fn age(line: &str) -> Option<(String, f64)> {
    let rest = line.strip_prefix("roundrobin_data_age_seconds{workspace=\"")?;
    let (workspace, age) = rest.split_once("\"} ")?;
    Some((workspace.to_owned(), age.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_read_from_its_line() {
        let line = "roundrobin_data_age_seconds{workspace=\"T001\"} 3.25";
        assert_eq!(age(line), Some(("T001".to_owned(), 3.25)));
        assert_eq!(age("# EOF"), None);
    }
}
