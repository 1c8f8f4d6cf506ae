//! What the dependencies are held to, `deny.toml`: where they come from, their licences, and
//! whether anything is known against one of them. The tool is big and somebody else's, so
//! it is used where it is installed, and what was left out is said where it is not.

use anyhow::Result;

use crate::report::{Outcome, Report};
use crate::{cargo, processes};

const LEFT_OUT: &str = "the dependencies were not checked against deny.toml: cargo-deny is not installed (cargo install --locked cargo-deny)";
const NO_ADVISORIES: &str = "it is not known whether there are advisories against dependencies: `cargo deny fetch` did not get their database";

/// Checks what can be checked here.
pub fn add_to(report: &mut Report) -> Result<()> {
    if !succeeds(&["deny", "--version"]) {
        report.warn(LEFT_OUT.to_owned());
        return Ok(());
    }
    report.run("cargo deny", || {
        cargo::run(&["deny", "check", "bans", "licenses", "sources"])?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    if !succeeds(&["deny", "fetch", "db"]) {
        report.warn(NO_ADVISORIES.to_owned());
        return Ok(());
    }
    report.run("cargo deny: advisories", || {
        cargo::run(&["deny", "check", "--disable-fetch", "advisories"])?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    Ok(())
}

fn succeeds(arguments: &[&str]) -> bool {
    processes::output(&mut cargo::command(arguments)).is_some()
}
