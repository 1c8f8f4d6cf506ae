//! The public holidays that schedules can skip, made anew from the Python package that knows
//! them. It is done once a year, or when a country has changed its holidays.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::processes::{printed_by, succeed};

/// The package and its version: what comes out is looked at before it is committed.
const PACKAGE: &str = "holidays==0.109";
const PYTHON: &str = "target/holidays/bin/python";
const SCRIPT: &str = "xtask/src/public_holidays.py";
const LIST: &str = "server/domain/src/rota/holidays.txt";
/// How many years after the present one are known.
const YEARS_AHEAD: i32 = 5;

/// Writes the list for the year before this one and those to come.
pub fn write(this_year: i32) -> Result<()> {
    let advice = "It needs Python 3 with venv, and a package index.";
    let mut make = Command::new("python3");
    succeed(
        "python3",
        make.args(["-m", "venv", "target/holidays"]),
        advice,
    )?;
    let mut install = Command::new(PYTHON);
    install.args(["-m", "pip", "install", "--quiet", PACKAGE]);
    succeed("pip", &mut install, advice)?;
    let years = [this_year - 1, this_year + YEARS_AHEAD].map(|year| year.to_string());
    let list = printed_by(SCRIPT, Command::new(PYTHON).arg(SCRIPT).args(years))?;
    fs::write(LIST, list).with_context(|| format!("cannot write {LIST}"))
}
