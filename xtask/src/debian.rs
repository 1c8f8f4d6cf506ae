//! Packages of a Debian-like system, installed only where we are root: there
//! the machine is a container or a runner, and nobody could be asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{processes, programs, report};

pub fn can_install() -> bool {
    programs::is_root()
        && Path::new("/etc/debian_version").exists()
        && programs::find("apt-get").is_some()
}

/// A program that some tests need, installed if it is not here and can be; nothing where
/// they are left out. In CI that is a failure, with the sentence about what is missing.
pub fn obtain(
    package: &str,
    missing: &str,
    find: impl Fn() -> Option<PathBuf>,
) -> Result<Option<PathBuf>> {
    if find().is_none() && can_install() {
        install(package)?;
    }
    match find() {
        None if programs::is_ci() => bail!("{missing} In CI this is a failure."),
        found => Ok(found),
    }
}

pub fn install(package: &str) -> Result<()> {
    report::step(&format!("Installing {package} with apt-get"));
    let advice =
        format!("Check the network connection, or install {package} yourself and try again.");
    processes::succeed(
        "apt-get update",
        &mut apt_get(&["update", "--quiet"]),
        &advice,
    )?;
    let arguments = [
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        package,
    ];
    processes::succeed("apt-get install", &mut apt_get(&arguments), &advice)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
