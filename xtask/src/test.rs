//! Everything that must hold, in one command, which is also all that CI calls.

use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::libtest::Reading;
use crate::postgres::{self, Postgres};
use crate::report::{Outcome, Report};
use crate::{cargo, check, debian, end2end, processes, programs, site};

#[derive(Args)]
pub struct Options {
    /// Run only this part
    #[arg(long)]
    only: Option<Part>,
    /// Handed to Playwright, after `--`
    #[arg(last = true)]
    playwright: Vec<String>,
}

/// Makes the long tests of the server run at full length.
const SOAK: &str = "ROUNDROBIN_SOAK";

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Formatting and lints
    Check,
    /// The tests of the Rust packages, the store's on SQLite and on Postgres
    Unit,
    /// The tests in a real browser
    End2end,
}

pub fn test(options: &Options) -> Result<()> {
    let wants = |part| options.only.is_none_or(|only| only == part);
    let mut report = Report::default();
    if wants(Part::Check) {
        check::add_to(&mut report)?;
    }
    if wants(Part::Unit) {
        add_unit_tests(&mut report)?;
    }
    if wants(Part::End2end) {
        end2end::add_to(&mut report, &options.playwright)?;
    }
    report.finish()
}

/// The tests of the server, those that take long at their full length.
pub fn soak() -> Result<()> {
    let mut report = Report::default();
    site::ensure_placeholder()?;
    report.run("tests of the server at full length", || {
        let postgres = Postgres::obtain()?;
        let Some(url) = postgres.url() else {
            bail!(postgres::MISSING);
        };
        if let Some(missing) = missing_programs()?.first() {
            bail!(*missing);
        }
        // Optimised: the whole matrix is done several times as fast. What the long tests
        // measure is shown as well.
        let arguments = [
            &["test", "--profile", "soak"][..],
            &cargo::NATIVE,
            &["--test", "it", "--", "--nocapture"],
        ]
        .concat();
        let mut command = cargo::command(&arguments);
        command.env(postgres::URL, url).env(SOAK, "1");
        run_tests(&arguments, &mut command)
    })?;
    report.finish()
}

/// Each with Debian's package of it, and what is said where it is missing.
const PROGRAMS: [(&str, &str, &str); 2] = [
    (
        "pgbouncer",
        "pgbouncer",
        "The tests of poolers are SKIPPED, since pgbouncer is not installed: install it \
         (Debian: apt-get install pgbouncer; macOS: brew install pgbouncer).",
    ),
    (
        "systemd-analyze",
        "systemd",
        "The test of the systemd unit is SKIPPED, since systemd-analyze is not installed: install it \
         (Debian: apt-get install systemd).",
    ),
];

/// Has the programs there that tests of the server need, where they can be installed, and
/// says what is left out for want of the others.
fn missing_programs() -> Result<Vec<&'static str>> {
    let mut missing = Vec::new();
    for (program, package, words) in PROGRAMS {
        let found = debian::obtain(package, words, || {
            programs::find_for_administrators(program)
        })?;
        if found.is_none() {
            missing.push(words);
        }
    }
    Ok(missing)
}

fn add_unit_tests(report: &mut Report) -> Result<()> {
    site::ensure_placeholder()?;
    let mut without_postgres = false;
    let mut missing = Vec::new();
    report.run("tests: types, app, domain, server, sandbox", || {
        let postgres = Postgres::obtain()?;
        without_postgres = postgres.url().is_none();
        missing = missing_programs()?;
        cargo_test(&cargo::NATIVE, postgres.url())
    })?;
    if without_postgres {
        report.warn(postgres::MISSING.to_owned());
    }
    for missing in missing {
        report.warn(missing.to_owned());
    }
    report.run("tests: xtask", || cargo_test(&["-p", "xtask"], None))?;
    Ok(())
}

fn cargo_test(packages: &[&str], postgres: Option<&str>) -> Result<Outcome> {
    let arguments = [&["test", "--no-fail-fast"], packages].concat();
    let mut command = cargo::command(&arguments);
    match postgres {
        Some(url) => command.env(postgres::URL, url),
        None => command.env_remove(postgres::URL),
    };
    command.env_remove(SOAK);
    run_tests(&arguments, &mut command)
}

fn run_tests(arguments: &[&str], command: &mut Command) -> Result<Outcome> {
    let (status, reading) =
        processes::status_and_lines("cargo test", command, Reading::default(), Reading::line)?;
    if !status.success() && reading.tests.failed == 0 {
        return Err(cargo::failure(arguments, status));
    }
    Ok(Outcome {
        tests: reading.tests,
        success: status.success(),
        failures: reading.failures,
    })
}
