//! The Chromium of the browser tests: one that is already here, else the
//! system's package, else Playwright's own download.

use std::env;
use std::path::{self, Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{debian, node, processes, programs, report};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The program to start, or nothing when Playwright is to start its own.
pub fn ensure() -> Result<Option<PathBuf>> {
    if let Some(given) = env::var_os("ROUNDROBIN_CHROMIUM") {
        let given = path::absolute(given)?;
        if !given.is_file() {
            bail!(
                "ROUNDROBIN_CHROMIUM names {}, which is no file",
                given.display()
            );
        }
        return Ok(Some(given));
    }
    if let Some(found) = find() {
        return Ok(Some(found));
    }
    if debian::can_install() {
        debian::install("chromium")?;
        return Ok(find());
    }
    report::step("Downloading a browser");
    let mut install = Command::new(node::installed_program("playwright"));
    let advice = "There is no browser for the tests: install Chromium or Chrome, \
                  or name one in ROUNDROBIN_CHROMIUM, and try again.";
    processes::succeed(
        "playwright install",
        install.args(["install", "chromium"]),
        advice,
    )?;
    Ok(None)
}

fn find() -> Option<PathBuf> {
    let macos = Path::new(MACOS);
    NAMES
        .iter()
        .find_map(|name| programs::find(name))
        .or_else(|| macos.is_file().then(|| macos.to_path_buf()))
}
