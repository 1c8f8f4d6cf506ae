//! Measurements of what the product promises under load, against the sandbox. One
//! table tells what was measured beside what was to be reached.

mod distance;
mod events;
mod lists;
mod load;
mod naive;
mod neighbours;
mod page;
mod rotas;
mod runs;
mod sandbox;
mod scale;
mod slack;
mod table;
mod visitor;
mod watch;
mod workspace;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

use crate::bench::sandbox::Sandbox;
use crate::bench::table::Table;
use crate::product::{self, Ports};
use crate::site::{self, Profile};
use crate::{cargo, node, report};

#[derive(Subcommand)]
pub enum Bench {
    /// The sync with PagerDuty: 1,000 rotations in one workspace, and 100 workspaces beside each other
    Sync(Options),
    /// A page: what it weighs, how many are served in a second, when it is to be seen, and what Lighthouse says
    Page(page::Options),
    /// Lists, pages of rotations and hand-offs of a large workspace, also beside another build
    Lists(lists::Options),
    /// Rotations with schedules of their own: planning, 1,000 of them at rest, and hand-offs
    Rotas(rotas::Options),
    /// Duty that arrives in Slack: hand-offs of one rotation, and of 200 on 60 groups at once
    Slack(slack::Options),
}

/// Which programs are measured.
#[derive(Args)]
struct Programs {
    /// Measure a build without optimisation, which is made sooner
    #[arg(long)]
    debug: bool,
    /// Build nothing and measure the programs in this folder, to compare them
    #[arg(long, conflicts_with = "debug")]
    built: Option<String>,
}

impl Programs {
    /// The folder in which they are.
    fn folder(&self) -> Result<&str> {
        match &self.built {
            Some(folder) => Ok(folder),
            None => {
                // No browser takes part, so the site that is there will do.
                site::ensure_placeholder()?;
                build(self.debug)
            }
        }
    }

    /// The folder in which they are, with what a browser gets.
    fn folder_with_site(&self) -> Result<&str> {
        node::ensure_packages()?;
        match &self.built {
            Some(folder) => Ok(folder),
            None => {
                site::build(match self.debug {
                    true => Profile::Dev,
                    false => Profile::Release,
                })?;
                build(self.debug)
            }
        }
    }
}

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    programs: Programs,
    /// For how many intervals the steady state is watched
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    cycles: u32,
    /// Measure only this part
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// One large workspace, and a simpler product at the same task
    Scale,
    /// Many workspaces, one of which hangs
    Neighbours,
}

/// What is measured, and the programs that help: one fills a database, one asks, one answers
/// without a product, and one plans without a server.
const MEASURED: [&str; 16] = [
    "-p",
    "server",
    "-p",
    "sandbox",
    "--bin",
    "roundrobin",
    "--bin",
    "sandbox",
    "--example",
    "bench_seed",
    "--example",
    "bench_load",
    "--example",
    "bench_plain",
    "--example",
    "bench_plan",
];

pub fn bench(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Sync(options) => sync(options),
        Bench::Page(options) => page::measure(options),
        Bench::Lists(options) => lists::measure(options),
        Bench::Rotas(options) => rotas::measure(options),
        Bench::Slack(options) => slack::measure(options),
    }
}

fn sync(options: &Options) -> Result<()> {
    let built = options.programs.folder()?;
    let wants = |part| options.only.is_none_or(|only| only == part);
    let mut table = Table::default();
    if wants(Part::Scale) {
        scale::measure(&mut table, built, options.cycles)?;
    }
    if wants(Part::Neighbours) {
        neighbours::measure(&mut table, built)?;
    }
    table.finish()
}

fn build(debug: bool) -> Result<&'static str> {
    report::step("Building server and sandbox");
    let (profile, built) = if debug {
        (&[][..], "target/debug")
    } else {
        (&["--release"][..], "target/release")
    };
    cargo::run(&[&["build"], profile, &MEASURED].concat())?;
    Ok(built)
}

fn database_in(folder: &Path) -> String {
    format!("sqlite://{}/roundrobin.db", folder.display())
}

/// The server as it is measured: it writes of errors only, and not of those with
/// which it says that it is not ready yet.
fn server_command(
    built: &str,
    ports: Ports,
    sandbox: &Sandbox,
    database: &str,
    interval: Duration,
) -> Result<Command> {
    let mut command = product::server_command(built, ports, &sandbox.credentials)?;
    command
        .env("ROUNDROBIN_DATABASE_URL", database)
        .env(
            "ROUNDROBIN_PAGERDUTY_POLL_SECONDS",
            interval.as_secs().to_string(),
        )
        .env("RUST_LOG", "error,server::http::request_id=off");
    Ok(command)
}
