//! What a large workspace costs: its lists, the pages of its rotations, and hand-offs
//! that fall into the same second. Two builds can be measured in turns, so that
//! whatever else the machine does meanwhile strikes both.

mod busy;
mod hand_over;
mod pages;

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::bench::page;
use crate::bench::table::Table;
use crate::bench::workspace::{Database, Layout, Workspace};
use crate::postgres::Cluster;
use crate::{node, report};

#[derive(Args)]
pub struct Options {
    /// Measure a build without optimisation, which is made sooner
    #[arg(long)]
    debug: bool,
    /// Build nothing and measure the programs in this folder
    #[arg(long, conflicts_with = "debug")]
    built: Option<String>,
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
    let built = match &options.built {
        Some(folder) => folder,
        None => {
            node::ensure_packages()?;
            page::build_with_site(options.debug)?
        }
    };
    let before = options.before.as_deref().map(Build::of);
    let compared = before.is_some();
    let mut builds: Vec<_> = before.into_iter().chain([Build::of(built)]).collect();
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    // What the neighbours of this machine do is least to be seen in processor time.
    if wants(Part::Pages) {
        pages::measure(&mut builds, built)?;
    }
    if wants(Part::HandOver) {
        hand_over::measure(&mut builds)?;
    }
    if wants(Part::Busy) {
        busy::measure(&mut builds, built)?;
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
    builds
        .iter_mut()
        .map(|build| {
            report::step(&format!("Preparing {what} for {}", build.folder));
            let Some(database) = engine.database()? else {
                build.table.note(what, "not installed".to_owned());
                return Ok(None);
            };
            let prepared = Workspace::prepare(&build.folder, layout, database);
            build.table.take(what, prepared)
        })
        .collect()
}
