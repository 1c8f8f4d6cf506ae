//! Node and the npm packages of `end2end`. Only the browser tests and a release
//! need them, so only those ask for them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{processes, report};

const OLDEST: u32 = 20;
const LOCK: &str = "end2end/package-lock.json";
/// A copy of the lock file as it was when the packages were installed.
const INSTALLED: &str = "end2end/node_modules/installed-package-lock.json";

/// Where npm puts the programs of the installed packages.
pub fn installed_program(name: &str) -> PathBuf {
    ["end2end", "node_modules", ".bin", name].iter().collect()
}

pub fn ensure_packages() -> Result<()> {
    ensure_node()?;
    let lock = fs::read_to_string(LOCK).with_context(|| format!("cannot read {LOCK}"))?;
    if fs::read_to_string(INSTALLED).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    report::step("Installing npm packages");
    let mut command = Command::new("npm");
    command
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir("end2end");
    processes::succeed(
        "npm ci",
        &mut command,
        "Check the network connection (npm obeys HTTPS_PROXY) and try again.",
    )?;
    fs::write(INSTALLED, lock)?;
    Ok(())
}

fn ensure_node() -> Result<()> {
    let Some(version) = processes::output(Command::new("node").arg("--version")) else {
        bail!(
            "Node is not installed: install Node {OLDEST} or later from https://nodejs.org and try again"
        );
    };
    if major(&version).is_none_or(|major| major < OLDEST) {
        bail!(
            "Node {version} is too old: install Node {OLDEST} or later from https://nodejs.org and try again"
        );
    }
    if processes::output(Command::new("npm").arg("--version")).is_none() {
        bail!(
            "npm is not installed: it comes with Node from https://nodejs.org; with a system's own Node, install its package npm"
        );
    }
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.11.1"), Some(20));
        assert_eq!(major("unknown"), None);
    }
}
