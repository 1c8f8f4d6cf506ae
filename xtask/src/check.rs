//! Formatting, lints, the page that is made from the code, the rooms, and the dependencies. Lints go package by
//! package and target by target: as a whole, the features for the server and for the
//! browser would be unified, and a package could lean on a feature that only its
//! neighbour asks for.

use anyhow::Result;

use crate::report::{Outcome, Report};
use crate::{cargo, deny, rooms, site, toolchain, troubles};

/// Each with the packages that are compiled together. The sandbox is alone,
/// since it is also run alone.
const LINTS: [(&str, &[&str]); 4] = [
    (
        "clippy: types, app, domain and server",
        &[
            "-p",
            "types",
            "-p",
            "app",
            "-p",
            "domain",
            "-p",
            "server",
            "--all-targets",
        ],
    ),
    ("clippy: sandbox", &["-p", "sandbox", "--all-targets"]),
    (
        "clippy: app and frontend, for WASM",
        &["-p", "app", "-p", "frontend", "--target", toolchain::WASM],
    ),
    ("clippy: xtask", &["-p", "xtask", "--all-targets"]),
];

pub fn check() -> Result<()> {
    let mut report = Report::default();
    add_to(&mut report)?;
    report.finish()
}

pub fn add_to(report: &mut Report) -> Result<()> {
    report.run("formatting", || {
        toolchain::ensure_component("fmt", "rustfmt")?;
        cargo::run(&["fmt", "--all", "--check"])?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    report.run("the list of what is said about trouble", || {
        troubles::check()?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    report.run("rooms and the arrows between them", || {
        rooms::check()?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    deny::add_to(report)?;
    site::ensure_placeholder()?;
    for (name, packages) in LINTS {
        report.run(name, || lint(packages))?;
    }
    Ok(())
}

fn lint(packages: &[&str]) -> Result<Outcome> {
    toolchain::ensure_component("clippy", "clippy")?;
    toolchain::ensure_wasm_target()?;
    cargo::run(&[&["clippy"], packages, &["--", "-D", "warnings"]].concat())?;
    Ok(Outcome::PASSED_CHECK)
}
