//! The project's commands. They are Rust, not shell, so that a machine with a
//! Rust toolchain can run them before anything else has been installed, and
//! they install or name whatever else a command needs.

mod bench;
mod browser;
mod build;
mod cargo;
mod check;
mod chunks;
mod debian;
mod deny;
mod end2end;
mod holidays;
mod http;
mod imports;
mod libtest;
mod nginx;
mod node;
mod other_browsers;
mod postgres;
mod processes;
mod product;
mod programs;
mod prune;
mod report;
mod rooms;
mod run;
mod site;
mod sources;
mod stylesheet;
mod test;
mod toolchain;
mod troubles;
mod weight;

use std::env;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::processes::Interrupted;

#[derive(Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    about = "Round Robin's commands"
)]
enum Command {
    /// Build what is missing, then start Round Robin beside a stand-in for PagerDuty and Slack
    Run(run::Options),
    /// Make target/release/roundrobin, one file with everything inside
    Build(build::Options),
    /// Check formatting and lints
    Check,
    /// Run every check and every test
    Test(test::Options),
    /// Run the server's tests with the long ones at full length
    Soak,
    /// Measure what the product has to keep to
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Take the pictures in docs/screenshots
    Screenshots,
    /// Write the list of public holidays, from the year before this one on
    Holidays { this_year: i32 },
    /// Write docs/troubles.md, the list of what the product says when something is wrong
    Troubles,
}

fn main() -> ExitCode {
    match execute(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    enter_workspace()?;
    processes::listen_for_signals()?;
    match command {
        Command::Run(options) => run::run(&options),
        Command::Build(options) => build::build(&options),
        Command::Check => check::check(),
        Command::Test(options) => test::test(&options),
        Command::Soak => test::soak(),
        Command::Bench(bench) => bench::bench(&bench),
        Command::Screenshots => end2end::take_screenshots(),
        Command::Holidays { this_year } => holidays::write(this_year),
        Command::Troubles => troubles::write(),
    }
}

/// Every path below is relative to the workspace, wherever the command was typed.
fn enter_workspace() -> Result<()> {
    let root = cargo::root();
    env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))
}
