//! What the Rust toolchain must have beyond the compiler: the browser's target,
//! and rustfmt and clippy for the checks.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{cargo, processes, programs, report};

pub const WASM: &str = "wasm32-unknown-unknown";

pub fn ensure_wasm_target() -> Result<()> {
    let libraries = rustc(&["--print", "target-libdir", "--target", WASM]);
    if libraries.is_some_and(|folder| Path::new(&folder).exists()) {
        return Ok(());
    }
    rustup(&format!("the target {WASM}"), &["target", "add", WASM])
}

pub fn ensure_component(subcommand: &str, component: &str) -> Result<()> {
    if processes::output(&mut cargo::command(&[subcommand, "--version"])).is_some() {
        return Ok(());
    }
    rustup(component, &["component", "add", component])
}

pub fn host() -> Option<String> {
    rustc(&["--print", "host-tuple"])
}

fn rustc(arguments: &[&str]) -> Option<String> {
    processes::output(Command::new("rustc").args(arguments))
}

fn rustup(missing: &str, arguments: &[&str]) -> Result<()> {
    if programs::find("rustup").is_none() {
        bail!(
            "{missing} is missing from the Rust toolchain, and there is no rustup to add it: \
             install Rust from https://rustup.rs, or add it with what installed Rust here"
        );
    }
    report::step(&format!("Adding {missing} to the Rust toolchain"));
    let advice =
        format!("{missing} could not be downloaded: check the network connection and try again.");
    processes::succeed("rustup", Command::new("rustup").args(arguments), &advice)
}
