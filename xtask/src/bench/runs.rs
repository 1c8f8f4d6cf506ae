//! The runs of the sync, as *Sync history* tells of them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bench::visitor::Visitor;
use crate::processes;

/// Waits for the end of a run that began after `start` and read so many schedules.
pub fn wait_for_run(
    visitor: &Visitor,
    schedules: usize,
    start: SystemTime,
    limit: Duration,
) -> Result<Value> {
    let start = start.duration_since(UNIX_EPOCH)?.as_millis() as f64;
    let is_wanted = |run: &&Value| {
        let began = run["started_at"].as_f64();
        run["confirmed"] == schedules && began.is_some_and(|began| began > start)
    };
    let deadline = Instant::now() + limit;
    loop {
        let runs = last_runs(visitor)?;
        if let Some(run) = runs.iter().find(is_wanted) {
            return Ok(run.clone());
        }
        ensure!(
            Instant::now() < deadline,
            "none of the last {} runs read everything",
            runs.len()
        );
        rest()?;
    }
}

/// The last runs, from the newest on.
pub fn last_runs(visitor: &Visitor) -> Result<Vec<Value>> {
    let history = visitor.ask("sync_runs", &[])?;
    let runs = history["runs"].as_array().context("no runs are listed")?;
    Ok(runs.clone())
}

/// A second, so that looking does not weigh on what is looked at.
pub fn rest() -> Result<()> {
    for _ in 0..50 {
        processes::pause()?;
    }
    Ok(())
}
