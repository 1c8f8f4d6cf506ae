//! The nginx that the browser tests put in front of the server: one that is already
//! here, else the system's package. Without it those tests are left out.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{debian, programs};

/// Where systems keep it that show it to administrators only.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

pub const MISSING: &str = "There is no nginx: the tests of pages behind it were left out. \
                           Install nginx and try again.";

/// The program to start, or nothing where there is none.
pub fn ensure() -> Result<Option<PathBuf>> {
    if find().is_none() && debian::can_install() {
        debian::install("nginx-light")?;
    }
    match find() {
        None if programs::is_ci() => bail!("{MISSING} In CI this is a failure."),
        found => Ok(found),
    }
}

fn find() -> Option<PathBuf> {
    let elsewhere = || {
        FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join("nginx"))
            .find(|program| program.is_file())
    };
    programs::find("nginx").or_else(elsewhere)
}
