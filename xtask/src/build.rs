//! The release: one file that needs nothing beside it, the site inside it and
//! already compressed.

use std::fs;
use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::site::Profile;
use crate::weight::{FirstLoad, HTML_RESERVE};
use crate::{cargo, node, report, site};

#[derive(Args)]
pub struct Options {
    /// Build quickly and without optimisation into target/debug; this one reads the site from target/site
    #[arg(long)]
    debug: bool,
}

pub fn build(options: &Options) -> Result<()> {
    let binary = if options.debug {
        build_debug()?
    } else {
        build_release()?
    };
    let size = fs::metadata(binary)?.len() as f64 / 1_000_000.0;
    println!("\n{binary}, {size:.1} MB");
    Ok(())
}

fn build_debug() -> Result<&'static str> {
    site::build(Profile::Dev)?;
    report::step("Building the server");
    cargo::build_native()?;
    Ok("target/debug/roundrobin")
}

fn build_release() -> Result<&'static str> {
    node::ensure_packages()?;
    site::build(Profile::Release)?;
    weigh()?;
    report::step("Building the server");
    cargo::run(&["build", "--release", "-p", "server", "--bin", "roundrobin"])?;
    Ok("target/release/roundrobin")
}

/// Says what the first load of the heaviest page weighs. Too much of it is no reason to be
/// left without a binary; it fails where pages are measured.
fn weigh() -> Result<()> {
    let first_load = FirstLoad::heaviest(Path::new(site::SITE), HTML_RESERVE)?;
    println!(
        "The first load of the heaviest page: {}",
        first_load.shares()
    );
    if let Err(too_heavy) = first_load.check() {
        eprintln!("warning: {too_heavy}");
    }
    Ok(())
}
