//! What a large workspace costs: its lists, the pages of its rotations, and hand-offs
//! that fall into the same second. Two builds can be measured in turns, so that
//! whatever else the machine does meanwhile strikes both.

mod busy;
mod hand_over;
mod pages;

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::bench::Programs;
use crate::bench::table::Table;
use crate::bench::workspace::{Database, Layout, Workspace};
use crate::postgres::Cluster;
use crate::report;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    programs: Programs,
    /// Measure the programs in this folder as well, in turns, and show what they reach beside
    #[arg(long)]
    before: Option<String>,
    /// Measure only these parts
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Processor time, rate and size of lists and of pages of rotations
    Pages,
    /// A hundred rotations that hand over in the same second
    HandOver,
    /// The list of 500 rotations while every schedule is read each second
    Busy,
}

const LARGE: Layout = Layout {
    people: 500,
    schedules: 125,
    shift_based: 0,
    rotations: 500,
    bound_of_five: 5,
};
/// The longest that the sync can be told to rest: nothing is read beside what is measured.
const AT_REST: Duration = Duration::from_secs(3600);

/// A build under measurement, and what was measured of it.
struct Build {
    folder: String,
    table: Table,
}

impl Build {
    fn of(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            table: Table::default(),
        }
    }
}

pub fn measure(options: &Options) -> Result<()> {
    let built = options.programs.folder_with_site()?;
    let before = options.before.as_deref().map(Build::of);
    let compared = before.is_some();
    let mut builds: Vec<_> = before.into_iter().chain([Build::of(built)]).collect();
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    let large = if wants(Part::Pages) || wants(Part::Busy) {
        let what = "500 rotations on 125 schedules, SQLite";
        prepare(&mut builds, Engine::Sqlite, LARGE, what)?
    } else {
        Vec::new()
    };
    // What the neighbours of this machine do is least to be seen in processor time.
    if wants(Part::Pages) {
        pages::measure(&mut builds, built, &large)?;
    }
    if wants(Part::HandOver) {
        hand_over::measure(&mut builds)?;
    }
    if wants(Part::Busy) {
        busy::measure(&mut builds, built, Engine::Sqlite, &large)?;
        let what = "500 rotations on 125 schedules, Postgres";
        let large = prepare(&mut builds, Engine::Postgres, LARGE, what)?;
        busy::measure(&mut builds, built, Engine::Postgres, &large)?;
    }
    let mut tables = builds.into_iter().map(|build| build.table);
    match (compared, tables.next(), tables.next()) {
        (true, Some(before), Some(table)) => table.finish_beside(&before),
        (_, Some(table), _) => table.finish(),
        _ => Ok(()),
    }
}

/// The databases that a workspace can be kept in.
#[derive(Clone, Copy, PartialEq)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        }
    }

    /// A new database, unless what it takes is not installed.
    fn database(self) -> Result<Option<Database>> {
        match self {
            Self::Sqlite => Database::sqlite().map(Some),
            Self::Postgres => Ok(Cluster::obtain()?.map(Database::Postgres)),
        }
    }
}

/// A workspace for each build on a database of its own, in the order of the builds. One that
/// cannot be prepared is told of in its build's table.
fn prepare(
    builds: &mut [Build],
    engine: Engine,
    layout: Layout,
    what: &str,
) -> Result<Vec<Option<Workspace>>> {
    report::step(&format!("Preparing: {what}"));
    let mut databases = Vec::new();
    for build in &mut *builds {
        let database = engine.database()?;
        if database.is_none() {
            build.table.note(what, "not installed".to_owned());
        }
        databases.push(database);
    }
    let subjects = builds.iter().zip(databases);
    let prepared = at_once(subjects, |(build, database)| {
        let prepare = |database| Workspace::prepare(&build.folder, layout, database);
        database.map(prepare).transpose()
    });
    let prepared = builds.iter_mut().zip(prepared);
    prepared
        .map(|(build, prepared)| Ok(build.table.take(what, prepared)?.flatten()))
        .collect()
}

/// Does the same for each, beside each other, where nothing is measured that the others
/// could slow down. What came of it is in their order.
fn at_once<T: Send, R: Send>(
    subjects: impl Iterator<Item = T>,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    thread::scope(|scope| {
        let running: Vec<_> = subjects
            .map(|subject| scope.spawn(|| work(subject)))
            .collect();
        running
            .into_iter()
            .map(|running| {
                running
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("it panicked")))
            })
            .collect()
    })
}
