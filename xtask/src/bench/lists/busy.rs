//! The list of 500 rotations while all 125 schedules are read every second, against its
//! own rate while none is: what is written beside must not throw away what is kept.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;

use crate::bench::lists::pages::{CONNECTIONS, LIST, LIST_AS_JSON};
use crate::bench::lists::{AT_REST, Build, Engine};
use crate::bench::load::Target;
use crate::bench::runs::wait_for_run;
use crate::bench::workspace::Workspace;
use crate::{product, report};

const INTERVAL: Duration = Duration::from_secs(1);
const WARM_UP_SECONDS: u64 = 1;
const SECONDS: u64 = 4;
const RUN_LIMIT: Duration = Duration::from_secs(30);
/// In percent of the quiet rate.
const SHARE: f64 = 70.0;

/// What is asked for, and how the table calls it.
const WANTED: [(&str, &str); 2] = [("page", LIST), ("JSON", LIST_AS_JSON)];

/// The answers in a second of each that is wanted, and how many schedules were read in one.
struct Rates {
    answers: [f64; 2],
    schedules: f64,
}

pub fn measure(
    builds: &mut [Build],
    programs: &str,
    engine: Engine,
    workspaces: &[Option<Workspace>],
) -> Result<()> {
    let of = format!("list of 500 beside the sync, {}", engine.name());
    report::step(&format!("{of}: asking while nothing is read"));
    let quiet = rates(builds, workspaces, programs, &of, AT_REST)?;
    report::step(&format!("{of}: asking while all is read every second"));
    let busy = rates(builds, workspaces, programs, &of, INTERVAL)?;
    for (build, rates) in builds.iter_mut().zip(quiet.into_iter().zip(busy)) {
        if let (Some(quiet), Some(busy)) = rates {
            tell(build, &of, &quiet, &busy);
        }
    }
    Ok(())
}

fn tell(build: &mut Build, of: &str, quiet: &Rates, busy: &Rates) {
    for (((kind, _), quiet), busy) in WANTED.iter().zip(quiet.answers).zip(busy.answers) {
        let table = &mut build.table;
        table.note(&format!("{of}: {kind}, quiet"), format!("{quiet:.0} /s"));
        table.note(&format!("{of}: {kind}, busy"), format!("{busy:.0} /s"));
        let share = (busy / quiet * 1000.0).round() / 10.0;
        table.at_least(&format!("{of}: {kind}, share"), share, SHARE, "%");
    }
    let schedules = format!("{:.0}", busy.schedules);
    let what = format!("{of}: schedules read in a second");
    build.table.note(&what, schedules);
}

fn rates(
    builds: &mut [Build],
    workspaces: &[Option<Workspace>],
    programs: &str,
    of: &str,
    interval: Duration,
) -> Result<Vec<Option<Rates>>> {
    builds
        .iter_mut()
        .zip(workspaces)
        .map(|(build, workspace)| match workspace {
            Some(workspace) => build
                .table
                .take(of, rates_of(workspace, programs, interval)),
            None => Ok(None),
        })
        .collect()
}

fn rates_of(workspace: &Workspace, programs: &str, interval: Duration) -> Result<Rates> {
    let start = SystemTime::now();
    let mut command = workspace.command_with_interval(&workspace.database().url(), interval)?;
    let _server = product::start_server(&mut command, workspace.ports.server)?;
    workspace.visitor.call("sync_now", &[])?;
    wait_for_run(&workspace.visitor, workspace.schedules(), start, RUN_LIMIT)?;
    workspace.sandbox.forget_traffic()?;
    let start = Instant::now();
    let mut answers = [0.0; 2];
    for (answers, (_, path)) in answers.iter_mut().zip(WANTED) {
        let target = Target {
            programs,
            port: workspace.ports.server,
            path,
            cookies: &workspace.visitor.cookie_header(),
        };
        target.load(CONNECTIONS, WARM_UP_SECONDS)?;
        *answers = target.load(CONNECTIONS, SECONDS)?.per_second;
    }
    let read = workspace.sandbox.count("/schedules/{id}")?;
    Ok(Rates {
        answers,
        schedules: read / start.elapsed().as_secs_f64(),
    })
}
